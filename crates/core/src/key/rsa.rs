//! RSA keys with the `rsa` crate: generates keys of any size on all cores, and signs with
//! keys that aws-lc does not support: below 2048 bits, above 8192, or of more than two
//! primes.
//!
//! Signing with this crate has timing leaks (RUSTSEC-2023-0071), so signatures are blinded,
//! and keys that aws-lc supports are never signed with here.

use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use crypto_bigint::{
    ConcatenatingMul, NonZero, RandomBits, RandomMod, U1024, U1536, U2048, U4096, UnsignedWithMontyForm,
};
use crypto_primes::hazmat::{SetBits, SmallFactorsSieveFactory};
use crypto_primes::{Flavor, is_prime, sieve_and_find};
use rand_core::{TryCryptoRng, TryRng};
use rsa::pkcs1::{EncodeRsaPrivateKey, EncodeRsaPublicKey, RsaPrivateKeyRef};
use rsa::{BoxedUint, PrivateKey, PublicKey};
use zeroize::{Zeroize, Zeroizing};

use super::SignatureAlgorithm;
use crate::error::{Code, Error, Result};

/// The public exponent of every generated key: F4, as in Go.
const PUBLIC_EXPONENT: u64 = 65537;

/// The sizes in bits that aws-lc supports for signing.
const USUAL: std::ops::RangeInclusive<u32> = 2048..=8192;

/// The largest supported modulus, in bits. The work grows with the cube of the size, and a
/// certificate may contain any.
const LARGEST: u32 = 16_384;

/// How many primes a key may have besides the first two: five in all, as in OpenSSL.
const MOST_OTHER_PRIMES: usize = 3;

/// Generates a key of exactly `bits` bits; returns its RSAPrivateKey (PKCS#1).
pub(super) fn generate(bits: u32) -> Result<Zeroizing<Vec<u8>>> {
    loop {
        let [p, q] = pair([bits / 2, bits - bits / 2])?;
        let exponent = BoxedUint::from(PUBLIC_EXPONENT);
        // Fails if 65537 divides p-1 or q-1; then another pair is needed.
        if let Ok(key) = PrivateKey::from_p_q((*p).clone(), (*q).clone(), exponent) {
            let document = key.to_pkcs1_der().map_err(|_| Error::from(Code::KeyGeneration))?;
            return Ok(Zeroizing::new(document.as_bytes().to_vec()));
        }
    }
}

/// A prime that is wiped when dropped.
type Prime = Zeroizing<BoxedUint>;

