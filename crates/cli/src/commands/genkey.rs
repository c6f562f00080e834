//! `genkey`: a key and a request; with `-initca` a new authority.

use rcfssl_core::Error;

use crate::args::FlagId;
use crate::context::{Context, Outcome};
use crate::issuing;
use crate::output::Made;
use crate::traps;

/// Makes them and prints them.
pub fn run(context: &Context) -> Outcome {
    let request = issuing::document(context)?;
    if context.args.bool(FlagId::InitCa) {
        traps::authority(context, &request)?;
        issuing::new_authority(context, &request)?.print()?;
        return Ok(());
    }
    if request.ca.is_some() {
        return Err(Error::plain("ca section only permitted in initca").into());
    }
    traps::request(context, &request)?;
    let (key, csr) = issuing::key_and_csr(context, &request, false)?;
    let made = Made {
        cert: None,
        csr: Some(csr.to_pem()),
        key: Some(context.key_pem(&key)?),
    };
    made.print()?;
    Ok(())
}
