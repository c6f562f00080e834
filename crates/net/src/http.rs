//! Fetches what certificates refer to: other certificates, CRLs, OCSP responses.
//!
//! A proxy from the environment must support tunnels (CONNECT) even to port 80: the library
//! uses them where Go sends an `http` URL to the proxy directly.

use std::io;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use rcfssl_core::{Answer, Web};
use rcfssl_go::url::Uri;
use ureq::config::Config;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use ureq::{Agent, RequestBuilder};

use crate::address::Address;
use crate::error::{Error, Result};
use crate::{Outgoing, dial, roots};

/// The time limit for one fetch.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The time limit for all fetches for one certificate.
const ALL_TIMEOUT: Duration = Duration::from_secs(30);
/// The maximum number of redirects, as in Go.
const MAX_REDIRECTS: u32 = 10;

/// An HTTP client for one certificate: all its requests share a deadline.
#[derive(Debug)]
pub struct Client {
    deadline: Instant,
    outgoing: Outgoing,
}

impl Default for Client {
    fn default() -> Self {
        Client::within(ALL_TIMEOUT)
    }
}

impl Client {
    /// A client whose requests may take this long altogether.
    pub fn within(time: Duration) -> Self {
        Client {
            deadline: Instant::now() + time,
            outgoing: Outgoing::Any,
        }
    }

    /// A client that connects to these addresses only, also where it is redirected. It
    /// uses a proxy only where it may connect to any: a proxy looks up names by itself.
    pub fn through(self, outgoing: Outgoing) -> Self {
        Client { outgoing, ..self }
    }

    /// Gets an `http` or `https` URL, up to `limit` bytes. Redirects are followed, even
    /// between the two schemes.
    ///
    /// # Errors
    /// `Get "http://…": dial tcp: lookup …: no such host` and the like, as in Go.
    pub fn fetch(&self, url: &str, limit: u64) -> Result<Answer> {
        self.send("Get", url, limit, |agent, timeout| {
            timed(agent.get(url), timeout).call()
        })
    }

    /// Posts a body.
    ///
    /// # Errors
    /// As [`Client::fetch`].
    pub fn send_body(&self, url: &str, media_type: &str, body: &[u8], limit: u64) -> Result<Answer> {
        self.send("Post", url, limit, |agent, timeout| {
            timed(agent.post(url).content_type(media_type), timeout).send(body)
        })
    }

    fn send(
        &self,
        method: &'static str,
        url: &str,
        limit: u64,
        call: impl FnOnce(&Agent, Duration) -> std::result::Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> Result<Answer> {
        let answer = check_scheme(url).and_then(|()| {
            let left = self.deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Error::Deadline);
            }
            let sent = call(agent(self.outgoing), left.min(TIMEOUT));
            sent.and_then(|response| read(response, limit))
                .map_err(|error| explain(error, url, self.outgoing))
        });
        answer.map_err(|error| Error::Request {
            method,
            url: url.to_owned(),
            source: Box::new(error),
        })
    }
}

impl Web for Client {
    fn get(&mut self, url: &str, limit: u64) -> rcfssl_core::Result<Answer> {
        Ok(self.fetch(url, limit)?)
    }

    fn post(&mut self, url: &str, media_type: &str, body: &[u8], limit: u64) -> rcfssl_core::Result<Answer> {
        Ok(self.send_body(url, media_type, body, limit)?)
    }
}

fn timed<B>(request: RequestBuilder<B>, timeout: Duration) -> RequestBuilder<B> {
    request.config().timeout_global(Some(timeout)).build()
}

fn read(
    mut response: ureq::http::Response<ureq::Body>,
    limit: u64,
) -> std::result::Result<Answer, ureq::Error> {
    let status = response.status().as_u16();
    let body = response.body_mut().with_config().limit(limit).read_to_vec()?;
    Ok(Answer { status, body })
}

fn check_scheme(url: &str) -> Result<()> {
    let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
    match scheme.to_ascii_lowercase().as_str() {
        "http" | "https" => Ok(()),
        _ => Err(Error::Scheme(scheme.to_owned())),
    }
}

/// One of each kind for the process: whatever the scheme, a redirect may lead to HTTPS.
fn agent(outgoing: Outgoing) -> &'static Agent {
    static ANY: OnceLock<Agent> = OnceLock::new();
    static PUBLIC: OnceLock<Agent> = OnceLock::new();
    static NONE: OnceLock<Agent> = OnceLock::new();
    let builder = || {
        Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(MAX_REDIRECTS)
            .user_agent(concat!("rcfssl/", env!("CARGO_PKG_VERSION")))
            .tls_config(tls_config())
    };
    let limited = || {
        let config = builder().proxy(None).build();
        Agent::with_parts(config, DefaultConnector::default(), Allowed(outgoing))
    };
    match outgoing {
        Outgoing::Any => ANY.get_or_init(|| builder().build().into()),
        Outgoing::Public => PUBLIC.get_or_init(limited),
        Outgoing::None => NONE.get_or_init(limited),
    }
}

/// Finds the addresses that may be connected to; for each redirect, too.
#[derive(Debug)]
struct Allowed(Outgoing);

