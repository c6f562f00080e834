//! Shared by `gencrl` and `crl`: the CRL number, and printing or writing the CRL.

use std::io::{self, Write};
use std::path::Path;

use rcfssl_core::crl::{self, CrlContent};
use rcfssl_core::key::SigningKey;
use rcfssl_core::{Certificate, Error, Result};
use rcfssl_go::{base64, pem};
use time::OffsetDateTime;

use crate::args::FlagId;
use crate::context::Context;
use crate::output;

/// The number given with `-crl-number`.
///
/// # Errors
/// If it is negative.
pub fn number(context: &Context) -> Result<Option<u64>> {
    let args = &context.args;
    let number = args
        .is_set(FlagId::CrlNumber)
        .then(|| args.int(FlagId::CrlNumber));
    let number = number.map(u64::try_from).transpose();
    number.map_err(|_| Error::plain("a CRL number is not negative (RFC 5280, section 5.2.3)"))
}

/// Signs a CRL and prints it as base64, or with `-pem` as PEM.
///
/// # Errors
/// If the key cannot sign, or if standard output cannot be written.
pub fn print(
    context: &Context,
    content: CrlContent,
    issuer: &Certificate,
    key: &dyn SigningKey,
) -> Result<()> {
    let crl = crl::sign(content, issuer, key)?;
    if context.args.bool(FlagId::Pem) {
        return output::stdout(pem::encode("X509 CRL", &crl).as_bytes());
    }
    // A CRL with a million entries is large, so no encoded copy is held in memory. The
    // length of each chunk is a multiple of 3, so that there is no padding in the middle.
    let mut out = io::stdout().lock();
    let written = crl
        .chunks(3 << 14)
        .try_for_each(|piece| out.write_all(base64::encode(piece).as_bytes()))
        .and_then(|()| out.write_all(b"\n"))
        .and_then(|()| out.flush());
    written.map_err(output::unwritten)
}

/// The mode of a new file: anyone may read a CRL.
const MODE: u32 = 0o644;

/// The number of the list for `-out`: `-crl-number`, or the time in milliseconds. It is
/// larger than that of the list in the file (RFC 5280, section 5.2.3).
///
/// # Errors
/// If the file holds something other than a CRL of this CA, or `-crl-number` is too small.
pub fn next_number(context: &Context, issuer: &Certificate, now: OffsetDateTime) -> Result<u64> {
    let path = Path::new(context.args.path(FlagId::Out));
    let given = number(context)?;
    let last = match std::fs::metadata(path) {
        Ok(metadata) if metadata.is_file() && metadata.len() > 0 => last_number(path, issuer)?,
        _ => None,
    };
    match (given, last) {
        (Some(given), Some(last)) if given <= last => Err(Error::plain(format!(
            "the CRL in {} has number {last}: -crl-number must be larger",
            path.to_string_lossy()
        ))),
        (Some(given), _) => Ok(given),
        (None, last) => Ok(crl::next_number(now, last)),
    }
}

/// The number of the list in a file, if it has one.
fn last_number(path: &Path, issuer: &Certificate) -> Result<Option<u64>> {
    let text = rcfssl_files::read_at_most(Some(path.as_os_str()), LARGEST).map_err(Error::plain)?;
    let block = pem::decode(&text).filter(|(block, _)| block.label == "X509 CRL");
    let der = block.as_ref().map_or(&text[..], |(block, _)| &block.contents);
    let other = |what: &str| {
        let path = path.to_string_lossy();
        Err(Error::plain(format!(
            "{path} exists and is not {what}: it stays as it is"
        )))
    };
    match crl::read_head(der) {
        None => other("a CRL"),
        Some(head) if head.issuer != crl::issuer_name(issuer) => other("a CRL of this CA"),
        Some(head) => Ok(head.number),
    }
}

/// The largest file that is taken for a CRL, in bytes.
const LARGEST: u64 = 1 << 30;

/// Signs a CRL and writes it to the file of `-out` as DER, or with `-pem` as PEM.
///
/// # Errors
/// If the key cannot sign, or the file cannot be written; it then stays as it was.
pub fn write(
    context: &Context,
    content: CrlContent,
    issuer: &Certificate,
    key: &dyn SigningKey,
) -> Result<()> {
    let path = Path::new(context.args.path(FlagId::Out));
    let mut crl = crl::sign(content, issuer, key)?;
    if context.args.bool(FlagId::Pem) {
        crl = pem::encode("X509 CRL", &crl).into_bytes();
    }
    let shown = path.to_string_lossy();
    let written = rcfssl_files::write(path, &crl, MODE).map_err(|error| Error::plain(error.about(&shown)))?;
    if written.in_place {
        context.hint(format_args!(
            "{shown} could not be replaced and was written in place, so a reader may have seen half of it"
        ));
    }
    Ok(())
}
