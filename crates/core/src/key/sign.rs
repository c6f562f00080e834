//! Signatures, and which algorithm a key signs with.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature;

use super::{Curve, KeyKind, PrivateKey, PublicKey, Secret};
use crate::asn1::Writer;
use crate::error::{Code, Error, Result};
use crate::oid::{self, Oid};

/// A signature algorithm (RFC 4055, RFC 5758, RFC 8410).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureAlgorithm {
    /// sha1WithRSAEncryption
    Sha1WithRsa,
    /// sha256WithRSAEncryption
    Sha256WithRsa,
    /// sha384WithRSAEncryption
    Sha384WithRsa,
    /// sha512WithRSAEncryption
    Sha512WithRsa,
    /// ecdsa-with-SHA1, only ever checked
    EcdsaWithSha1,
    /// ecdsa-with-SHA256
    EcdsaWithSha256,
    /// ecdsa-with-SHA384
    EcdsaWithSha384,
    /// ecdsa-with-SHA512
    EcdsaWithSha512,
    /// id-Ed25519
    Ed25519,
}

impl SignatureAlgorithm {
    /// The algorithm that cfssl signs with by default: of an RSA key by its
    /// size, of an EC key by its curve. None for keys that we cannot sign with.
    pub fn for_key(kind: KeyKind) -> Option<Self> {
        Some(match kind {
            KeyKind::Rsa { bits: 4096.. } => SignatureAlgorithm::Sha512WithRsa,
            KeyKind::Rsa { bits: 3072.. } => SignatureAlgorithm::Sha384WithRsa,
            KeyKind::Rsa { bits: 2048.. } => SignatureAlgorithm::Sha256WithRsa,
            KeyKind::Rsa { .. } => SignatureAlgorithm::Sha1WithRsa,
            KeyKind::Ecdsa(Curve::P256) => SignatureAlgorithm::EcdsaWithSha256,
            KeyKind::Ecdsa(Curve::P384) => SignatureAlgorithm::EcdsaWithSha384,
            KeyKind::Ecdsa(Curve::P521) => SignatureAlgorithm::EcdsaWithSha512,
            KeyKind::Ed25519 => SignatureAlgorithm::Ed25519,
            KeyKind::P224 | KeyKind::Other => return None,
        })
    }

    /// The algorithm of this object identifier, where we know it.
    pub fn from_oid(oid: &Oid) -> Option<Self> {
        const ALL: [SignatureAlgorithm; 9] = [
            SignatureAlgorithm::Sha1WithRsa,
            SignatureAlgorithm::Sha256WithRsa,
            SignatureAlgorithm::Sha384WithRsa,
            SignatureAlgorithm::Sha512WithRsa,
            SignatureAlgorithm::EcdsaWithSha1,
            SignatureAlgorithm::EcdsaWithSha256,
            SignatureAlgorithm::EcdsaWithSha384,
            SignatureAlgorithm::EcdsaWithSha512,
            SignatureAlgorithm::Ed25519,
        ];
        ALL.into_iter().find(|algorithm| algorithm.oid() == *oid)
    }

    /// Its object identifier.
    pub const fn oid(self) -> Oid {
        match self {
            SignatureAlgorithm::Sha1WithRsa => oid::SHA1_WITH_RSA,
            SignatureAlgorithm::Sha256WithRsa => oid::SHA256_WITH_RSA,
            SignatureAlgorithm::Sha384WithRsa => oid::SHA384_WITH_RSA,
            SignatureAlgorithm::Sha512WithRsa => oid::SHA512_WITH_RSA,
            SignatureAlgorithm::EcdsaWithSha1 => oid::ECDSA_WITH_SHA1,
            SignatureAlgorithm::EcdsaWithSha256 => oid::ECDSA_WITH_SHA256,
            SignatureAlgorithm::EcdsaWithSha384 => oid::ECDSA_WITH_SHA384,
            SignatureAlgorithm::EcdsaWithSha512 => oid::ECDSA_WITH_SHA512,
            SignatureAlgorithm::Ed25519 => oid::ED25519,
        }
    }

    /// The algorithm that Go chooses, as for CRLs and OCSP responses: with RSA always
    /// SHA-256, whatever the size of the key.
    pub const fn gos_default(self) -> Self {
        if self.is_rsa() {
            SignatureAlgorithm::Sha256WithRsa
        } else {
            self
        }
    }

    /// Is it one of RSA's?
    pub const fn is_rsa(self) -> bool {
        matches!(
            self,
            SignatureAlgorithm::Sha1WithRsa
                | SignatureAlgorithm::Sha256WithRsa
                | SignatureAlgorithm::Sha384WithRsa
                | SignatureAlgorithm::Sha512WithRsa
        )
    }

    /// Writes the AlgorithmIdentifier: RSA has NULL parameters, the others none.
    pub fn write(self, w: &mut Writer) {
        w.sequence(|w| {
            w.oid(&self.oid());
            if self.is_rsa() {
                w.null();
            }
        });
    }
}

/// What signs: a key in memory, or one in a token or a service.
pub trait SigningKey: Send + Sync {
    /// The public half.
    fn public_key(&self) -> &PublicKey;

    /// The algorithm that it signs certificates and requests with.
    fn algorithm(&self) -> SignatureAlgorithm;

    /// Signs a message, which is hashed first where the algorithm hashes. ECDSA
    /// signatures are random and come as DER (RFC 3279, section 2.2.3).
    ///
    /// # Errors
    /// Where the key refuses: the algorithm is not one of its kind, or the
    /// hardware or the system's randomness failed.
    fn sign(&self, algorithm: SignatureAlgorithm, message: &[u8]) -> Result<Vec<u8>>;
}

impl SigningKey for PrivateKey {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        // A private key is only made of kinds that have an algorithm.
        SignatureAlgorithm::for_key(self.public.kind()).unwrap_or(SignatureAlgorithm::Ed25519)
    }

    fn sign(&self, algorithm: SignatureAlgorithm, message: &[u8]) -> Result<Vec<u8>> {
        let failed = || Error::from(Code::KeyUnknown);
        let random = SystemRandom::new();
        // Of several algorithms only RSA keys have the choice.
        if algorithm != self.algorithm() && !(algorithm.is_rsa() && self.algorithm().is_rsa()) {
            return Err(failed());
        }
        match &self.secret {
            Secret::Ecdsa(pair) => {
                let signature = pair.sign(&random, message).map_err(|_| failed())?;
                Ok(signature.as_ref().to_vec())
            }
            Secret::Ed25519(pair) => {
                let signature = pair.try_sign(message).map_err(|_| failed())?;
                Ok(signature.as_ref().to_vec())
            }
            Secret::Rsa { pair, .. } => {
                let padding: &dyn signature::RsaEncoding = match algorithm {
                    SignatureAlgorithm::Sha512WithRsa => &signature::RSA_PKCS1_SHA512,
                    SignatureAlgorithm::Sha384WithRsa => &signature::RSA_PKCS1_SHA384,
                    SignatureAlgorithm::Sha256WithRsa => &signature::RSA_PKCS1_SHA256,
                    _ => return Err(failed()),
                };
                let mut out = vec![0; pair.public_modulus_len()];
                pair.sign(padding, &random, message, &mut out)
                    .map_err(|_| failed())?;
                Ok(out)
            }
            Secret::OddRsa { key, .. } => super::rsa::sign(key, algorithm, message),
        }
    }
}
