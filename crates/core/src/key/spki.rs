//! Parses public keys from elsewhere as strictly as Go (`crypto/x509`, `parsePublicKey`).

use super::{Curve, PublicKey, has_good_point};
use crate::asn1::fields::{Fields, bit_string};
use crate::asn1::read::{Reader, is_shortest};
use crate::asn1::{self, tag};
use crate::error::{Error, Result};
use crate::oid::{self, Oid};

/// An AlgorithmIdentifier (RFC 5280, section 4.1.1.2).
#[derive(Debug, Clone)]
pub struct AlgorithmIdentifier<'a> {
    /// algorithm
    pub oid: Oid,
    /// The complete element; empty if there is none.
    pub parameters: &'a [u8],
}

impl<'a> AlgorithmIdentifier<'a> {
    /// Parses the next field.
    ///
    /// # Errors
    /// Go's message.
    pub fn read(fields: &mut Fields<'a>) -> Result<Self> {
        Self::read_inside(fields.enter("AlgorithmIdentifier")?)
    }

    /// Parses the contents of the SEQUENCE.
    ///
    /// # Errors
    /// Go's message.
    pub fn read_inside(mut parts: Fields<'a>) -> Result<Self> {
        let kind = parts.expect(tag::OBJECT_IDENTIFIER, "ObjectIdentifier")?;
        let oid = Oid::read(kind.contents)?;
        let parameters = match parts.is_empty() {
            true => &[][..],
            false => parts.any()?.raw,
        };
        Ok(AlgorithmIdentifier { oid, parameters })
    }
}

/// A SubjectPublicKeyInfo (RFC 5280, section 4.1) whose key has not been parsed.
#[derive(Debug, Clone)]
pub struct Spki<'a> {
    raw: &'a [u8],
    algorithm: AlgorithmIdentifier<'a>,
    /// The contents of the BIT STRING.
    key: Vec<u8>,
}

impl<'a> Spki<'a> {
    /// Parses the next field.
    ///
    /// # Errors
    /// Go's message.
    pub fn read(fields: &mut Fields<'a>) -> Result<Self> {
        let whole = fields.expect(tag::SEQUENCE, "publicKeyInfo")?;
        let mut parts = Fields::new(whole.contents);
        let algorithm = AlgorithmIdentifier::read(&mut parts)?;
        let bits = parts.expect(tag::BIT_STRING, "BitString")?;
        Ok(Spki {
            raw: whole.raw,
            algorithm,
            key: bit_string(bits.contents)?.right_aligned(),
        })
    }

    /// The key. RSA keys must have NULL parameters and positive numbers, EC keys a curve
    /// that Go knows, Ed25519 keys 32 octets. DSA keys must be well formed, and other keys
    /// may be anything; both become keys of an unknown type.
    ///
    /// # Errors
    /// Go's messages, such as `x509: unsupported elliptic curve`.
    pub fn key(&self) -> Result<PublicKey> {
        let parameters = self.algorithm.parameters;
        let algorithm = &self.algorithm.oid;
        let key = if *algorithm == oid::RSA_ENCRYPTION {
            rsa(parameters, &self.key)
        } else if *algorithm == oid::EC_PUBLIC_KEY {
            ecdsa(parameters, &self.key)
        } else if *algorithm == oid::ED25519 {
            ed25519(parameters, &self.key)
        } else if *algorithm == oid::DSA {
            check_dsa(parameters, &self.key).map(|()| PublicKey::other(self.raw, &self.key))
        } else {
            Ok(PublicKey::other(self.raw, &self.key))
        };
        key.map(|key| key.found_in(self.raw)).map_err(Error::plain)
    }
}

type Found = std::result::Result<PublicKey, &'static str>;

/// RSAPublicKey (RFC 8017, appendix A.1.1). Anything after the numbers is ignored.
fn rsa(parameters: &[u8], key: &[u8]) -> Found {
    if parameters != [tag::NULL, 0] {
        return Err("x509: RSA key missing NULL parameters");
    }
    let mut numbers = Reader::new(key)
        .enter(tag::SEQUENCE)
        .ok_or("x509: invalid RSA public key")?;
    let modulus = integer(&mut numbers).ok_or("x509: invalid RSA modulus")?;
    let exponent = integer(&mut numbers).filter(|e| e.len() <= 8);
    let exponent = exponent.ok_or("x509: invalid RSA public exponent")?;
    if !is_positive(modulus) {
        return Err("x509: RSA modulus is not a positive number");
    }
    if !is_positive(exponent) {
        return Err("x509: RSA public exponent is not a positive number");
    }
    Ok(PublicKey::rsa(&asn1::encode(|w| {
        w.sequence(|w| {
            w.primitive(tag::INTEGER, modulus);
            w.primitive(tag::INTEGER, exponent);
        });
    })))
}

/// An uncompressed point (RFC 5480, section 2.2) on a named curve.
fn ecdsa(parameters: &[u8], key: &[u8]) -> Found {
    let curve = Reader::new(parameters).expect(tag::OBJECT_IDENTIFIER);
    let curve = curve.and_then(|octets| Oid::read(octets).ok());
    let curve = curve.ok_or("x509: invalid ECDSA parameters")?;
    let key = match Curve::from_oid(curve.octets()) {
        Some(curve) => PublicKey::ecdsa(curve, key),
        None if curve == oid::SECP224R1 => PublicKey::p224(key),
        None => return Err("x509: unsupported elliptic curve"),
    };
    match has_good_point(&key) {
        true => Ok(key),
        false => Err("x509: failed to unmarshal elliptic curve point"),
    }
}

