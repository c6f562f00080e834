//! cfssl's order of things, where it makes no sense of its own.
//!
//! cfssl makes and logs a key before it opens the files of the authority that is
//! to sign for it. Here everything is read first, and what went wrong is held
//! until cfssl's turn to say it has come.

use rcfssl_core::key::{self, PrivateKey};
use rcfssl_core::{Certificate, Code, Error, Result};

use crate::args::FlagId;
use crate::context::Context;
use crate::input;
use crate::log::Level;

/// An authority's certificate and key.
pub struct Signer {
    /// The certificate.
    pub certificate: Certificate,
    /// The key.
    pub key: PrivateKey,
}

impl Signer {
    /// Reads what `-ca` and `-ca-key` name, reporting in cfssl's order.
    ///
    /// # Errors
    /// 2000 without `-ca-key`, which only a configuration lets through; bare for
    /// a certificate that cannot be opened, 1001 for such a key; what is wrong
    /// with either.
    pub fn read(context: &Context) -> Result<Self> {
        let args = &context.args;
        if !args.is_set(FlagId::CaKey) {
            return Err(Code::KeyUnknown.into());
        }
        let debug = |what: &str, flag| {
            let file = args.path(flag).to_string_lossy();
            context.log.line(
                Level::Debug,
                format_args!("reading the authority's {what} from {file}"),
            );
        };
        debug("certificate", FlagId::Ca);
        let certificate = input::prefixed(args.path(FlagId::Ca))?;
        debug("key", FlagId::CaKey);
        let key = input::prefixed(args.path(FlagId::CaKey))
            .map_err(|error| Error::wrap(Code::CertificateRead, error))?;
        let certificate = Certificate::read_pem(&certificate)?;
        let password = input::ca_password();
        let key = key::read_encrypted(&key, password.as_ref().map(|p| p.as_slice()))?;
        Ok(Signer { certificate, key })
    }
}
