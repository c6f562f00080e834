//! Fetching what certificates point to: other certificates, revocation lists,
//! answers of OCSP responders.
//!
//! A proxy of the environment must make tunnels (CONNECT), also to port 80: the
//! library asks for them where Go sends the proxy an `http` address as it is.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rcfssl_core::revocation::{Answer, Web};
use rcfssl_go::json;
use rcfssl_go::url::Uri;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Error};

use super::address::Address;
use super::{dial, roots};

/// How long a fetch may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// In the reasons for which a proxy did not help.
pub const NO_TUNNEL: &str = "the proxy makes no tunnel (CONNECT) to it";

/// A revocation list is not longer than this.
const MAX_LIST: u64 = 64 << 20;

/// The web, for whoever asks about revocation.
pub struct Network;

impl Web for Network {
    fn get(&mut self, url: &str) -> Result<Answer, String> {
        get(url, MAX_LIST)
    }

    fn post_ocsp(&mut self, url: &str, request: &[u8]) -> Result<Answer, String> {
        post(url, "application/ocsp-request", request)
    }
}

/// Gets what an `http` or `https` address names, up to `limit` octets.
///
/// # Errors
/// `Get "http://…": dial tcp: lookup …: no such host` and the like, as in Go.
pub fn get(url: &str, limit: u64) -> Result<Answer, String> {
    let answer = agent(url).and_then(|agent| {
        let sent = agent.get(url).call();
        sent.and_then(|response| read(response, limit))
            .map_err(|error| describe(&error, url))
    });
    answer.map_err(|why| format!("Get {}: {why}", json::quote(url)))
}

/// Posts a body.
fn post(url: &str, content_type: &str, body: &[u8]) -> Result<Answer, String> {
    let answer = agent(url).and_then(|agent| {
        let sent = agent.post(url).content_type(content_type).send(body);
        sent.and_then(|response| read(response, MAX_LIST))
            .map_err(|error| describe(&error, url))
    });
    answer.map_err(|why| format!("Post {}: {why}", json::quote(url)))
}

fn read(mut response: ureq::http::Response<ureq::Body>, limit: u64) -> Result<Answer, Error> {
    let status = response.status().as_u16();
    let body = response.body_mut().with_config().limit(limit).read_to_vec()?;
    Ok(Answer { status, body })
}

fn agent(url: &str) -> Result<Agent, String> {
    let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
    let config = Agent::config_builder()
        .timeout_global(Some(TIMEOUT))
        .http_status_as_error(false)
        .user_agent(concat!("rcfssl/", env!("CARGO_PKG_VERSION")));
    let config = match scheme.to_ascii_lowercase().as_str() {
        "http" => config,
        "https" => config.tls_config(tls_config()),
        _ => return Err(format!("unsupported protocol scheme {}", json::quote(scheme))),
    };
    Ok(config.build().into())
}

/// Servers are checked against the roots of the system.
fn tls_config() -> TlsConfig {
    let system = roots::system();
    let certificates: Vec<_> = system
        .iter()
        .map(|root| Certificate::from_der(&root.der).to_owned())
        .collect();
    TlsConfig::builder()
        .root_certs(RootCerts::new_with_certs(&certificates))
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .build()
}

/// Go's words, as far as there are any.
fn describe(error: &Error, url: &str) -> String {
    match error {
        Error::HostNotFound => not_found(url),
        // The standard library has no kind of error for it.
        Error::Io(error) if error.to_string().starts_with("failed to lookup") => not_found(url),
        Error::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => "EOF".to_owned(),
        Error::Io(error) if error.raw_os_error().is_some() => {
            let address = target(url);
            let resolved = dial::lookup(&address.host, TIMEOUT).ok();
            let ip = resolved.and_then(|addresses| addresses.first().copied());
            let socket = ip.zip(address.port.parse().ok());
            let shown = socket.map_or(address.to_string(), |(ip, port)| {
                SocketAddr::new(ip, port).to_string()
            });
            format!("dial tcp {shown}: connect: {}", rcfssl_go::os::describe(error))
        }
        Error::ConnectProxyFailed(why) => format!("{NO_TUNNEL}: {why}"),
        Error::Timeout(_) => "context deadline exceeded".to_owned(),
        other => other.to_string(),
    }
}

fn not_found(url: &str) -> String {
    match dial::lookup(&target(url).host, TIMEOUT) {
        Err(why) => format!("dial tcp: {why}"),
        Ok(_) => "dial tcp: no such host".to_owned(),
    }
}

/// The host and port that a URL names.
fn target(url: &str) -> Address {
    let port = if url.starts_with("https") { "443" } else { "80" };
    let uri = Uri::parse(url).unwrap_or_default();
    let host = String::from_utf8_lossy(uri.host()).into_owned();
    if host.contains(':') && !host.ends_with(']') {
        return Address::parse(&host);
    }
    Address::new(host.trim_matches(['[', ']']), port)
}