/// Two different primes of these lengths, with their two upper bits set so that the product
/// has full length. Every core searches from its own random start for whichever prime is
/// still missing.
fn pair(lengths: [u32; 2]) -> Result<[Prime; 2]> {
    let found: Mutex<[Option<Prime>; 2]> = Mutex::new([None, None]);
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
    let store = |length: u32, prime: Prime| {
        let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
        if found.iter().flatten().any(|other| **other == *prime) {
            return;
        }
        if let Some(slot) = (0..2).find(|slot| found[*slot].is_none() && lengths[*slot] == length) {
            found[slot] = Some(prime);
        }
        done.store(found.iter().all(Option::is_some), Ordering::Relaxed);
    };
    let search = |worker: usize| {
        let mut random = Random { failed: &failed };
        let stop = || done.load(Ordering::Relaxed) || failed.load(Ordering::Relaxed);
        while let Some(length) = wanted(worker) {
            match find(length, &mut random, stop) {
                Some(prime) => store(length, prime),
                None => break,
            }
        }
        wipe_stack();
    };
    let workers = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    thread::scope(|scope| {
        for worker in 1..workers {
            let search = &search;
            // If no thread can be started, this one does all the work.
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

/// A random prime of exactly `length` bits with its two upper bits set. `None` if `stop`,
/// which is called before each candidate, returns true.
///
/// The numbers have a size known at compile time, so that all their remains are on the
/// stack, where [`wipe_stack`] reaches them.
fn find(length: u32, random: &mut Random<'_>, stop: impl Fn() -> bool) -> Option<Prime> {
    match length {
        0..=1024 => search::<U1024>(length, random, stop),
        1025..=1536 => search::<U1536>(length, random, stop),
        1537..=2048 => search::<U2048>(length, random, stop),
        2049..=4096 => search::<U4096>(length, random, stop),
        _ => None,
    }
}

fn search<T>(length: u32, random: &mut Random<'_>, stop: impl Fn() -> bool) -> Option<Prime>
where
    T: UnsignedWithMontyForm + RandomBits + RandomMod + Zeroize,
{
    let candidates = SmallFactorsSieveFactory::<T>::new(Flavor::Any, length, SetBits::TwoMsb).ok()?;
    let is_wanted = |_: &mut Random<'_>, candidate: &T| stop() || is_prime(Flavor::Any, candidate);
    let found = sieve_and_find(random, candidates, is_wanted).ok()??;
    let found = Zeroizing::new(found);
    // The search may have ended because of `stop`, which never becomes false again.
    (!stop()).then(|| Zeroizing::new(BoxedUint::from(found.as_limbs())))
}

/// Overwrites the remains of a search on the stack of its thread: the working numbers,
/// which no library wipes there.
#[inline(never)]
fn wipe_stack() {
    // Several times the depth of the deepest search with the largest numbers.
    let mut room = [0_u8; 256 << 10];
    room.zeroize();
}

/// The random generator for the prime search, whose interface cannot fail: a failure is
/// recorded, and the result discarded.
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

/// Reads the RSAPrivateKey of a key that aws-lc rejects only for its size or its number of
/// primes. `None` for inconsistent numbers, and for the keys that aws-lc supports: it rejects
/// such a key only for its numbers, and also checks those of the Chinese remainder theorem.
pub(super) fn read_odd(pkcs1: &[u8]) -> Option<(PrivateKey, Vec<u8>)> {
    let parts = RsaPrivateKeyRef::try_from(pkcs1).ok()?;
    let others = parts.other_prime_infos.as_deref().unwrap_or_default();
    let bits = bits_of(parts.modulus.as_bytes());
    if others.is_empty() && USUAL.contains(&bits) || bits > LARGEST || others.len() > MOST_OTHER_PRIMES {
        return None;
    }
    let number = |octets: &[u8]| Some(Zeroizing::new(unsigned(octets)?));
    let d = number(parts.private_exponent.as_bytes())?;
    let mut primes = vec![number(parts.prime1.as_bytes())?, number(parts.prime2.as_bytes())?];
    for other in others {
        primes.push(number(other.prime.as_bytes())?);
    }
    // Checks that the primes differ, that n is their product and that d fits e.
    let key = PrivateKey::from_components(
        unsigned(parts.modulus.as_bytes())?,
        unsigned(parts.public_exponent.as_bytes())?,
        (*d).clone(),
        primes.iter().map(|prime| (**prime).clone()).collect(),
    )
    .ok()?;
    let [p, q, ..] = &primes[..] else { return None };
    let mut fits = is_exponent(parts.exponent1.as_bytes(), &d, p)?
        && is_exponent(parts.exponent2.as_bytes(), &d, q)?
        && is_inverse(parts.coefficient.as_bytes(), q, p)?;
    let mut product = Zeroizing::new(p.concatenating_mul(&**q));
    for (other, prime) in others.iter().zip(&primes[2..]) {
        fits &= is_exponent(other.exponent.as_bytes(), &d, prime)?
            && is_inverse(other.coefficient.as_bytes(), &product, prime)?;
        product = Zeroizing::new(product.concatenating_mul(&**prime));
    }
    let public = key.as_public_key().to_pkcs1_der().ok()?;
    fits.then(|| (key, public.as_bytes().to_vec()))
}

/// Is a number the exponent of a prime, d mod (prime - 1) (RFC 8017, section 3.2)?
fn is_exponent(given: &[u8], d: &BoxedUint, prime: &BoxedUint) -> Option<bool> {
    let order = NonZero::new(prime.wrapping_sub(BoxedUint::one())).into_option()?;
    let computed = Zeroizing::new(d.rem(&order));
    Some(is(&computed, given))
}

/// Is a number below `prime` the inverse of another one modulo that prime, a CRT coefficient?
fn is_inverse(given: &[u8], of: &BoxedUint, prime: &BoxedUint) -> Option<bool> {
    let modulus = NonZero::new(prime.clone()).into_option()?;
    let given = Zeroizing::new(unsigned(given)?);
    let product = Zeroizing::new(given.concatenating_mul(of));
    let remainder = Zeroizing::new(product.rem(&modulus));
    Some(*given < *prime && *remainder == BoxedUint::one())
}

fn is(computed: &BoxedUint, given: &[u8]) -> bool {
    let octets = Zeroizing::new(computed.to_be_bytes());
    significant(&octets) == significant(given)
}

fn unsigned(octets: &[u8]) -> Option<BoxedUint> {
    let bits = u32::try_from(octets.len() * 8).ok()?;
    BoxedUint::from_be_slice(octets, bits).ok()
}

/// The RSAPublicKey of a key for verification.
pub(super) fn public_key(pkcs1: &[u8]) -> Option<PublicKey> {
    let parts = rsa::pkcs1::RsaPublicKeyRef::try_from(pkcs1).ok()?;
    let modulus = parts.modulus.as_bytes();
    if bits_of(modulus) > LARGEST || parts.public_exponent.as_bytes().len() > 8 {
        return None;
    }
    let (n, e) = (unsigned(modulus)?, unsigned(parts.public_exponent.as_bytes())?);
    PublicKey::new_with_size_limits(n, e, 1..=LARGEST as usize).ok()
}

/// The length of a number in bits; lengths beyond 32 bits are the maximum.
pub(super) fn bits_of(octets: &[u8]) -> u32 {
    let octets = significant(octets);
    let zeros = octets.first().map_or(0, |first| first.leading_zeros());
    u32::try_from(octets.len() * 8).map_or(u32::MAX, |bits| bits - zeros)
}

fn significant(octets: &[u8]) -> &[u8] {
    let zeros = octets.iter().take_while(|octet| **octet == 0).count();
    &octets[zeros..]
}

/// A PKCS#1 v1.5 signature (RFC 8017, section 8.2), computed with blinding: the number
/// that the key is applied to is random, so that the time it takes says less.
pub(super) fn sign(key: &PrivateKey, algorithm: SignatureAlgorithm, message: &[u8]) -> Result<Vec<u8>> {
    let failed = AtomicBool::new(false);
    let mut random = Random { failed: &failed };
    let random = &mut random;
    let signed = match algorithm {
        SignatureAlgorithm::Sha1WithRsa => key.pkcs1v15_sign_with_rng::<sha1::Sha1, _>(random, message),
        SignatureAlgorithm::Sha256WithRsa => key.pkcs1v15_sign_with_rng::<sha2::Sha256, _>(random, message),
        SignatureAlgorithm::Sha384WithRsa => key.pkcs1v15_sign_with_rng::<sha2::Sha384, _>(random, message),
        _ => key.pkcs1v15_sign_with_rng::<sha2::Sha512, _>(random, message),
    };
    match (signed, failed.into_inner()) {
        (Ok(signature), false) => Ok(signature),
        _ => Err(Code::KeyUnknown.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asn1;
    use rsa::pkcs1::DecodeRsaPrivateKey;
    use rsa::traits::{PrivateKeyParts, PublicKeyParts};

    #[test]
    fn a_key_has_every_bit_that_was_asked_for() {
        for bits in [2048, 2049, 2050, 2111, 3072, 4096] {
            let key = PrivateKey::from_pkcs1_der(&generate(bits).unwrap()).unwrap();
            key.validate().unwrap();
            assert_eq!(key.n().bit_width(), bits);
            assert_eq!(key.e(), &BoxedUint::from(PUBLIC_EXPONENT));
            let lengths: Vec<u32> = key.primes().iter().map(|prime| prime.bit_width()).collect();
            assert_eq!(lengths.iter().sum::<u32>(), bits, "{lengths:?}");
        }
    }

    /// The upper half of a prime, which each candidate before it shares.
    const PATTERN: usize = 32;

    /// Whether a pattern, given with all bits inverted, occurs in this process's memory.
    fn is_in_memory(inverted: &[u8]) -> bool {
        use std::os::unix::fs::FileExt;
        let memory = std::fs::File::open("/proc/self/mem").unwrap();
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        let mut buffer = vec![0; 1 << 20];
        let writable = maps.lines().filter(|line| line.contains(" rw"));
        writable.into_iter().any(|line| {
            let range = line.split(' ').next().unwrap().split_once('-').unwrap();
            let [mut at, end] = [range.0, range.1].map(|text| u64::from_str_radix(text, 16).unwrap());
            let mut seen = false;
            while at < end && !seen {
                let length = buffer.len().min((end - at) as usize);
                // Some mappings are not readable.
                let read = memory.read_at(&mut buffer[..length], at).unwrap_or(0);
                seen = buffer[..read]
                    .windows(inverted.len())
                    .any(|window| window.iter().zip(inverted).all(|(a, b)| *a == !*b));
                if read <= inverted.len() {
                    break;
                }
                at += (read - inverted.len()) as u64;
                if read < length {
                    break;
                }
            }
            buffer.fill(0);
            seen
        })
    }

    fn inverted_top(prime: &BoxedUint) -> Vec<u8> {
        let octets = Zeroizing::new(prime.to_le_bytes());
        octets[octets.len() - PATTERN..]
            .iter()
            .map(|octet| !octet)
            .collect()
    }

    #[test]
    fn no_thread_leaves_a_prime_in_memory() {
        let primes = pair([1024, 1024]).unwrap();
        let patterns: Vec<Vec<u8>> = primes.iter().map(|prime| inverted_top(prime)).collect();
        assert!(patterns.iter().all(|pattern| is_in_memory(pattern)));
        drop(primes);
        assert!(!patterns.iter().any(|pattern| is_in_memory(pattern)));
    }

    /// The RSAPrivateKey of these numbers.
    fn pkcs1(numbers: &[BoxedUint]) -> Vec<u8> {
        asn1::encode(|w| {
            w.sequence(|w| {
                w.integer(0);
                numbers
                    .iter()
                    .for_each(|number| w.unsigned(&number.to_be_bytes()));
            });
        })
    }

    fn numbers(key: &PrivateKey) -> [BoxedUint; 8] {
        let [p, q] = [0, 1].map(|at| key.primes()[at].as_ref().clone());
        let coefficient = key.crt_coefficient().unwrap();
        let (dp, dq) = (key.dp().unwrap().clone(), key.dq().unwrap().clone());
        let n = key.n().as_ref().clone();
        [n, key.e().clone(), key.d().clone(), p, q, dp, dq, coefficient]
    }

    fn reads(der: &[u8]) -> bool {
        super::super::read_der(der).is_ok()
    }

    #[test]
    fn inconsistent_numbers_are_refused() {
        for bits in [1024, 2048] {
            let [p, q] = pair([bits / 2, bits / 2]).unwrap();
            let e = BoxedUint::from(PUBLIC_EXPONENT);
            let mut key = PrivateKey::from_p_q((*p).clone(), (*q).clone(), e.clone()).unwrap();
            key.precompute().unwrap();
            let good = numbers(&key);
            assert!(reads(&pkcs1(&good)), "{bits}");
            for wrong in 0..good.len() {
                let mut numbers = good.clone();
                numbers[wrong] = numbers[wrong].wrapping_add(BoxedUint::from(2_u64));
                assert!(!reads(&pkcs1(&numbers)), "{bits}, number {wrong}");
            }
            // n = p², with a d that matches e modulo p-1.
            let square = p.concatenating_mul(&*p);
            let [_, _, _, _, _, dp, _, coefficient] = good;
            let d = dp.clone();
            let same = [
                square,
                e,
                d,
                (*p).clone(),
                (*p).clone(),
                dp.clone(),
                dp,
                coefficient,
            ];
            assert!(!reads(&pkcs1(&same)), "{bits}, p = q");
        }
    }

    /// RSAPrivateKey of a key with more than two primes, and its numbers but for the version.
    fn multi_prime(primes: &[Prime], change: usize) -> Vec<u8> {
        let key = PrivateKey::from_primes(
            primes.iter().map(|prime| (**prime).clone()).collect(),
            BoxedUint::from(PUBLIC_EXPONENT),
        )
        .unwrap();
        let d = key.d();
        let exponent = |prime: &BoxedUint| {
            let order = prime.wrapping_sub(BoxedUint::one());
            d.rem(&NonZero::new(order).unwrap())
        };
        let inverse = |of: &BoxedUint, prime: &BoxedUint| {
            let prime = NonZero::new(prime.clone()).unwrap();
            of.rem(&prime).invert_mod(&prime).unwrap()
        };
        let [p, q] = [&*primes[0], &*primes[1]];
        let mut numbers = vec![key.n().as_ref().clone(), key.e().clone(), d.clone()];
        numbers.extend([p.clone(), q.clone(), exponent(p), exponent(q), inverse(q, p)]);
        let mut product = p.concatenating_mul(q);
        for prime in &primes[2..] {
            numbers.extend([(**prime).clone(), exponent(prime), inverse(&product, prime)]);
            product = product.concatenating_mul(&**prime);
        }
        if let Some(number) = numbers.get_mut(change) {
            *number = number.wrapping_add(BoxedUint::from(2_u64));
        }
        let write = |w: &mut asn1::Writer, numbers: &[BoxedUint]| {
            for number in numbers {
                w.unsigned(&number.to_be_bytes());
            }
        };
        asn1::encode(|w| {
            w.sequence(|w| {
                w.integer(i64::from(primes.len() > 2));
                write(w, &numbers[..8]);
                if primes.len() > 2 {
                    w.sequence(|w| {
                        for other in numbers[8..].chunks(3) {
                            w.sequence(|w| write(w, other));
                        }
                    });
                }
            });
        })
    }

    #[test]
    fn a_key_of_several_primes_signs_if_its_numbers_belong_together() {
        let primes: Vec<Prime> = (0..3).flat_map(|_| pair([512, 512]).unwrap()).collect();
        for count in 3..=5 {
            let der = multi_prime(&primes[..count], usize::MAX);
            let key = super::super::read_der(&der).unwrap();
            let algorithm = SignatureAlgorithm::Sha256WithRsa;
            let signature = super::super::SigningKey::sign(&key, algorithm, b"message").unwrap();
            let public = super::super::SigningKey::public_key(&key);
            super::super::verify(public, Some(algorithm), b"message", &signature).unwrap();
        }
        for wrong in 0..8 + 3 {
            let der = multi_prime(&primes[..3], wrong);
            assert!(!reads(&der), "number {wrong}");
        }
        assert!(!reads(&multi_prime(&primes, usize::MAX)), "six primes");
    }

    #[test]
    fn this_crate_is_used_only_because_of_the_size() {
        let key = |bits: u32| {
            let [p, q] = pair([bits / 2, bits - bits / 2]).unwrap();
            let e = BoxedUint::from(PUBLIC_EXPONENT);
            let mut key = PrivateKey::from_p_q((*p).clone(), (*q).clone(), e).unwrap();
            key.precompute().unwrap();
            pkcs1(&numbers(&key))
        };
        assert!(read_odd(&key(2047)).is_some());
        assert!(read_odd(&key(2048)).is_none());
        assert!(read_odd(&key(2050)).is_none());
    }

    #[test]
    fn enormous_keys_are_refused() {
        let number = |bits: u32| BoxedUint::one_with_precision(bits).wrapping_neg();
        let public = |bits| {
            asn1::encode(|w| {
                w.sequence(|w| {
                    w.unsigned(&number(bits).to_be_bytes());
                    w.integer(65537);
                });
            })
        };
        assert!(public_key(&public(16_384)).is_some());
        assert!(public_key(&public(16_448)).is_none());
        assert!(public_key(&public(8 << 20)).is_none());
    }
}
