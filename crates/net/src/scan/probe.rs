//! Finds out a host's choices: all queries that the handshake scanners make.

use super::Target;
use super::groups::{CURVES, TLS13_GROUPS, TLS13_SUITES};
use super::suites::{self, Suite};
use crate::error::{Error, Result};
use crate::hello::{self, Choice, Offer, SSL30, TLS12, TLS13};

/// Signature algorithms of TLS 1.2: RSA and ECDSA with SHA-256, SHA-384 and SHA-1, as
/// offered by cfssl.
pub const SIGNATURES: [u16; 6] = [0x0401, 0x0403, 0x0501, 0x0503, 0x0201, 0x0203];
/// Signature algorithms for TLS 1.3 (RFC 8446, section 4.2.3).
const TLS13_SIGNATURES: [u16; 9] = [
    0x0403, 0x0503, 0x0603, 0x0804, 0x0805, 0x0806, 0x0807, 0x0401, 0x0501,
];

/// A host and everything that can be offered to it.
pub struct Probe<'a> {
    /// The host.
    pub target: &'a Target,
    /// All suites up to TLS 1.2.
    pub suites: Vec<Suite>,
    suite_ids: Vec<u16>,
    /// The newest first: the curve of the host's certificate must be among those offered,
    /// and it is rarely one of the newest.
    curves: Vec<u16>,
    signatures: Vec<u16>,
}

impl<'a> Probe<'a> {
    /// A probe that has not asked anything yet.
    pub fn new(target: &'a Target) -> Self {
        let suites = suites::all();
        Probe {
            target,
            suite_ids: suites.iter().map(|suite| suite.id).collect(),
            suites,
            curves: (1..=CURVES.len() as u16).rev().collect(),
            signatures: SIGNATURES.to_vec(),
        }
    }

    /// The suite with this number.
    pub fn suite(&self, id: u16) -> Option<&Suite> {
        self.suites.iter().find(|suite| suite.id == id)
    }

    /// Whether it negotiates a curve.
    pub fn is_elliptic(&self, id: u16) -> bool {
        self.suite(id).is_some_and(Suite::is_elliptic)
    }

    /// The host's choice; `None` if it rejects the offer.
    ///
    /// # Errors
    /// If there is no connection, or if the host chooses something that was not offered.
    pub fn offer(&self, offer: &Offer<'_>) -> Result<Option<Choice>> {
        let expects_curve = |suite| self.is_elliptic(suite);
        let Target {
            address,
            host,
            outgoing,
            ..
        } = self.target;
        let said = hello::say(
            address,
            host,
            *outgoing,
            offer,
            self.target.patience(),
            &expects_curve,
        )?;
        let Some(choice) = said else {
            return Ok(None);
        };
        if choice.version != offer.version {
            // It uses an older version, which is tried later. (cfssl gives up here.)
            return Ok(None);
        }
        if !offer.suites.contains(&choice.suite) {
            return Err(Error::Finding(format!(
                "server negotiated ciphersuite we didn't send: {:04x}",
                choice.suite
            )));
        }
        Ok(Some(choice))
    }

    /// All suites and curves, in TLS 1.2.
    pub fn full(&self) -> Offer<'_> {
        Offer {
            version: TLS12,
            suites: &self.suite_ids,
            curves: &self.curves,
            signatures: &self.signatures,
        }
    }

    /// The curves accepted with some suites, in order of preference.
    ///
    /// # Errors
    /// As [`Probe::offer`], and for curves without a name.
    pub fn curves_with(&self, version: u16, suites: &[u16]) -> Result<Vec<u16>> {
        let mut left = self.curves.clone();
        let mut taken: Vec<u16> = Vec::new();
        // The certificate's curve must stay in the offer; if the host refuses without it,
        // it was the one accepted last.
        let mut kept = None;
        loop {
            let curves: Vec<u16> = left.iter().copied().chain(kept).collect();
            let offer = Offer {
                version,
                suites,
                curves: &curves,
                signatures: &self.signatures,
            };
            let curve = match self.offer(&offer)?.map(|choice| choice.curve) {
                Some(None) => {
                    return Err(Error::Finding(
                        "server negotiated non-named ECDH parameters; we didn't analyze them".to_owned(),
                    ));
                }
                Some(Some(curve)) => Some(curve).filter(|curve| left.contains(curve)),
                None => None,
            };
            match curve {
                Some(curve) => {
                    left.retain(|other| *other != curve);
                    taken.push(curve);
                }
                None if kept.is_none() && !taken.is_empty() && !left.is_empty() => {
                    kept = taken.last().copied()
                }
                None => return Ok(taken),
            }
        }
    }

    /// TLS 1.3: the accepted suites, each with its groups.
    pub fn tls13(&self) -> Vec<(&'static str, Vec<&'static str>)> {
        let groups: Vec<u16> = TLS13_GROUPS.iter().map(|(id, _)| *id).collect();
        let mut left: Vec<u16> = TLS13_SUITES.iter().map(|(id, _)| *id).collect();
        let mut found = Vec::new();
        let choose = |suites: &[u16], curves: &[u16]| {
            let offer = Offer {
                version: TLS13,
                suites,
                curves,
                signatures: &TLS13_SIGNATURES,
            };
            self.offer(&offer).ok().flatten()
        };
        while let Some(choice) = choose(&left, &groups) {
            left.retain(|other| *other != choice.suite);
            let mut groups_left = groups.clone();
            let mut names = Vec::new();
            while let Some(group) = choose(&[choice.suite], &groups_left).and_then(|choice| choice.curve) {
                let before = groups_left.len();
                groups_left.retain(|other| *other != group);
                if groups_left.len() == before {
                    break;
                }
                names.extend(
                    TLS13_GROUPS
                        .iter()
                        .find(|(id, _)| *id == group)
                        .map(|(_, name)| *name),
                );
            }
            let name = TLS13_SUITES.iter().find(|(id, _)| *id == choice.suite);
            found.extend(name.map(|(_, name)| (*name, names)));
        }
        found
    }

    /// Whether it supports TLS 1.2 with any suite.
    pub fn speaks_tls12(&self) -> bool {
        matches!(self.offer(&self.full()), Ok(Some(_)))
    }

    /// Whether it supports TLS 1.3 but not TLS 1.2.
    pub fn speaks_only_tls13(&self) -> bool {
        let suites: Vec<u16> = TLS13_SUITES.iter().map(|(id, _)| *id).collect();
        let groups: Vec<u16> = TLS13_GROUPS.iter().map(|(id, _)| *id).collect();
        let offer = Offer {
            version: TLS13,
            suites: &suites,
            curves: &groups,
            signatures: &TLS13_SIGNATURES,
        };
        !self.speaks_tls12() && matches!(self.offer(&offer), Ok(Some(_)))
    }
}

/// A version as cfssl names it.
pub fn version_name(version: u16) -> &'static str {
    match version {
        SSL30 => "SSL 3.0",
        0x0301 => "TLS 1.0",
        0x0302 => "TLS 1.1",
        TLS12 => "TLS 1.2",
        TLS13 => "TLS 1.3",
        _ => "",
    }
}

/// The name of a curve.
pub fn curve_name(curve: u16) -> Option<&'static str> {
    CURVES.get(usize::from(curve).checked_sub(1)?).copied()
}
