//! `bundle`: the chain from a certificate to a root, either the one that most platforms
//! accept or the shortest one.
//!
//! This module makes the decisions; [`Intermediates`] provides access to files and network.

mod document;
mod input;
mod platform;
mod rank;
mod search;
mod status;

pub use input::{Input, Unreadable, read, read_pem};
pub use platform::Platform;
pub use rank::is_expiry_acceptable;
pub use status::Status;

use std::collections::HashSet;
use std::sync::Arc;

use time::OffsetDateTime;

use crate::certificate::Certificate;
use crate::error::{Code, Error, Result};
use crate::event::{Event, Sink};
use crate::key::{KeyKind, PrivateKey, SigningKey};
use crate::rfc2253;
use crate::verify::{Path, Pool, Purpose, Refusal, Verifier};
use crate::web::Web;

/// Which chain to choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavor {
    /// The shortest chain; among those, the one that is valid longest; among those, the one
    /// with the strongest keys and digests.
    Optimal,
    /// The chain that most platforms accept.
    Ubiquitous,
    /// The certificates as given, if each is signed by the next.
    Force,
    /// Any other name: as ubiquitous, without its warning.
    Unknown,
}

impl Flavor {
    /// The flavor with this name.
    pub fn named(name: &str) -> Self {
        match name {
            "optimal" => Flavor::Optimal,
            "ubiquitous" => Flavor::Ubiquitous,
            "force" => Flavor::Force,
            _ => Flavor::Unknown,
        }
    }
}

/// Where intermediates are fetched, and saved for the next time.
pub trait Intermediates: Web {
    /// Saves a verified intermediate under its own name.
    fn keep(&mut self, file_name: &str, certificate: &Certificate);
}

/// Builds chains.
#[derive(Debug, Clone, Default)]
pub struct Bundler {
    roots: Pool,
    intermediates: Pool,
    /// The signatures of all given certificates, which need not be verified again.
    known: HashSet<Vec<u8>>,
    platforms: Arc<[Platform]>,
}

/// A certificate with its chain.
#[derive(Debug)]
pub struct Bundle {
    certificate: Arc<Certificate>,
    chain: Path,
    root: Option<Arc<Certificate>>,
    key: Option<PrivateKey>,
    /// The status of the chain.
    pub status: Status,
}

impl Bundler {
    /// Creates a bundler that builds chains to the user's `roots` or to the system's.
    pub fn new(roots: Pool, intermediates: Vec<Arc<Certificate>>, platforms: Vec<Platform>) -> Self {
        let signature = |certificate: &Arc<Certificate>| certificate.signature.clone();
        Bundler {
            known: intermediates.iter().map(signature).collect(),
            roots,
            intermediates: intermediates.into_iter().collect(),
            platforms: platforms.into(),
        }
    }

    /// The roots.
    pub fn roots(&self) -> &Pool {
        &self.roots
    }

    /// Adds a root that the user named.
    pub fn add_root(&mut self, root: Arc<Certificate>) {
        self.known.insert(root.signature.clone());
        self.roots.add(root);
    }

    /// Builds the chain of the first of `certificates`; the others are candidates for it.
    ///
    /// # Errors
    /// 2200 for a key type that cfssl does not bundle, 2300 for a key that does not match,
    /// 1100 for a self-signed certificate, 1200 and above if there is no chain.
    pub fn bundle(
        &mut self,
        certificates: Vec<Arc<Certificate>>,
        key: Option<PrivateKey>,
        flavor: Flavor,
        now: OffsetDateTime,
        source: &mut dyn Intermediates,
        sink: Sink<'_>,
    ) -> Result<Bundle> {
        let first = certificates.first().ok_or(Code::CertificateDecode)?;
        sink(Event::Bundling {
            subject: rfc2253::text(&first.subject_attributes),
        });
        let certificates = in_order(certificates);
        let certificate = Arc::clone(certificates.first().ok_or(Code::CertificateDecode)?);
        check_key(&certificate, key.as_ref())?;
        let chain = match flavor {
            Flavor::Force if is_chain(&certificates) => certificates.clone(),
            Flavor::Force => {
                return Err(Error::wrap(
                    Code::Verify,
                    "Unable to verify the certificate chain",
                ));
            }
            _ => self.choose(&certificates, flavor, now, source, sink)?,
        };
        let mut status = Status::of(&chain, now);
        let mut bundle = Bundle {
            certificate,
            chain,
            root: None,
            key,
            status: Status::default(),
        };
        if flavor != Flavor::Force {
            let root = bundle.chain.last().cloned().ok_or(Code::CertificateDecode)?;
            sink(Event::AnchoringRoot {
                subject: rfc2253::text(&root.subject_attributes),
            });
            status.note_platforms(&self.platforms, &root);
            bundle.root = Some(root);
            bundle.drop_root()?;
        }
        status.rebundled = !same_signatures(&bundle.chain, &certificates);
        bundle.status = status;
        Ok(bundle)
    }

