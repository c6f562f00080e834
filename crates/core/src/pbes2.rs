//! Decrypts data protected with PBES2 (RFC 8018, section 6.2), with a limit on the work.
//!
//! The parameters are parsed and checked here before they reach the library for key
//! derivation, which trusts lengths and performs any number of rounds and uses any amount
//! of memory.

use std::cell::Cell;

use pkcs8::pkcs5::{self, pbes2};
use zeroize::Zeroizing;

use crate::asn1::read::{Reader, unsigned};
use crate::asn1::tag;

/// The maximum number of rounds of key derivation for one file, whatever it contains.
/// OpenSSL uses 2,048, cautious programs several hundred thousand.
pub(crate) const MAX_ROUNDS: u64 = 4_000_000;

/// The maximum memory for scrypt, in octets; OpenSSL's own limit is half of it.
const MAX_SCRYPT_MEMORY: u64 = 64 << 20;

/// The remainder of [`MAX_ROUNDS`] for a file.
#[derive(Debug)]
pub(crate) struct Budget(Cell<u64>);

impl Budget {
    /// The budget of one file.
    pub(crate) fn of_a_file() -> Self {
        Budget(Cell::new(MAX_ROUNDS))
    }

    /// Deducts rounds before they are run.
    ///
    /// # Errors
    /// If not enough are left.
    pub(crate) fn spend(&self, rounds: u64) -> Result<(), Refusal> {
        let left = self.0.get().checked_sub(rounds);
        self.0.set(left.ok_or(Refusal::TooManyRounds)?);
        Ok(())
    }
}

/// Why something could not be decrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The parameters are not DER, or have invalid lengths or costs.
    Malformed,
    /// Another scheme or an unknown algorithm.
    UnknownAlgorithm,
    /// More rounds or memory than allowed.
    TooManyRounds,
    /// The password is wrong.
    WrongPassword,
}

/// The AlgorithmIdentifier and the ciphertext of an EncryptedPrivateKeyInfo (RFC 5958,
/// section 3).
pub(crate) fn encrypted_private_key(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut info = Reader::inside(der, tag::SEQUENCE)?;
    let algorithm = info.next().filter(|element| element.tag == tag::SEQUENCE)?;
    let data = info.expect(tag::OCTET_STRING)?;
    Some((algorithm.raw, data))
}

/// Decrypts with the PBES2 of an AlgorithmIdentifier.
pub(crate) fn decrypt(
    algorithm: &[u8],
    data: &[u8],
    password: &[u8],
    budget: &Budget,
) -> Result<Zeroizing<Vec<u8>>, Refusal> {
    let parameters = parameters(algorithm)?;
    budget.spend(cost(&parameters.kdf)?)?;
    let opened = parameters.decrypt(password, data);
    opened.map(Zeroizing::new).map_err(|error| match error {
        pkcs5::Error::DecryptFailed => Refusal::WrongPassword,
        _ => Refusal::UnknownAlgorithm,
    })
}

/// Rounds of PBKDF2; for scrypt the number that takes about the same time.
fn cost(kdf: &pbes2::Kdf) -> Result<u64, Refusal> {
    match kdf {
        pbes2::Kdf::Pbkdf2(pbkdf2) => Ok(pbkdf2.iteration_count.into()),
        pbes2::Kdf::Scrypt(scrypt) => {
            let blocks = scrypt.cost_parameter.checked_mul(scrypt.block_size.into());
            let blocks = blocks.filter(|blocks| *blocks <= MAX_SCRYPT_MEMORY / 128);
            let blocks = blocks.ok_or(Refusal::TooManyRounds)?;
            Ok(2 * blocks * u64::from(scrypt.parallelization))
        }
        _ => Err(Refusal::UnknownAlgorithm),
    }
}

/// pbes2, 1.2.840.113549.1.5.13
const PBES2: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0d];
/// pbkdf2, 1.2.840.113549.1.5.12
const PBKDF2: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0c];
/// scrypt, 1.3.6.1.4.1.11591.4.11 (RFC 7914, section 7)
const SCRYPT: [u8; 9] = [0x2b, 0x06, 0x01, 0x04, 0x01, 0xda, 0x47, 0x04, 0x0b];
/// digestAlgorithm, 1.2.840.113549.2, without the last arc.
const DIGEST: [u8; 7] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02];
/// des-EDE3-CBC, 1.2.840.113549.3.7
const DES_EDE3_CBC: [u8; 8] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x03, 0x07];
/// aes, 2.16.840.1.101.3.4.1, without the last arc.
const AES: [u8; 8] = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01];

/// An AlgorithmIdentifier's object identifier, and the rest.
fn identified<'a>(reader: &mut Reader<'a>) -> Result<(&'a [u8], Reader<'a>), Refusal> {
    let mut inside = reader.enter(tag::SEQUENCE).ok_or(Refusal::Malformed)?;
    let oid = inside.expect(tag::OBJECT_IDENTIFIER).ok_or(Refusal::Malformed)?;
    Ok((oid, inside))
}

