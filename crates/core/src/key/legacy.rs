//! PEM with legacy encryption: the RFC 1421 headers that openssl wrote before PKCS#8, with
//! openssl's key derivation (one round of MD5).
//!
//! Decryption only: nothing new should be encrypted this way.

use aes::cipher::block_padding::NoPadding;
use aes::cipher::{BlockModeDecrypt, KeyIvInit};
use md5::{Digest, Md5};
use zeroize::{Zeroize, Zeroizing};

use crate::error::{Error, Result};
use rcfssl_go::pem::Block;

/// Decrypts a block whose `DEK-Info` names a cipher.
///
/// # Errors
/// Go's messages: `x509: decryption password incorrect`, `x509: unknown encryption mode`,
/// and those for malformed headers.
pub(super) fn decrypt(block: &Block, password: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    let refused = |why: &str| Error::plain(format!("x509: {why}"));
    let info = block
        .header("DEK-Info")
        .ok_or_else(|| refused("no DEK-Info header in block"))?;
    let (mode, iv) = info
        .split_once(',')
        .ok_or_else(|| refused("malformed DEK-Info header"))?;
    let cipher = Cipher::named(mode).ok_or_else(|| refused("unknown encryption mode"))?;
    let iv = unhex(iv).ok_or_else(|| refused("incorrect IV"))?;
    if iv.len() != cipher.block_octets() {
        return Err(refused("incorrect IV size"));
    }
    if !block.contents.len().is_multiple_of(cipher.block_octets()) {
        return Err(refused("encrypted PEM data is not a multiple of the block size"));
    }
    let key = derive_key(password, &iv[..8], cipher.key_octets());
    let mut data = block.contents.clone();
    cipher
        .decrypt(&key, &iv, &mut data)
        .ok_or_else(|| refused("incorrect IV size"))?;
    // Padding is as in PKCS#7, and the only indication that the password was right.
    let wrong = || refused("decryption password incorrect");
    let last = usize::from(*data.last().ok_or_else(|| refused("invalid padding"))?);
    let length = data
        .len()
        .checked_sub(last)
        .filter(|_| (1..=cipher.block_octets()).contains(&last))
        .ok_or_else(wrong)?;
    if data[length..].iter().any(|b| usize::from(*b) != last) {
        return Err(wrong());
    }
    data[length..].zeroize();
    data.truncate(length);
    Ok(data)
}

#[derive(Clone, Copy)]
enum Cipher {
    Des,
    TripleDes,
    Aes128,
    Aes192,
    Aes256,
}

impl Cipher {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "DES-CBC" => Cipher::Des,
            "DES-EDE3-CBC" => Cipher::TripleDes,
            "AES-128-CBC" => Cipher::Aes128,
            "AES-192-CBC" => Cipher::Aes192,
            "AES-256-CBC" => Cipher::Aes256,
            _ => return None,
        })
    }

    const fn block_octets(self) -> usize {
        match self {
            Cipher::Des | Cipher::TripleDes => 8,
            Cipher::Aes128 | Cipher::Aes192 | Cipher::Aes256 => 16,
        }
    }

    const fn key_octets(self) -> usize {
        match self {
            Cipher::Des => 8,
            Cipher::TripleDes | Cipher::Aes192 => 24,
            Cipher::Aes128 => 16,
            Cipher::Aes256 => 32,
        }
    }

    /// Decrypts complete blocks in place; `None` if key or IV has the wrong length.
    fn decrypt(self, key: &[u8], iv: &[u8], data: &mut [u8]) -> Option<()> {
        fn cbc<C: BlockModeDecrypt + KeyIvInit>(key: &[u8], iv: &[u8], data: &mut [u8]) -> Option<()> {
            let cipher = C::new_from_slices(key, iv).ok()?;
            cipher.decrypt_padded::<NoPadding>(data).ok().map(drop)
        }
        match self {
            Cipher::Des => cbc::<cbc::Decryptor<des::Des>>(key, iv, data),
            Cipher::TripleDes => cbc::<cbc::Decryptor<des::TdesEde3>>(key, iv, data),
            Cipher::Aes128 => cbc::<cbc::Decryptor<aes::Aes128>>(key, iv, data),
            Cipher::Aes192 => cbc::<cbc::Decryptor<aes::Aes192>>(key, iv, data),
            Cipher::Aes256 => cbc::<cbc::Decryptor<aes::Aes256>>(key, iv, data),
        }
    }
}

/// openssl's EVP_BytesToKey with MD5 and one iteration.
fn derive_key(password: &[u8], salt: &[u8], length: usize) -> Zeroizing<Vec<u8>> {
    let mut key = Zeroizing::new(Vec::with_capacity(48));
    let mut digest = Zeroizing::new(Vec::new());
    while key.len() < length {
        let hash = Md5::new()
            .chain_update(&*digest)
            .chain_update(password)
            .chain_update(salt)
            .finalize();
        digest = Zeroizing::new(hash.to_vec());
        key.extend_from_slice(&digest);
    }
    key.truncate(length);
    key
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text
        .chars()
        .map(|c| c.to_digit(16).map(|d| d as u8))
        .collect::<Option<_>>()?;
    digits
        .len()
        .is_multiple_of(2)
        .then(|| digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

#[cfg(test)]
mod tests {
    use super::super::{SigningKey, read, read_encrypted};
    use crate::error::Error;

    /// `openssl ec -CIPHER -passout pass:secret` applied to one P-256 key.
    const PLAIN: &str = include_str!("../../tests/keys/p256.pem");
    const ENCRYPTED: [&str; 5] = [
        include_str!("../../tests/keys/p256-des.pem"),
        include_str!("../../tests/keys/p256-des3.pem"),
        include_str!("../../tests/keys/p256-aes128.pem"),
        include_str!("../../tests/keys/p256-aes192.pem"),
        include_str!("../../tests/keys/p256-aes256.pem"),
    ];

    #[test]
    fn decrypts_files_from_openssl() {
        let plain = read(PLAIN.as_bytes()).unwrap();
        for text in ENCRYPTED {
            let key = read_encrypted(text.as_bytes(), Some(b"secret")).unwrap();
            assert_eq!(key.public_key(), plain.public_key());
            assert!(
                read(text.as_bytes())
                    .unwrap_err()
                    .to_string()
                    .starts_with("{\"code\":2100")
            );
        }
    }

    #[test]
    fn a_wrong_password_is_named_as_such() {
        let error = read_encrypted(ENCRYPTED[4].as_bytes(), Some(b"wrong")).unwrap_err();
        assert_eq!(error, Error::plain("x509: decryption password incorrect"));
    }

    #[test]
    fn malformed_headers_are_refused() {
        for (from, to, want) in [
            ("AES-256-CBC", "RC2-CBC", "x509: unknown encryption mode"),
            (",", ";", "x509: malformed DEK-Info header"),
            (
                "DEK-Info: AES-256-CBC,",
                "DEK-Info: AES-256-CBC,00",
                "x509: incorrect IV size",
            ),
            (
                "DEK-Info: AES-256-CBC,",
                "DEK-Info: AES-256-CBC,x",
                "x509: incorrect IV",
            ),
            ("DEK-Info", "DEK", "x509: no DEK-Info header in block"),
        ] {
            // The first comma belongs to Proc-Type.
            let (head, tail) = ENCRYPTED[4].split_once("DEK").unwrap();
            let text = format!("{head}{}", format!("DEK{tail}").replacen(from, to, 1));
            assert_eq!(
                read_encrypted(text.as_bytes(), Some(b"secret"))
                    .unwrap_err()
                    .to_string(),
                want
            );
        }
    }
}
