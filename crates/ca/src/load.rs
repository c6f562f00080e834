//! A CA from files, or from what takes their place.

use rcfssl_core::key::{self, PrivateKey};
use rcfssl_core::{Certificate, Error, Result};
use zeroize::Zeroizing;

use crate::{Issuer, input};

/// Which of a CA's files cannot be used, and why.
#[derive(Debug)]
pub enum CaError {
    /// The certificate cannot be opened.
    CertificateFile(Error),
    /// The key cannot be opened.
    KeyFile(Error),
    /// The file does not contain a certificate.
    Certificate(Error),
    /// The key is none, or cannot be decrypted.
    Key(Error),
}

impl Issuer {
    /// Reads a CA from anywhere. Both files are opened before either is read, as in
    /// cfssl.
    ///
    /// # Errors
    /// As [`CaError`].
    pub fn load(
        certificate: impl FnOnce() -> Result<Zeroizing<Vec<u8>>>,
        key: impl FnOnce() -> Result<Zeroizing<Vec<u8>>>,
        read_certificate: impl FnOnce(&[u8], &[u8]) -> Result<Certificate>,
        read_key: impl FnOnce(&[u8]) -> Result<PrivateKey>,
    ) -> std::result::Result<Self, CaError> {
        let certificate = certificate().map_err(CaError::CertificateFile)?;
        let key = key().map_err(CaError::KeyFile)?;
        let certificate = read_certificate(&certificate, &key).map_err(CaError::Certificate)?;
        Ok(Issuer::new(certificate, read_key(&key).map_err(CaError::Key)?))
    }
}

/// A private key, with the password of the environment where it is encrypted.
///
/// # Errors
/// As [`key::read_encrypted`].
pub fn read_key(text: &[u8]) -> Result<PrivateKey> {
    let password = input::ca_password();
    key::read_encrypted(text, password.as_ref().map(|p| p.as_slice()))
}
