//! Keys that sign foreign requests. Their signatures are deterministic (RSA with PKCS #1
//! v1.5; ECDSA according to RFC 6979), so that a seed produces the same bytes on every
//! machine.

use anyhow::{Context, Result, anyhow, ensure};
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{DerSignature, SigningKey};

use super::der;
use crate::normal::der::Element;
use crate::normal::pem;
use crate::openssl;
use crate::suite::Surroundings;

/// The names of the key files.
pub const RSA_KEY: &str = "leaf-rsa2048-key.pem";
/// On P-256.
pub const EC_KEY: &str = "leaf-p256-key.pem";

/// A key that signs requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signatory {
    /// RSA with SHA-256.
    Rsa,
    /// ECDSA on P-256 with SHA-256.
    Ec,
}

/// Both keys.
#[derive(Debug)]
pub struct Material {
    rsa_spki: Vec<u8>,
    ec_spki: Vec<u8>,
    ec: SigningKey,
    rsa_file: tempfile::NamedTempFile,
}

impl Material {
    /// Reads the keys.
    ///
    /// # Errors
    /// If they or openssl are missing.
    pub fn read(surroundings: &Surroundings) -> Result<Self> {
        let spki = |name: &str| -> Result<Vec<u8>> {
            let text = String::from_utf8_lossy(surroundings.pki(name)?).into_owned();
            let key = surroundings.keys.read(&text)?;
            key.public.clone().with_context(|| name.to_owned())
        };
        let text = String::from_utf8_lossy(surroundings.pki(EC_KEY)?).into_owned();
        let blocks = pem::blocks(&text);
        let sec1 = blocks.first().and_then(pem::Block::der).context(EC_KEY)?;
        let [_, secret] = Element::whole(&sec1)?.fields()?;
        let ec = SigningKey::from_slice(secret.value).map_err(|error| anyhow!("{EC_KEY}: {error}"))?;
        let rsa_file = tempfile::NamedTempFile::new()?;
        std::fs::write(rsa_file.path(), surroundings.pki(RSA_KEY)?)?;
        Ok(Material {
            rsa_spki: spki(RSA_KEY)?,
            ec_spki: spki(EC_KEY)?,
            ec,
            rsa_file,
        })
    }

    /// SubjectPublicKeyInfo of a key.
    pub fn spki(&self, who: Signatory) -> &[u8] {
        match who {
            Signatory::Rsa => &self.rsa_spki,
            Signatory::Ec => &self.ec_spki,
        }
    }

    /// AlgorithmIdentifier of a key's signatures (RFC 4055, 5; RFC 5758, 3.2).
    pub fn algorithm(who: Signatory) -> Vec<u8> {
        match who {
            Signatory::Rsa => der::sequence(&[der::oid("1.2.840.113549.1.1.11"), vec![5, 0]]),
            Signatory::Ec => der::sequence(&[der::oid("1.2.840.10045.4.3.2")]),
        }
    }

    /// A signature.
    ///
    /// # Errors
    /// If openssl does not run.
    pub fn sign(&self, who: Signatory, bytes: &[u8]) -> Result<Vec<u8>> {
        if who == Signatory::Ec {
            let signature: DerSignature = self.ec.sign(bytes);
            return Ok(signature.as_bytes().to_vec());
        }
        let key = self.rsa_file.path().display().to_string();
        let output = openssl::openssl(&["dgst", "-sha256", "-sign", &key], bytes)?;
        ensure!(output.status.success(), "openssl dgst");
        Ok(output.stdout)
    }
}
