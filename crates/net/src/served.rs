//! Fetches the certificates that a server presents.

use std::sync::Arc;
use std::time::Duration;

use rcfssl_core::verify::{Pool, Purpose, Refusal, Verifier};
use rcfssl_core::{Certificate, Code, Error, Result};
use time::OffsetDateTime;

use crate::address::{self, Address};
use crate::{Outgoing, hello, tls};

/// The time limit for a connection.
const DIAL_TIMEOUT: Duration = Duration::from_secs(10);

/// The time limit for a connection when bundling.
const BUNDLE_TIMEOUT: Duration = Duration::from_secs(5);

/// The certificate of a server, `host` or `host:port`, without verification.
///
/// # Errors
/// Go's message for a failed connection or handshake.
pub fn certificate(domain: &str, outgoing: Outgoing) -> Result<Certificate> {
    let address = Address::parse(domain);
    let client = tls::Client::new(DIAL_TIMEOUT).map(|client| client.through(outgoing));
    let peer = client.and_then(|client| client.look(&address, &address.host));
    let certificates = match peer {
        Ok(peer) => peer.certificates,
        Err(why) => {
            // Servers that support only old cipher suites still present their certificates.
            let found = match why.is_tls() {
                true => hello::certificates(&address, &address.host, outgoing, DIAL_TIMEOUT),
                false => None,
            };
            found.ok_or(why)?
        }
    };
    let first = certificates.into_iter().next();
    first.ok_or_else(|| Error::plain("received no server certificates"))
}

/// Why a server's certificates are not accepted.
#[derive(Debug)]
pub enum Unverified {
    /// The connection failed.
    Dial(crate::Error),
    /// The certificates do not lead to a root, or are for other hosts.
    Chain(Refusal),
}

impl From<Unverified> for Error {
    /// 6000, or 1200 with cfssl's message, which does not say what is wrong with the chain.
    fn from(unverified: Unverified) -> Self {
        match unverified {
            Unverified::Dial(why) => Error::wrap(Code::Dial, why),
            Unverified::Chain(_) => {
                Error::wrap(Code::Verify, "tls: handshake did not verify certificate chain")
            }
        }
    }
}

/// The certificates of the server `domain`, at `ip` if that is not empty, verified for that
/// name.
///
/// # Errors
/// See [`Unverified`].
pub fn verified(
    domain: &str,
    ip: &str,
    outgoing: Outgoing,
    roots: &Pool,
    now: OffsetDateTime,
) -> std::result::Result<Vec<Certificate>, Unverified> {
    let host = if ip.is_empty() { domain } else { ip };
    let client = tls::Client::new(BUNDLE_TIMEOUT).map_err(Unverified::Dial)?;
    let client = client.through(outgoing);
    let address = Address::new(host, address::HTTPS);
    let peer = client.look(&address, domain).map_err(Unverified::Dial)?;
    let mut certificates = peer.certificates.iter().cloned().map(Arc::new);
    if let Some(leaf) = certificates.next() {
        let verifier = Verifier {
            roots,
            intermediates: &certificates.collect(),
            now,
            purpose: Purpose::ServerAuth,
            host: Some(domain),
        };
        verifier.paths(&leaf).map_err(Unverified::Chain)?;
    }
    Ok(peer.certificates)
}
