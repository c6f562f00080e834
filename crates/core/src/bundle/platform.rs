//! Platforms and what they accept: the file for `-metadata`.

use std::collections::HashSet;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

use super::{input, rank};
use crate::certificate::Certificate;
use crate::error::{Error, Result};
use crate::event::{Event, Sink};
use crate::verify::Path;
use rcfssl_go::json::{self, List, Report};
use rcfssl_go::json_object;
use rcfssl_go::pem;

#[derive(Debug, Default)]
struct Entry {
    name: String,
    weight: i64,
    hash_algo: String,
    key_algo: String,
    keystore: String,
}
json_object!(Entry as "ubiquity.Platform" {
    "name" => name,
    "weight" => weight,
    "hash_algo" => hash_algo,
    "key_algo" => key_algo,
    "keystore" => keystore,
});

/// A platform.
#[derive(Debug)]
pub struct Platform {
    /// Its name.
    pub name: String,
    /// Its weight.
    pub weight: i64,
    /// The least ubiquitous digest and key type that it supports.
    hash: u32,
    key: u32,
    /// SHA-1 digests of the public keys that it trusts; if there are none, it trusts any
    /// root.
    trusted: HashSet<Vec<u8>>,
}

impl Platform {
    /// Parses the document; `open` opens the key stores that it names.
    ///
    /// # Errors
    /// For JSON that Go would reject, a key store that cannot be opened, and an unknown
    /// digest or key algorithm.
    pub fn read_all(
        document: &[u8],
        open: &mut dyn FnMut(&str) -> Result<Vec<u8>>,
        sink: Sink<'_>,
    ) -> Result<(Vec<Self>, Report)> {
        let mut entries: List<Entry> = List::default();
        let report = json::read(document, &mut entries)?;
        let mut platforms = Vec::new();
        for entry in entries.into_vec() {
            let platform = Platform::load(entry, open)?;
            sink(Event::PlatformLoaded {
                name: platform.name.clone(),
                keys: platform.trusted.len(),
            });
            platforms.push(platform);
        }
        Ok((platforms, report))
    }

    fn load(entry: Entry, open: &mut dyn FnMut(&str) -> Result<Vec<u8>>) -> Result<Self> {
        let hash = match entry.hash_algo.as_str() {
            "SHA1" => rank::SHA1,
            "SHA2" => rank::SHA2,
            _ => rank::UNKNOWN,
        };
        let key = match entry.key_algo.as_str() {
            "RSA" => rank::RSA,
            "ECDSA256" | "ECDSA384" => rank::ECDSA_256,
            "ECDSA521" => rank::ECDSA_521,
            _ => rank::UNKNOWN,
        };
        let mut trusted = HashSet::new();
        if !entry.keystore.is_empty() {
            let text = open(&entry.keystore)?;
            let mut rest = &text[..];
            // Data that is not a certificate is skipped.
            while let Some((block, after)) = pem::decode(rest) {
                rest = after;
                let found = input::read_block(&block).unwrap_or_default();
                trusted.extend(found.iter().map(fingerprint));
            }
        }
        if hash == rank::UNKNOWN || key == rank::UNKNOWN {
            return Err(Error::plain(format!(
                "the platform {:?} needs a known hash_algo (SHA1, SHA2) and key_algo (RSA, ECDSA256, ECDSA384, ECDSA521)",
                entry.name
            )));
        }
        Ok(Platform {
            name: entry.name,
            weight: entry.weight,
            hash,
            key,
            trusted,
        })
    }

    /// Whether it trusts this root.
    pub(super) fn trusts(&self, root: &Certificate) -> bool {
        self.trusted.is_empty() || self.trusted.contains(&fingerprint(root))
    }

    /// Whether it trusts the root of a chain and supports all of its algorithms.
    pub(super) fn accepts(&self, path: &Path) -> bool {
        path.last().is_some_and(|root| self.trusts(root))
            && self.hash <= rank::hash_ubiquity(path)
            && self.key <= rank::key_ubiquity(path)
    }
}

fn fingerprint(certificate: &Certificate) -> Vec<u8> {
    digest(&SHA1_FOR_LEGACY_USE_ONLY, certificate.public_key.spki())
        .as_ref()
        .to_vec()
}
