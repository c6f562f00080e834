//! `ocspserve`: answers OCSP requests over HTTP, with responses from a file or a database,
//! or signed when they are asked for.

use std::sync::Arc;

use rcfssl_ca::input;
use rcfssl_core::{Certificate, Error};
use rcfssl_server::log::Logger;
use rcfssl_server::ocsp::{self, Identity, Loaded, Settings, Source, Stored};

use crate::args::FlagId;
use crate::context::{Context, Failure, Outcome};
use crate::status::Authorities;
use crate::{database, service};

/// Serves until a signal arrives.
pub fn run(context: &Context) -> Outcome {
    let args = &context.args;
    let loaded = read(context)?;
    let settings = Settings {
        address: args.text(FlagId::Address).into_owned(),
        port: args.int(FlagId::Port),
        host: service::host()?,
        path: args.text(FlagId::Path).into_owned(),
        limits: service::limits(args)?,
    };
    let log = Arc::new(context.log.clone());
    ocsp::serve(settings, loaded, service::reload(context, read), log)?;
    Ok(())
}

/// Reads the file, or opens the database and reads the CAs.
fn read(context: &Context) -> Result<Loaded, Failure> {
    let args = &context.args;
    if args.is_set(FlagId::Responses) {
        let text = input::file(args.path(FlagId::Responses));
        let text = text.map_err(|error| Error::plain(format!("unable to read response file: {error}")))?;
        let log: Arc<dyn Logger> = Arc::new(context.log.clone());
        return stored(context, Stored::read(&text, &log));
    }
    let store = database::server(context).map_err(unreadable)?.map(Arc::new);
    let mut authorities = if args.is_set(FlagId::Roots) {
        Authorities::of_roots(context, store.as_ref())?
    } else {
        let store = store.ok_or_else(|| Error::plain("ocspserve needs -responses, -db-config or -roots"))?;
        if !args.is_set(FlagId::Responder) && !args.is_set(FlagId::CaKey) {
            let ca = match args.is_set(FlagId::Ca) {
                true => {
                    let ca = Certificate::read_pem(&input::prefixed(args.path(FlagId::Ca))?)?;
                    Some(Identity::of(&ca))
                }
                false => None,
            };
            return stored(context, Stored::Database(store, ca));
        }
        Authorities::of_flags(context, &store)?
    };
    let lists = authorities.lists(context)?;
    Ok(Loaded {
        source: Source::Live(Box::new(authorities.live(context)?)),
        lists,
    })
}

fn stored(context: &Context, stored: Stored) -> Result<Loaded, Failure> {
    if context.args.is_set(FlagId::CrlPath) {
        let sentence = "-crl-path needs -db-config, -ca and -ca-key, or -roots";
        return Err(Error::plain(sentence).into());
    }
    Ok(Loaded {
        source: Source::Stored(stored),
        lists: None,
    })
}

/// cfssl has a separate message here, without a number.
fn unreadable(failure: Failure) -> Failure {
    match failure {
        Failure::Error(error) => {
            Error::plain(format!("unable to read configuration file: {}", error.message())).into()
        }
        other => other,
    }
}
