//! TLS of the server: its certificate, its versions, and client certificates.

use std::ffi::OsString;
use std::io;
use std::sync::Arc;

use rcfssl_core::key::{self, SigningKey};
use rcfssl_core::{Certificate, Code, Error, Result};
use rcfssl_go::pem;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{ClientHello, ResolvesServerCert, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use rustls::{RootCertStore, ServerConfig, ServerConnection, SupportedProtocolVersion};

/// The protocol name of HTTP/2.
pub const HTTP2: &[u8] = b"h2";

/// The verifier of client certificates.
#[derive(Debug)]
pub struct Clients(Arc<dyn ClientCertVerifier>);

/// The TLS configuration.
#[derive(Debug, Clone)]
pub struct Tls(Arc<ServerConfig>);

/// `-min-tls-version`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MinVersion {
    /// The default. TLS 1.0 and 1.1, which cfssl still accepts, are not supported (RFC
    /// 8996).
    Tls12,
    /// Only TLS 1.3; cfssl falls back to 1.0 here.
    Tls13,
}

impl Clients {
    /// Accepts clients with a certificate from the CAs in the file.
    ///
    /// # Errors
    /// `failed to load mutual TLS CA file: …`
    pub fn read(file: &OsString) -> Result<Self> {
        let failed = |why: String| Error::plain(format!("failed to load mutual TLS CA file: {why}"));
        let text = rcfssl_files::read(Some(file)).map_err(failed)?;
        let mut roots = RootCertStore::empty();
        for der in certificates(&text) {
            // Data that is not a certificate is skipped, as in Go's AppendCertsFromPEM.
            let _ = roots.add(der);
        }
        if roots.is_empty() {
            return Err(failed("it contains no CA certificate".to_owned()));
        }
        let builder = WebPkiClientVerifier::builder_with_provider(roots.into(), provider());
        let verifier = builder.build().map_err(|error| failed(error.to_string()))?;
        Ok(Clients(verifier))
    }
}

impl Tls {
    /// Reads the server's certificate with its chain, and its key.
    ///
    /// # Errors
    /// Go's messages: `open x: no such file or directory`, `tls: private key does not match
    /// public key`.
    pub fn read(
        certificate: &OsString,
        private_key: &OsString,
        min: MinVersion,
        clients: Option<Clients>,
    ) -> Result<Self> {
        let identity = identity(certificate, private_key)?;
        let versions: &[&SupportedProtocolVersion] = match min {
            MinVersion::Tls12 => &[&TLS13, &TLS12],
            MinVersion::Tls13 => &[&TLS13],
        };
        let builder = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(versions)
            .map_err(|error| Error::plain(format!("tls: {error}")))?;
        let builder = match clients {
            Some(Clients(verifier)) => builder.with_client_cert_verifier(verifier),
            None => builder.with_no_client_auth(),
        };
        let mut config = builder.with_cert_resolver(Arc::new(Identity(identity)));
        config.alpn_protocols = vec![HTTP2.to_vec(), b"http/1.1".to_vec()];
        Ok(Tls(Arc::new(config)))
    }

    /// The configuration for new connections.
    pub fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.0)
    }
}

/// The server's only certificate, whatever name a client asks for, as in cfssl.
#[derive(Debug)]
struct Identity(Arc<CertifiedKey>);

impl ResolvesServerCert for Identity {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

fn identity(certificate: &OsString, private_key: &OsString) -> Result<Arc<CertifiedKey>> {
    let text = rcfssl_files::read(Some(certificate)).map_err(Error::plain)?;
    let key = rcfssl_files::read(Some(private_key)).map_err(Error::plain)?;
    let chain: Vec<_> = certificates(&text).collect();
    let first = chain
        .first()
        .ok_or_else(|| Error::plain("tls: failed to find any PEM data in certificate input"))?;
    let leaf = Certificate::read(first)?;
    let key = key::read(&key)?;
    if !leaf.public_key.is_same_key(key.public_key()) {
        return Err(Error::plain("tls: private key does not match public key"));
    }
    let key = PrivatePkcs8KeyDer::from(key.to_pkcs8()?.to_vec());
    let key = aws_lc_rs::sign::any_supported_type(&PrivateKeyDer::from(key));
    let key = key.map_err(|_| Error::from(Code::KeyNotSupported))?;
    Ok(Arc::new(CertifiedKey::new(chain, key)))
}

fn certificates(text: &[u8]) -> impl Iterator<Item = CertificateDer<'static>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (block, after) = pem::decode(rest)?;
        rest = after;
        Some(block)
    })
    .filter(|block| block.label == "CERTIFICATE")
    .map(|block| CertificateDer::from(block.contents.to_vec()))
    .collect::<Vec<_>>()
    .into_iter()
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

/// The common name of the client's certificate, if it presented one.
pub fn common_name(session: &ServerConnection) -> Option<String> {
    let first = session.peer_certificates()?.first()?;
    Some(
        Certificate::read(first)
            .map(|certificate| certificate.common_name())
            .unwrap_or_default(),
    )
}

/// Why a handshake failed.
pub fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "EOF".to_owned(),
        _ => match error.get_ref() {
            Some(inner) => format!("tls: {inner}"),
            None => rcfssl_go::os::describe(error),
        },
    }
}
