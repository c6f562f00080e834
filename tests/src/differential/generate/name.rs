//! X.501 names as other programs write them: in any order, with any attribute and string
//! type.

use super::{der, request, text};
use crate::differential::random::Random;

/// Attributes that both versions support, by their keys in documents.
const KNOWN: [&str; 9] = [
    "2.5.4.6", "2.5.4.8", "2.5.4.7", "2.5.4.9", "2.5.4.17", "2.5.4.10", "2.5.4.11", "2.5.4.3", "2.5.4.5",
];

/// Others: domainComponent, userId, emailAddress, title, givenName, surname,
/// unstructuredName, dnQualifier, pseudonym, and an unknown one.
const OTHERS: [&str; 10] = [
    "0.9.2342.19200300.100.1.25",
    "0.9.2342.19200300.100.1.1",
    "1.2.840.113549.1.9.1",
    "2.5.4.12",
    "2.5.4.42",
    "2.5.4.4",
    "1.2.840.113549.1.9.2",
    "2.5.4.46",
    "2.5.4.65",
    "1.2.3.4.5",
];

/// A name, and those of its RDNs that Debian's cfssl drops. If bytes will be damaged
/// (`whole` is false), it contains no T61String, because rcfssl deliberately decodes more
/// of its upper half than cfssl.
pub fn name(random: &mut Random, others: bool, whole: bool) -> (Vec<u8>, Vec<String>) {
    let (mut rdns, mut beyond) = (Vec::new(), Vec::new());
    for _ in 0..random.weighted(&[(1, 0), (3, 1), (4, 3), (4, 5), (1, 9)]) {
        let mut members = Vec::new();
        let size = random.weighted(&[(9, 1), (1, 2)]);
        for _ in 0..size {
            // The attributes of a multi-valued RDN have no order of their own, so the rule
            // could not determine the order of the others.
            let other = others && size == 1 && random.chance(30);
            let kind = random.pick(if other { &OTHERS[..] } else { &KNOWN[..] });
            let (value, text) = value(random, whole);
            if other {
                beyond.push(request::rdn(kind, &text));
            }
            members.push(der::sequence(&[der::oid(kind), value]));
        }
        rdns.push(der::set(members));
    }
    (der::sequence(&rdns), beyond)
}

/// A string of a random type, with its text.
fn value(random: &mut Random, whole: bool) -> (Vec<u8>, String) {
    let ascii = |random: &mut Random| {
        let text = text::text(random);
        let plain = |char: char| char.is_ascii_alphanumeric() || " '()+,-./:=?".contains(char);
        if text.chars().all(plain) {
            text
        } else {
            "Example Co".to_owned()
        }
    };
    match random.below(100) {
        0..50 => {
            let text = ascii(random);
            (der::element(0x13, &text), text)
        }
        50..80 => {
            let text = text::text(random);
            (der::element(0x0C, &text), text)
        }
        80..88 => {
            let text = ascii(random);
            (der::element(0x16, &text), text)
        }
        88..92 => {
            let text = ascii(random);
            (der::element(if whole { 0x14 } else { 0x16 }, &text), text)
        }
        92..96 => {
            let text = "Ünïcode Ltd".to_owned();
            let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
            (der::element(0x1E, units), text)
        }
        _ => (der::element(0x12, "0123 456"), "0123 456".to_owned()),
    }
}
