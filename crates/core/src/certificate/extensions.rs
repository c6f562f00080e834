//! The extensions of a certificate. Go parses some of them with the certificate and rejects
//! malformed ones; all others may contain anything.

use std::collections::HashSet;

use super::constraints::Subtrees;
use crate::asn1::fields::{bit_string, boolean};
use crate::asn1::read::{Reader, signed};
use crate::asn1::tag;
use crate::extension::{self, Extension};
use crate::host::Hosts;
use crate::oid::{self, Oid};

/// The extensions after the public key. Only version 3 certificates have any; the unique
/// identifiers of version 2 are skipped.
pub fn read(version: u32, rest: &[u8]) -> Option<Vec<Extension>> {
    const FIELD: u8 = tag::context_constructed(3);
    let mut rest = Reader::new(rest);
    if version > 1 {
        rest.pass(tag::context(1))?;
        rest.pass(tag::context(2))?;
    }
    let mut extensions = Vec::new();
    if version < 3 || !rest.is_next(FIELD) {
        return Some(extensions);
    }
    let mut list = rest.enter(FIELD)?.enter(tag::SEQUENCE)?;
    while !list.is_empty() {
        extensions.push(read_one(list.enter(tag::SEQUENCE)?)?);
    }
    let mut seen = HashSet::new();
    let are_unique = extensions.iter().all(|extension| seen.insert(&extension.oid));
    are_unique.then_some(extensions)
}

fn read_one(mut parts: Reader<'_>) -> Option<Extension> {
    let oid = Oid::read(parts.expect(tag::OBJECT_IDENTIFIER)?).ok()?;
    let critical = flag(&mut parts)?;
    let value = parts.expect(tag::OCTET_STRING)?.to_vec();
    Some(Extension { oid, critical, value })
}

/// What the extensions say about a certificate.
#[derive(Debug)]
pub struct Known {
    /// `cA` of basicConstraints.
    pub is_ca: bool,
    /// pathLenConstraint, or -1.
    pub path_len: i64,
    /// The subject alternative names.
    pub hosts: Hosts,
}

impl Known {
    /// Parses all extensions that Go parses.
    pub fn read(extensions: &[Extension]) -> Option<Self> {
        let mut known = Known {
            is_ca: false,
            path_len: -1,
            hosts: Hosts::default(),
        };
        for Extension { oid, value, .. } in extensions {
            if *oid == oid::BASIC_CONSTRAINTS {
                (known.is_ca, known.path_len) = basic_constraints(value)?;
            } else if *oid == oid::SUBJECT_ALT_NAME {
                known.hosts = extension::read_subject_alt_name(value).ok()?.0;
            } else {
                check(oid, value)?;
            }
        }
        Some(known)
    }
}

fn basic_constraints(value: &[u8]) -> Option<(bool, i64)> {
    let mut fields = Reader::new(value).enter(tag::SEQUENCE)?;
    let is_ca = flag(&mut fields)?;
    let path_len = match fields.is_next(tag::INTEGER) {
        true => signed(fields.expect(tag::INTEGER)?)?,
        false => -1,
    };
    Some((is_ca, path_len))
}

/// A BOOLEAN whose default is false.
fn flag(fields: &mut Reader<'_>) -> Option<bool> {
    match fields.is_next(tag::BOOLEAN) {
        true => boolean(fields.expect(tag::BOOLEAN)?).ok(),
        false => Some(false),
    }
}

/// `None` for an extension that Go would reject.
fn check(oid: &Oid, value: &[u8]) -> Option<()> {
    let mut whole = Reader::new(value);
    if *oid == oid::KEY_USAGE {
        bit_string(whole.expect(tag::BIT_STRING)?).ok()?;
    } else if *oid == oid::SUBJECT_KEY_IDENTIFIER {
        whole.expect(tag::OCTET_STRING)?;
    } else if *oid == oid::AUTHORITY_KEY_IDENTIFIER {
        whole.enter(tag::SEQUENCE)?.pass(tag::context(0))?;
    } else if *oid == oid::NAME_CONSTRAINTS {
        Subtrees::read(value)?;
    } else if *oid == oid::EXTENDED_KEY_USAGE {
        each(whole, |list| identifier(list).map(drop))?;
    } else if *oid == oid::CERTIFICATE_POLICIES {
        each(whole, |list| {
            let policy = list.enter(tag::SEQUENCE)?.expect(tag::OBJECT_IDENTIFIER)?;
            Oid::is_well_formed(policy).then_some(())
        })?;
    } else if *oid == oid::CRL_DISTRIBUTION_POINTS {
        each(whole, |list| distribution_point(list.enter(tag::SEQUENCE)?))?;
    } else if *oid == oid::AUTHORITY_INFORMATION_ACCESS {
        each(whole, |list| {
            let mut description = list.enter(tag::SEQUENCE)?;
            identifier(&mut description)?;
            description.pass(tag::context(6))
        })?;
    }
    Some(())
}

