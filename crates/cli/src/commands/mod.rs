//! The commands, one file each.

pub mod bundle;
mod certinfo;
mod completions;
pub mod expiry;
mod gencert;
mod gencrl;
mod gencsr;
mod genkey;
mod info;
mod man;
pub mod mkbundle;
mod ocspsign;
mod print_defaults;
mod renew;
mod scan;
mod selfsign;
mod sign;
mod version;

use crate::args::{self, commands::CommandId};
use crate::context::{Context, Outcome};
use rcfssl_core::Error;

/// Runs a command.
pub fn run(command: CommandId, context: &Context) -> Outcome {
    match command {
        CommandId::Bundle => bundle::run(context),
        CommandId::Certinfo => certinfo::run(context),
        CommandId::Completions => completions::run(context),
        CommandId::Expiry => expiry::run(context),
        CommandId::Gencert => gencert::run(context),
        CommandId::Gencrl => gencrl::run(context),
        CommandId::Gencsr => gencsr::run(context),
        CommandId::Genkey => genkey::run(context),
        CommandId::Info => info::run(context),
        CommandId::Man => man::run(context),
        CommandId::Ocspsign => ocspsign::run(context),
        CommandId::PrintDefaults => print_defaults::run(context),
        CommandId::Renew => renew::run(context),
        CommandId::Scan => scan::run(context),
        CommandId::Selfsign => selfsign::run(context),
        CommandId::Sign => sign::run(context),
        CommandId::Version => version::run(),
        _ => {
            let name = args::commands::COMMANDS[command as usize].name;
            Err(Error::plain(format!(
                "rcfssl has no {name} of its own yet; cfssl's is still needed for it"
            ))
            .into())
        }
    }
}
