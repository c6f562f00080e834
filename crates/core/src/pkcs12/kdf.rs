//! PKCS#12's key derivation (RFC 7292, appendix B).

use sha1::Digest;
use sha1::digest::block_api::BlockSizeUser;
use zeroize::{Zeroize, Zeroizing};

/// The purpose of derived bytes: the diversifier (RFC 7292, appendix B.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A key to encrypt with.
    Key = 1,
    /// An initialisation vector.
    Iv = 2,
    /// A key for the integrity check.
    Mac = 3,
}

/// A password in the encoding of PKCS#12: UTF-16, most significant octet first, terminated
/// by two zeros (RFC 7292, appendix B.1).
pub fn encode_password(password: &str) -> Zeroizing<Vec<u8>> {
    // Reserves the whole capacity: a buffer that grows leaves copies behind.
    let mut encoded = Zeroizing::new(Vec::with_capacity(2 * password.len() + 2));
    for unit in password.encode_utf16().chain([0]) {
        encoded.extend_from_slice(&unit.to_be_bytes());
    }
    encoded
}

/// Derives `length` octets from an encoded password with the digest `D` (RFC 7292,
/// appendix B.2).
///
/// Some programs represent an empty password by an empty `password`, without even the
/// terminating zeros.
pub fn derive<D: Digest + BlockSizeUser>(
    purpose: Purpose,
    password: &[u8],
    salt: &[u8],
    iterations: u32,
    length: usize,
) -> Zeroizing<Vec<u8>> {
    let block = <D as BlockSizeUser>::block_size();
    let diversifier = vec![purpose as u8; block];
    let salt = repeated(salt, block);
    let password = repeated(password, block);
    let mut input = Zeroizing::new(Vec::with_capacity(salt.len() + password.len()));
    input.extend_from_slice(&salt);
    input.extend_from_slice(&password);
    let mut out = Zeroizing::new(Vec::with_capacity(length + <D as Digest>::output_size()));
    while out.len() < length {
        let mut hash = D::new()
            .chain_update(&diversifier)
            .chain_update(&input)
            .finalize();
        for _ in 1..iterations {
            hash = D::digest(&hash);
        }
        out.extend_from_slice(&hash);
        let addend = repeated(&hash, block);
        hash.as_mut_slice().zeroize();
        for chunk in input.chunks_mut(block) {
            add_one_more(chunk, &addend);
        }
    }
    out.truncate(length);
    out
}

/// The octets repeated to a whole number of blocks.
fn repeated(octets: &[u8], block: usize) -> Zeroizing<Vec<u8>> {
    let length = octets.len().div_ceil(block) * block;
    let mut out = Zeroizing::new(Vec::with_capacity(length));
    out.extend(octets.iter().cycle().take(length));
    out
}

/// `chunk + addend + 1` as numbers, truncated. All chunks are whole blocks.
fn add_one_more(chunk: &mut [u8], addend: &[u8]) {
    let mut carry = 1_u16;
    for (octet, add) in chunk.iter_mut().zip(addend).rev() {
        carry += u16::from(*octet) + u16::from(*add);
        *octet = carry as u8;
        carry >>= 8;
    }
}

#[cfg(test)]
mod tests {
    use sha1::Sha1;
    use sha2::Sha256;

    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|b| format!("{b:02x}")).collect()
    }

    #[test]
    fn passwords_end_in_two_zeros() {
        assert_eq!(hex(&encode_password("0")), "00300000");
        assert_eq!(hex(&encode_password("")), "0000");
        assert_eq!(hex(&encode_password("é😀")), "00e9d83dde000000");
    }

    /// Values from other programs: the tests of Go's `pkcs12`, of BouncyCastle and of
    /// OpenSSL.
    #[test]
    fn derives_the_same_as_other_programs() {
        let sha1 = |purpose, password: &str, salt: &[u8], iterations, length| {
            let password = encode_password(password);
            hex(&derive::<Sha1>(purpose, &password, salt, iterations, length))
        };
        let salt = [0xff; 8];
        assert_eq!(
            sha1(Purpose::Key, "sesame", &salt, 2048, 24),
            "7c d9 fd 3e 2b 3b e7 69 1a 44 e3 be f0 f9 ea 0f b9 b8 97 d4 e3 25 d9 d1".replace(' ', "")
        );
        let salt = [0x0a, 0x58, 0xcf, 0x64, 0x53, 0x0d, 0x82, 0x3f];
        assert_eq!(
            sha1(Purpose::Key, "smeg", &salt, 1, 24),
            "8aaae6297b6cb04642ab5b077851284eb7128f1a2a7fbca3"
        );
        assert_eq!(sha1(Purpose::Iv, "smeg", &salt, 1, 8), "79993dfe048d3b76");
        let long = derive::<Sha256>(Purpose::Mac, &encode_password("x"), &salt, 3, 100);
        assert_eq!(long.len(), 100);
    }
}
