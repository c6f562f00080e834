//! The OCSP responder of `ocspsign` and `ocsprefresh`: the CA for which it signs, its
//! certificate and its key.

use rcfssl_ca::input;
use rcfssl_core::key::{self, PrivateKey};
use rcfssl_core::ocsp::Responder;
use rcfssl_core::{Certificate, Code, Duration, Error, Result};

use crate::args::FlagId;
use crate::context::Context;

/// The files that the flags name.
pub struct Files {
    /// The CA's certificate.
    pub issuer: Certificate,
    /// The responder's certificate.
    pub certificate: Certificate,
    /// The responder's key.
    pub key: PrivateKey,
}

/// Reads the files of `-ca`, `-responder` and `-responder-key`; `-key` may replace the
/// last.
///
/// # Errors
/// Without a number for a certificate that cannot be opened, 1001 for such a key; otherwise
/// what is wrong with any of them.
pub fn read(context: &Context) -> Result<Files> {
    let args = &context.args;
    let key = if args.is_set(FlagId::ResponderKey) {
        FlagId::ResponderKey
    } else {
        FlagId::Key
    };
    let issuer = input::prefixed(args.path(FlagId::Ca))?;
    let certificate = input::file(args.path(FlagId::Responder))?;
    let issuer = Certificate::read_pem(&issuer)?;
    let certificate = Certificate::read_pem(&certificate)?;
    let key = input::file(args.path(key)).map_err(|error| Error::wrap(Code::CertificateRead, error))?;
    Ok(Files {
        issuer,
        certificate,
        key: key::read(&key)?,
    })
}

impl Files {
    /// A responder whose responses are valid for `interval`.
    pub fn responder(&self, interval: Duration) -> Responder<'_> {
        Responder {
            issuer: &self.issuer,
            certificate: &self.certificate,
            key: &self.key,
            interval,
        }
    }
}
