//! Public keys that others wrote: what Go would not read of them (`crypto/x509`,
//! `parsePublicKey`).

use x509_parser::asn1_rs::Tag;
use x509_parser::x509::SubjectPublicKeyInfo;

use crate::asn1::read::{Reader, is_shortest};
use crate::asn1::tag;
use crate::error::{Error, Result};
use crate::key::{KeyKind, PublicKey, has_good_point};
use crate::oid;

/// Checks a key. All need the identifier octets of one, of which x509-parser passes over
/// some; RSA keys need NULL parameters and numbers above 0, EC keys a curve
/// that Go knows and a point on it; other algorithms are passed over.
///
/// # Errors
/// Go's sentences, such as `x509: unsupported elliptic curve`.
pub fn check_key(spki: &SubjectPublicKeyInfo<'_>, key: &PublicKey) -> Result<()> {
    if !is_well_formed(spki.raw) {
        return Err(Error::plain("asn1: structure error: malformed public key"));
    }
    let algorithm = spki.algorithm.algorithm.as_bytes();
    let why = if algorithm == oid::RSA_ENCRYPTION.octets() {
        let parameters = spki.algorithm.parameters.as_ref();
        match parameters.is_some_and(|parameters| parameters.tag() == Tag::Null) {
            true => wrong_rsa(key.key_bits()),
            false => Some("x509: RSA key missing NULL parameters"),
        }
    } else if algorithm == oid::EC_PUBLIC_KEY.octets() {
        match key.kind() {
            KeyKind::Other => Some("x509: unsupported elliptic curve"),
            _ if has_good_point(key) => None,
            _ => Some("x509: failed to unmarshal elliptic curve point"),
        }
    } else {
        None
    };
    why.map_or(Ok(()), |why| Err(Error::plain(why)))
}

/// Is it a SEQUENCE of an AlgorithmIdentifier and a BIT STRING (RFC 5280, 4.1)?
fn is_well_formed(spki: &[u8]) -> bool {
    let Some(mut fields) = Reader::inside(spki, tag::SEQUENCE) else {
        return false;
    };
    let algorithm = fields.enter(tag::SEQUENCE);
    algorithm.is_some_and(|mut parts| parts.expect(tag::OBJECT_IDENTIFIER).is_some())
        && fields.expect(tag::BIT_STRING).is_some()
}

/// What is wrong with an RSAPublicKey (RFC 8017, appendix A.1.1).
fn wrong_rsa(bits: &[u8]) -> Option<&'static str> {
    let Some(mut numbers) = Reader::new(bits).enter(tag::SEQUENCE) else {
        return Some("x509: invalid RSA public key");
    };
    let Some(modulus) = numbers.expect(tag::INTEGER).filter(|n| is_shortest(n)) else {
        return Some("x509: invalid RSA modulus");
    };
    let exponent = numbers.expect(tag::INTEGER).filter(|e| is_shortest(e));
    let Some(exponent) = exponent.filter(|e| e.len() <= 8) else {
        return Some("x509: invalid RSA public exponent");
    };
    let is_positive = |number: &[u8]| number[0] < 0x80 && number != [0];
    if !is_positive(modulus) {
        return Some("x509: RSA modulus is not a positive number");
    }
    (!is_positive(exponent)).then_some("x509: RSA public exponent is not a positive number")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_an_algorithm_and_bits() {
        let good = [0x30, 9, 0x30, 4, 6, 2, 0x2b, 1, 3, 1, 0];
        assert!(is_well_formed(&good));
        for at in [0, 2, 4, 8] {
            let mut bad = good;
            bad[at] ^= 4;
            assert!(!is_well_formed(&bad), "{at}");
        }
    }

    #[test]
    fn rsa_keys_have_two_numbers_above_zero() {
        for (bits, end) in [
            (&[0x30, 6, 2, 1, 9, 2, 1, 3][..], None),
            (&[0x31, 6, 2, 1, 9, 2, 1, 3], Some("RSA public key")),
            (&[0x30, 9, 2, 1, 9, 2, 1, 3], Some("RSA public key")),
            (&[0x30, 7, 2, 2, 0, 9, 2, 1, 3], Some("RSA modulus")),
            (&[0x30, 5, 2, 0, 2, 1, 3], Some("RSA modulus")),
            (&[0x30, 3, 2, 1, 9], Some("RSA public exponent")),
            (
                &[0x30, 6, 2, 1, 0, 2, 1, 3],
                Some("modulus is not a positive number"),
            ),
            (
                &[0x30, 6, 2, 1, 9, 2, 1, 0x83],
                Some("exponent is not a positive number"),
            ),
        ] {
            let found = wrong_rsa(bits);
            assert_eq!(found.is_some(), end.is_some(), "{bits:?}");
            assert!(
                found.unwrap_or_default().ends_with(end.unwrap_or_default()),
                "{bits:?}"
            );
        }
    }
}
