//! cfssl's order of things, where it makes no sense of its own.
//!
//! cfssl makes and logs a key before it opens the files of the authority that is
//! to sign for it. Here everything is read first, and what went wrong is held
//! until cfssl's turn to say it has come.

use std::ffi::OsStr;

use rcfssl_core::key::{self, PrivateKey, SigningKey};
use rcfssl_core::{Certificate, Code, Error, Result};
use rcfssl_go::pem;

use crate::args::FlagId;
use crate::context::Context;
use crate::input;
use crate::kinds::{self, Wanted};
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
        let (ca, ca_key) = (args.path(FlagId::Ca), args.path(FlagId::CaKey));
        if kinds::is_key(&certificate) && kinds::is_certificate(&key) {
            context.hint(format_args!(
                "{} is a private key and {} a certificate: swap -ca and -ca-key",
                ca.to_string_lossy(),
                ca_key.to_string_lossy()
            ));
        }
        let certificate = self::certificate(context, ca, &certificate)?;
        let key = authority_key(context, ca_key, &key)?;
        Ok(Signer { certificate, key })
    }
}

/// A certificate; a hint names the file that is none.
///
/// # Errors
/// As [`Certificate::read_pem`].
pub fn certificate(context: &Context, file: &OsStr, text: &[u8]) -> Result<Certificate> {
    Certificate::read_pem(text)
        .inspect_err(|_| context.hint(kinds::explain_failure(file, text, Wanted::Certificate)))
}

/// The key of an authority, with the password of the environment where it is encrypted.
///
/// # Errors
/// As [`key::read_encrypted`], of which not every one speaks of encryption: a hint does.
pub fn authority_key(context: &Context, file: &OsStr, text: &[u8]) -> Result<PrivateKey> {
    let password = input::ca_password();
    let key = key::read_encrypted(text, password.as_ref().map(|p| p.as_slice()));
    key.inspect_err(|_| {
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

/// The key of an authority that makes its own certificate anew, for which cfssl knows
/// no password.
///
/// # Errors
/// As [`key::read`].
pub fn own_key(context: &Context, text: &[u8]) -> Result<PrivateKey> {
    key::read(text).inspect_err(|_| {
        if key::is_encrypted(text) {
            context.hint("the key is encrypted: no password is used here, as in cfssl; decrypt it first");
        } else {
            context.hint(kinds::explain_failure(
                context.args.path(FlagId::CaKey),
                text,
                Wanted::Key,
            ));
        }
    })
}

/// Looks at the files for speaking to a remote signer, which cfssl opens whether
/// or not there is one.
///
/// # Errors
/// What is wrong with them, behind the log's lines.
pub fn check_remote_files(context: &Context) -> Result<()> {
    let args = &context.args;
    let info = |line: String| context.log.line(Level::Info, line);
    let shown = |flag| args.path(flag).to_string_lossy();
    let [certificate, key] = [FlagId::MutualTlsClientCert, FlagId::MutualTlsClientKey];
    if args.is_set(certificate) && args.is_set(key) {
        let (cert_shown, key_shown) = (shown(certificate), shown(key));
        client_pair(args.path(certificate), args.path(key)).inspect_err(|_| {
            let line = format!(
                "Unable to read client certificate from file: {cert_shown} or key from file: {key_shown}"
            );
            context.log.line(Level::Critical, line);
            info(format!(
                "Invalid mutual-tls-cert: {cert_shown} or mutual-tls-key: {key_shown}, defaulting to no client auth"
            ));
        })?;
        info(format!(
            "Using client auth with mutual-tls-cert: {cert_shown} and mutual-tls-key: {key_shown}"
        ));
    }
    if args.is_set(FlagId::TlsRemoteCa) {
        let roots = shown(FlagId::TlsRemoteCa);
        let read = input::file(args.path(FlagId::TlsRemoteCa)).and_then(|text| {
            pem::decode(&text).ok_or_else(|| Error::plain(format!("{roots} holds no certificates")))?;
            Ok(())
        });
        read.inspect_err(|_| {
            info(format!(
                "Invalid tls-remote-ca: {roots}, defaulting to system trust store"
            ));
        })?;
        info(format!("Using trusted CA from tls-remote-ca: {roots}"));
    }
    Ok(())
}

/// A certificate, which others may follow, and its key.
fn client_pair(certificate: &OsStr, key: &OsStr) -> Result<()> {
    let (text, key) = (input::file(certificate)?, input::file(key)?);
    let (block, _) = pem::decode(&text).ok_or(Code::CertificateDecode)?;
    let certificate = Certificate::read(&block.contents)?;
    match certificate.public_key.is_same_key(key::read(&key)?.public_key()) {
        true => Ok(()),
        false => Err(Code::KeyMismatch.into()),
    }
}
