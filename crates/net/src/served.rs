//! The certificates that a server shows.

use std::sync::Arc;
use std::time::Duration;

use rcfssl_core::verify::{Pool, Purpose, Refusal, Verifier};
use rcfssl_core::{Certificate, Code, Error, Result};
use time::OffsetDateTime;

use crate::address::{self, Address};
use crate::{hello, tls};

/// How long a connection may take.
const DIAL_TIMEOUT: Duration = Duration::from_secs(10);

/// How long one may take whose certificates are to be bundled.
const BUNDLE_TIMEOUT: Duration = Duration::from_secs(5);

/// The certificate of a server, `host` or `host:port`, whoever signed it.
///
/// # Errors
/// Go's sentence for a connection or a handshake that fails.
pub fn certificate(domain: &str) -> Result<Certificate> {
    let address = Address::parse(domain);
    let peer = tls::Client::new(DIAL_TIMEOUT).and_then(|client| client.look(&address, &address.host));
    let certificates = match peer {
        Ok(peer) => peer.certificates,
        Err(why) => {
            // Servers with old cipher suites only show their certificates too.
            let found = match why.is_tls() {
                true => hello::certificates(&address, &address.host, DIAL_TIMEOUT),
                false => None,
            };
            found.ok_or(why)?
        }
    };
    let first = certificates.into_iter().next();
    first.ok_or_else(|| Error::plain("received no server certificates"))
}

/// Why a server's certificates are not taken.
#[derive(Debug)]
pub enum Unverified {
    /// There is no connection.
    Dial(crate::Error),
    /// The certificates do not lead to a root, or name other hosts.
    Chain(Refusal),
}

impl From<Unverified> for Error {
    /// 6000, or 1200 in cfssl's words, which do not say what is wrong with the chain.
    fn from(unverified: Unverified) -> Self {
        match unverified {
            Unverified::Dial(why) => Error::wrap(Code::Dial, why),
            Unverified::Chain(_) => {
                Error::wrap(Code::Verify, "tls: handshake did not verify certificate chain")
            }
        }
    }
}

/// The certificates of the server `domain`, at `ip` where that is not empty, if they are
/// good for that name.
///
/// # Errors
/// See [`Unverified`].
pub fn verified(
    domain: &str,
    ip: &str,
    roots: &Pool,
    now: OffsetDateTime,
) -> std::result::Result<Vec<Certificate>, Unverified> {
    let host = if ip.is_empty() { domain } else { ip };
    let client = tls::Client::new(BUNDLE_TIMEOUT).map_err(Unverified::Dial)?;
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
