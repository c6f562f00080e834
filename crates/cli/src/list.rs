//! Shared by `gencrl` and `crl`: the CRL number, and printing the CRL.

use std::io::{self, Write};

use rcfssl_core::crl::{self, CrlContent};
use rcfssl_core::key::SigningKey;
use rcfssl_core::{Certificate, Error, Result};
use rcfssl_go::{base64, pem};

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