/// RFC 8410, sections 3 and 4.
fn ed25519(parameters: &[u8], key: &[u8]) -> Found {
    if !parameters.is_empty() {
        return Err("x509: Ed25519 key encoded with illegal parameters");
    }
    match key.len() {
        32 => Ok(PublicKey::ed25519(key)),
        _ => Err("x509: wrong Ed25519 public key size"),
    }
}

/// RFC 3279, section 2.3.2.
fn check_dsa(parameters: &[u8], key: &[u8]) -> std::result::Result<(), &'static str> {
    let y = integer(&mut Reader::new(key)).ok_or("x509: invalid DSA public key")?;
    let numbers = Reader::new(parameters)
        .enter(tag::SEQUENCE)
        .and_then(|mut numbers| {
            let mut next = || integer(&mut numbers);
            Some([next()?, next()?, next()?])
        });
    let numbers = numbers.ok_or("x509: invalid DSA parameters")?;
    match is_positive(y) && numbers.into_iter().all(is_positive) {
        true => Ok(()),
        false => Err("x509: zero or negative DSA parameter"),
    }
}

fn integer<'a>(reader: &mut Reader<'a>) -> Option<&'a [u8]> {
    reader.expect(tag::INTEGER).filter(|number| is_shortest(number))
}

fn is_positive(number: &[u8]) -> bool {
    number[0] < 0x80 && number != [0]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asn1::Writer;
    use crate::key::{KeyKind, KeySpec, SigningKey, generate};

    fn read(algorithm: &Oid, parameters: &[u8], key: &[u8]) -> std::result::Result<KeyKind, String> {
        let der = asn1::encode(|w: &mut Writer| {
            w.sequence(|w| {
                w.sequence(|w| {
                    w.oid(algorithm);
                    w.raw(parameters);
                });
                w.bit_string(key);
                w.raw(&[5, 0]);
            });
        });
        let spki = Spki::read(&mut Fields::new(&der)).unwrap();
        let key = spki.key().map_err(|error| error.to_string())?;
        assert_eq!(key.spki(), der);
        Ok(key.kind())
    }

    #[test]
    fn a_key_has_an_algorithm_and_bits() {
        let good = [0x30, 9, 0x30, 4, 6, 2, 0x2b, 1, 3, 1, 0];
        assert!(Spki::read(&mut Fields::new(&good)).is_ok());
        for at in [0, 2, 4, 8] {
            let mut bad = good;
            bad[at] ^= 4;
            assert!(Spki::read(&mut Fields::new(&bad)).is_err(), "{at}");
        }
    }

    #[test]
    fn rsa_keys_have_two_numbers_above_zero() {
        const NULL: &[u8] = &[5, 0];
        let rsa = |key: &[u8]| read(&oid::RSA_ENCRYPTION, NULL, key);
        assert_eq!(rsa(&[0x30, 6, 2, 1, 9, 2, 1, 3]), Ok(KeyKind::Rsa { bits: 4 }));
        for (key, end) in [
            (&[0x31, 6, 2, 1, 9, 2, 1, 3][..], "invalid RSA public key"),
            (&[0x30, 9, 2, 1, 9, 2, 1, 3], "invalid RSA public key"),
            (&[0x30, 7, 2, 2, 0, 9, 2, 1, 3], "invalid RSA modulus"),
            (&[0x30, 5, 2, 0, 2, 1, 3], "invalid RSA modulus"),
            (&[0x30, 3, 2, 1, 9], "invalid RSA public exponent"),
            (&[0x30, 6, 2, 1, 0, 2, 1, 3], "modulus is not a positive number"),
            (
                &[0x30, 6, 2, 1, 9, 2, 1, 0x83],
                "exponent is not a positive number",
            ),
        ] {
            assert!(rsa(key).unwrap_err().ends_with(end), "{key:?}");
        }
        let missing = read(&oid::RSA_ENCRYPTION, &[], &[0x30, 6, 2, 1, 9, 2, 1, 3]);
        assert_eq!(missing, Err("x509: RSA key missing NULL parameters".into()));
    }

    #[test]
    fn ed25519_keys_have_32_octets_and_no_parameters() {
        assert_eq!(read(&oid::ED25519, &[], &[1; 32]), Ok(KeyKind::Ed25519));
        assert_eq!(
            read(&oid::ED25519, &[5, 0], &[1; 32]),
            Err("x509: Ed25519 key encoded with illegal parameters".into())
        );
        assert_eq!(
            read(&oid::ED25519, &[], &[1; 31]),
            Err("x509: wrong Ed25519 public key size".into())
        );
    }

    #[test]
    fn dsa_keys_must_be_well_formed_and_unknown_keys_may_be_anything() {
        let parameters = [0x30, 9, 2, 1, 7, 2, 1, 3, 2, 1, 2];
        assert_eq!(read(&oid::DSA, &parameters, &[2, 1, 5]), Ok(KeyKind::Other));
        assert!(read(&oid::DSA, &parameters, &[4, 0]).is_err());
        assert!(read(&oid::DSA, &[5, 0], &[2, 1, 5]).is_err());
        assert!(read(&oid::DSA, &parameters, &[2, 1, 0]).is_err());
        assert_eq!(read(&oid::COMMON_NAME, &[5, 0], &[]), Ok(KeyKind::Other));
    }

    #[test]
    fn trailing_data_after_a_key_is_not_reencoded() {
        let own = generate(KeySpec::Ecdsa(Curve::P256)).unwrap();
        let own = own.public_key();
        let padded = asn1::encode(|w| {
            w.sequence(|w| {
                w.raw(Reader::inside(own.spki(), tag::SEQUENCE).unwrap().rest());
                w.null();
            });
        });
        let read = Spki::read(&mut Fields::new(&padded)).unwrap().key().unwrap();
        assert_eq!(read.spki(), padded);
        assert_eq!(asn1::encode(|w| read.write(w)), own.spki());
    }
}
