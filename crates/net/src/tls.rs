//! TLS with any server: the handshake accepts every certificate and leaves the decision to
//! the caller.

use std::io;
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rcfssl_core::Certificate;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, HandshakeKind, ProtocolVersion, SignatureScheme,
};

use crate::address::Address;
use crate::dial::{self, Timed};
use crate::error::{Error, Result};
use crate::outgoing::Outgoing;

/// A client, which remembers sessions during its lifetime.
#[derive(Clone)]
pub struct Client {
    config: Arc<ClientConfig>,
    /// The time limit for connection and handshake together.
    timeout: Duration,
    /// Which addresses it may connect to.
    outgoing: Outgoing,
    /// Whether to wait for session tickets.
    tickets: bool,
}

/// The result of a handshake.
#[derive(Debug)]
pub struct Peer {
    /// The server's certificates, starting with its own; at least one.
    pub certificates: Vec<Certificate>,
    /// Whether an earlier session was resumed.
    pub resumed: bool,
}

impl Client {
    /// A client for TLS 1.2 and 1.3.
    ///
    /// # Errors
    /// If the cryptographic library supports neither.
    pub fn new(timeout: Duration) -> Result<Self> {
        Self::with_versions(timeout, rustls::ALL_VERSIONS)
    }

    /// A client for TLS 1.2.
    ///
    /// # Errors
    /// As [`Client::new`].
    pub fn tls12(timeout: Duration) -> Result<Self> {
        Self::with_versions(timeout, &[&rustls::version::TLS12])
    }

    fn with_versions(
        timeout: Duration,
        versions: &[&'static rustls::SupportedProtocolVersion],
    ) -> Result<Self> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier = Arc::new(AnyCertificate(Arc::clone(&provider)));
        let config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .map_err(|error| Error::tls(&error))?
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth();
        Ok(Client {
            config: Arc::new(config),
            timeout,
            outgoing: Outgoing::Any,
            tickets: false,
        })
    }

    /// A client that connects to these addresses only.
    pub fn through(self, outgoing: Outgoing) -> Self {
        Client { outgoing, ..self }
    }

    /// Also waits for the tickets with which a later handshake can resume the session.
    pub fn resuming(self) -> Self {
        Client {
            tickets: true,
            ..self
        }
    }

    /// Connects, completes the handshake and disconnects. `name` is the host name to send.
    ///
    /// # Errors
    /// As [`dial::dial`]; Go's messages for a failed handshake: `remote error: tls:
    /// handshake failure`, `EOF`, `tls: first record does not look like a TLS handshake`.
    pub fn look(&self, address: &Address, name: &str) -> Result<Peer> {
        let deadline = Instant::now() + self.timeout;
        let stream = dial::dial(address, self.outgoing, self.timeout)?;
        let mut timed = Timed { stream, deadline };
        let mut connection = ClientConnection::new(Arc::clone(&self.config), server_name(name))
            .map_err(|error| Error::tls(&error))?;
        while connection.is_handshaking() {
            connection
                .complete_io(&mut timed)
                .map_err(|error| explain(error, &timed.stream))?;
        }
        if self.tickets && connection.protocol_version() == Some(ProtocolVersion::TLSv1_3) {
            wait_for_tickets(&mut connection, &mut timed);
        }
        connection.send_close_notify();
        let _ = connection.write_tls(&mut timed);
        let resumed = connection.handshake_kind() == Some(HandshakeKind::Resumed);
        let certificates = connection
            .peer_certificates()
            .unwrap_or_default()
            .iter()
            .map(|der| Certificate::read(der))
            .collect::<rcfssl_core::Result<Vec<_>>>()
            .map_err(|_| Error::MalformedCertificate)?;
        if certificates.is_empty() {
            return Err(Error::NoCertificates);
        }
        Ok(Peer {
            certificates,
            resumed,
        })
    }
}

/// TLS 1.3 sends tickets after the handshake; most servers do so at once.
fn wait_for_tickets(connection: &mut ClientConnection, timed: &mut Timed) {
    timed.deadline = timed.deadline.min(Instant::now() + Duration::from_millis(200));
    if connection.read_tls(timed).is_ok() {
        let _ = connection.process_new_packets();
    }
}

/// The host name to send. A name that is not a valid host name is not sent, as in Go; an IP
/// address replaces it, because addresses are never sent.
fn server_name(name: &str) -> ServerName<'static> {
    let bare = name.strip_suffix('.').unwrap_or(name);
    ServerName::try_from(bare.to_owned())
        .unwrap_or_else(|_| ServerName::IpAddress(std::net::IpAddr::from([127, 0, 0, 1]).into()))
}

fn explain(error: io::Error, stream: &TcpStream) -> Error {
    if let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref()) {
        return Error::tls(tls);
    }
    match error.kind() {
        io::ErrorKind::UnexpectedEof => Error::Closed,
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Error::Deadline,
        _ => Error::Read {
            ends: stream.local_addr().ok().zip(stream.peer_addr().ok()),
            source: error,
        },
    }
}

/// Accepts every certificate, and checks that the server has its private key.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl AnyCertificate {
    fn check(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        // The library's own method would reject old and odd certificates.
        let Ok(certificate) = Certificate::read(certificate) else {
            return Ok(HandshakeSignatureValid::assertion());
        };
        let algorithms = self.0.signature_verification_algorithms.mapping;
        let known = algorithms.iter().find(|(scheme, _)| *scheme == signed.scheme);
        let (_, algorithms) =
            known.ok_or(rustls::PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme)?;
        let good = algorithms.iter().any(|algorithm| {
            let key = certificate.public_key.key_bits();
            algorithm
                .verify_signature(key, message, signed.signature())
                .is_ok()
        });
        if good || is_short_rsa(&certificate) {
            Ok(HandshakeSignatureValid::assertion())
        } else {
            Err(rustls::CertificateError::BadSignature.into())
        }
    }
}

/// The library verifies nothing with RSA keys below 2048 bits. Such certificates are
/// accepted without that check.
fn is_short_rsa(certificate: &Certificate) -> bool {
    matches!(
        certificate.public_key.kind(),
        rcfssl_core::key::KeyKind::Rsa { bits: ..2048 }
    )
}

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        self.check(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        self.check(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
