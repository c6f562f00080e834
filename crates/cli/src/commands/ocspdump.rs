//! `ocspdump`: the OCSP responses of a database.

use std::io::{self, BufWriter, Write};

use rcfssl_go::base64;

use crate::context::{Context, Outcome};
use crate::database;
use crate::output;

/// Prints the responses that have not expired, one per line as base64.
pub fn run(context: &Context) -> Outcome {
    let store = database::required(context)?;
    let mut out = BufWriter::new(io::stdout().lock());
    store
        .each_ocsp(|record| {
            let line = base64::encode(&record.body) + "\n";
            out.write_all(line.as_bytes()).map_err(Stop::Output)
        })
        .and_then(|()| out.flush().map_err(Stop::Output))
        .map_err(|stop| match stop {
            Stop::Output(error) => output::unwritten(error),
            Stop::Store(error) => database::refused(context, error),
        })?;
    Ok(())
}

/// Why the loop stopped.
enum Stop {
    Store(rcfssl_store::Error),
    Output(io::Error),
}

impl From<rcfssl_store::Error> for Stop {
    fn from(error: rcfssl_store::Error) -> Self {
        Stop::Store(error)
    }
}
