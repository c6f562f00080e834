//! Errors of the network.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::net::SocketAddr;

use rcfssl_go::os::describe;
use rcfssl_go::quote;
use rustls::AlertDescription;

/// The result of a network operation.
pub type Result<T> = std::result::Result<T, Error>;

/// An error of the network. It displays as Go's message.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// A port that is not a number below 65536.
    Port(String),
    /// An unknown port name.
    Service(String),
    /// A name without an address.
    Lookup {
        /// The name.
        host: String,
        /// The name server, as `address:port`.
        server: String,
        /// Whether the failure is temporary.
        temporary: bool,
    },
    /// A name server that does not answer.
    LookupTimeout(String),
    /// The connection to an address failed.
    Connect {
        /// The address.
        address: String,
        /// The system's error; without a number if the time limit was reached.
        source: io::Error,
    },
    /// A host of which no address may be connected to.
    NotAllowed(String),
    /// The connection failed before it was attempted.
    Dial(Box<Error>),
    /// The deadline was reached.
    Deadline,
    /// The peer closed the connection.
    Closed,
    /// A connection was lost.
    Read {
        /// The local and the remote address.
        ends: Option<(SocketAddr, SocketAddr)>,
        /// The system's error.
        source: io::Error,
    },
    /// The peer ended the handshake.
    Alert(AlertDescription),
    /// The data received was not TLS.
    NotTls,
    /// The peer supports neither TLS 1.2 nor 1.3, or no parameters that we accept.
    Incompatible(rustls::Error),
    /// Any other TLS error.
    Tls(rustls::Error),
    /// A certificate that cannot be parsed.
    MalformedCertificate,
    /// A handshake without certificates.
    NoCertificates,
    /// A URL that is neither `http` nor `https`.
    Scheme(String),
    /// A proxy that refuses to open a tunnel, with its response.
    NoTunnel(String),
    /// Too many redirects.
    Redirects(u32),
    /// Any other HTTP error.
    Http(Box<ureq::Error>),
    /// A failed request.
    Request {
        /// `Get`, `Post`
        method: &'static str,
        /// The URL.
        url: String,
        /// The cause.
        source: Box<Error>,
    },
    /// A scanner's finding about a host.
    Finding(String),
}

impl Error {
    /// Whether there was no connection at all.
    pub fn is_unreachable(&self) -> bool {
        matches!(
            self,
            Error::Connect { .. }
                | Error::Dial(_)
                | Error::Lookup { .. }
                | Error::LookupTimeout(_)
                | Error::NotAllowed(_)
        )
    }

    /// Whether there was a connection and TLS failed on it.
    pub fn is_tls(&self) -> bool {
        matches!(
            self,
            Error::Alert(_)
                | Error::NotTls
                | Error::Incompatible(_)
                | Error::Tls(_)
                | Error::MalformedCertificate
        )
    }

    /// Whether a proxy caused it.
    pub fn is_proxy(&self) -> bool {
        match self {
            Error::NoTunnel(_) => true,
            Error::Request { source, .. } => source.is_proxy(),
            _ => false,
        }
    }

