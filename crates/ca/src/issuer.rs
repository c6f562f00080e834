//! A CA: its certificate and its key, which fit each other or are known not to.

use std::fmt;

use rcfssl_core::key::{KeyKind, SigningKey};
use rcfssl_core::{Authority, Certificate};

/// A CA's certificate and key, to be shared by threads. Whether the key is that of the
/// certificate is found out once, here.
pub struct Issuer {
    certificate: Certificate,
    key: Box<dyn SigningKey>,
    key_fits: bool,
}

impl Issuer {
    /// A CA of these two. cfssl takes any pair, and refuses at each signature where they
    /// do not fit: see [`Issuer::key_fits`].
    pub fn new(certificate: Certificate, key: impl SigningKey + 'static) -> Self {
        Issuer {
            key_fits: certificate.public_key.is_same_key(key.public_key()),
            key: Box::new(key),
            certificate,
        }
    }

    /// Is the key that of the certificate? Nothing is signed where it is not.
    pub fn key_fits(&self) -> bool {
        self.key_fits
    }

    /// The certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The key.
    pub fn key(&self) -> &dyn SigningKey {
        &*self.key
    }

    /// What signs with them.
    pub fn authority(&self) -> Authority<'_> {
        Authority::checked(&self.certificate, self.key(), self.key_fits)
    }

    /// Is a signature a matter of microseconds? Those of large RSA keys take
    /// milliseconds.
    pub fn signs_fast(&self) -> bool {
        !matches!(self.key.public_key().kind(), KeyKind::Rsa { bits } if !(2048..=2048).contains(&bits))
    }
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Issuer({})", self.certificate.common_name())
    }
}