impl Resolver for Allowed {
    fn resolve(
        &self,
        uri: &ureq::http::Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> std::result::Result<ResolvedSocketAddrs, ureq::Error> {
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
        let refused = || ureq::Error::Other(Box::new(Error::NotAllowed(host.to_owned())));
        if self.0 == Outgoing::None {
            return Err(refused());
        }
        let found = DefaultResolver::default().resolve(uri, config, timeout)?;
        let mut allowed = self.empty();
        for address in found.iter().filter(|address| self.0.allows(address.ip())) {
            allowed.push(*address);
        }
        match allowed.is_empty() {
            true => Err(refused()),
            false => Ok(allowed),
        }
    }
}

/// Servers are verified against the system's roots.
fn tls_config() -> TlsConfig {
    let certificates: Vec<_> = roots::system()
        .iter()
        .map(|root| Certificate::from_der(&root.der).to_owned())
        .collect();
    TlsConfig::builder()
        .root_certs(RootCerts::new_with_certs(&certificates))
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .build()
}

/// The error that Go would return, if it has an equivalent.
pub(crate) fn explain(error: ureq::Error, url: &str, outgoing: Outgoing) -> Error {
    match error {
        ureq::Error::HostNotFound => not_found(url, outgoing),
        ureq::Error::Other(error) if error.is::<Error>() => match error.downcast() {
            Ok(error) => Error::Dial(error),
            Err(other) => Error::Http(Box::new(ureq::Error::Other(other))),
        },
        ureq::Error::Rustls(error) => Error::tls(&error),
        ureq::Error::TooManyRedirects => Error::Redirects(MAX_REDIRECTS),
        ureq::Error::ConnectProxyFailed(why) => Error::NoTunnel(why),
        ureq::Error::Timeout(_) => Error::Deadline,
        ureq::Error::Io(error) => explain_io(error, url, outgoing),
        other => Error::Http(Box::new(other)),
    }
}

fn explain_io(error: io::Error, url: &str, outgoing: Outgoing) -> Error {
    if let Some(error) = error.get_ref().and_then(|inner| inner.downcast_ref()) {
        return Error::tls(error);
    }
    // The standard library has no error kind for it.
    if error.to_string().starts_with("failed to lookup") {
        return not_found(url, outgoing);
    }
    if error.kind() == io::ErrorKind::UnexpectedEof {
        return Error::Closed;
    }
    // There was a connection, and the peer closed it.
    if matches!(
        error.kind(),
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe
    ) {
        return Error::Read {
            ends: None,
            source: error,
        };
    }
    if error.raw_os_error().is_none() {
        return Error::Http(Box::new(ureq::Error::Io(error)));
    }
    let target = target(url);
    let resolved = dial::lookup(&target.host, outgoing, TIMEOUT).ok();
    let first = resolved.and_then(|addresses| addresses.first().copied());
    let host = first.map_or(target.host, |ip| ip.to_string());
    Error::Connect {
        address: Address::new(host, target.port).to_string(),
        source: error,
    }
}

fn not_found(url: &str, outgoing: Outgoing) -> Error {
    let host = target(url).host;
    let why = dial::lookup(&host, outgoing, TIMEOUT)
        .err()
        .unwrap_or(Error::LookupTimeout(host));
    Error::Dial(Box::new(why))
}

/// The host and port of a URL.
fn target(url: &str) -> Address {
    let port = if url.starts_with("https") { "443" } else { "80" };
    let uri = Uri::parse(url).unwrap_or_default();
    let host = String::from_utf8_lossy(uri.host()).into_owned();
    if host.contains(':') && !host.ends_with(']') {
        return Address::parse(&host);
    }
    Address::new(host.trim_matches(['[', ']']), port)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn all_requests_share_a_deadline() {
        // The system accepts connections, but nothing answers.
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", silent.local_addr().unwrap());
        let begin = Instant::now();
        let client = Client::within(Duration::from_millis(300));
        for _ in 0..100 {
            let refused = client.fetch(&url, 1).unwrap_err();
            assert_eq!(
                refused.to_string(),
                format!("Get \"{url}\": context deadline exceeded")
            );
        }
        assert!(begin.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn an_address_that_is_not_allowed_is_not_asked() {
        let asked = TcpListener::bind("127.0.0.1:0").unwrap();
        asked.set_nonblocking(true).unwrap();
        let port = asked.local_addr().unwrap().port();
        for outgoing in [Outgoing::Public, Outgoing::None] {
            for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"] {
                let url = format!("http://{host}:{port}/");
                let refused = Client::default().through(outgoing).fetch(&url, 1).unwrap_err();
                let host = host.trim_matches(['[', ']']);
                assert_eq!(
                    refused.to_string(),
                    format!("Get \"{url}\": dial tcp: connections to {host} are not allowed (-outgoing)")
                );
            }
        }
        assert!(asked.accept().is_err());
    }

    #[test]
    fn other_schemes_are_refused() {
        let refused = Client::default().fetch("ldap://x/y", 1).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "Get \"ldap://x/y\": unsupported protocol scheme \"ldap\""
        );
    }
}