    fn choose(
        &mut self,
        certificates: &[Arc<Certificate>],
        flavor: Flavor,
        now: OffsetDateTime,
        source: &mut dyn Intermediates,
        sink: Sink<'_>,
    ) -> Result<Path> {
        let certificate = certificates.first().ok_or(Code::CertificateDecode)?;
        if certificate.check_signature_from(certificate).is_ok() {
            return Err(Code::SelfSigned.into());
        }
        let paths = match self.verifier(now).paths(certificate) {
            Ok(paths) => paths,
            Err(refusal @ Refusal::UnknownAuthority { .. }) => {
                if !self.search(certificates, now, source) {
                    return Err(refusal.into());
                }
                self.verifier(now).paths(certificate)?
            }
            Err(refusal) => return Err(refusal.into()),
        };
        if flavor == Flavor::Ubiquitous && self.platforms.is_empty() {
            sink(Event::FallsBackToOptimal);
        }
        let ranked = match flavor {
            Flavor::Optimal => rank::optimal(paths),
            _ => rank::ubiquitous(paths, &self.platforms),
        };
        ranked
            .into_iter()
            .next()
            .ok_or_else(|| Code::VerifyUnknownAuthority.into())
    }

    fn verifier(&self, now: OffsetDateTime) -> Verifier<'_> {
        Verifier {
            roots: &self.roots,
            intermediates: &self.intermediates,
            now,
            purpose: Purpose::Any,
            host: None,
        }
    }
}

impl Bundle {
    /// Removes the root from the chain: those who trust it have it. It is kept if the chain
    /// would otherwise consist of the certificate alone and OCSP needs the issuer.
    fn drop_root(&mut self) -> Result<()> {
        let certificate = &self.certificate;
        let stapled = !certificate.ocsp_urls().is_empty() && !certificate.is_ca;
        if stapled && self.chain.len() <= 2 {
            return Ok(());
        }
        if self.chain.len() == 1 {
            // cfssl crashes here.
            return Err(Error::plain(
                "the certificate is itself one of the roots, so there is no chain to bundle",
            ));
        }
        self.chain.pop();
        Ok(())
    }
}

/// Reverses the certificates if only then each is signed by the next.
fn in_order(certificates: Vec<Arc<Certificate>>) -> Vec<Arc<Certificate>> {
    if certificates.len() < 2 || is_chain(&certificates) {
        return certificates;
    }
    let turned: Vec<_> = certificates.iter().rev().cloned().collect();
    if is_chain(&turned) { turned } else { certificates }
}

fn is_chain(certificates: &[Arc<Certificate>]) -> bool {
    certificates
        .windows(2)
        .all(|pair| pair[0].check_signature_from(&pair[1]).is_ok())
}

fn check_key(certificate: &Certificate, key: Option<&PrivateKey>) -> Result<()> {
    if certificate.public_key.kind() == KeyKind::Other {
        return Err(Code::KeyNotSupported.into());
    }
    match key {
        Some(key) if !certificate.public_key.is_same_key(key.public_key()) => Err(Code::KeyMismatch.into()),
        _ => Ok(()),
    }
}

fn same_signatures(one: &[Arc<Certificate>], other: &[Arc<Certificate>]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(a, b)| a.signature == b.signature)
}
