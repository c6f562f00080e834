//! A set of certificates for building paths, indexed by subject.

use std::collections::HashMap;
use std::sync::Arc;

use crate::certificate::Certificate;
use rcfssl_go::pem;

/// A set of certificates, in the order in which they were added.
#[derive(Debug, Default, Clone)]
pub struct Pool {
    certificates: Vec<Arc<Certificate>>,
    by_subject: HashMap<Vec<u8>, Vec<usize>>,
}

impl Pool {
    /// Adds a certificate, unless it is already in the set.
    pub fn add(&mut self, certificate: Arc<Certificate>) {
        if self.contains(&certificate) {
            return;
        }
        let index = self.certificates.len();
        self.by_subject
            .entry(certificate.subject.clone())
            .or_default()
            .push(index);
        self.certificates.push(certificate);
    }

    /// Adds all blocks labelled `CERTIFICATE` of a PEM text, skipping invalid ones; returns
    /// whether there were any.
    pub fn add_pem(&mut self, text: &[u8]) -> bool {
        let mut rest = text;
        let mut any = false;
        while let Some((block, after)) = pem::decode(rest) {
            rest = after;
            if block.label != "CERTIFICATE" || !block.headers.is_empty() {
                continue;
            }
            if let Ok(certificate) = Certificate::read(&block.contents) {
                self.add(Arc::new(certificate));
                any = true;
            }
        }
        any
    }

    /// Whether the set contains a certificate.
    pub fn contains(&self, certificate: &Certificate) -> bool {
        self.named(&certificate.subject)
            .any(|other| other.der == certificate.der)
    }

    /// All certificates, in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Certificate>> {
        self.certificates.iter()
    }

    /// Whether the set is empty.
    pub fn is_empty(&self) -> bool {
        self.certificates.is_empty()
    }

    fn named(&self, subject: &[u8]) -> impl Iterator<Item = &Arc<Certificate>> {
        let found = self
            .by_subject
            .get(subject)
            .map(Vec::as_slice)
            .unwrap_or_default();
        found.iter().filter_map(|index| self.certificates.get(*index))
    }

    /// The possible issuers of `child` by name: first those with the key identifier that it
    /// names, then those where either has none.
    pub(super) fn possible_issuers(&self, child: &Certificate) -> Vec<Arc<Certificate>> {
        let wanted = child.authority_key_identifier().unwrap_or_default();
        let rank = |issuer: &Certificate| match issuer.subject_key_identifier().unwrap_or_default() {
            own if own == wanted => 0,
            own if own.is_empty() || wanted.is_empty() => 1,
            _ => 2,
        };
        let mut issuers: Vec<_> = self.named(&child.issuer).cloned().collect();
        issuers.sort_by_key(|issuer| rank(issuer));
        issuers
    }
}

impl FromIterator<Arc<Certificate>> for Pool {
    fn from_iter<T: IntoIterator<Item = Arc<Certificate>>>(certificates: T) -> Self {
        let mut pool = Pool::default();
        certificates
            .into_iter()
            .for_each(|certificate| pool.add(certificate));
        pool
    }
}
