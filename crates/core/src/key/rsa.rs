//! RSA keys with the `rsa` crate: making them, of any size and on all cores, and
//! signing with legacy keys, whose sizes aws-lc does not do.
//!
//! Signing with this crate is not free of timing leaks (RUSTSEC-2023-0071). It
//! happens only in one-shot commands with keys below 2048 bits or above 8192,
//! never where a network could time it.

use std::convert::Infallible;
use std::num::NonZero;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use rand_core::{TryCryptoRng, TryRng};
use rsa::pkcs1::EncodeRsaPrivateKey;
use rsa::pkcs1v15::SigningKey;
use rsa::signature::{SignatureEncoding, Signer};
use rsa::{BoxedUint, RsaPrivateKey};
use zeroize::Zeroizing;

use super::SignatureAlgorithm;
use super::primes::{self, SmallPrimes};
use crate::error::{Code, Error, Result};

/// The public exponent of every key made here: F4, as Go's.
const PUBLIC_EXPONENT: u64 = 65537;

/// Makes a key of exactly `bits` bits; gives its RSAPrivateKey (PKCS#1).
pub(super) fn generate(bits: u32) -> Result<Zeroizing<Vec<u8>>> {
    loop {
        let [p, q] = pair([bits / 2, bits - bits / 2])?;
        // Fails where 65537 divides p-1 or q-1: another pair, then.
        if let Ok(key) = RsaPrivateKey::from_p_q(p, q, BoxedUint::from(PUBLIC_EXPONENT)) {
            let document = key.to_pkcs1_der().map_err(|_| Error::from(Code::KeyGeneration))?;
            return Ok(Zeroizing::new(document.as_bytes().to_vec()));
        }
    }
}

/// Two different primes of these lengths, their two upper bits set so that the
/// product has all its bits. Every core searches from a random start of its
/// own, for whichever prime is still missing.
fn pair(lengths: [u32; 2]) -> Result<[BoxedUint; 2]> {
    let found: Mutex<[Option<BoxedUint>; 2]> = Mutex::new([None, None]);
    let done = AtomicBool::new(false);
    let failed = AtomicBool::new(false);
    let wanted = |worker: usize| {
        let found = found.lock().unwrap_or_else(PoisonError::into_inner);
        let own = worker % 2;
        [own, 1 - own]
            .into_iter()
            .find(|slot| found[*slot].is_none())
            .map(|slot| lengths[slot])
    };
    let store = |length: u32, prime: BoxedUint| {
        let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
        if found.iter().flatten().any(|other| *other == prime) {
            return;
        }
        if let Some(slot) = (0..2).find(|slot| found[*slot].is_none() && lengths[*slot] == length) {
            found[slot] = Some(prime);
        }
        done.store(found.iter().all(Option::is_some), Ordering::Relaxed);
    };
    let small = SmallPrimes::for_length(lengths[0]);
    let search = |worker: usize| {
        let mut random = Random { failed: &failed };
        let stop = || done.load(Ordering::Relaxed) || failed.load(Ordering::Relaxed);
        while let Some(length) = wanted(worker) {
            match primes::find(length, &small, &mut random, stop) {
                Some(prime) => store(length, prime),
                None => return,
            }
        }
    };
    let workers = thread::available_parallelism().map_or(1, NonZero::get);
    thread::scope(|scope| {
        for worker in 1..workers {
            let search = &search;
            // Where no thread is to be had, this one does all the work.
            let _ = thread::Builder::new().spawn_scoped(scope, move || search(worker));
        }
        search(0);
    });
    let found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    match (found, failed.into_inner()) {
        ([Some(p), Some(q)], false) => Ok([p, q]),
        _ => Err(Code::KeyGeneration.into()),
    }
}

/// The random generator in the shape that the prime search wants, which cannot
/// fail: a failure is noted and what was found is thrown away.
struct Random<'a> {
    failed: &'a AtomicBool,
}

impl TryRng for Random<'_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> std::result::Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> std::result::Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, buffer: &mut [u8]) -> std::result::Result<(), Infallible> {
        if super::random(buffer).is_err() {
            self.failed.store(true, Ordering::Relaxed);
        }
        Ok(())
    }
}

impl TryCryptoRng for Random<'_> {}

/// A PKCS#1 v1.5 signature (RFC 8017, section 8.2).
pub(super) fn sign(key: &RsaPrivateKey, algorithm: SignatureAlgorithm, message: &[u8]) -> Result<Vec<u8>> {
    let signed = match algorithm {
        SignatureAlgorithm::Sha1WithRsa => SigningKey::<sha1::Sha1>::new(key.clone()).try_sign(message),
        SignatureAlgorithm::Sha256WithRsa => SigningKey::<sha2::Sha256>::new(key.clone()).try_sign(message),
        SignatureAlgorithm::Sha384WithRsa => SigningKey::<sha2::Sha384>::new(key.clone()).try_sign(message),
        _ => SigningKey::<sha2::Sha512>::new(key.clone()).try_sign(message),
    };
    let signature = signed.map_err(|_| Error::from(Code::KeyUnknown))?;
    Ok(signature.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rsa::pkcs1::DecodeRsaPrivateKey;
    use rsa::traits::{PrivateKeyParts, PublicKeyParts};

    #[test]
    fn a_key_has_every_bit_that_was_asked_for() {
        for bits in [2048, 2049, 2050, 2111, 3072, 4096] {
            let key = RsaPrivateKey::from_pkcs1_der(&generate(bits).unwrap()).unwrap();
            key.validate().unwrap();
            assert_eq!(key.n().bits(), bits);
            assert_eq!(key.e(), &BoxedUint::from(PUBLIC_EXPONENT));
            let lengths: Vec<u32> = key.primes().iter().map(|prime| prime.bits()).collect();
            assert_eq!(lengths.iter().sum::<u32>(), bits, "{lengths:?}");
        }
    }
}
