//! Certificates and keys from files, a CA's above all: what is wrong with one is
//! explained in a hint that names the file.

use std::ffi::OsStr;

use rcfssl_ca::Issuer;
use rcfssl_core::key::{self, PrivateKey};
use rcfssl_core::{Certificate, Error, Result};
use zeroize::Zeroizing;

use crate::args::FlagId;
use crate::context::Context;
use crate::input;
use crate::kinds::{self, Wanted};

/// Which file of a CA is no good, and why.
#[derive(Debug)]
pub enum CaError {
    /// The certificate cannot be opened.
    CertificateFile(Error),
    /// The key cannot be opened.
    KeyFile(Error),
    /// The certificate is none.
    Certificate(Error),
    /// The key is none, or does not open.
    Key(Error),
}

/// Reads a CA from what `-ca` and `-ca-key` name.
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

/// Reads a CA from anywhere. Both files are opened before either is read, as in cfssl.
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

/// A certificate; a hint names the file that is none.
///
/// # Errors
/// As [`Certificate::read_pem`].
pub fn certificate(context: &Context, file: &OsStr, text: &[u8]) -> Result<Certificate> {
    Certificate::read_pem(text)
        .inspect_err(|_| context.hint(kinds::explain_failure(file, text, Wanted::Certificate)))
}

/// A CA's key, with the password of the environment where it is encrypted.
///
/// # Errors
/// As [`key::read_encrypted`]; not every one of these speaks of encryption, so a hint
/// does.
pub fn key(context: &Context, file: &OsStr, text: &[u8]) -> Result<PrivateKey> {
    let password = input::ca_password();
    encrypted_key(text).inspect_err(|_| {
        if key::is_encrypted(text) {
            context.hint(match password {
                None => "the key is encrypted: put its password into CFSSL_CA_PK_PASSWORD",
                Some(_) => "the key is encrypted, and the password in CFSSL_CA_PK_PASSWORD does not open it",
            });
        } else {
            context.hint(kinds::explain_failure(file, text, Wanted::Key));
        }
    })
}

/// The same without hints.
///
/// # Errors
/// As [`key::read_encrypted`].
pub fn encrypted_key(text: &[u8]) -> Result<PrivateKey> {
    let password = input::ca_password();
    key::read_encrypted(text, password.as_ref().map(|p| p.as_slice()))
}

/// The key of a CA that makes its own certificate anew, for which cfssl knows no
/// password.
///
/// # Errors
/// Where `-ca-key` cannot be opened, and as [`key::read`].
pub fn own_key(context: &Context) -> Result<PrivateKey> {
    let file = context.args.path(FlagId::CaKey);
    let text = input::prefixed(file)?;
    key::read(&text).inspect_err(|_| {
        if key::is_encrypted(&text) {
            context.hint("the key is encrypted: no password is used here, as in cfssl; decrypt it first");
        } else {
            context.hint(kinds::explain_failure(file, &text, Wanted::Key));
        }
    })
}
