//! Digests for comparing a received certificate with the original.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use data_encoding::HEXUPPER;
use md5::{Digest, Md5};
use serde::Serialize;

/// Digests of DER, in upper-case hexadecimal.
#[derive(Debug, Serialize)]
pub struct Sums {
    md5: String,
    #[serde(rename = "sha-1")]
    sha1: String,
    #[serde(rename = "sha-256")]
    sha256: String,
}

impl Sums {
    /// The digests of these bytes.
    pub fn of(der: &[u8]) -> Self {
        let sum = |algorithm| HEXUPPER.encode(digest(algorithm, der).as_ref());
        Sums {
            md5: HEXUPPER.encode(&Md5::digest(der)),
            sha1: sum(&SHA1_FOR_LEGACY_USE_ONLY),
            sha256: sum(&SHA256),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_in_upper_case() {
        let sums = Sums::of(b"abc");
        assert_eq!(sums.md5, "900150983CD24FB0D6963F7D28E17F72");
        assert_eq!(sums.sha1, "A9993E364706816ABA3E25717850C26C9CD0D89D");
        assert!(sums.sha256.starts_with("BA7816BF8F01CFEA"), "{}", sums.sha256);
    }
}
