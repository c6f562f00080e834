//! Verifies the signatures of requests and certificates.

use aws_lc_rs::digest::{self, Digest};
use aws_lc_rs::signature::{self, ParsedPublicKey, UnparsedPublicKey, VerificationAlgorithm};
use rsa::signature::Verifier;
use rsa::{pkcs1v15, pss};
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};

use super::SignatureAlgorithm::{
    self, EcdsaWithSha1, EcdsaWithSha256, EcdsaWithSha384, EcdsaWithSha512, Ed25519, Md2WithRsa, Md5WithRsa,
    Sha1WithRsa, Sha256WithRsa, Sha256WithRsaPss, Sha384WithRsa, Sha384WithRsaPss, Sha512WithRsa,
    Sha512WithRsaPss,
};
use super::{Curve, KeyKind, PublicKey};
use crate::error::{Error, Result};

/// Verifies a signature; `algorithm` is `None` if it is unknown.
///
/// # Errors
/// Go's messages: `x509: cannot verify signature: algorithm unimplemented`, `x509: cannot
/// verify signature: insecure algorithm MD5-RSA`, `x509: signature algorithm specifies an
/// RSA public key, but have public key of type *ecdsa.PublicKey`, or `crypto/rsa:
/// verification error`, `x509: ECDSA verification failure`, `x509: Ed25519 verification
/// failure`.
pub fn verify(
    key: &PublicKey,
    algorithm: Option<SignatureAlgorithm>,
    message: &[u8],
    signature: &[u8],
) -> Result<()> {
    let unimplemented = || Error::plain("x509: cannot verify signature: algorithm unimplemented");
    let algorithm = algorithm.filter(|algorithm| *algorithm != Md2WithRsa);
    let algorithm = algorithm.ok_or_else(unimplemented)?;
    if algorithm == Md5WithRsa {
        return Err(Error::plain(format!(
            "x509: cannot verify signature: insecure algorithm {}",
            algorithm.name()
        )));
    }
    let (kind, go_type, failure) = match key.kind() {
        KeyKind::Rsa { .. } => ("RSA", "*rsa.PublicKey", "crypto/rsa: verification error"),
        KeyKind::Ecdsa(_) | KeyKind::P224 => {
            ("ECDSA", "*ecdsa.PublicKey", "x509: ECDSA verification failure")
        }
        KeyKind::Ed25519 => (
            "Ed25519",
            "ed25519.PublicKey",
            "x509: Ed25519 verification failure",
        ),
        KeyKind::Other => return Err(unimplemented()),
    };
    if algorithm.key_name() != kind {
        return Err(Error::plain(format!(
            "x509: signature algorithm specifies an {} public key, but have public key of type {go_type}",
            algorithm.key_name()
        )));
    }
    let good = match verifier(key.kind(), algorithm) {
        Some(verifier) => UnparsedPublicKey::new(verifier, key.key_bits())
            .verify(message, signature)
            .is_ok(),
        None if matches!(key.kind(), KeyKind::Rsa { .. }) => {
            odd_rsa(key, algorithm, message, signature).unwrap_or(false)
        }
        None if key.kind() == KeyKind::Ecdsa(Curve::P384) => p384_sha1(key, message, signature),
        None => return Err(unimplemented()),
    };
    if good { Ok(()) } else { Err(Error::plain(failure)) }
}

/// Whether the point of an EC key is on its curve and uncompressed, as Go requires. Keys of
/// other types have no point.
pub fn has_good_point(key: &PublicKey) -> bool {
    let point = key.key_bits();
    let (length, algorithm) = match key.kind() {
        KeyKind::Ecdsa(Curve::P256) => (32, &signature::ECDSA_P256_SHA256_ASN1),
        KeyKind::Ecdsa(Curve::P384) => (48, &signature::ECDSA_P384_SHA384_ASN1),
        KeyKind::Ecdsa(Curve::P521) => (66, &signature::ECDSA_P521_SHA512_ASN1),
        // aws-lc-rs does not support P-224, so only the format is checked.
        KeyKind::P224 => return is_uncompressed(point, 28),
        _ => return true,
    };
    is_uncompressed(point, length) && ParsedPublicKey::new(algorithm, point).is_ok()
}

