//! The integrity check: an HMAC under a key from the password (RFC 7292,
//! section 4, MacData).

use aws_lc_rs::{digest, hmac};

use super::kdf::{self, Purpose};
use super::read::{MAX_ITERATIONS, Refusal};
use crate::asn1::read::{Reader, unsigned};
use crate::asn1::tag;
use crate::oid;

/// The MacData of a file.
pub struct Mac<'a> {
    digest: &'static digest::Algorithm,
    hmac: hmac::Algorithm,
    value: &'a [u8],
    salt: &'a [u8],
    iterations: u32,
}

impl<'a> Mac<'a> {
    /// Reads the contents of the SEQUENCE.
    pub fn read(mut data: Reader<'a>) -> Result<Self, Refusal> {
        let malformed = || Refusal::Malformed;
        let mut info = data.enter(tag::SEQUENCE).ok_or_else(malformed)?;
        let algorithm = info
            .enter(tag::SEQUENCE)
            .and_then(|mut algorithm| algorithm.expect(tag::OBJECT_IDENTIFIER))
            .ok_or_else(malformed)?;
        let (digest, hmac) = algorithms(algorithm)?;
        let value = info.expect(tag::OCTET_STRING).ok_or_else(malformed)?;
        let salt = data.expect(tag::OCTET_STRING).ok_or_else(malformed)?;
        let iterations = match data.optional(tag::INTEGER) {
            Some(count) => unsigned(count).ok_or_else(malformed)?,
            None => 1,
        };
        if iterations > MAX_ITERATIONS {
            return Err(Refusal::TooManyIterations);
        }
        Ok(Mac {
            digest,
            hmac,
            value,
            salt,
            iterations: iterations as u32,
        })
    }

    /// Does the content fit, under this encoded password?
    pub fn fits(&self, content: &[u8], password: &[u8]) -> bool {
        let length = self.digest.output_len();
        let key = kdf::derive(
            self.digest,
            Purpose::Mac,
            password,
            self.salt,
            self.iterations,
            length,
        );
        let key = hmac::Key::new(self.hmac, &key);
        hmac::verify(&key, content, self.value).is_ok()
    }
}

fn algorithms(digest: &[u8]) -> Result<(&'static digest::Algorithm, hmac::Algorithm), Refusal> {
    let known = [
        (
            oid::SHA1,
            &digest::SHA1_FOR_LEGACY_USE_ONLY,
            hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        ),
        (oid::SHA256, &digest::SHA256, hmac::HMAC_SHA256),
        (oid::SHA384, &digest::SHA384, hmac::HMAC_SHA384),
        (oid::SHA512, &digest::SHA512, hmac::HMAC_SHA512),
    ];
    let found = known.into_iter().find(|(oid, ..)| oid.octets() == digest);
    let (_, digest, hmac) = found.ok_or(Refusal::UnknownAlgorithm)?;
    Ok((digest, hmac))
}
