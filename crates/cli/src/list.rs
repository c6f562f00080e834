//! What `gencrl` and `crl` share: the number of a list, and how it is printed.

use std::io::{self, Write};

use rcfssl_core::crl::{self, CrlContent};
use rcfssl_core::key::SigningKey;
use rcfssl_core::{Certificate, Error, Result};
use rcfssl_go::{base64, pem};

use crate::args::FlagId;
use crate::context::Context;
use crate::output;

/// The number of `-crl-number`.
///
/// # Errors
/// Where it is negative.
pub fn number(context: &Context) -> Result<Option<u64>> {
    let args = &context.args;
    let number = args
        .is_set(FlagId::CrlNumber)
        .then(|| args.int(FlagId::CrlNumber));
    let number = number.map(u64::try_from).transpose();
    number.map_err(|_| Error::plain("a CRL number is not negative (RFC 5280, section 5.2.3)"))
}

/// Signs a list and prints it as base64, with `-pem` as PEM.
///
/// # Errors
/// Where the key does not sign, or standard output does not take the list.
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
    // A list of a million is long: it is not held twice more. The length of each piece is
    // a multiple of 3, so that no padding stands in the middle.
    let mut out = io::stdout().lock();
    let written = crl
        .chunks(3 << 14)
        .try_for_each(|piece| out.write_all(base64::encode(piece).as_bytes()))
        .and_then(|()| out.write_all(b"\n"))
        .and_then(|()| out.flush());
    written.map_err(output::unwritten)
}
