//! `ocspsign`: signs an OCSP response for one certificate.

use rcfssl_ca::input;
use rcfssl_core::ocsp::{self, Status};
use rcfssl_core::{Certificate, Code, Error, Result};
use rcfssl_go::{base64, json};
use serde::Serialize;
use time::OffsetDateTime;

use crate::args::FlagId;
use crate::context::{Context, Outcome};
use crate::log::Level;
use crate::output;
use crate::responder;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    ocsp_response: String,
}

/// Signs the response and prints it as base64 in JSON.
pub fn run(context: &Context) -> Outcome {
    let args = &context.args;
    let now = OffsetDateTime::now_utc();
    let about = step(
        context,
        "Unable to read certificate",
        input::file(args.path(FlagId::Cert)),
    )?;
    let about = step(
        context,
        "Unable to parse certificate",
        Certificate::read_pem(&about),
    )?;
    let status = status(context, now)?;
    let files = step(context, "Unable to create OCSP signer", responder::read(context))?;
    let responder = files.responder(args.duration(FlagId::Interval));
    let answer = match status {
        Ok(status) => responder.answer(&about, status, now),
        Err(error) => responder.check(&about).and(Err(error)),
    };
    let answer = step(context, "Unable to sign OCSP response", answer)?;
    let line = json::to_string(&Answer {
        ocsp_response: base64::encode(&answer),
    }) + "\n";
    output::stdout(line.as_bytes())?;
    Ok(())
}

/// Logs a failed step, as cfssl does before it prints the error.
fn step<T>(context: &Context, what: &str, result: Result<T>) -> Result<T> {
    result.inspect_err(|error| context.log.line(Level::Critical, format_args!("{what}: {error}")))
}

/// The status to sign. An unknown word is rejected only at the time of signing.
fn status(context: &Context, now: OffsetDateTime) -> Result<Result<Status>> {
    let args = &context.args;
    Ok(match &*args.text(FlagId::Status) {
        "good" => Ok(Status::Good),
        "unknown" => Ok(Status::Unknown),
        "revoked" => {
            let reason = step(
                context,
                "Invalid reason code",
                ocsp::parse_reason(&args.text(FlagId::Reason)),
            )
            .inspect_err(|_| {
                if !args.is_set(FlagId::Reason) {
                    context.hint("a revoked status needs a -reason, such as keyCompromise or unspecified");
                }
            })?;
            Ok(Status::Revoked {
                reason,
                at: revoked_at(context, now)?,
            })
        }
        _ => Err(Code::InvalidStatus.into()),
    })
}

fn revoked_at(context: &Context, now: OffsetDateTime) -> Result<OffsetDateTime> {
    let text = context.args.text(FlagId::RevokedAt);
    if text == "now" {
        return Ok(now);
    }
    ocsp::parse_date(&text).ok_or_else(|| {
        context
            .log
            .line(Level::Critical, format_args!("Malformed revocation time: {text}"));
        Error::plain(format!("-revoked-at takes now or YYYY-MM-DD, not {text}"))
    })
}
