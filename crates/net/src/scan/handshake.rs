//! The host's choices among the offers, asked up to TLS 1.2 like cfssl.
//!
//! cfssl supports neither TLS 1.3 nor the suites of RFC 7905. If a host accepts these, they
//! are listed only if it accepts nothing else; otherwise a hint mentions them.

use std::collections::BTreeMap;

use rcfssl_core::{Certificate, certinfo};
use serde::Serialize;

use super::groups::YOUNGER;
use super::probe::{Probe, SIGNATURES, curve_name, version_name};
use super::suites::Suite;
use super::{Finding, Grade, Output, Target};
use crate::error::{Error, Result};
use crate::hello::{Choice, Offer, SSL30, TLS12, TLS13};

/// A version, and the curves that a suite uses in it.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Version {
    /// If no curves are negotiated.
    Plain(&'static str),
    /// The names of curves by version.
    Curves(BTreeMap<&'static str, Vec<&'static str>>),
}

/// A signature algorithm of TLS 1.2 as its two parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Signature {
    signature: &'static str,
    hash: &'static str,
}

impl Signature {
    /// The algorithm with this number (RFC 5246, section 7.4.1.4.1).
    fn numbered(id: u16) -> Self {
        let [hash, signature] = id.to_be_bytes();
        Signature {
            signature: if signature == 1 { "RSA" } else { "ECDSA" },
            hash: match hash {
                2 => "SHA1",
                4 => "SHA256",
                _ => "SHA384",
            },
        }
    }
}

const TLS13_ONLY: &str = "the host speaks TLS 1.3 only, which does not show this";

/// CipherSuite: the suites accepted in each version, in the host's order of preference.
pub fn suites(target: &Target) -> Finding {
    let probe = Probe::new(target);
    accepted(&probe).into()
}

fn accepted(probe: &Probe<'_>) -> Result<Finding> {
    let mut found: Vec<(u16, Vec<Version>)> = Vec::new();
    let mut grade = Grade::Good;
    for version in (SSL30..=TLS12).rev() {
        let mut left = probe.full().suites.to_vec();
        while !left.is_empty() {
            let choice = probe.offer(&Offer {
                version,
                suites: &left,
                ..probe.full()
            })?;
            let Some(suite) = choice.map(|choice| choice.suite) else {
                break;
            };
            if version == SSL30 {
                grade = Grade::Warning;
            }
            let entry = if probe.is_elliptic(suite) {
                let curves = probe.curves_with(version, &[suite])?;
                let names = curves.into_iter().filter_map(curve_name).collect();
                Version::Curves([(version_name(version), names)].into())
            } else {
                Version::Plain(version_name(version))
            };
            match found.iter_mut().find(|(known, _)| *known == suite) {
                Some((_, versions)) => versions.push(entry),
                None => found.push((suite, vec![entry])),
            }
            left.retain(|other| *other != suite);
        }
    }
    if found.is_empty() {
        return newer_only(probe);
    }
    let shown = found.into_iter().map(|(id, versions)| {
        let name = probe
            .suite(id)
            .map_or_else(String::new, |suite| suite.shown().to_owned());
        [(name, versions)].into()
    });
    let mut finding = Finding::new(grade, Some(Output::Suites(shown.collect())));
    finding.aside = younger(probe);
    Ok(finding)
}

/// Where cfssl finds nothing, the host may support only TLS 1.3.
fn newer_only(probe: &Probe<'_>) -> Result<Finding> {
    let found = probe.tls13();
    if found.is_empty() {
        return Err(Error::Finding("couldn't negotiate any cipher suites".to_owned()));
    }
    let shown = found.into_iter().map(|(suite, groups)| {
        let versions = vec![Version::Curves([(version_name(TLS13), groups)].into())];
        [(suite.to_owned(), versions)].into()
    });
    Ok(Finding::new(Grade::Good, Some(Output::Suites(shown.collect()))))
}

/// The suites that the host accepts and cfssl does not know.
fn younger(probe: &Probe<'_>) -> Option<String> {
    let mut names: Vec<&str> = probe.tls13().into_iter().map(|(name, _)| name).collect();
    let mut left: Vec<u16> = YOUNGER.iter().map(|(id, _)| *id).collect();
    let choose = |suites: &[u16]| {
        probe.offer(&Offer {
            suites,
            ..probe.full()
        })
    };
    while let Ok(Some(choice)) = choose(&left) {
        left.retain(|other| *other != choice.suite);
        let found = YOUNGER.iter().find(|(id, _)| *id == choice.suite);
        names.extend(found.map(|(_, name)| *name));
    }
    (!names.is_empty()).then(|| {
        format!(
            "{} also takes {}, which CipherSuite leaves out, as in cfssl",
            probe.target.address,
            names.join(", ")
        )
    })
}