/// PBES2-params (RFC 8018, appendix A.4)
fn parameters(algorithm: &[u8]) -> Result<pbes2::Parameters, Refusal> {
    let (scheme, mut inside) = identified(&mut Reader::new(algorithm))?;
    if scheme != PBES2 {
        return Err(Refusal::UnknownAlgorithm);
    }
    let mut both = inside.enter(tag::SEQUENCE).ok_or(Refusal::Malformed)?;
    let (derivation, inside) = identified(&mut both)?;
    let kdf = kdf(derivation, inside)?;
    let (cipher, inside) = identified(&mut both)?;
    let encryption = encryption(cipher, inside)?;
    Ok(pbes2::Parameters { kdf, encryption })
}

fn kdf(oid: &[u8], mut inside: Reader<'_>) -> Result<pbes2::Kdf, Refusal> {
    if oid != PBKDF2 && oid != SCRYPT {
        return Err(Refusal::UnknownAlgorithm);
    }
    let mut inside = inside.enter(tag::SEQUENCE).ok_or(Refusal::Malformed)?;
    let salt = salt(&mut inside)?;
    if oid == SCRYPT {
        return scrypt(salt, inside).map(pbes2::Kdf::Scrypt);
    }
    let iteration_count = number(&mut inside)?;
    let key_length = inside.optional(tag::INTEGER).map(unsigned);
    let prf = match inside.is_empty() {
        true => pbes2::Pbkdf2Prf::default(),
        false => prf(identified(&mut inside)?.0)?,
    };
    Ok(pbes2::Kdf::Pbkdf2(pbes2::Pbkdf2Params {
        salt,
        // A number that does not fit exceeds the maximum anyway.
        iteration_count: u32::try_from(iteration_count).map_err(|_| Refusal::TooManyRounds)?,
        key_length: length(key_length)?,
        prf,
    }))
}

/// The library supports salts of at most 32 octets and does not check their length.
fn salt(inside: &mut Reader<'_>) -> Result<pbes2::Salt, Refusal> {
    let salt = inside.expect(tag::OCTET_STRING).ok_or(Refusal::Malformed)?;
    if salt.len() > pbes2::Salt::MAX_LEN {
        return Err(Refusal::UnknownAlgorithm);
    }
    pbes2::Salt::new(salt).map_err(|_| Refusal::Malformed)
}

/// scrypt-params (RFC 7914, section 7.1) after the salt: the cost is a power of two greater
/// than 1, the others are positive (section 2).
fn scrypt(salt: pbes2::Salt, mut inside: Reader<'_>) -> Result<pbes2::ScryptParams, Refusal> {
    let cost_parameter = number(&mut inside)?;
    let [block_size, parallelization] = [number(&mut inside)?, number(&mut inside)?]
        .map(|number| u16::try_from(number).map_err(|_| Refusal::TooManyRounds));
    if cost_parameter < 2 || !cost_parameter.is_power_of_two() {
        return Err(Refusal::Malformed);
    }
    Ok(pbes2::ScryptParams {
        salt,
        cost_parameter,
        block_size: block_size?,
        parallelization: parallelization?,
        key_length: length(inside.optional(tag::INTEGER).map(unsigned))?,
    })
}

/// An INTEGER (1..MAX); a number of more than 64 bits exceeds every maximum.
fn number(inside: &mut Reader<'_>) -> Result<u64, Refusal> {
    let contents = inside.expect(tag::INTEGER).ok_or(Refusal::Malformed)?;
    match unsigned(contents) {
        Some(0) => Err(Refusal::Malformed),
        Some(number) => Ok(number),
        None if contents.first().is_some_and(|first| *first < 0x80) => Err(Refusal::TooManyRounds),
        None => Err(Refusal::Malformed),
    }
}

fn length(given: Option<Option<u64>>) -> Result<Option<u16>, Refusal> {
    let fits = |length: Option<u64>| length.and_then(|length| u16::try_from(length).ok());
    given
        .map(|length| fits(length).ok_or(Refusal::Malformed))
        .transpose()
}

fn prf(oid: &[u8]) -> Result<pbes2::Pbkdf2Prf, Refusal> {
    match oid.strip_prefix(&DIGEST) {
        Some([7]) => Ok(pbes2::Pbkdf2Prf::HmacWithSha1),
        Some([8]) => Ok(pbes2::Pbkdf2Prf::HmacWithSha224),
        Some([9]) => Ok(pbes2::Pbkdf2Prf::HmacWithSha256),
        Some([10]) => Ok(pbes2::Pbkdf2Prf::HmacWithSha384),
        Some([11]) => Ok(pbes2::Pbkdf2Prf::HmacWithSha512),
        _ => Err(Refusal::UnknownAlgorithm),
    }
}

