//! Reads private keys in all of cfssl's formats: PKCS#8, PKCS#1 and SEC 1, whatever the PEM
//! label, plain or encrypted.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING,
    EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RsaKeyPair,
};
use der::asn1::{BitStringRef, ObjectIdentifier, OctetStringRef};
use der::{Decode, Sequence};
use pkcs8::PrivateKeyInfoRef;
use zeroize::Zeroizing;

use super::{Curve, PrivateKey, PublicKey, Secret, legacy, write};
use crate::error::{Code, Error, Result};
use crate::oid;
use crate::pbes2;
use rcfssl_go::pem::{self, Block};

/// Reads the first private key of a PEM text. EC parameters before it are skipped, and
/// labels are ignored.
///
/// # Errors
/// 2002 if there is no PEM block, 2100 for a key with legacy encryption, 2003 if it is not
/// a key, 2200 for an unsupported curve.
pub fn read(text: &[u8]) -> Result<PrivateKey> {
    read_encrypted(text, None)
}

/// As [`read`], but opens encrypted keys with a password: legacy encryption (RFC 1421
/// headers) as in cfssl, and encrypted PKCS#8, which cfssl does not support.
///
/// # Errors
/// As [`read`]; for a wrong password `x509: decryption password incorrect` with legacy
/// encryption and 2003 with PKCS#8.
pub fn read_encrypted(text: &[u8], password: Option<&[u8]>) -> Result<PrivateKey> {
    let block = key_block(text).ok_or(Code::KeyDecode)?;
    if block
        .header("Proc-Type")
        .is_some_and(|value| value.contains("ENCRYPTED"))
    {
        let der = legacy::decrypt(&block, password.ok_or(Code::KeyEncrypted)?)?;
        return read_der(&der);
    }
    if let Some(password) = password
        && let Some((algorithm, data)) = pbes2::encrypted_private_key(&block.contents)
    {
        let budget = pbes2::Budget::of_a_file();
        let opened = pbes2::decrypt(algorithm, data, password, &budget).map_err(|refusal| match refusal {
            pbes2::Refusal::TooManyRounds => Error::wrap(
                Code::KeyParse,
                "the key's encryption asks for too many rounds or too much memory",
            ),
            _ => Error::from(Code::KeyParse),
        })?;
        return read_der(&opened);
    }
    read_der(&block.contents)
}

/// Reads PEM, or DER if there is no PEM block.
///
/// # Errors
/// As [`read`].
pub fn read_pem_or_der(octets: &[u8]) -> Result<PrivateKey> {
    match key_block(octets) {
        Some(_) => read(octets),
        None => read_der(octets),
    }
}

/// Whether the first key of a text is encrypted in either way.
pub fn is_encrypted(text: &[u8]) -> bool {
    key_block(text).is_some_and(|block| is_encrypted_block(&block))
}

pub(super) fn is_encrypted_block(block: &Block) -> bool {
    let says_so = |value: &str| value.contains("ENCRYPTED");
    says_so(&block.label) || block.header("Proc-Type").is_some_and(says_so)
}

pub(super) fn key_block(text: &[u8]) -> Option<Block> {
    let mut rest = text;
    loop {
        let (block, after) = pem::decode(rest)?;
        if block.label != "EC PARAMETERS" {
            return Some(block);
        }
        rest = after;
    }
}

/// The parts of a key, whatever its format.
pub(super) enum Parsed {
    /// RSAPrivateKey
    Rsa { pkcs1: Zeroizing<Vec<u8>> },
    /// A scalar of any length
    Ecdsa {
        curve: Curve,
        scalar: Zeroizing<Vec<u8>>,
    },
    /// 32 octets
    Ed25519 { seed: Zeroizing<Vec<u8>> },
}

/// Reads PKCS#8, PKCS#1 or SEC 1.
pub(crate) fn read_der(der: &[u8]) -> Result<PrivateKey> {
    let parsed = match PrivateKeyInfoRef::try_from(der) {
        Ok(info) => from_pkcs8(&info)?,
        Err(_) if rsa::pkcs1::RsaPrivateKeyRef::try_from(der).is_ok() => Parsed::Rsa {
            pkcs1: Zeroizing::new(der.to_vec()),
        },
        Err(_) => from_sec1(der, None)?,
    };
    build(parsed)
}

