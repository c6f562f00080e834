//! The certificate that a server shows.

use std::time::Duration;

use rcfssl_core::{Certificate, Error, Result};

use crate::address::Address;
use crate::{hello, tls};

/// How long a connection may take.
const DIAL_TIMEOUT: Duration = Duration::from_secs(10);

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
