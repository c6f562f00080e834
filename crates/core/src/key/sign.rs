//! Signatures.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature;

use super::{PrivateKey, PublicKey, Secret, SignatureAlgorithm};
use crate::error::{Code, Error, Result};

/// A signing key: in memory, or in a token or service.
pub trait SigningKey: Send + Sync {
    /// The public half.
    fn public_key(&self) -> &PublicKey;

    /// The algorithm with which it signs certificates and requests.
    fn algorithm(&self) -> SignatureAlgorithm;

    /// Signs a message, which is hashed first if the algorithm requires it. ECDSA
    /// signatures are random and in DER (RFC 3279, section 2.2.3).
    ///
    /// # Errors
    /// If the key cannot sign: the algorithm does not match its type, or the hardware or
    /// the system's randomness failed.
    fn sign(&self, algorithm: SignatureAlgorithm, message: &[u8]) -> Result<Vec<u8>>;
}

impl SigningKey for PrivateKey {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        // A private key is created only for types that have an algorithm.
        SignatureAlgorithm::for_key(self.public.kind()).unwrap_or(SignatureAlgorithm::Ed25519)
    }

    fn sign(&self, algorithm: SignatureAlgorithm, message: &[u8]) -> Result<Vec<u8>> {
        let failed = || Error::from(Code::KeyUnknown);
        let random = SystemRandom::new();
        // Only RSA keys support several algorithms.
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