/// The cipher and its initialization vector, which must have the length of a block.
fn encryption(oid: &[u8], mut inside: Reader<'_>) -> Result<pbes2::EncryptionScheme, Refusal> {
    use pbes2::EncryptionScheme::{Aes128Cbc, Aes192Cbc, Aes256Cbc, DesEde3Cbc};
    fn iv<const LENGTH: usize>(iv: Option<&[u8]>) -> Result<[u8; LENGTH], Refusal> {
        let iv = iv.ok_or(Refusal::Malformed)?;
        iv.try_into().map_err(|_| Refusal::Malformed)
    }
    let found = inside.expect(tag::OCTET_STRING);
    if oid == DES_EDE3_CBC {
        return Ok(DesEde3Cbc { iv: iv(found)? });
    }
    match oid.strip_prefix(&AES) {
        Some([2]) => Ok(Aes128Cbc { iv: iv(found)? }),
        Some([22]) => Ok(Aes192Cbc { iv: iv(found)? }),
        Some([42]) => Ok(Aes256Cbc { iv: iv(found)? }),
        _ => Err(Refusal::UnknownAlgorithm),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asn1::{self, Writer};

    /// An AlgorithmIdentifier of PBES2.
    fn pbes2(kdf: &[u8], parameters: impl FnOnce(&mut Writer), cipher: &[u8], iv: &[u8]) -> Vec<u8> {
        asn1::encode(|w| {
            w.sequence(|w| {
                w.primitive(tag::OBJECT_IDENTIFIER, &PBES2);
                w.sequence(|w| {
                    w.sequence(|w| {
                        w.primitive(tag::OBJECT_IDENTIFIER, kdf);
                        w.sequence(parameters);
                    });
                    w.sequence(|w| {
                        w.primitive(tag::OBJECT_IDENTIFIER, cipher);
                        w.octet_string(iv);
                    });
                });
            });
        })
    }

    fn scrypt(n: u64, r: u64, p: u64) -> Vec<u8> {
        let numbers = move |w: &mut Writer| {
            w.octet_string(&[7; 16]);
            [n, r, p]
                .iter()
                .for_each(|number| w.unsigned(&number.to_be_bytes()));
        };
        pbes2(&SCRYPT, numbers, &DES_EDE3_CBC, &[0; 8])
    }

    fn pbkdf2(salt: usize, rounds: u64, iv: usize) -> Vec<u8> {
        let numbers = move |w: &mut Writer| {
            w.octet_string(&vec![7; salt]);
            w.unsigned(&rounds.to_be_bytes());
        };
        pbes2(&PBKDF2, numbers, &DES_EDE3_CBC, &vec![0; iv])
    }

    fn refusal(algorithm: &[u8]) -> Refusal {
        decrypt(algorithm, &[0; 16], b"x", &Budget::of_a_file()).unwrap_err()
    }

    #[test]
    fn lengths_that_do_not_fit_are_refused() {
        for octets in (0..24).filter(|octets| *octets != 8) {
            assert_eq!(refusal(&pbkdf2(8, 1, octets)), Refusal::Malformed, "{octets}");
        }
        assert_eq!(refusal(&pbkdf2(33, 1, 8)), Refusal::UnknownAlgorithm);
        assert_eq!(refusal(&pbkdf2(32, 1, 8)), Refusal::WrongPassword);
    }

    #[test]
    fn costs_are_bounded_before_anything_is_derived() {
        for (algorithm, want) in [
            (scrypt(0, 8, 1), Refusal::Malformed),
            (scrypt(1, 8, 1), Refusal::Malformed),
            (scrypt(3, 8, 1), Refusal::Malformed),
            (scrypt(16, 0, 1), Refusal::Malformed),
            (scrypt(16, 8, 0), Refusal::Malformed),
            (scrypt(1 << 40, 8, 1), Refusal::TooManyRounds),
            (scrypt(1 << 63, 8, 1), Refusal::TooManyRounds),
            (scrypt(1 << 24, 1, 1), Refusal::TooManyRounds),
            (scrypt(1 << 17, 8, 1), Refusal::TooManyRounds),
            (scrypt(2, 8, 65_536), Refusal::TooManyRounds),
            (scrypt(1 << 16, 8, 65_535), Refusal::TooManyRounds),
            (scrypt(16, 1, 1), Refusal::WrongPassword),
            (pbkdf2(8, 0, 8), Refusal::Malformed),
            (pbkdf2(8, MAX_ROUNDS + 1, 8), Refusal::TooManyRounds),
            (pbkdf2(8, 1 << 31, 8), Refusal::TooManyRounds),
            (pbkdf2(8, u64::MAX, 8), Refusal::TooManyRounds),
        ] {
            assert_eq!(refusal(&algorithm), want, "{algorithm:02x?}");
        }
    }

    #[test]
    fn a_file_has_one_budget() {
        let budget = Budget::of_a_file();
        assert_eq!(budget.spend(MAX_ROUNDS - 1), Ok(()));
        let attempt = |rounds| decrypt(&pbkdf2(8, rounds, 8), &[0; 16], b"x", &budget).unwrap_err();
        assert_eq!(attempt(2), Refusal::TooManyRounds);
        assert_eq!(attempt(1), Refusal::WrongPassword);
        assert_eq!(attempt(1), Refusal::TooManyRounds);
    }

    #[test]
    fn truncated_parameters_are_refused() {
        let whole = pbkdf2(8, 1, 8);
        for length in 0..whole.len() {
            assert_eq!(refusal(&whole[..length]), Refusal::Malformed, "{length}");
        }
    }
}
