//! The integrity check: an HMAC with a key derived from the password (RFC 7292, section 4,
//! MacData).

use hmac::digest::block_api::BlockSizeUser;
use hmac::{EagerHash, Hmac, KeyInit, Mac as _};
use sha1::{Digest, Sha1};
use sha2::{Sha256, Sha384, Sha512};

use super::kdf::{self, Purpose};
use super::read::{Password, Refusal};
use crate::asn1::Writer;
use crate::asn1::read::{Reader, unsigned};
use crate::asn1::tag;
use crate::oid;

/// The MacData of a file.
pub struct Mac<'a> {
    hash: Hash,
    value: &'a [u8],
    salt: &'a [u8],
    iterations: u64,
}

/// The digests that occur in practice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hash {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl<'a> Mac<'a> {
    /// Parses the contents of the SEQUENCE.
    pub fn read(mut data: Reader<'a>) -> Result<Self, Refusal> {
        let malformed = || Refusal::Malformed;
        let mut info = data.enter(tag::SEQUENCE).ok_or_else(malformed)?;
        let algorithm = info
            .enter(tag::SEQUENCE)
            .and_then(|mut algorithm| algorithm.expect(tag::OBJECT_IDENTIFIER))
            .ok_or_else(malformed)?;
        let hash = Hash::from_oid(algorithm).ok_or(Refusal::UnknownAlgorithm)?;
        let value = info.expect(tag::OCTET_STRING).ok_or_else(malformed)?;
        let salt = data.expect(tag::OCTET_STRING).ok_or_else(malformed)?;
        let iterations = match data.optional(tag::INTEGER) {
            Some(count) => unsigned(count).ok_or_else(malformed)?,
            None => 1,
        };
        Ok(Mac {
            hash,
            value,
            salt,
            iterations,
        })
    }

    /// Verifies the content with this password.
    pub fn fits(&self, content: &[u8], password: &Password<'_>) -> Result<bool, Refusal> {
        let iterations = password.spend(self.iterations)?;
        let fits = match self.hash {
            Hash::Sha1 => Self::fits_with::<Sha1>,
            Hash::Sha256 => Self::fits_with::<Sha256>,
            Hash::Sha384 => Self::fits_with::<Sha384>,
            Hash::Sha512 => Self::fits_with::<Sha512>,
        };
        Ok(fits(self, content, password.encoded, iterations))
    }

    fn fits_with<D: Digest + BlockSizeUser + EagerHash>(
        &self,
        content: &[u8],
        password: &[u8],
        iterations: u32,
    ) -> bool {
        keyed::<D>(password, self.salt, iterations)
            .is_some_and(|mac| mac.chain_update(content).verify_slice(self.value).is_ok())
    }
}

/// Encodes MacData with HMAC-SHA-256 over the content.
pub fn write(w: &mut Writer, content: &[u8], password: &[u8], salt: &[u8], iterations: u32) {
    let value = keyed::<Sha256>(password, salt, iterations)
        .map(|mac| mac.chain_update(content).finalize().into_bytes())
        .unwrap_or_default();
    w.sequence(|w| {
        w.sequence(|w| {
            w.sequence(|w| {
                w.oid(&oid::SHA256);
                w.null();
            });
            w.octet_string(&value);
        });
        w.octet_string(salt);
        w.integer(i64::from(iterations));
    });
}

/// An HMAC with the key for a password. It always succeeds, since HMAC accepts keys of any
/// length.
fn keyed<D: Digest + BlockSizeUser + EagerHash>(
    password: &[u8],
    salt: &[u8],
    iterations: u32,
) -> Option<Hmac<D>> {
    let length = <D as Digest>::output_size();
    let key = kdf::derive::<D>(Purpose::Mac, password, salt, iterations, length);
    Hmac::new_from_slice(&key).ok()
}

impl Hash {
    fn from_oid(octets: &[u8]) -> Option<Self> {
        let known = [
            (oid::SHA1, Hash::Sha1),
            (oid::SHA256, Hash::Sha256),
            (oid::SHA384, Hash::Sha384),
            (oid::SHA512, Hash::Sha512),
        ];
        let found = known.into_iter().find(|(oid, _)| oid.octets() == octets);
        found.map(|(_, hash)| hash)
    }
}
