//! Generates keys.

use aws_lc_rs::signature::{EcdsaKeyPair, Ed25519KeyPair};

use super::read::{self, Parsed};
use super::{Curve, KeyKind, PrivateKey, read::ecdsa_algorithm};
use crate::error::{Code, Error, Result};

/// The type of a key to be generated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeySpec {
    /// RSA with a modulus of 2048 to 8192 bits.
    Rsa {
        /// The length of the modulus in bits.
        bits: u32,
    },
    /// A key on a curve.
    Ecdsa(Curve),
    /// Ed25519
    Ed25519,
}

impl KeySpec {
    /// Creates it from the `key` section of a request document. Names are in lower case;
    /// the size of an Ed25519 key is ignored.
    ///
    /// # Errors
    /// Code 2400 with `invalid algorithm`, `invalid curve`, `RSA key is too weak`
    /// or `RSA key size too large`.
    pub fn new(algorithm: &str, size: i64) -> Result<Self> {
        let refused = |why: &str| Err(Error::wrap(Code::KeyGeneration, why));
        match algorithm {
            "rsa" => match size {
                ..2048 => refused("RSA key is too weak"),
                8193.. => refused("RSA key size too large"),
                bits => Ok(KeySpec::Rsa { bits: bits as u32 }),
            },
            "ecdsa" => match Curve::from_bits(size) {
                Some(curve) => Ok(KeySpec::Ecdsa(curve)),
                None => refused("invalid curve"),
            },
            "ed25519" => Ok(KeySpec::Ed25519),
            _ => refused("invalid algorithm"),
        }
    }

    /// The type of an existing key; `None` for types that are no longer generated.
    pub const fn like(kind: KeyKind) -> Option<Self> {
        Some(match kind {
            KeyKind::Rsa {
                bits: bits @ 2048..=8192,
            } => KeySpec::Rsa { bits },
            KeyKind::Ecdsa(curve) => KeySpec::Ecdsa(curve),
            KeyKind::Ed25519 => KeySpec::Ed25519,
            _ => return None,
        })
    }
}

/// Generates a key. The primes of RSA keys are searched for on all cores.
///
/// # Errors
/// Code 2400 if the system cannot provide random bytes.
pub fn generate(spec: KeySpec) -> Result<PrivateKey> {
    let failed = || Error::from(Code::KeyGeneration);
    match spec {
        KeySpec::Ecdsa(curve) => {
            let pair = EcdsaKeyPair::generate(ecdsa_algorithm(curve)).map_err(|_| failed())?;
            Ok(read::ecdsa(curve, pair))
        }
        KeySpec::Ed25519 => {
            let pair = Ed25519KeyPair::generate().map_err(|_| failed())?;
            Ok(read::ed25519(pair))
        }
        KeySpec::Rsa { bits } => {
            let pkcs1 = super::rsa::generate(bits)?;
            read::build(Parsed::Rsa { pkcs1 }).map_err(|_| failed())
        }
    }
}
