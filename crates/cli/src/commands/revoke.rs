//! `revoke`: marks a certificate in a database as revoked.

use rcfssl_core::{Code, Error, ocsp, record};

use crate::args::FlagId;
use crate::context::{Context, Outcome};
use crate::database;

/// Marks the certificate; prints nothing on success.
pub fn run(context: &Context) -> Outcome {
    let args = &context.args;
    for (flag, what, name) in [
        (FlagId::Serial, "the serial number of the certificate", "-serial"),
        (FlagId::Aki, "its authority key identifier", "-aki"),
    ] {
        if !args.is_set(flag) {
            return Err(database::missing(what, name));
        }
    }
    let store = database::required(context)?;
    let reason = reason(&args.text(FlagId::Reason))
        .inspect_err(|error| context.error(format_args!("Invalid reason code: {error}")))?;
    let (serial, aki) = (args.text(FlagId::Serial), args.text(FlagId::Aki));
    let found = database::told(context, store.revoke(&serial, &aki, reason))?;
    if !found {
        let written = record::normal_identifier(&aki);
        if written != aki {
            context.hint(format_args!(
                "key identifiers are recorded as lower-case hexadecimal without colons: {written}"
            ));
        }
        return Err(Error::from(Code::StoreNotFound).into());
    }
    Ok(())
}

/// cfssl rejects the flag's own default, 0. Here it means unspecified.
fn reason(text: &str) -> Result<u8, Error> {
    match text {
        "0" => Ok(0),
        text => ocsp::parse_reason(text),
    }
}