/// Reads a SEQUENCE to its end.
fn each<'a>(mut whole: Reader<'a>, mut one: impl FnMut(&mut Reader<'a>) -> Option<()>) -> Option<()> {
    let mut list = whole.enter(tag::SEQUENCE)?;
    while !list.is_empty() {
        one(&mut list)?;
    }
    Some(())
}

fn identifier(list: &mut Reader<'_>) -> Option<Oid> {
    Oid::read(list.expect(tag::OBJECT_IDENTIFIER)?).ok()
}

/// A DistributionPoint: its URIs up to the first name of another type.
fn distribution_point(mut point: Reader<'_>) -> Option<()> {
    const NAME: u8 = tag::context_constructed(0);
    if !point.is_next(NAME) {
        return Some(());
    }
    let mut names = point.enter(NAME)?.enter(NAME)?;
    while names.is_next(tag::context(6)) {
        names.next()?;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_that_go_parses_must_be_well_formed() {
        for (oid, good, bad) in [
            (oid::KEY_USAGE, &[3, 2, 5, 0xa0][..], &[3, 2, 6, 0xa0][..]),
            (oid::SUBJECT_KEY_IDENTIFIER, &[4, 1, 1, 9], &[5, 0]),
            (
                oid::AUTHORITY_KEY_IDENTIFIER,
                &[0x30, 3, 0x80, 1, 1],
                &[0x30, 2, 0x80, 1],
            ),
            (
                oid::EXTENDED_KEY_USAGE,
                &[0x30, 3, 6, 1, 0x2a],
                &[0x30, 3, 6, 1, 0x80],
            ),
            (oid::EXTENDED_KEY_USAGE, &[0x30, 0], &[0x30, 2, 6, 0]),
            (
                oid::CERTIFICATE_POLICIES,
                &[0x30, 8, 0x30, 6, 6, 4, 0xff, 0xff, 0xff, 0x7f],
                &[0x30, 5, 0x30, 3, 6, 1, 0x80],
            ),
            (
                oid::CRL_DISTRIBUTION_POINTS,
                &[0x30, 2, 0x30, 0],
                &[0x30, 4, 0x30, 2, 0xa0, 0],
            ),
            (
                oid::CRL_DISTRIBUTION_POINTS,
                &[0x30, 9, 0x30, 7, 0xa0, 5, 0xa0, 3, 0x86, 1, b'u'],
                &[0x30, 9, 0x30, 7, 0xa0, 5, 0xa0, 3, 0x86, 2, b'u'],
            ),
            (
                oid::AUTHORITY_INFORMATION_ACCESS,
                &[0x30, 5, 0x30, 3, 6, 1, 0x2a],
                &[0x30, 4, 0x30, 2, 6, 0],
            ),
            (
                oid::NAME_CONSTRAINTS,
                &[0x30, 7, 0xa0, 5, 0x30, 3, 0x82, 1, b'a'],
                &[0x30, 0],
            ),
            // Go does not parse it.
            (oid::POLICY_MAPPINGS, &[], &[]),
        ] {
            assert!(check(&oid, good).is_some(), "{oid} {good:?}");
            assert_eq!(check(&oid, bad).is_some(), bad.is_empty(), "{oid} {bad:?}");
        }
    }

    #[test]
    fn basic_constraints_may_be_negative_but_not_truncated() {
        assert_eq!(basic_constraints(&[0x30, 3, 2, 1, 0xff]), Some((false, -1)));
        assert_eq!(basic_constraints(&[0x30, 3, 1, 1, 0xff, 9]), Some((true, -1)));
        for bad in [
            &[0x30, 3, 1, 1, 5][..],
            &[0x30, 2, 1, 1],
            &[0x30, 4, 2, 2, 0, 1],
            &[],
        ] {
            assert_eq!(basic_constraints(bad), None, "{bad:?}");
        }
    }
}