/// 4, then both coordinates at full length (SEC 1, 2.3.3).
fn is_uncompressed(point: &[u8], length: usize) -> bool {
    point.first() == Some(&4) && point.len() == 1 + 2 * length
}

/// The verifier in aws-lc.
fn verifier(kind: KeyKind, algorithm: SignatureAlgorithm) -> Option<&'static dyn VerificationAlgorithm> {
    Some(match (kind, algorithm) {
        (KeyKind::Rsa { bits: 1024..=8192 }, Sha1WithRsa) => {
            &signature::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY
        }
        (KeyKind::Rsa { bits: 1024..=8192 }, Sha256WithRsa) => {
            &signature::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY
        }
        (KeyKind::Rsa { bits: 2048..=8192 }, Sha384WithRsa) => &signature::RSA_PKCS1_2048_8192_SHA384,
        (KeyKind::Rsa { bits: 1024..=8192 }, Sha512WithRsa) => {
            &signature::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY
        }
        (KeyKind::Rsa { bits: 2048..=8192 }, Sha256WithRsaPss) => &signature::RSA_PSS_2048_8192_SHA256,
        (KeyKind::Rsa { bits: 2048..=8192 }, Sha384WithRsaPss) => &signature::RSA_PSS_2048_8192_SHA384,
        (KeyKind::Rsa { bits: 2048..=8192 }, Sha512WithRsaPss) => &signature::RSA_PSS_2048_8192_SHA512,
        (KeyKind::Ecdsa(Curve::P256), EcdsaWithSha1) => &signature::ECDSA_P256_SHA1_ASN1,
        (KeyKind::Ecdsa(Curve::P256), EcdsaWithSha256) => &signature::ECDSA_P256_SHA256_ASN1,
        (KeyKind::Ecdsa(Curve::P256), EcdsaWithSha384) => &signature::ECDSA_P256_SHA384_ASN1,
        (KeyKind::Ecdsa(Curve::P256), EcdsaWithSha512) => &signature::ECDSA_P256_SHA512_ASN1,
        (KeyKind::Ecdsa(Curve::P384), EcdsaWithSha256) => &signature::ECDSA_P384_SHA256_ASN1,
        (KeyKind::Ecdsa(Curve::P384), EcdsaWithSha384) => &signature::ECDSA_P384_SHA384_ASN1,
        (KeyKind::Ecdsa(Curve::P384), EcdsaWithSha512) => &signature::ECDSA_P384_SHA512_ASN1,
        (KeyKind::Ecdsa(Curve::P521), EcdsaWithSha1) => &signature::ECDSA_P521_SHA1_ASN1,
        (KeyKind::Ecdsa(Curve::P521), EcdsaWithSha256) => &signature::ECDSA_P521_SHA256_ASN1,
        (KeyKind::Ecdsa(Curve::P521), EcdsaWithSha384) => &signature::ECDSA_P521_SHA384_ASN1,
        (KeyKind::Ecdsa(Curve::P521), EcdsaWithSha512) => &signature::ECDSA_P521_SHA512_ASN1,
        (KeyKind::Ed25519, Ed25519) => &signature::ED25519,
        _ => return None,
    })
}

/// ECDSA with SHA-1 on P-384, which aws-lc-rs does not provide. ECDSA signs a digest as a
/// number (SEC 1, section 4.1.4), which leading zeros do not change, so the digest is
/// extended to the length of SHA-384.
fn p384_sha1(key: &PublicKey, message: &[u8], signature: &[u8]) -> bool {
    let digest = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, message);
    let mut number = [0; 48];
    number[28..].copy_from_slice(digest.as_ref());
    let key = UnparsedPublicKey::new(&signature::ECDSA_P384_SHA384_ASN1, key.key_bits());
    Digest::import_less_safe(&number, &digest::SHA384)
        .is_ok_and(|digest| key.verify_digest(&digest, signature).is_ok())
}