    /// Converts an error of rustls.
    pub(crate) fn tls(error: &rustls::Error) -> Self {
        match error {
            rustls::Error::AlertReceived(alert) => Error::Alert(*alert),
            rustls::Error::InvalidMessage(_) => Error::NotTls,
            rustls::Error::PeerIncompatible(_) => Error::Incompatible(error.clone()),
            _ => Error::Tls(error.clone()),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Port(port) => write!(f, "address {port}: invalid port"),
            Error::Service(name) => write!(f, "lookup tcp/{name}: unknown port"),
            Error::Lookup {
                host,
                server,
                temporary,
            } => {
                let why = if *temporary {
                    "server misbehaving"
                } else {
                    "no such host"
                };
                write!(f, "lookup {host} on {server}: {why}")
            }
            Error::LookupTimeout(host) => write!(f, "lookup {host}: i/o timeout"),
            Error::Connect { address, source } => match source.raw_os_error() {
                Some(_) => write!(f, "dial tcp {address}: connect: {}", describe(source)),
                None if source.kind() == io::ErrorKind::TimedOut => {
                    write!(f, "dial tcp {address}: i/o timeout")
                }
                None => write!(f, "dial tcp {address}: {}", describe(source)),
            },
            Error::NotAllowed(host) => write!(f, "connections to {host} are not allowed (-outgoing)"),
            Error::Dial(source) => write!(f, "dial tcp: {source}"),
            Error::Deadline => f.write_str("context deadline exceeded"),
            Error::Closed => f.write_str("EOF"),
            Error::Read {
                ends: Some((local, peer)),
                source,
            } => write!(f, "read tcp {local}->{peer}: read: {}", describe(source)),
            Error::Read { ends: None, source } => f.write_str(&describe(source)),
            Error::Alert(alert) => write!(f, "remote error: tls: {}", Alert(*alert)),
            Error::NotTls => f.write_str("tls: first record does not look like a TLS handshake"),
            Error::Incompatible(error) => {
                write!(
                    f,
                    "tls: server does not support TLS 1.2 or 1.3 with our parameters: {error}"
                )
            }
            Error::Tls(rustls::Error::InvalidCertificate(why)) => untrusted(why, f),
            Error::Tls(error) => write!(f, "tls: {error}"),
            Error::MalformedCertificate => {
                f.write_str("tls: failed to parse certificate from server: x509: malformed certificate")
            }
            Error::NoCertificates => f.write_str("received no server certificates"),
            Error::Scheme(scheme) => write!(f, "unsupported protocol scheme {}", quote(scheme)),
            Error::NoTunnel(why) => write!(f, "the proxy refused a tunnel (CONNECT): {why}"),
            Error::Redirects(count) => write!(f, "stopped after {count} redirects"),
            Error::Http(error) => error.fmt(f),
            Error::Request { method, url, source } => write!(f, "{method} {}: {source}", quote(url)),
            Error::Finding(why) => f.write_str(why),
        }
    }
}

/// Why an HTTPS server is not trusted.
fn untrusted(why: &rustls::CertificateError, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    use rustls::CertificateError::{Expired, ExpiredContext, NotValidYet, NotValidYetContext, UnknownIssuer};
    f.write_str("tls: failed to verify certificate: ")?;
    if let rustls::CertificateError::Other(why) = why {
        return write!(f, "{why}");
    }
    f.write_str("x509: ")?;
    match why {
        UnknownIssuer => f.write_str("certificate signed by unknown authority"),
        Expired | ExpiredContext { .. } | NotValidYet | NotValidYetContext { .. } => {
            f.write_str("certificate has expired or is not yet valid")
        }
        other => write!(f, "{other:?}"),
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Error::Connect { source, .. } | Error::Read { source, .. } => Some(source),
            Error::Dial(source) | Error::Request { source, .. } => Some(source),
            Error::Incompatible(error) | Error::Tls(error) => Some(error),
            Error::Http(error) => Some(error),
            _ => None,
        }
    }
}

/// An error without a number in the core's errors.
impl From<Error> for rcfssl_core::Error {
    fn from(error: Error) -> Self {
        rcfssl_core::Error::plain(error.to_string())
    }
}

/// Go's name for an alert.
struct Alert(AlertDescription);

impl fmt::Display for Alert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            AlertDescription::CloseNotify => "close notify",
            AlertDescription::UnexpectedMessage => "unexpected message",
            AlertDescription::BadRecordMac => "bad record MAC",
            AlertDescription::RecordOverflow => "record overflow",
            AlertDescription::HandshakeFailure => "handshake failure",
            AlertDescription::BadCertificate => "bad certificate",
            AlertDescription::UnsupportedCertificate => "unsupported certificate",
            AlertDescription::IllegalParameter => "illegal parameter",
            AlertDescription::UnknownCA => "unknown certificate authority",
            AlertDescription::AccessDenied => "access denied",
            AlertDescription::DecodeError => "error decoding message",
            AlertDescription::DecryptError => "error decrypting message",
            AlertDescription::ProtocolVersion => "protocol version not supported",
            AlertDescription::InsufficientSecurity => "insufficient security level",
            AlertDescription::InternalError => "internal error",
            AlertDescription::UnrecognisedName => "unrecognized name",
            AlertDescription::CertificateRequired => "certificate required",
            AlertDescription::NoApplicationProtocol => "no application protocol",
            other => return write!(f, "alert({})", u8::from(other)),
        })
    }
}
