//! A client for HTTP APIs: it posts over TLS with the caller's roots and client
//! certificate, and does not follow redirects.

use std::time::Duration;

use rcfssl_core::Answer;
use ureq::Agent;
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{ConnectProxyConnector, Connector, TcpConnector};

use crate::Outgoing;
use crate::http;
use crate::verified::{TlsSettings, VerifiedTls};

/// The time limit for connection and handshake, as in Go.
const CONNECT: Duration = Duration::from_secs(30);

/// The time limit for the whole request. Go would wait forever.
const WHOLE: Duration = Duration::from_secs(300);

/// The maximum size of a response.
const MOST: u64 = 64 << 20;

/// Posts to servers.
#[derive(Debug)]
pub struct Client(Agent);

/// Why there is no response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PostError {
    /// The server could not be reached, is not trusted, or did not answer, as worded by Go.
    NoAnswer {
        /// The message.
        why: String,
        /// Whether no connection was made at all.
        unreachable: bool,
    },
    /// The response was cut off.
    Broken(String),
}

impl Client {
    /// Creates a client with these settings.
    ///
    /// # Errors
    /// If the cryptographic library rejects the key.
    pub fn new(settings: TlsSettings) -> Result<Self, String> {
        let config = Agent::config_builder()
            .timeout_connect(Some(CONNECT))
            .timeout_global(Some(WHOLE))
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("rcfssl/", env!("CARGO_PKG_VERSION")))
            .build();
        let connector =
            ().chain(ConnectProxyConnector::default())
                .chain(TcpConnector::default())
                .chain(VerifiedTls::new(settings)?);
        Ok(Client(Agent::with_parts(
            config,
            connector,
            DefaultResolver::default(),
        )))
    }

    /// Posts JSON to an `http` or `https` URL on a new connection.
    ///
    /// # Errors
    /// As [`PostError`].
    pub fn post_json(&self, url: &str, body: &str) -> Result<Answer, PostError> {
        let request = self.0.post(url).content_type("application/json");
        let sent = request.header("connection", "close").send(body);
        let mut response = sent.map_err(|error| {
            let error = http::explain(error, url, Outgoing::Any);
            PostError::NoAnswer {
                unreachable: error.is_unreachable(),
                why: error.to_string(),
            }
        })?;
        let status = response.status().as_u16();
        let body = response.body_mut().with_config().limit(MOST).read_to_vec();
        let body =
            body.map_err(|error| PostError::Broken(http::explain(error, url, Outgoing::Any).to_string()))?;
        Ok(Answer { status, body })
    }
}
