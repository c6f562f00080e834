//! Ciphers: those of PKCS#12 itself (RFC 7292, appendix C), which OpenSSL calls legacy, and
//! PBES2 (RFC 8018).

use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockCipherDecrypt, BlockModeDecrypt, InnerIvInit, KeyInit};
use sha1::Sha1;
use zeroize::Zeroizing;

use super::kdf::{self, Purpose};
use super::read::{Password, Refusal};
use crate::asn1::read::{Reader, unsigned};
use crate::asn1::tag;
use crate::pbes2;

/// pkcs-12PbeIds, 1.2.840.113549.1.12.1, without the last arc.
const PBE: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x01];

/// Decrypts with the algorithm of an AlgorithmIdentifier.
pub fn decrypt(
    algorithm: &[u8],
    data: &[u8],
    password: &Password<'_>,
) -> Result<Zeroizing<Vec<u8>>, Refusal> {
    let mut inside = Reader::inside(algorithm, tag::SEQUENCE).ok_or(Refusal::Malformed)?;
    let oid = inside.expect(tag::OBJECT_IDENTIFIER).ok_or(Refusal::Malformed)?;
    match oid.strip_prefix(&PBE) {
        Some([scheme]) => {
            let scheme = Scheme::numbered(*scheme).ok_or(Refusal::UnknownAlgorithm)?;
            let parameters = inside.enter(tag::SEQUENCE).ok_or(Refusal::Malformed)?;
            scheme.decrypt(parameters, data, password)
        }
        _ => {
            let text = password.text.as_bytes();
            Ok(pbes2::decrypt(algorithm, data, text, &password.budget)?)
        }
    }
}

/// SHA-1 and a legacy cipher in CBC mode.
#[derive(Clone, Copy)]
enum Scheme {
    TripleDes,
    Rc2 { bits: usize },
}

impl Scheme {
    /// The scheme by its last arc. RC4 (1, 2) and two-key Triple DES (4) do not occur in
    /// practice.
    fn numbered(number: u8) -> Option<Self> {
        match number {
            3 => Some(Scheme::TripleDes),
            5 => Some(Scheme::Rc2 { bits: 128 }),
            6 => Some(Scheme::Rc2 { bits: 40 }),
            _ => None,
        }
    }

    fn decrypt(
        self,
        mut parameters: Reader<'_>,
        data: &[u8],
        password: &Password<'_>,
    ) -> Result<Zeroizing<Vec<u8>>, Refusal> {
        let salt = parameters.expect(tag::OCTET_STRING).ok_or(Refusal::Malformed)?;
        let iterations = parameters
            .expect(tag::INTEGER)
            .and_then(unsigned)
            .ok_or(Refusal::Malformed)?;
        let derive = |purpose, length| -> Result<_, Refusal> {
            let iterations = password.spend(iterations)?;
            let derive = kdf::derive::<Sha1>;
            Ok(derive(purpose, password.encoded, salt, iterations, length))
        };
        let iv = derive(Purpose::Iv, 8)?;
        match self {
            Scheme::TripleDes => {
                let key = derive(Purpose::Key, 24)?;
                let cipher = des::TdesEde3::new_from_slice(&key).map_err(|_| Refusal::UnknownAlgorithm)?;
                cbc(cipher, &iv, data)
            }
            Scheme::Rc2 { bits } => {
                let key = derive(Purpose::Key, bits / 8)?;
                cbc(rc2::Rc2::new_with_eff_key_len(&key, bits), &iv, data)
            }
        }
    }
}

fn cbc<C: BlockCipherDecrypt>(cipher: C, iv: &[u8], data: &[u8]) -> Result<Zeroizing<Vec<u8>>, Refusal> {
    let mut buffer = Zeroizing::new(data.to_vec());
    let decryptor = cbc::Decryptor::inner_iv_slice_init(cipher, iv).map_err(|_| Refusal::UnknownAlgorithm)?;
    let length = decryptor
        .decrypt_padded::<Pkcs7>(&mut buffer)
        .map_err(|_| Refusal::WrongPassword)?
        .len();
    buffer.truncate(length);
    Ok(buffer)
}
