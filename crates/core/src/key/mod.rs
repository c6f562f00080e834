//! Keys: generated, read in all of cfssl's formats, written in its formats, and used for
//! signing.

mod algorithm;
mod generate;
mod info;
mod legacy;
mod public;
mod read;
mod rsa;
mod sign;
mod spki;
mod verify;
mod write;

pub use algorithm::SignatureAlgorithm;
pub use generate::{KeySpec, generate};
pub use info::PrivateKeyInfo;
pub use public::{Curve, KeyKind, PublicKey};
pub(crate) use read::read_der;
pub use read::{is_encrypted, read, read_encrypted, read_pem_or_der};
pub use sign::SigningKey;
pub use spki::{AlgorithmIdentifier, Spki};
pub use verify::{has_good_point, verify};
pub use write::KeyFormat;

use aws_lc_rs::signature::{EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair};
use zeroize::Zeroizing;

/// A private key in memory, with its public half.
///
/// Its bytes are wiped when it is dropped, and never printed.
pub struct PrivateKey {
    secret: Secret,
    public: PublicKey,
}

enum Secret {
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rsa {
        pair: RsaKeyPair,
        /// RSAPrivateKey (RFC 8017, appendix A.1.2)
        pkcs1: Zeroizing<Vec<u8>>,
    },
    /// A key of a size that aws-lc does not support: below 2048 bits or above 8192.
    OddRsa {
        key: Box<::rsa::PrivateKey>,
        /// RSAPrivateKey
        pkcs1: Zeroizing<Vec<u8>>,
    },
}

impl std::fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PrivateKey({:?})", self.public.kind())
    }
}

/// Fills a buffer with random bytes that are suitable for keys and serial numbers.
///
/// # Errors
/// If the system cannot provide random bytes.
pub fn random(buffer: &mut [u8]) -> crate::Result<()> {
    aws_lc_rs::rand::fill(buffer).map_err(|_| crate::Error::plain("the system cannot provide random bytes"))
}
