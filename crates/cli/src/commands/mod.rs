//! The commands, one file each.

mod gencert;
mod genkey;
mod print_defaults;
mod version;

use crate::args::{self, commands::CommandId};
use crate::context::{Context, Outcome};
use rcfssl_core::Error;

/// Runs a command.
pub fn run(command: CommandId, context: &Context) -> Outcome {
    match command {
        CommandId::Gencert => gencert::run(context),
        CommandId::Genkey => genkey::run(context),
        CommandId::PrintDefaults => print_defaults::run(context),
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
