//! Reads certificates and keys, mostly those of a CA. A hint with the file's name explains
//! what is wrong with one.

use std::ffi::OsStr;
use std::path::Path;

use rcfssl_ca::{CaError, Issuer, input};
use rcfssl_core::key::{self, PrivateKey};
use rcfssl_core::{Certificate, Error, Result};

use crate::args::FlagId;
use crate::context::Context;
use crate::kinds::{self, Wanted};

/// Reads the CA that `-ca` and `-ca-key` name.
///
/// # Errors
/// As [`CaError`].
pub fn read(context: &Context) -> std::result::Result<Issuer, CaError> {
    let (ca, ca_key) = (context.args.path(FlagId::Ca), context.args.path(FlagId::CaKey));
    Issuer::load(
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
    rcfssl_ca::read_key(text).inspect_err(|_| {
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

/// Reads the key at `file://PATH`. The host part of the URL is the first component of a
/// relative path, as in cfssl.
///
/// # Errors
/// For any other URL, and what is wrong with the file.
pub fn private_key(spec: &str) -> Result<PrivateKey> {
    let unsupported = || Error::plain("config: unsupported private key scheme");
    let path = spec.strip_prefix("file://").ok_or_else(unsupported)?;
    let text = input::file(Path::new(path).as_os_str())?;
    key::read_pem_or_der(&text)
}
