//! A client of HTTP APIs: it posts to servers that are given, over TLS with roots and a
//! certificate of its caller's, and follows no redirects.

use std::time::Duration;

use rcfssl_core::web::Answer;
use ureq::Agent;
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{ConnectProxyConnector, Connector, TcpConnector};

use crate::http;
use crate::verified::{TlsSettings, VerifiedTls};

/// How long it may take to connect and shake hands, as in Go.
const CONNECT: Duration = Duration::from_secs(30);

/// How long all of it may take. Go would wait for ever.
const WHOLE: Duration = Duration::from_secs(300);

/// An answer is not longer than this.
const MOST: u64 = 64 << 20;

/// Posts to servers.
#[derive(Debug)]
pub struct Client(Agent);

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PostError {
    /// The server was not reached, not trusted, or did not answer; in Go's words.
    NoAnswer {
        /// The sentence.
        why: String,
        /// No connection was made at all.
        unreachable: bool,
    },
    /// The answer broke off.
    Broken(String),
}

impl Client {
    /// A client that trusts, and shows, what the settings say.
    ///
    /// # Errors
    /// Where the cryptographic library does not take the key.
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

    /// Posts JSON to an `http` or `https` address, on a connection of its own.
    ///
    /// # Errors
    /// As [`PostError`].
    pub fn post_json(&self, url: &str, body: &str) -> Result<Answer, PostError> {
        let request = self.0.post(url).content_type("application/json");
        let sent = request.header("connection", "close").send(body);
        let mut response = sent.map_err(|error| {
            let error = http::explain(error, url);
            PostError::NoAnswer {
                unreachable: error.is_unreachable(),
                why: error.to_string(),
            }
        })?;
        let status = response.status().as_u16();
        let body = response.body_mut().with_config().limit(MOST).read_to_vec();
        let body = body.map_err(|error| PostError::Broken(http::explain(error, url).to_string()))?;
        Ok(Answer { status, body })
    }
}