fn from_pkcs8(info: &PrivateKeyInfoRef<'_>) -> Result<Parsed> {
    let algorithm = info.algorithm.oid.as_bytes();
    let contents = info.private_key.as_bytes();
    if algorithm == oid::RSA_ENCRYPTION.octets() {
        return Ok(Parsed::Rsa {
            pkcs1: Zeroizing::new(contents.to_vec()),
        });
    }
    if algorithm == oid::EC_PUBLIC_KEY.octets() {
        let curve = info
            .algorithm
            .parameters
            .and_then(|p| p.decode_as::<ObjectIdentifier>().ok());
        return from_sec1(contents, curve);
    }
    if algorithm == oid::ED25519.octets() {
        let seed = <&OctetStringRef>::from_der(contents).map_err(|_| Code::KeyParse)?;
        return Ok(Parsed::Ed25519 {
            seed: Zeroizing::new(seed.as_bytes().to_vec()),
        });
    }
    Err(Code::KeyParse.into())
}

/// ECPrivateKey (RFC 5915, section 3)
#[derive(Sequence)]
pub(super) struct EcPrivateKey<'a> {
    version: u8,
    pub(super) private_key: &'a OctetStringRef,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    pub(super) parameters: Option<ObjectIdentifier>,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    pub(super) public_key: Option<BitStringRef<'a>>,
}

/// Reads SEC 1.
pub(super) fn ec_private_key(der: &[u8]) -> Result<EcPrivateKey<'_>> {
    let key = EcPrivateKey::from_der(der).ok();
    Ok(key.filter(|key| key.version == 1).ok_or(Code::KeyParse)?)
}

fn from_sec1(der: &[u8], outer: Option<ObjectIdentifier>) -> Result<Parsed> {
    let key = ec_private_key(der)?;
    let curve = outer.or(key.parameters).ok_or(Code::KeyParse)?;
    if curve.as_bytes() == oid::SECP224R1.octets() {
        return Err(Error::wrap(
            Code::KeyNotSupported,
            "Private key is on the curve P-224, which rcfssl does not sign with",
        ));
    }
    let curve = Curve::from_oid(curve.as_bytes()).ok_or(Code::KeyParse)?;
    let scalar = Zeroizing::new(key.private_key.as_bytes().to_vec());
    Ok(Parsed::Ecdsa { curve, scalar })
}

/// Loads the parts into the signing library, which checks them.
pub(super) fn build(parsed: Parsed) -> Result<PrivateKey> {
    let refused = || Error::from(Code::KeyParse);
    match parsed {
        Parsed::Ecdsa { curve, scalar } => {
            // Leading zeros may be missing or superfluous (SEC 1, C.4 requires the full
            // length).
            let zeros = scalar.iter().take_while(|b| **b == 0).count();
            let significant = &scalar[zeros..];
            let missing = curve
                .scalar_octets()
                .checked_sub(significant.len())
                .ok_or_else(refused)?;
            let mut padded = Zeroizing::new(vec![0; curve.scalar_octets()]);
            padded[missing..].copy_from_slice(significant);
            let pkcs8 = write::ec_scalar_only(curve, &padded);
            let pair =
                EcdsaKeyPair::from_private_key_der(ecdsa_algorithm(curve), &pkcs8).map_err(|_| refused())?;
            Ok(ecdsa(curve, pair))
        }
        Parsed::Ed25519 { seed } => {
            let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| refused())?;
            Ok(ed25519(pair))
        }
        Parsed::Rsa { pkcs1 } => {
            if let Ok(pair) = RsaKeyPair::from_der(&pkcs1) {
                let public = PublicKey::rsa(pair.public_key().as_ref());
                return Ok(PrivateKey {
                    secret: Secret::Rsa { pair, pkcs1 },
                    public,
                });
            }
            let (key, public) = super::rsa::read_odd(&pkcs1).ok_or_else(refused)?;
            let public = PublicKey::rsa(&public);
            Ok(PrivateKey {
                secret: Secret::OddRsa {
                    key: Box::new(key),
                    pkcs1,
                },
                public,
            })
        }
    }
}

pub(super) fn ecdsa(curve: Curve, pair: EcdsaKeyPair) -> PrivateKey {
    let public = PublicKey::ecdsa(curve, pair.public_key().as_ref());
    PrivateKey {
        secret: Secret::Ecdsa(pair),
        public,
    }
}

pub(super) fn ed25519(pair: Ed25519KeyPair) -> PrivateKey {
    let public = PublicKey::ed25519(pair.public_key().as_ref());
    PrivateKey {
        secret: Secret::Ed25519(pair),
        public,
    }
}

/// The curve with its digest in cfssl, and DER signatures.
pub(super) fn ecdsa_algorithm(curve: Curve) -> &'static EcdsaSigningAlgorithm {
    match curve {
        Curve::P256 => &ECDSA_P256_SHA256_ASN1_SIGNING,
        Curve::P384 => &ECDSA_P384_SHA384_ASN1_SIGNING,
        Curve::P521 => &ECDSA_P521_SHA512_ASN1_SIGNING,
    }
}