/// RSA keys of sizes that aws-lc does not support; `None` for a malformed key or signature.
fn odd_rsa(key: &PublicKey, algorithm: SignatureAlgorithm, message: &[u8], bytes: &[u8]) -> Option<bool> {
    let key = super::rsa::public_key(key.key_bits())?;
    macro_rules! check {
        ($scheme:ident, $hash:ty) => {{
            let signature = $scheme::Signature::try_from(bytes).ok()?;
            $scheme::VerifyingKey::<$hash>::new(key).verify(message, &signature)
        }};
    }
    let checked = match algorithm {
        Sha1WithRsa => check!(pkcs1v15, Sha1),
        Sha256WithRsa => check!(pkcs1v15, Sha256),
        Sha384WithRsa => check!(pkcs1v15, Sha384),
        Sha512WithRsa => check!(pkcs1v15, Sha512),
        Sha256WithRsaPss => check!(pss, Sha256),
        Sha384WithRsaPss => check!(pss, Sha384),
        Sha512WithRsaPss => check!(pss, Sha512),
        _ => return None,
    };
    Some(checked.is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::{KeySpec, SigningKey, generate, read};

    #[test]
    fn points_are_on_their_curve() {
        let made = generate(KeySpec::Ecdsa(Curve::P384)).unwrap();
        let point = made.public_key().key_bits();
        let is_good = |point: &[u8]| has_good_point(&PublicKey::ecdsa(Curve::P384, point));
        assert!(is_good(point));
        let mut off = point.to_vec();
        off[96] ^= 1;
        let compressed = [&[2 | point[96] & 1], &point[1..49]].concat();
        for bad in [&off[..], &compressed, &point[1..], &[0], &[]] {
            assert!(!is_good(bad));
        }
    }

    #[test]
    fn every_key_verifies_what_it_signs_and_nothing_else() {
        let made = [
            KeySpec::Ecdsa(Curve::P256),
            KeySpec::Ecdsa(Curve::P384),
            KeySpec::Ecdsa(Curve::P521),
            KeySpec::Ed25519,
            KeySpec::Rsa { bits: 2050 },
        ];
        let mut keys: Vec<_> = made.into_iter().map(|spec| generate(spec).unwrap()).collect();
        keys.push(read(include_bytes!("../../tests/keys/rsa1024.pem")).unwrap());
        for key in &keys {
            let mut signature = key.sign(key.algorithm(), b"message").unwrap();
            let check = |message: &[u8], signature: &[u8]| {
                verify(key.public_key(), Some(key.algorithm()), message, signature).map_err(|e| e.to_string())
            };
            assert_eq!(check(b"message", &signature), Ok(()), "{key:?}");
            assert!(
                check(b"massage", &signature)
                    .unwrap_err()
                    .contains("verification"),
                "{key:?}"
            );
            let last = signature.len() - 1;
            signature[last] ^= 1;
            assert!(check(b"message", &signature).is_err());
            assert!(check(b"message", b"").is_err());
        }
        assert!(keys.iter().all(|key| has_good_point(key.public_key())));
        let public = keys[0].public_key();
        for (algorithm, end) in [
            (None, "algorithm unimplemented"),
            (Some(Md2WithRsa), "algorithm unimplemented"),
            (Some(Md5WithRsa), "insecure algorithm MD5-RSA"),
            (
                Some(Sha256WithRsa),
                "specifies an RSA public key, but have public key of type *ecdsa.PublicKey",
            ),
            (
                Some(Ed25519),
                "specifies an Ed25519 public key, but have public key of type *ecdsa.PublicKey",
            ),
        ] {
            let refused = verify(public, algorithm, b"", b"").unwrap_err().to_string();
            assert!(refused.ends_with(end), "{refused}");
        }
    }
}
