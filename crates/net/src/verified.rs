//! TLS to servers whose certificates are verified as in Go, for the HTTP client: against
//! the caller's roots or the system's, with a client certificate if the server asks for
//! one.
//!
//! The HTTP library's own verification rejects certificates that Go accepts (a self-signed
//! server certificate with CA:TRUE that is its own root) and words its errors differently.

use std::fmt;
use std::io::{self, Read, Write};
use std::sync::Arc;

use rcfssl_core::Certificate;
use rcfssl_core::verify::{Pool, Purpose, Refusal, Verifier};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, OtherError, SignatureScheme,
    StreamOwned,
};
use ureq::Error;
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, Either, LazyBuffers, NextTimeout, Transport, TransportAdapter,
};
use zeroize::Zeroizing;

use crate::roots;

/// The client certificate: the certificate, its chain, and its key.
pub struct Identity {
    /// DER, our own certificate first.
    pub chain: Vec<Vec<u8>>,
    /// PKCS#8
    pub key: Zeroizing<Vec<u8>>,
}

/// TLS settings.
#[derive(Default)]
pub struct TlsSettings {
    /// The roots to trust (default: the system's).
    pub roots: Option<Pool>,
    /// The client certificate, if there is one.
    pub identity: Option<Identity>,
}

/// Adds TLS to connections for `https` URLs.
pub(crate) struct VerifiedTls(Arc<ClientConfig>);

impl VerifiedTls {
    /// # Errors
    /// If the library rejects the key of the client certificate.
    pub(crate) fn new(settings: TlsSettings) -> Result<Self, String> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let failed = |error: rustls::Error| format!("tls: {error}");
        let verifier = GoVerifier {
            given: settings.roots,
            provider: Arc::clone(&provider),
        };
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(failed)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        let config = match settings.identity {
            None => builder.with_no_client_auth(),
            Some(Identity { chain, key }) => {
                let chain = chain.into_iter().map(CertificateDer::from).collect();
                let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.to_vec()));
                builder.with_client_auth_cert(chain, key).map_err(failed)?
            }
        };
        Ok(VerifiedTls(Arc::new(config)))
    }
}

impl fmt::Debug for VerifiedTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VerifiedTls")
    }
}

impl<In: Transport> Connector<In> for VerifiedTls {
    type Out = Either<In, TlsTransport>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, Error> {
        let Some(transport) = chained else { return Ok(None) };
        if !details.needs_tls() || transport.is_tls() {
            return Ok(Some(Either::A(transport)));
        }
        let host = details.uri.host().unwrap_or_default();
        let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned())
            .map_err(|_| Error::Tls("the host is not a valid server name"))?;
        let mut connection = ClientConnection::new(Arc::clone(&self.0), name).map_err(Error::Rustls)?;
        let mut socket = TransportAdapter::new(transport.boxed(), Arc::clone(&details.current_time));
        socket.set_timeout(details.timeout);
        connection.complete_io(&mut socket)?;
        Ok(Some(Either::B(TlsTransport {
            buffers: LazyBuffers::new(
                details.config.input_buffer_size(),
                details.config.output_buffer_size(),
            ),
            stream: StreamOwned::new(connection, socket),
        })))
    }
}

/// A connection inside TLS.
pub(crate) struct TlsTransport {
    buffers: LazyBuffers,
    stream: StreamOwned<ClientConnection, TransportAdapter>,
}

impl fmt::Debug for TlsTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TlsTransport")
    }
}

impl Transport for TlsTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.stream.get_mut().set_timeout(timeout);
        let output = self.buffers.output().get(..amount).unwrap_or_default();
        self.stream.write_all(output).map_err(|error| {
            // In TLS 1.3 a server rejects our certificate after the handshake. Its alert
            // may have arrived already and is more informative than a closed connection.
            match self.stream.read(&mut [0]) {
                Err(alert) if is_tls(&alert) => alert.into(),
                _ => error.into(),
            }
        })
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.stream.get_mut().set_timeout(timeout);
        let amount = self.stream.read(self.buffers.input_append_buf())?;
        self.buffers.input_appended(amount);
        Ok(amount > 0)
    }

    fn is_open(&mut self) -> bool {
        self.stream.get_mut().get_mut().is_open()
    }

    fn is_tls(&self) -> bool {
        true
    }
}

/// Whether the error is the library's, not the system's.
fn is_tls(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>())
}

/// Verifies servers' certificates by Go's rules.
struct GoVerifier {
    /// `None` for the system's roots.
    given: Option<Pool>,
    provider: Arc<CryptoProvider>,
}

impl fmt::Debug for GoVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GoVerifier")
    }
}

/// Why a server's certificate was rejected, as worded by Go.
#[derive(Debug)]
pub(crate) struct Refused(String);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

fn refused(why: impl fmt::Display) -> rustls::Error {
    CertificateError::Other(OtherError(Arc::new(Refused(why.to_string())))).into()
}

impl GoVerifier {
    fn verify(
        &self,
        server: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        host: &str,
    ) -> Result<(), Refusal> {
        let unreadable = |_| Refusal::Invalid {
            code: rcfssl_core::Code::Verify,
            text: "x509: malformed certificate".to_owned(),
        };
        let server = Arc::new(Certificate::read(server).map_err(unreadable)?);
        let mut intermediates = Pool::default();
        for other in others {
            intermediates.add(Arc::new(Certificate::read(other).map_err(unreadable)?));
        }
        let verifier = Verifier {
            roots: match &self.given {
                Some(roots) => roots,
                None => roots::system(),
            },
            intermediates: &intermediates,
            now: crate::now(),
            purpose: Purpose::ServerAuth,
            host: Some(host),
        };
        verifier.paths(&server).map(drop)
    }
}

impl ServerCertVerifier for GoVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.verify(end_entity, intermediates, &server_name.to_str())
            .map_err(refused)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(
            message,
            certificate,
            signed,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(
            message,
            certificate,
            signed,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
