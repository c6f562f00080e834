//! `ocspserve`: serves OCSP responses from a file or a database over HTTP.

use std::sync::Arc;

use rcfssl_core::Error;
use rcfssl_server::Limits;
use rcfssl_server::log::Logger;
use rcfssl_server::responder::{self, Settings, Source};

use crate::args::FlagId;
use crate::context::{Context, Failure, Outcome};
use crate::{database, input};

/// Serves until a signal arrives.
pub fn run(context: &Context) -> Outcome {
    let args = &context.args;
    // The time zone can be read only while there is a single thread.
    context.log.offset();
    let log: Arc<dyn Logger> = Arc::new(context.log.clone());
    let source = if args.is_set(FlagId::Responses) {
        let text = input::file(args.path(FlagId::Responses));
        let text = text.map_err(|error| Error::plain(format!("unable to read response file: {error}")))?;
        Source::read(&text, &log)
    } else if let Some(store) = database::server(context).map_err(unreadable)? {
        Source::Database(Arc::new(store))
    } else {
        return Err(Error::plain("ocspserve needs -responses or -db-config").into());
    };
    let settings = Settings {
        address: args.text(FlagId::Address).into_owned(),
        port: args.int(FlagId::Port),
        path: args.text(FlagId::Path).into_owned(),
        limits: Limits::default(),
    };
    responder::serve(settings, source, log)?;
    Ok(())
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
