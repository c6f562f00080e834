//! `multirootca`: several CAs behind one address. cfssl has a separate program for it; here
//! a link with that name does the same as the command.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::sync::Arc;

use rcfssl_ca::{Issuer, LocalSigner, input};
use rcfssl_core::{Certificate, Code, Error, Policy, Result};
use rcfssl_server::multiroot::{self, Networks, Root, Section, Settings};
use rcfssl_store::{Config, Store};

use crate::args::FlagId;
use crate::ca_files::private_key;
use crate::context::{Context, Failure, Outcome};
use crate::database::CONNECTIONS;
use crate::log::{Level, Log};
use crate::service;

/// Serves until a signal arrives.
pub fn run(context: &Context) -> Outcome {
    serve(context).map_err(|error| {
        context.log.line(Level::Fatal, error);
        Failure::Reported
    })
}

fn serve(context: &Context) -> Result<()> {
    let args = &context.args;
    let settings = Settings {
        address: args.text(FlagId::Listen).into_owned(),
        host: service::host()?,
        default_label: args.text(FlagId::DefaultLabel).into_owned(),
        tls_cert: args.path(FlagId::TlsCert).to_owned(),
        tls_key: args.path(FlagId::TlsKey).to_owned(),
        limits: service::limits(args)?,
    };
    let load = service::reload(context, |context| Ok(roots(context)?));
    multiroot::serve(settings, load, Arc::new(context.log.clone()))
}

/// Reads the roots file and all that it names.
fn roots(context: &Context) -> Result<BTreeMap<String, Root>> {
    let log = &context.log;
    if !context.args.is_set(FlagId::Roots) {
        return Err(Error::plain("no root file specified"));
    }
    let text = input::file(context.args.path(FlagId::Roots))?;
    let mut roots = BTreeMap::new();
    let sections = multiroot::read_roots(&String::from_utf8_lossy(&text))?;
    let read = sections.into_iter().map(|section| {
        let root = root(&section, log)?;
        Ok((section, root))
    });
    // One invalid section prevents the start.
    for (section, root) in read.collect::<Result<Vec<_>>>()? {
        log.line(Level::Info, format_args!("loaded signer {}", section.label));
        roots.insert(section.label, root);
    }
    Ok(roots)
}

/// Reads the files of a section, in cfssl's order.
///
/// # Errors
/// What is missing or invalid.
fn root(section: &Section, log: &Log) -> Result<Root> {
    let need = |key, what| {
        let missing = || Error::plain(format!("config: root is missing {what}"));
        section.get(key).ok_or_else(missing)
    };
    let private = need("private", "private key spec")?;
    let certificate = need("certificate", "certificate path")?;
    let config = need("config", "configuration file path")?;
    let key = private_key(private)?;
    let certificate = input::file(OsStr::new(certificate))?;
    let certificate = Certificate::read_pem(&certificate)?;
    let unreadable = |_| Error::wrap(Code::InvalidPolicy, "could not read configuration file");
    let config = input::file(OsStr::new(config)).map_err(unreadable)?;
    let (policy, _) = Policy::read(&config, &input::Process, &mut |event| log.event(&event))?;
    let networks = section.get("nets").filter(|nets| !nets.is_empty());
    let networks = networks.map(Networks::read).transpose()?;
    let store = section.get("dbconfig").map(|path| {
        let text = input::file(OsStr::new(path)).map_err(unreadable)?;
        let (config, _) = Config::read(&text)?;
        Store::new(&config, CONNECTIONS).map(Arc::new)
    });
    let issuer = Arc::new(Issuer::new(certificate, key));
    Ok(Root {
        signer: Arc::new(LocalSigner::new(issuer, Arc::new(policy))),
        networks,
        store: store.transpose()?,
    })
}
