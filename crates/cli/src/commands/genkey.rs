//! `genkey`: a key and a request; with `-initca` a new authority.

use rcfssl_core::{Code, Error};

use crate::args::FlagId;
use crate::context::{Context, Failure, Outcome};
use crate::issuing;
use crate::output::Made;
use crate::traps;

/// Makes them and prints them.
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

/// cfssl crashes where a request cannot hold what is asked for; only object identifiers
/// are looked at before.
fn crash(error: Error) -> Failure {
    match &error {
        Error::Coded {
            code: Code::CsrBadRequest,
            message,
        } if !message.starts_with("invalid OID part ") => Failure::Crash(error),
        _ => error.into(),
    }
}
