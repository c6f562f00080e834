//! Checking signatures of requests and certificates.

use aws_lc_rs::signature::{self, ParsedPublicKey, UnparsedPublicKey, VerificationAlgorithm};
use rsa::pkcs1::DecodeRsaPublicKey;
use rsa::pkcs1v15::{Signature, VerifyingKey};
use rsa::signature::Verifier;

use super::{Curve, KeyKind, PublicKey, SignatureAlgorithm};
use crate::error::{Error, Result};

/// Checks a signature.
///
/// # Errors
/// Go's sentences: `x509: cannot verify signature: algorithm unimplemented`, for
/// an algorithm that does not fit the key or that we do not check, or
/// `crypto/rsa: verification error`, `x509: ECDSA verification failure`, `x509:
/// Ed25519 verification failure`.
pub fn verify(
    key: &PublicKey,
    algorithm: SignatureAlgorithm,
    message: &[u8],
    signature: &[u8],
) -> Result<()> {
    let unimplemented = || Error::plain("x509: cannot verify signature: algorithm unimplemented");
    let failure = match key.kind() {
        KeyKind::Rsa { .. } => "crypto/rsa: verification error",
        KeyKind::Ecdsa(_) | KeyKind::P224 => "x509: ECDSA verification failure",
        KeyKind::Ed25519 => "x509: Ed25519 verification failure",
        KeyKind::Other => return Err(unimplemented()),
    };
    let good = match verifier(key.kind(), algorithm) {
        Some(verifier) => UnparsedPublicKey::new(verifier, key.key_bits())
            .verify(message, signature)
            .is_ok(),
        None if matches!(key.kind(), KeyKind::Rsa { .. }) => {
            odd_rsa(key, algorithm, message, signature).ok_or_else(unimplemented)?
        }
        None => return Err(unimplemented()),
    };
    if good { Ok(()) } else { Err(Error::plain(failure)) }
}

/// Is the point of an EC key on its curve, and written uncompressed, as Go wants it?
/// Other keys have none.
pub fn has_good_point(key: &PublicKey) -> bool {
    let point = key.key_bits();
    let (length, algorithm) = match key.kind() {
        KeyKind::Ecdsa(Curve::P256) => (32, &signature::ECDSA_P256_SHA256_ASN1),
        KeyKind::Ecdsa(Curve::P384) => (48, &signature::ECDSA_P384_SHA384_ASN1),
        KeyKind::Ecdsa(Curve::P521) => (66, &signature::ECDSA_P521_SHA512_ASN1),
        // aws-lc-rs has no P-224: only the form is looked at.
        KeyKind::P224 => return is_uncompressed(point, 28),
        _ => return true,
    };
    is_uncompressed(point, length) && ParsedPublicKey::new(algorithm, point).is_ok()
}

/// 4, then both coordinates in full (SEC 1, 2.3.3).
fn is_uncompressed(point: &[u8], length: usize) -> bool {
    point.first() == Some(&4) && point.len() == 1 + 2 * length
}

/// What aws-lc checks.
fn verifier(kind: KeyKind, algorithm: SignatureAlgorithm) -> Option<&'static dyn VerificationAlgorithm> {
    use SignatureAlgorithm::{
        EcdsaWithSha1, EcdsaWithSha256, EcdsaWithSha384, EcdsaWithSha512, Ed25519, Sha1WithRsa,
        Sha256WithRsa, Sha384WithRsa, Sha512WithRsa,
    };
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

/// RSA keys of sizes that aws-lc does not check; nothing for an algorithm that is
/// not RSA's.
fn odd_rsa(key: &PublicKey, algorithm: SignatureAlgorithm, message: &[u8], bytes: &[u8]) -> Option<bool> {
    let public = rsa::RsaPublicKey::from_pkcs1_der(key.key_bits()).ok()?;
    let signature = Signature::try_from(bytes).ok()?;
    let checked = match algorithm {
        SignatureAlgorithm::Sha1WithRsa => {
            VerifyingKey::<sha1::Sha1>::new(public).verify(message, &signature)
        }
        SignatureAlgorithm::Sha256WithRsa => {
            VerifyingKey::<sha2::Sha256>::new(public).verify(message, &signature)
        }
        SignatureAlgorithm::Sha384WithRsa => {
            VerifyingKey::<sha2::Sha384>::new(public).verify(message, &signature)
        }
        SignatureAlgorithm::Sha512WithRsa => {
            VerifyingKey::<sha2::Sha512>::new(public).verify(message, &signature)
        }
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
                verify(key.public_key(), key.algorithm(), message, signature).map_err(|e| e.to_string())
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
        let foreign = verify(keys[0].public_key(), SignatureAlgorithm::Sha256WithRsa, b"", b"");
        assert!(
            foreign
                .unwrap_err()
                .to_string()
                .ends_with("algorithm unimplemented")
        );
    }
}
