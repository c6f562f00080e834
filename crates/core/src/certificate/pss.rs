//! Certificates that are signed with RSASSA-PSS (RFC 4055), as Go checks them.

use aws_lc_rs::signature::{
    RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters,
    UnparsedPublicKey,
};
use rsa::RsaPublicKey;
use rsa::pkcs1::DecodeRsaPublicKey;
use rsa::pss::{Signature, VerifyingKey};
use rsa::signature::Verifier;
use sha2::{Sha256, Sha384, Sha512};

use super::Certificate;
use crate::asn1::read::{Reader, unsigned};
use crate::asn1::tag;
use crate::error::{Error, Result};
use crate::key::{KeyKind, PublicKey};
use crate::oid;

/// A digest, used for the message and in MGF1, with salts of its own length: all
/// that Go knows of RSASSA-PSS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Digest {
    Sha256,
    Sha384,
    Sha512,
}

/// Checks the signature of a certificate whose algorithm is RSASSA-PSS.
///
/// # Errors
/// `x509: cannot verify signature: algorithm unimplemented` for other parameters
/// and for other keys, `crypto/rsa: verification error`.
pub fn check(certificate: &Certificate, parent: &PublicKey) -> Result<()> {
    let found = digest(&certificate.der)
        .and_then(|digest| verify(parent, digest, &certificate.to_be_signed, &certificate.signature));
    match found {
        Some(true) => Ok(()),
        Some(false) => Err(Error::plain("crypto/rsa: verification error")),
        None => Err(Error::plain(
            "x509: cannot verify signature: algorithm unimplemented",
        )),
    }
}

/// The digest in the algorithm of a certificate.
fn digest(certificate: &[u8]) -> Option<Digest> {
    let mut parts = Reader::inside(certificate, tag::SEQUENCE)?;
    parts.expect(tag::SEQUENCE)?;
    let mut algorithm = parts.enter(tag::SEQUENCE)?;
    algorithm.expect(tag::OBJECT_IDENTIFIER)?;
    let mut parameters = algorithm.enter(tag::SEQUENCE)?;
    let hash = hash(parameters.enter(tag::context_constructed(0))?)?;
    let mut mask = parameters
        .enter(tag::context_constructed(1))?
        .enter(tag::SEQUENCE)?;
    let mask_is_alike =
        mask.expect(tag::OBJECT_IDENTIFIER)? == oid::MGF1.octets() && self::hash(mask)? == hash;
    let salt = unsigned(
        parameters
            .enter(tag::context_constructed(2))?
            .expect(tag::INTEGER)?,
    )?;
    let trailer = match parameters.enter(tag::context_constructed(3)) {
        Some(mut trailer) => unsigned(trailer.expect(tag::INTEGER)?)?,
        None => 1,
    };
    let (digest, length) = [
        (oid::SHA256, Digest::Sha256, 32),
        (oid::SHA384, Digest::Sha384, 48),
        (oid::SHA512, Digest::Sha512, 64),
    ]
    .into_iter()
    .find_map(|(oid, digest, length)| (oid.octets() == hash).then_some((digest, length)))?;
    (mask_is_alike && salt == length && trailer == 1).then_some(digest)
}

/// The object identifier of a digest, whose parameters are NULL or left out.
fn hash(mut parent: Reader<'_>) -> Option<&[u8]> {
    let mut algorithm = parent.enter(tag::SEQUENCE)?;
    let oid = algorithm.expect(tag::OBJECT_IDENTIFIER)?;
    let none_or_null = algorithm.next().is_none_or(|parameters| parameters.raw == [5, 0]);
    none_or_null.then_some(oid)
}

/// Nothing for what is no RSA key.
fn verify(key: &PublicKey, digest: Digest, message: &[u8], signature: &[u8]) -> Option<bool> {
    let known: &RsaParameters = match digest {
        Digest::Sha256 => &RSA_PSS_2048_8192_SHA256,
        Digest::Sha384 => &RSA_PSS_2048_8192_SHA384,
        Digest::Sha512 => &RSA_PSS_2048_8192_SHA512,
    };
    match key.kind() {
        KeyKind::Rsa { bits: 2048..=8192 } => {
            let key = UnparsedPublicKey::new(known, key.key_bits());
            Some(key.verify(message, signature).is_ok())
        }
        // A size that aws-lc does not check.
        KeyKind::Rsa { .. } => {
            let key = RsaPublicKey::from_pkcs1_der(key.key_bits()).ok()?;
            let signature = Signature::try_from(signature).ok()?;
            let checked = match digest {
                Digest::Sha256 => VerifyingKey::<Sha256>::new(key).verify(message, &signature),
                Digest::Sha384 => VerifyingKey::<Sha384>::new(key).verify(message, &signature),
                Digest::Sha512 => VerifyingKey::<Sha512>::new(key).verify(message, &signature),
            };
            Some(checked.is_ok())
        }
        _ => None,
    }
}
