//! cfssl's order of things, where it makes no sense of its own.
//!
//! cfssl makes and logs a key before it opens the files of the authority that is
//! to sign for it. Here everything is read first, and what went wrong is held
//! until cfssl's turn to say it has come.

use rcfssl_core::key::{self, PrivateKey};
use rcfssl_core::{Certificate, Code, Error, Result};

use crate::args::{Args, FlagId};
use crate::input;

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
    pub fn read(args: &Args) -> Result<Self> {
        if !args.is_set(FlagId::CaKey) {
            return Err(Code::KeyUnknown.into());
        }
        let certificate = input::prefixed(args.path(FlagId::Ca))?;
        let key = input::prefixed(args.path(FlagId::CaKey))
            .map_err(|error| Error::wrap(Code::CertificateRead, error))?;
        let certificate = Certificate::read_pem(&certificate)?;
        let password = input::ca_password();
        let key = key::read_encrypted(&key, password.as_ref().map(|p| p.as_slice()))?;
        Ok(Signer { certificate, key })
    }
}
