//! `ocspserve`: serves OCSP responses from a file or a database over HTTP.

use std::sync::Arc;

use rcfssl_ca::input;
use rcfssl_core::Error;
use rcfssl_server::Limits;
use rcfssl_server::log::Logger;
use rcfssl_server::responder::{self, Settings, Source};

use crate::args::FlagId;
use crate::context::{Context, Failure, Outcome};
use crate::{database, service};

/// Serves until a signal arrives.
pub fn run(context: &Context) -> Outcome {
    let args = &context.args;
    let source = read(context)?;
    let settings = Settings {
        address: args.text(FlagId::Address).into_owned(),
        port: args.int(FlagId::Port),
        host: service::host()?,
        path: args.text(FlagId::Path).into_owned(),
        limits: Limits::default(),
    };
    let log = Arc::new(context.log.clone());
    responder::serve(settings, source, service::reload(context, read), log)?;
    Ok(())
}

/// The file or the database.
fn read(context: &Context) -> Result<Source, Failure> {
    let args = &context.args;
    if args.is_set(FlagId::Responses) {
        let text = input::file(args.path(FlagId::Responses));
        let text = text.map_err(|error| Error::plain(format!("unable to read response file: {error}")))?;
        let log: Arc<dyn Logger> = Arc::new(context.log.clone());
        return Ok(Source::read(&text, &log));
    }
    match database::server(context).map_err(unreadable)? {
        Some(store) => Ok(Source::Database(Arc::new(store))),
        None => Err(Error::plain("ocspserve needs -responses or -db-config").into()),
    }
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
