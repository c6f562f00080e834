//! Whether the host can be resolved, reached, and contacted with TLS.

use std::sync::Arc;

use rcfssl_core::Certificate;
use rcfssl_core::verify::{Purpose, Verifier};

use super::{Finding, Grade, Output, Target};
use crate::error::{Error, Result};
use crate::{dial, hello, roots, tls};

/// At least one address is found.
pub fn lookup(target: &Target) -> Finding {
    match target.lookup(&target.host) {
        Ok(addresses) => {
            let shown = addresses.iter().map(ToString::to_string).collect();
            Finding::new(Grade::Good, Some(Output::Texts(Some(shown))))
        }
        Err(why) => Finding::failed(Grade::Bad, why),
    }
}

/// A connection is accepted.
pub fn tcp(target: &Target) -> Finding {
    dial::dial(&target.address, target.outgoing, target.patience())
        .map(|_| Finding::good())
        .into()
}

/// A handshake succeeds, and the certificate is valid for the host.
pub fn tls(target: &Target) -> Finding {
    match shown(target) {
        Ok(chain) => match verify(target, chain) {
            Ok(()) => Finding::good(),
            Err(why) => Finding::failed(Grade::Warning, why),
        },
        Err(why) if in_plain(target).is_some() => Finding::failed(Grade::Bad, older(&why)),
        Err(why) => Finding::failed(Grade::Bad, why),
    }
}

/// Why the handshake failed with a host that does present certificates.
pub fn older(why: &Error) -> String {
    format!("{why} (the host speaks TLS, but not TLS 1.2 or 1.3 with parameters that rcfssl supports)")
}

/// The certificates that the host presents, in any version of TLS.
pub fn chain(target: &Target) -> Result<Vec<Certificate>> {
    shown(target).or_else(|why| in_plain(target).ok_or(why))
}

fn shown(target: &Target) -> Result<Vec<Certificate>> {
    let client = tls::Client::new(target.patience())?.through(target.outgoing);
    Ok(client.look(&target.address, &target.host)?.certificates)
}

/// The certificates of a host with which a handshake fails.
pub fn in_plain(target: &Target) -> Option<Vec<Certificate>> {
    hello::certificates(&target.address, &target.host, target.outgoing, target.patience())
}

fn verify(target: &Target, chain: Vec<Certificate>) -> Result<()> {
    let mut chain = chain.into_iter().map(Arc::new);
    let Some(leaf) = chain.next() else {
        return Err(Error::NoCertificates);
    };
    let verifier = Verifier {
        roots: target.roots.as_deref().unwrap_or_else(|| roots::system()),
        intermediates: &chain.collect(),
        now: crate::now(),
        purpose: Purpose::ServerAuth,
        host: Some(&target.host),
    };
    verifier
        .paths(&leaf)
        .map(|_| ())
        .map_err(|refusal| Error::Finding(refusal.to_string()))
}

/// cfssl fetches the addresses of CloudFlare's network from www.cloudflare.com. rcfssl
/// contacts only hosts that the user names.
pub fn cloudflare(_: &Target) -> Finding {
    Finding::failed(
        Grade::Skipped,
        "rcfssl does not fetch CloudFlare's addresses from www.cloudflare.com, which this scanner would need",
    )
}

/// cfssl scans whole networks here and skips single hosts.
pub fn ranges(target: &Target) -> Finding {
    if is_network(&target.address.host) {
        return Finding::failed(Grade::Skipped, "rcfssl scans hosts, not networks");
    }
    Finding::new(Grade::Skipped, None)
}

fn is_network(text: &str) -> bool {
    let parts = text.split_once('/');
    parts.is_some_and(|(address, prefix)| {
        address.parse::<std::net::IpAddr>().is_ok() && prefix.parse::<u8>().is_ok()
    })
}
