//! The key of a request and its algorithm, numbered as in Go.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::asn1::read::Reader;
use crate::asn1::tag;
use crate::key::{KeyKind, PublicKey};
use crate::oid::Oid;
use crate::serial::{self, Serial};
use rcfssl_go::base64;

/// The numbers of a key, under Go's names.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum KeyInfo {
    #[serde(rename_all = "PascalCase")]
    Rsa {
        n: Box<RawValue>,
        e: Box<RawValue>,
    },
    #[serde(rename_all = "PascalCase")]
    Dsa {
        p: Box<RawValue>,
        q: Box<RawValue>,
        g: Box<RawValue>,
        y: Box<RawValue>,
    },
    #[serde(rename_all = "PascalCase")]
    Ecdsa {
        curve: Empty,
        x: Box<RawValue>,
        y: Box<RawValue>,
    },
    Ed25519(String),
}

/// `{}`
#[derive(Debug, Serialize)]
pub struct Empty {}

/// Go's number for the key algorithm, and the numbers of the key.
pub fn key_info(key: &PublicKey) -> (u8, Option<KeyInfo>) {
    let number = |magnitude: &[u8]| number(magnitude, Serial::from_magnitude);
    let bits = key.key_bits();
    match key.kind() {
        KeyKind::Rsa { .. } => {
            let key = rsa::pkcs1::RsaPublicKeyRef::try_from(bits).ok();
            let numbers = key.and_then(|k| {
                Some((
                    number(k.modulus.as_bytes())?,
                    number(k.public_exponent.as_bytes())?,
                ))
            });
            (1, numbers.map(|(n, e)| KeyInfo::Rsa { n, e }))
        }
        KeyKind::Ecdsa(_) | KeyKind::P224 => {
            let point = bits.strip_prefix(&[4]).unwrap_or_default();
            let (x, y) = point.split_at(point.len() / 2);
            let numbers = number(x).zip(number(y));
            (
                3,
                numbers.map(|(x, y)| KeyInfo::Ecdsa {
                    curve: Empty {},
                    x,
                    y,
                }),
            )
        }
        KeyKind::Ed25519 => (4, Some(KeyInfo::Ed25519(base64::encode(bits)))),
        KeyKind::Other => match dsa(key) {
            Some(numbers) => (2, Some(numbers)),
            None => (0, None),
        },
    }
}

/// A number in decimal; `None` if it is too long to convert.
fn number(octets: &[u8], read: impl FnOnce(&[u8]) -> Serial) -> Option<Box<RawValue>> {
    let short = octets.len() <= serial::LONGEST;
    short.then(|| RawValue::from_string(read(octets).to_string()).ok())?
}

/// A DSA key (RFC 3279, section 2.3.2), which is supported only here.
fn dsa(key: &PublicKey) -> Option<KeyInfo> {
    let number = |reader: &mut Reader<'_>| number(reader.expect(tag::INTEGER)?, Serial::from_contents);
    let mut algorithm = Reader::inside(key.spki(), tag::SEQUENCE)?.enter(tag::SEQUENCE)?;
    let kind = algorithm.expect(tag::OBJECT_IDENTIFIER).map(Oid::from_octets);
    if kind != Oid::from_arcs(&[1, 2, 840, 10_040, 4, 1]) {
        return None;
    }
    let mut parameters = algorithm.enter(tag::SEQUENCE)?;
    Some(KeyInfo::Dsa {
        p: number(&mut parameters)?,
        q: number(&mut parameters)?,
        g: number(&mut parameters)?,
        y: number(&mut Reader::new(key.key_bits()))?,
    })
}
