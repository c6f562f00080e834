//! A CA: its certificate and its key. Whether they match is checked once.

use std::fmt;

use rcfssl_core::key::{KeyKind, SigningKey};
use rcfssl_core::{Authority, Certificate};

/// A CA's certificate and key, shared between threads. Whether the key matches the
/// certificate is determined once, here.
pub struct Issuer {
    certificate: Certificate,
    key: Box<dyn SigningKey>,
    key_fits: bool,
}

impl Issuer {
    /// Creates a CA. Like cfssl, this accepts any pair, and each signature fails if they do
    /// not match: see [`Issuer::key_fits`].
    pub fn new(certificate: Certificate, key: impl SigningKey + 'static) -> Self {
        Issuer {
            key_fits: certificate.public_key.is_same_key(key.public_key()),
            key: Box::new(key),
            certificate,
        }
    }

    /// Whether the key belongs to the certificate. If not, nothing is signed.
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

    /// The signer with both.
    pub fn authority(&self) -> Authority<'_> {
        Authority::checked(&self.certificate, self.key(), self.key_fits)
    }

    /// Whether a signature takes only microseconds. With large RSA keys it takes
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
