//! Files for connections to remote servers: trusted CAs and the client certificate.

use std::ffi::OsStr;
use std::sync::Arc;

use rcfssl_ca::input;
use rcfssl_core::key::{self, SigningKey};
use rcfssl_core::verify::Pool;
use rcfssl_core::{Certificate, Code, Error, Result};
use rcfssl_go::pem;
use rcfssl_net::client::Client;
use rcfssl_net::verified::{Identity, TlsSettings};

use crate::args::FlagId;
use crate::context::Context;
use crate::log::Level;

/// Reads the files of `-mutual-tls-client-cert`, `-mutual-tls-client-key` and
/// `-tls-remote-ca` even if no server will be contacted, as cfssl does. `tells` is for the
/// commands that log what they find.
///
/// # Errors
/// What is wrong with the files, after the log lines.
pub fn settings(context: &Context, tells: bool) -> Result<TlsSettings> {
    let args = &context.args;
    let info = |line: String| {
        if tells {
            context.log.line(Level::Info, line);
        }
    };
    let shown = |flag| args.path(flag).to_string_lossy();
    let mut settings = TlsSettings::default();
    let [certificate, key] = [FlagId::MutualTlsClientCert, FlagId::MutualTlsClientKey];
    if args.is_set(certificate) && args.is_set(key) {
        let (cert_shown, key_shown) = (shown(certificate), shown(key));
        let identity = identity(args.path(certificate), args.path(key)).inspect_err(|_| {
            let line = format!(
                "Unable to read client certificate from file: {cert_shown} or key from file: {key_shown}"
            );
            context.log.line(Level::Critical, line);
            info(format!(
                "Invalid mutual-tls-cert: {cert_shown} or mutual-tls-key: {key_shown}, defaulting to no client auth"
            ));
        })?;
        settings.identity = Some(identity);
        info(format!(
            "Using client auth with mutual-tls-cert: {cert_shown} and mutual-tls-key: {key_shown}"
        ));
    } else if args.is_set(certificate) || args.is_set(key) {
        context.hint(
            "-mutual-tls-client-cert and -mutual-tls-client-key go together: without both there is no client certificate",
        );
    }
    if args.is_set(FlagId::TlsRemoteCa) {
        let file = shown(FlagId::TlsRemoteCa);
        let roots = roots(args.path(FlagId::TlsRemoteCa)).inspect_err(|_| {
            info(format!(
                "Invalid tls-remote-ca: {file}, defaulting to system trust store"
            ));
        })?;
        settings.roots = roots;
        info(format!("Using trusted CA from tls-remote-ca: {file}"));
    }
    Ok(settings)
}

/// A client with these settings.
///
/// # Errors
/// If the cryptographic library rejects the client's key.
pub fn client(settings: TlsSettings) -> Result<Arc<Client>> {
    Client::new(settings).map(Arc::new).map_err(Error::plain)
}

/// The roots of a PEM file, or the system's if no file is named, as in cfssl.
fn roots(path: &OsStr) -> Result<Option<Pool>> {
    let text = input::file(path)?;
    if text.is_empty() {
        return Ok(None);
    }
    let mut roots = Pool::default();
    match roots.add_pem(&text) {
        true => Ok(Some(roots)),
        false => Err(Error::plain(format!(
            "{} contains no certificates",
            path.to_string_lossy()
        ))),
    }
}

/// A client certificate, possibly with a chain, and its key.
fn identity(certificate: &OsStr, key: &OsStr) -> Result<Identity> {
    let (text, key) = (input::file(certificate)?, input::file(key)?);
    let mut chain = Vec::new();
    let mut rest = &text[..];
    while let Some((block, after)) = pem::decode(rest) {
        rest = after;
        if block.label == "CERTIFICATE" {
            chain.push(block.contents.to_vec());
        }
    }
    let own = chain.first().ok_or(Code::CertificateDecode)?;
    let own = Certificate::read(own)?;
    let key = key::read(&key)?;
    match own.public_key.is_same_key(key.public_key()) {
        true => Ok(Identity {
            chain,
            key: key.to_pkcs8()?,
        }),
        false => Err(Code::KeyMismatch.into()),
    }
}
