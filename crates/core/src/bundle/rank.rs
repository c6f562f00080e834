//! Chooses the best of several chains. Each rule keeps the chains that are not inferior to
//! any other, and the next rule decides among those.

use std::cmp::Ordering;
use std::sync::Arc;

use time::OffsetDateTime;
use time::macros::datetime;

use super::Platform;
use crate::certificate::Certificate;
use crate::certinfo::signature_name;
use crate::key::{Curve, KeyKind};
use crate::verify::Path;

/// Ubiquity of digests and keys; higher is better.
pub const SHA1: u32 = 100;
/// SHA-256 and stronger.
pub const SHA2: u32 = 70;
/// RSA with 1024 bits or more.
pub const RSA: u32 = 100;
/// P-256 and P-384.
pub const ECDSA_256: u32 = 70;
/// P-521.
pub const ECDSA_521: u32 = 30;
/// Unknown algorithms.
pub const UNKNOWN: u32 = 0;

type Chain = [Arc<Certificate>];

/// The shortest, then the one that is valid longest, then the strongest.
pub fn optimal(paths: Vec<Path>) -> Vec<Path> {
    let paths = best(paths, |a, b| b.len().cmp(&a.len()));
    let paths = best(paths, |a, b| expiry(a).cmp(&expiry(b)));
    best(paths, |a, b| strength(a).cmp(&strength(b)))
}

/// The most widely accepted; among equals, the optimal one.
pub fn ubiquitous(paths: Vec<Path>, platforms: &[Platform]) -> Vec<Path> {
    let reach = |path: &Path| -> i64 {
        let platforms = platforms.iter().filter(|platform| platform.accepts(path));
        platforms.fold(0, |sum, platform| sum.wrapping_add(platform.weight))
    };
    let paths = best(paths, |a, b| reach(a).cmp(&reach(b)));
    let paths = best(paths, |a, b| all_sha2(a).cmp(&all_sha2(b)));
    let paths = best(paths, |a, b| b.len().cmp(&a.len()));
    let paths = best(paths, |a, b| hash_ubiquity(a).cmp(&hash_ubiquity(b)));
    let paths = best(paths, |a, b| key_ubiquity(a).cmp(&key_ubiquity(b)));
    let paths = best(paths, compare_expiry_from_root);
    optimal(paths)
}

fn best(paths: Vec<Path>, compare: impl Fn(&Path, &Path) -> Ordering) -> Vec<Path> {
    let mut kept: Vec<Path> = Vec::new();
    for path in paths {
        match kept
            .first()
            .map_or(Ordering::Equal, |first| compare(first, &path))
        {
            Ordering::Less => kept = vec![path],
            Ordering::Equal => kept.push(path),
            Ordering::Greater => {}
        }
    }
    kept
}

/// The earliest expiry date in the chain.
pub fn expiry(chain: &Chain) -> Option<OffsetDateTime> {
    chain.iter().map(|certificate| certificate.not_after).min()
}

/// The least ubiquitous digest among the signatures.
pub fn hash_ubiquity(chain: &Chain) -> u32 {
    let one = |certificate: &Arc<Certificate>| match digest(certificate) {
        Digest::Sha1 => SHA1,
        Digest::Sha2 => SHA2,
        Digest::Other => UNKNOWN,
    };
    chain.iter().map(one).min().unwrap_or(u32::MAX)
}

/// The least ubiquitous key.
pub fn key_ubiquity(chain: &Chain) -> u32 {
    let one = |certificate: &Arc<Certificate>| match certificate.public_key.kind() {
        KeyKind::Rsa { bits: 1024.. } => RSA,
        KeyKind::Ecdsa(Curve::P256 | Curve::P384) => ECDSA_256,
        KeyKind::Ecdsa(Curve::P521) => ECDSA_521,
        _ => UNKNOWN,
    };
    chain.iter().map(one).min().unwrap_or(u32::MAX)
}

enum Digest {
    Sha1,
    Sha2,
    Other,
}

fn digest(certificate: &Certificate) -> Digest {
    match signature_name(certificate.signature_algorithm) {
        "SHA1WithRSA" | "ECDSAWithSHA1" | "DSAWithSHA1" => Digest::Sha1,
        "SHA256WithRSA" | "SHA384WithRSA" | "SHA512WithRSA" | "ECDSAWithSHA256" | "ECDSAWithSHA384"
        | "ECDSAWithSHA512" | "DSAWithSHA256" => Digest::Sha2,
        _ => Digest::Other,
    }
}

/// Whether all certificates but the root are signed with SHA-2.
fn all_sha2(chain: &Path) -> bool {
    let below_root = chain.split_last().map_or(&[][..], |(_, below)| below);
    below_root
        .iter()
        .all(|certificate| matches!(digest(certificate), Digest::Sha2))
}

/// The strength of digests and keys: the sum of the integer parts of both averages.
fn strength(chain: &Path) -> i64 {
    let hash = |certificate: &Certificate| match digest(certificate) {
        Digest::Sha1 => 10.0,
        Digest::Sha2 => 100.0,
        Digest::Other => 0.0,
    };
    let key = |certificate: &Certificate| match certificate.public_key.kind() {
        KeyKind::P224 | KeyKind::Ecdsa(Curve::P256) => 100.0,
        KeyKind::Ecdsa(Curve::P384) => 120.0,
        KeyKind::Ecdsa(Curve::P521) => 140.0,
        KeyKind::Rsa { bits: 4096 } => 70.0,
        KeyKind::Rsa { bits: 3072 } => 50.0,
        KeyKind::Rsa { bits: 2048 } => 30.0,
        _ => 0.0,
    };
    average(chain, hash) as i64 + average(chain, key) as i64
}

/// The running average, computed in the order of cfssl: its rounding decides between chains
/// that are nearly equal.
fn average(chain: &Chain, value: impl Fn(&Certificate) -> f64) -> f64 {
    let mut average = 0.0;
    for (index, certificate) in chain.iter().enumerate() {
        let share = 1.0 / (index as f64 + 1.0);
        average = average * (1.0 - share) + value(certificate) * share;
    }
    average
}

/// Decides by the first pair that differs, from the root down: an acceptable lifetime beats
/// one that is not, then the later expiry date wins.
fn compare_expiry_from_root(one: &Path, other: &Path) -> Ordering {
    for (a, b) in one.iter().rev().zip(other.iter().rev()) {
        match (is_expiry_acceptable(a), is_expiry_acceptable(b)) {
            (true, false) => return Ordering::Greater,
            (false, true) => return Ordering::Less,
            _ => {}
        }
        match a.not_after.cmp(&b.not_after) {
            Ordering::Equal => {}
            decided => return decided,
        }
    }
    Ordering::Equal
}

/// Whether its lifetime is within the limit that the CA/Browser Forum's Baseline
/// Requirements set on its date of issue: 120 months before July 2012, 60 before April
/// 2015, 39 since.
pub fn is_expiry_acceptable(certificate: &Certificate) -> bool {
    let (from, to) = (certificate.not_before, certificate.not_after);
    let limit = if from >= datetime!(2015-04-01 0:00 UTC) {
        39
    } else if from >= datetime!(2012-07-01 0:00 UTC) {
        60
    } else {
        120
    };
    let months =
        (to.year() - from.year()) * 12 + i32::from(u8::from(to.month())) - i32::from(u8::from(from.month()));
    let begun = i32::from(to.day() > from.day());
    months + begun <= limit
}
