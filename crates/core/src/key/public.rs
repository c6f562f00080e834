//! Public keys: the original SubjectPublicKeyInfo and the type of key.

use crate::asn1::{self, Writer};
use crate::oid::{self, Oid};

/// An elliptic curve supported for signing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Curve {
    /// NIST P-256, secp256r1
    P256,
    /// NIST P-384, secp384r1
    P384,
    /// NIST P-521, secp521r1
    P521,
}

impl Curve {
    /// The curve of this many bits.
    pub const fn from_bits(bits: i64) -> Option<Self> {
        match bits {
            256 => Some(Curve::P256),
            384 => Some(Curve::P384),
            521 => Some(Curve::P521),
            _ => None,
        }
    }

    /// The curve with this object identifier.
    pub fn from_oid(oid: &[u8]) -> Option<Self> {
        [Curve::P256, Curve::P384, Curve::P521]
            .into_iter()
            .find(|curve| curve.oid().octets() == oid)
    }

    /// The curve's object identifier (RFC 5480, section 2.1.1.1).
    pub const fn oid(self) -> Oid {
        match self {
            Curve::P256 => oid::SECP256R1,
            Curve::P384 => oid::SECP384R1,
            Curve::P521 => oid::SECP521R1,
        }
    }

    /// The size of its field in bits.
    pub const fn bits(self) -> u32 {
        match self {
            Curve::P256 => 256,
            Curve::P384 => 384,
            Curve::P521 => 521,
        }
    }

    /// The length of a private key in octets (SEC 1, C.4).
    pub const fn scalar_octets(self) -> usize {
        (self.bits() as usize).div_ceil(8)
    }
}

/// The type of the key in a SubjectPublicKeyInfo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// RSA, with the length of the modulus in bits.
    Rsa {
        /// The length of the modulus in bits.
        bits: u32,
    },
    /// A key on a supported curve.
    Ecdsa(Curve),
    /// A P-224 key, which rcfssl accepts in requests but cannot sign with.
    P224,
    /// Ed25519
    Ed25519,
    /// Anything else.
    Other,
}

/// A public key in a request or certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    /// The original or encoded SubjectPublicKeyInfo.
    spki: Vec<u8>,
    /// The contents of its BIT STRING.
    key: Vec<u8>,
    kind: KeyKind,
}

impl PublicKey {
    /// A key of an unknown type.
    pub(super) fn other(spki: &[u8], key: &[u8]) -> Self {
        PublicKey {
            spki: spki.to_vec(),
            key: key.to_vec(),
            kind: KeyKind::Other,
        }
    }

    /// The same key with its original SubjectPublicKeyInfo.
    pub(super) fn found_in(self, spki: &[u8]) -> Self {
        PublicKey {
            spki: spki.to_vec(),
            ..self
        }
    }

    /// An RSA key, from its RSAPublicKey (RFC 8017, appendix A.1.1).
    pub(super) fn rsa(pkcs1: &[u8]) -> Self {
        let bits = rsa_bits(pkcs1).unwrap_or(0);
        let algorithm = |w: &mut Writer| {
            w.oid(&oid::RSA_ENCRYPTION);
            w.null();
        };
        Self::build(algorithm, pkcs1, KeyKind::Rsa { bits })
    }

    /// An EC key, from its uncompressed point.
    pub(super) fn ecdsa(curve: Curve, point: &[u8]) -> Self {
        Self::on_curve(&curve.oid(), point, KeyKind::Ecdsa(curve))
    }

    /// A P-224 key, from its uncompressed point.
    pub(super) fn p224(point: &[u8]) -> Self {
        Self::on_curve(&oid::SECP224R1, point, KeyKind::P224)
    }

    fn on_curve(curve: &Oid, point: &[u8], kind: KeyKind) -> Self {
        let algorithm = |w: &mut Writer| {
            w.oid(&oid::EC_PUBLIC_KEY);
            w.oid(curve);
        };
        Self::build(algorithm, point, kind)
    }

    /// An Ed25519 key, from its 32 octets.
    pub(super) fn ed25519(key: &[u8]) -> Self {
        Self::build(|w| w.oid(&oid::ED25519), key, KeyKind::Ed25519)
    }

    fn build(algorithm: impl FnOnce(&mut Writer), key: &[u8], kind: KeyKind) -> Self {
        let spki = asn1::encode(|w| {
            w.sequence(|w| {
                w.sequence(algorithm);
                w.bit_string(key);
            });
        });
        PublicKey {
            spki,
            key: key.to_vec(),
            kind,
        }
    }

    /// The complete SubjectPublicKeyInfo, octet for octet as it was read.
    pub fn spki(&self) -> &[u8] {
        &self.spki
    }

    /// Encodes the SubjectPublicKeyInfo as Go does for this key, without any trailing data
    /// of the original.
    pub fn write(&self, w: &mut Writer) {
        let built = match self.kind {
            KeyKind::Rsa { .. } => Self::rsa(&self.key),
            KeyKind::Ecdsa(curve) => Self::ecdsa(curve, &self.key),
            KeyKind::P224 => Self::p224(&self.key),
            KeyKind::Ed25519 => Self::ed25519(&self.key),
            KeyKind::Other => return w.raw(&self.spki),
        };
        w.raw(&built.spki);
    }

    /// The contents of the BIT STRING: an RSAPublicKey, a point, or the octets of an
    /// Ed25519 key.
    pub fn key_bits(&self) -> &[u8] {
        &self.key
    }

    /// The type of the key.
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// Whether it is the same key, however its algorithm is encoded.
    pub fn is_same_key(&self, other: &PublicKey) -> bool {
        self.kind == other.kind && self.key_bits() == other.key_bits()
    }

    /// The key identifier: the SHA-1 of the BIT STRING's contents (RFC 5280,
    /// section 4.2.1.2, method 1).
    pub fn identifier(&self) -> [u8; 20] {
        use aws_lc_rs::digest;
        let hash = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, self.key_bits());
        let mut identifier = [0; 20];
        identifier.copy_from_slice(hash.as_ref());
        identifier
    }
}

/// The length of an RSAPublicKey's modulus in bits.
fn rsa_bits(pkcs1: &[u8]) -> Option<u32> {
    let key = rsa::pkcs1::RsaPublicKeyRef::try_from(pkcs1).ok()?;
    let modulus = key.modulus.as_bytes();
    let first = modulus.first()?;
    Some(modulus.len() as u32 * 8 - first.leading_zeros())
}
