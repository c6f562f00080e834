//! Reads certificates and keys, mostly those of a CA. A hint with the file's name explains
//! what is wrong with one.

use std::ffi::OsStr;

use rcfssl_ca::Issuer;
use rcfssl_core::key::{self, PrivateKey};
use rcfssl_core::{Certificate, Error, Result};
use zeroize::Zeroizing;

use crate::args::FlagId;
use crate::context::Context;
use crate::input;
use crate::kinds::{self, Wanted};

/// Which of a CA's files cannot be used, and why.
#[derive(Debug)]
pub enum CaError {
    /// The certificate cannot be opened.
    CertificateFile(Error),
    /// The key cannot be opened.
    KeyFile(Error),
    /// The file does not contain a certificate.
    Certificate(Error),
    /// The file does not contain a key, or the key cannot be decrypted.
    Key(Error),
}

/// Reads the CA that `-ca` and `-ca-key` name.
///
/// # Errors
/// As [`CaError`].
pub fn read(context: &Context) -> std::result::Result<Issuer, CaError> {
    let (ca, ca_key) = (context.args.path(FlagId::Ca), context.args.path(FlagId::CaKey));
    read_from(
        || input::prefixed(ca),
        || input::prefixed(ca_key),
        |text, key| {
            if kinds::is_key(text) && kinds::is_certificate(key) {
                context.hint(format_args!(
                    "{} is a private key and {} a certificate: swap -ca and -ca-key",
                    ca.to_string_lossy(),
                    ca_key.to_string_lossy()
                ));
            }
            certificate(context, ca, text)
        },
        |text| key(context, ca_key, text),
    )
}

/// Reads a CA. Both files are opened before either is read, as in cfssl.
///
/// # Errors
/// As [`CaError`].
pub fn read_from(
    certificate: impl FnOnce() -> Result<Zeroizing<Vec<u8>>>,
    key: impl FnOnce() -> Result<Zeroizing<Vec<u8>>>,
    read_certificate: impl FnOnce(&[u8], &[u8]) -> Result<Certificate>,
    read_key: impl FnOnce(&[u8]) -> Result<PrivateKey>,
) -> std::result::Result<Issuer, CaError> {
    let certificate = certificate().map_err(CaError::CertificateFile)?;
    let key = key().map_err(CaError::KeyFile)?;
    let certificate = read_certificate(&certificate, &key).map_err(CaError::Certificate)?;
    Ok(Issuer::new(certificate, read_key(&key).map_err(CaError::Key)?))
}

/// Reads a certificate. If the file does not contain one, a hint names the file.
///
/// # Errors
/// As [`Certificate::read_pem`].
pub fn certificate(context: &Context, file: &OsStr, text: &[u8]) -> Result<Certificate> {
    Certificate::read_pem(text)
        .inspect_err(|_| context.hint(kinds::explain_failure(file, text, Wanted::Certificate)))
}

/// Reads a CA's key; an encrypted key is opened with the password from the environment.
///
/// # Errors
/// As [`key::read_encrypted`]. Not all of these errors mention encryption, so a hint does.
pub fn key(context: &Context, file: &OsStr, text: &[u8]) -> Result<PrivateKey> {
    let password = input::ca_password();
    encrypted_key(text).inspect_err(|_| {
        if key::is_encrypted(text) {
            context.hint(match password {
                None => "the key is encrypted: put its password into CFSSL_CA_PK_PASSWORD",
                Some(_) => "the key is encrypted, and the password in CFSSL_CA_PK_PASSWORD is wrong",
            });
        } else {
            context.hint(kinds::explain_failure(file, text, Wanted::Key));
        }
    })
}

/// As [`key()`], without hints.
///
/// # Errors
/// As [`key::read_encrypted`].
pub fn encrypted_key(text: &[u8]) -> Result<PrivateKey> {
    let password = input::ca_password();
    key::read_encrypted(text, password.as_ref().map(|p| p.as_slice()))
}

/// Reads the key of a CA that reissues its own certificate. cfssl uses no password there.
///
/// # Errors
/// If `-ca-key` cannot be opened, and as [`key::read`].
pub fn own_key(context: &Context) -> Result<PrivateKey> {
    let file = context.args.path(FlagId::CaKey);
    let text = input::prefixed(file)?;
    key::read(&text).inspect_err(|_| {
        if key::is_encrypted(&text) {
            context
                .hint("the key is encrypted: as in cfssl, no password is used here; decrypt the key first");
        } else {
            context.hint(kinds::explain_failure(file, &text, Wanted::Key));
        }
    })
}
