//! `genkey`: a key and a request; with `-initca`, a new CA.

use rcfssl_core::{Code, Error};

use crate::args::FlagId;
use crate::context::{Context, Failure, Outcome};
use crate::issuing;
use crate::output::Made;
use crate::traps;

/// Creates and prints them.
pub fn run(context: &Context) -> Outcome {
    let request = issuing::document(context)?;
    if context.args.bool(FlagId::InitCa) {
        traps::authority(context, &request)?;
        issuing::new_authority(context, &request)
            .map_err(crash)?
            .print()?;
        return Ok(());
    }
    if request.ca.is_some() {
        return Err(Error::plain("ca section only permitted in initca").into());
    }
    traps::request(context, &request)?;
    let (key, csr) = issuing::key_and_csr(context, &request).map_err(crash)?;
    let made = Made {
        cert: None,
        csr: Some(csr.to_pem()),
        key: Some(context.key_pem(&key)?),
    };
    made.print()?;
    Ok(())
}

/// cfssl crashes if a request cannot be encoded; of the request's contents it checks only
/// object identifiers beforehand.
fn crash(error: Error) -> Failure {
    match &error {
        Error::Coded {
            code: Code::CsrBadRequest,
            message,
        } if !message.starts_with("invalid OID part ") => Failure::Crash(error),
        _ => error.into(),
    }
}
