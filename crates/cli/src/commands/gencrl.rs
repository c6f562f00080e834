//! `gencrl`: a CRL from a list of serial numbers.

use std::os::unix::ffi::OsStrExt;

use rcfssl_ca::input;
use rcfssl_core::crl::{self, CrlContent, Entries};
use rcfssl_core::{Error, Serial};
use time::{Duration, OffsetDateTime};

use crate::ca_files;
use crate::context::{Context, Outcome};
use crate::list;

/// Signs the CRL and prints it as base64, or with `-pem` as PEM.
pub fn run(context: &Context) -> Outcome {
    let args = &context.args;
    let [serials, certificate, key, rest @ ..] = args.positional() else {
        context.hint("rcfssl gencrl serials.txt ca.pem ca-key.pem [seconds]");
        return Err(Error::plain("gencrl needs a list of serial numbers, a certificate and a key").into());
    };
    let number = list::number(context)?;
    if let Some(flag) = rest.iter().find(|argument| argument.as_bytes().starts_with(b"-")) {
        context.hint(format_args!(
            "{} comes after the arguments, where flags are ignored",
            flag.to_string_lossy()
        ));
    }
    let serials = input::file_or_stdin(serials)?;
    let certificate = input::file_or_stdin(certificate)?;
    let key = input::file_or_stdin(key)?;
    let seconds = rest
        .first()
        .map_or(Ok(0), |text| crl::parse_seconds(&text.to_string_lossy()))?;
    let issuer = ca_files::certificate(context, &args.positional()[1], &certificate)?;
    let key = ca_files::key(context, &args.positional()[2], &key)?;
    let now = OffsetDateTime::now_utc();
    let lifetime = Duration::seconds(if seconds == 0 {
        crl::DEFAULT_SECONDS
    } else {
        seconds
    });
    let mut entries = Entries::default();
    read_serials(&String::from_utf8_lossy(&serials)).for_each(|serial| entries.add(&serial, now));
    let content = CrlContent {
        entries,
        keep_empty: true,
        now,
        next_update: now.checked_add(lifetime).unwrap_or(now),
        number,
    };
    list::print(context, content, &issuer, &key)?;
    Ok(())
}

/// One serial number per line; blank lines are skipped.
fn read_serials(text: &str) -> impl Iterator<Item = Serial> {
    text.split('\n')
        .filter(|line| !line.trim().is_empty())
        .map(Serial::parse_prefix)
}