/// Why nothing was found.
fn nothing(probe: &Probe<'_>, why: &str) -> Finding {
    if probe.speaks_only_tls13() {
        return Finding::failed(Grade::Bad, format!("{why}: {TLS13_ONLY}"));
    }
    Finding::failed(Grade::Bad, why)
}

/// SigAlgs: the signature algorithms that are accepted.
pub fn signatures(target: &Target) -> Finding {
    let probe = Probe::new(target);
    let taken: Vec<Signature> = by_signature(&probe).map(|(signature, _)| signature).collect();
    if taken.is_empty() {
        return nothing(&probe, "no SigAlgs supported");
    }
    Finding::new(Grade::Good, Some(Output::Signatures(taken)))
}

/// CertsBySigAlgs: the signature algorithm of the certificate that is presented for each of
/// them.
pub fn certificates_by_signatures(target: &Target) -> Finding {
    let probe = Probe::new(target);
    let mut found = BTreeMap::new();
    for (Signature { signature, hash }, choice) in by_signature(&probe) {
        match signed_with(&choice) {
            Ok(algorithm) => found.insert(format!("{{{signature},{hash}}}"), algorithm),
            Err(why) => return Finding::failed(Grade::Bad, why),
        };
    }
    if found.is_empty() {
        return nothing(&probe, "no SigAlgs supported");
    }
    Finding::new(Grade::Good, Some(Output::ByName(found)))
}

fn by_signature<'p>(probe: &'p Probe<'_>) -> impl Iterator<Item = (Signature, Choice)> + 'p {
    SIGNATURES.into_iter().filter_map(|id| {
        let choice = probe.offer(&Offer {
            signatures: &[id],
            ..probe.full()
        });
        let choice = choice.ok().flatten()?;
        (!choice.certificates.is_empty()).then_some((Signature::numbered(id), choice))
    })
}

/// CertsByCiphers: the signature algorithm of the certificate that is presented for each
/// suite, without the extension for signature algorithms.
pub fn certificates_by_suites(target: &Target) -> Finding {
    let probe = Probe::new(target);
    let mut found = BTreeMap::new();
    for suite in &probe.suites {
        let choice = probe.offer(&Offer {
            suites: &[suite.id],
            signatures: &[],
            ..probe.full()
        });
        let Some(choice) = choice
            .ok()
            .flatten()
            .filter(|choice| !choice.certificates.is_empty())
        else {
            continue;
        };
        match signed_with(&choice) {
            Ok(algorithm) => found.insert(suite.name.clone(), algorithm),
            Err(why) => return Finding::failed(Grade::Bad, why),
        };
    }
    if found.is_empty() {
        return nothing(&probe, "no cipher supported");
    }
    Finding::new(Grade::Good, Some(Output::ByName(found)))
}

fn signed_with(choice: &Choice) -> Result<String> {
    let found = |why: String| Error::Finding(why);
    let first = choice.certificates.first();
    let first = first.ok_or_else(|| found("no certs returned".to_owned()))?;
    let certificate = Certificate::read(first).map_err(|error| found(error.to_string()))?;
    Ok(certinfo::signature_name(certificate.signature_algorithm).to_owned())
}

/// ECCurves: the curves accepted in TLS 1.2.
pub fn curves(target: &Target) -> Finding {
    let probe = Probe::new(target);
    let ephemeral = |suite: &&Suite| suite.name.starts_with("TLS_ECDHE_") && !suite.name.contains("PSK");
    let suites: Vec<u16> = probe
        .suites
        .iter()
        .filter(ephemeral)
        .map(|suite| suite.id)
        .collect();
    let found = probe.curves_with(TLS12, &suites).map(|curves| {
        if curves.is_empty() && !probe.speaks_tls12() {
            let why = if probe.speaks_only_tls13() {
                TLS13_ONLY
            } else {
                "the host does not support it"
            };
            return Finding::failed(Grade::Skipped, format!("no curves for TLS 1.2: {why}"));
        }
        let names: Vec<String> = curves
            .into_iter()
            .filter_map(curve_name)
            .map(str::to_owned)
            .collect();
        let names = Some(names).filter(|names| !names.is_empty());
        Finding::new(Grade::Good, Some(Output::Texts(names)))
    });
    found.into()
}
