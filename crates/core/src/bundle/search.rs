//! Finds missing intermediates: among the given certificates, and at the issuer URLs in
//! certificates.

use std::collections::HashSet;
use std::sync::Arc;

use time::OffsetDateTime;

use super::{Bundler, Intermediates};
use crate::certificate::Certificate;
use crate::web::MAX_ADDRESSES;

/// The maximum number of requests for all certificates on the path.
const MAX_FETCHES: usize = 32;
/// The maximum size of a fetched certificate.
const MAX_CERTIFICATE: u64 = 1 << 20;

/// A certificate on the path to a root, and the name under which to save it; a leaf has
/// none.
struct Link {
    certificate: Arc<Certificate>,
    file_name: Option<String>,
}

impl Bundler {
    /// Searches for a path to a root through the given certificates, starting with those
    /// closest to the root, and then through fetched ones; returns whether there is one.
    /// Verified certificates on the path are added to the intermediates.
    ///
    /// Nothing is fetched if the given certificates suffice. (cfssl fetches nevertheless.)
    pub(super) fn search(
        &mut self,
        certificates: &[Arc<Certificate>],
        now: OffsetDateTime,
        source: &mut dyn Intermediates,
    ) -> bool {
        let links = |certificates: &[Arc<Certificate>]| -> Vec<Link> {
            let link = |(index, certificate): (usize, &Arc<Certificate>)| Link {
                certificate: Arc::clone(certificate),
                file_name: (index > 0).then(|| file_name(certificate)),
            };
            certificates.iter().enumerate().map(link).collect()
        };
        let given = links(certificates);
        let mut found = false;
        for end in (1..=given.len()).rev() {
            found |= self.accept(&given[..end], now, source);
        }
        if found && self.reaches_a_root(certificates, now) {
            return true;
        }
        self.fetch(certificates, given, now, source) || found
    }

    fn reaches_a_root(&self, certificates: &[Arc<Certificate>], now: OffsetDateTime) -> bool {
        certificates
            .first()
            .is_some_and(|leaf| self.verifier(now).paths(leaf).is_ok())
    }

    /// Follows the issuer URLs in the certificates, depth first.
    fn fetch(
        &mut self,
        certificates: &[Arc<Certificate>],
        mut chain: Vec<Link>,
        now: OffsetDateTime,
        source: &mut dyn Intermediates,
    ) -> bool {
        let mut seen: HashSet<Vec<u8>> = certificates.iter().map(|c| c.signature.clone()).collect();
        let mut asked = HashSet::new();
        while let Some(top) = chain.last() {
            let mut next = None;
            for url in top.certificate.issuer_urls().into_iter().take(MAX_ADDRESSES) {
                if asked.len() >= MAX_FETCHES || !asked.insert(url.clone()) {
                    continue;
                }
                let answer = source.get(&url, MAX_CERTIFICATE).ok();
                let fetched = answer.and_then(|answer| read_fetched(&answer.body));
                if let Some(certificate) = fetched.filter(|c| seen.insert(c.signature.clone())) {
                    next = Some(certificate);
                    break;
                }
            }
            let Some(certificate) = next else {
                chain.pop();
                continue;
            };
            chain.push(Link {
                file_name: Some(file_name(&certificate)),
                certificate: Arc::new(certificate),
            });
            if self.accept(&chain, now, source) && self.reaches_a_root(certificates, now) {
                return true;
            }
        }
        false
    }

    /// Adds the intermediates of a chain, starting with the one closest to the root, as
    /// long as each has a path to a root; returns whether all of them did.
    fn accept(&mut self, chain: &[Link], now: OffsetDateTime, source: &mut dyn Intermediates) -> bool {
        for (depth, link) in chain.iter().rev().enumerate() {
            let certificate = &link.certificate;
            if self.known.contains(&certificate.signature) {
                continue;
            }
            if self.verifier(now).paths(certificate).is_err() {
                return false;
            }
            let is_root = depth == 0 && certificate.check_signature_from(certificate).is_ok();
            let Some(file_name) = link.file_name.as_ref().filter(|_| !is_root) else {
                continue;
            };
            self.intermediates.add(Arc::clone(certificate));
            self.known.insert(certificate.signature.clone());
            source.keep(file_name, certificate);
        }
        true
    }
}

/// A fetched certificate: DER, or PEM with exactly one.
fn read_fetched(bytes: &[u8]) -> Option<Certificate> {
    Certificate::read(bytes)
        .or_else(|_| Certificate::read_pem(bytes))
        .ok()
}

/// The common name without dots and spaces, the subject key identifier and the serial
/// number. A slash, which would lead to another folder, is replaced by an underscore.
fn file_name(certificate: &Certificate) -> String {
    let hex = |octets: &[u8]| -> String { octets.iter().map(|octet| format!("{octet:02x}")).collect() };
    let name: String = certificate
        .common_name()
        .chars()
        .filter(|c| !matches!(c, '.' | ' ' | '\0'))
        .map(|c| if c == '/' { '_' } else { c })
        .collect();
    let identifier = hex(certificate.subject_key_identifier().unwrap_or_default());
    let serial = certificate.serial_number().magnitude();
    format!("{name}_{identifier}_{}.crt", hex(&serial))
}
