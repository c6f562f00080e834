//! The search for the primes of RSA keys: odd numbers from a random one on, less the
//! multiples of small primes, until one is prime.
//!
//! Nearly all the time goes into powers of two modulo numbers that are not prime.
//! A sieve to a million halves their number against the few thousand small primes of
//! `crypto-primes`, and a base of two needs no multiplications. What passes is
//! decided by that crate's Baillie-PSW test, under which no composite is known.

use crypto_bigint::{
    BoxedUint, Limb, MontyForm, NonZero, Odd, RandomBits, Reciprocal, SquareAssign, U1024, U1536, U2048,
    U4096, UnsignedWithMontyForm,
};
use crypto_primes::hazmat::{SetBits, random_odd_integer};
use crypto_primes::{Flavor, is_prime};
use rand_core::CryptoRng;
use zeroize::{Zeroize, Zeroizing};

/// The small primes of the sieve, in groups whose product fits a limb: one long
/// division for several of them.
pub struct SmallPrimes {
    groups: Vec<(Reciprocal, Vec<u32>)>,
}

impl SmallPrimes {
    /// Those that pay for primes of `length` bits: the longer the numbers, the
    /// dearer is each one that a larger sieve would have caught.
    pub fn for_length(length: u32) -> Self {
        Self::below(if length <= 1024 { 1 << 17 } else { 1 << 20 })
    }

    /// The odd primes below `limit`, by the sieve of Eratosthenes.
    fn below(limit: usize) -> Self {
        let mut composite = vec![false; limit / 2];
        let mut groups = Vec::new();
        let (mut product, mut primes) = (1_u64, Vec::new());
        for half in 1..composite.len() {
            if composite[half] {
                continue;
            }
            let prime = 2 * half + 1;
            for multiple in (prime * prime / 2..composite.len()).step_by(prime) {
                composite[multiple] = true;
            }
            match product.checked_mul(prime as u64) {
                Some(larger) => product = larger,
                None => {
                    groups.extend(group(product, std::mem::take(&mut primes)));
                    product = prime as u64;
                }
            }
            primes.push(prime as u32);
        }
        groups.extend(group(product, primes));
        SmallPrimes { groups }
    }
}

fn group(product: u64, primes: Vec<u32>) -> Option<(Reciprocal, Vec<u32>)> {
    let divisor = NonZero::new(Limb(product)).into_option()?;
    Some((Reciprocal::new(divisor), primes))
}

/// A random prime of exactly `length` bits, its two upper bits set. None when `stop`
/// says so, which is asked before each candidate.
pub fn find(
    length: u32,
    small: &SmallPrimes,
    random: &mut impl CryptoRng,
    stop: impl Fn() -> bool,
) -> Option<BoxedUint> {
    // Numbers whose count of limbs the compiler knows are a fifth faster.
    match length.div_ceil(64) {
        16 => search::<U1024>(length, small, random, stop),
        24 => search::<U1536>(length, small, random, stop),
        32 => search::<U2048>(length, small, random, stop),
        64 => search::<U4096>(length, small, random, stop),
        _ => search::<BoxedUint>(length, small, random, stop),
    }
}

fn search<T>(
    length: u32,
    small: &SmallPrimes,
    random: &mut impl CryptoRng,
    stop: impl Fn() -> bool,
) -> Option<BoxedUint>
where
    T: UnsignedWithMontyForm + RandomBits + Zeroize,
{
    let length = std::num::NonZero::new(length)?;
    while !stop() {
        let start: Odd<T> = random_odd_integer(random, length, SetBits::TwoMsb).ok()?;
        let start = Zeroizing::new(start.get());
        let composite = multiples::<T>(&start, small, length.get() as usize * 8);
        for step in (0_u32..)
            .zip(composite.iter())
            .filter(|(_, composite)| !**composite)
            .map(|(step, _)| step)
        {
            if stop() {
                return None;
            }
            let candidate = start
                .checked_add(&T::from(2 * step))
                .into_option()
                .map(Zeroizing::new);
            let Some(candidate) = candidate.filter(|candidate| candidate.bits_vartime() == length.get())
            else {
                break;
            };
            if passes_base_two::<T>(&candidate) {
                let candidate = BoxedUint::from(candidate.as_limbs());
                if is_prime(Flavor::Any, &candidate) {
                    return Some(candidate);
                }
            }
        }
    }
    None
}

/// Which of `count` odd numbers from an odd `start` on have a small divisor. With
/// eight times as many numbers as they have bits, one window in 10^9 has no prime.
fn multiples<T: UnsignedWithMontyForm>(start: &T, small: &SmallPrimes, count: usize) -> Zeroizing<Vec<bool>> {
    let mut composite = Zeroizing::new(vec![false; count]);
    for (reciprocal, primes) in &small.groups {
        let residue = start.rem_limb_with_reciprocal(reciprocal).0;
        for prime in primes {
            let missing = (u64::from(*prime) - residue % u64::from(*prime)) as usize;
            let prime = *prime as usize;
            // The least even distance to a multiple.
            let distance = if missing.is_multiple_of(2) {
                missing
            } else {
                missing + prime
            } % (2 * prime);
            for multiple in (distance / 2..count).step_by(prime) {
                composite[multiple] = true;
            }
        }
    }
    composite
}

/// Whether 2^(n-1) is 1 modulo an odd n (Fermat): so it is for each prime, and for
/// hardly anything else.
fn passes_base_two<T: UnsignedWithMontyForm>(number: &T) -> bool {
    let Some(odd) = Odd::new(number.clone()).into_option() else {
        return false;
    };
    let parameters = T::MontyForm::new_params_vartime(odd);
    let one = T::MontyForm::one(&parameters);
    let mut power = one.clone();
    for bit in (0..number.bits_vartime()).rev() {
        power.square_assign();
        // The exponent is even: n-1.
        if bit > 0 && number.bit_vartime(bit) {
            power = power.clone() + &power;
        }
    }
    power == one
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_primes_are_the_odd_primes_in_order() {
        let found: Vec<u32> = SmallPrimes::below(1 << 12)
            .groups
            .into_iter()
            .flat_map(|(_, primes)| primes)
            .collect();
        let by_division: Vec<u32> = (3..1 << 12)
            .filter(|n| (2..*n).take_while(|d| d * d <= *n).all(|d| n % d != 0))
            .collect();
        assert_eq!(found, by_division);
    }

    #[test]
    fn the_sieve_leaves_just_what_no_small_prime_divides() {
        let small = SmallPrimes::below(1 << 8);
        let start = BoxedUint::from_be_hex("f123456789abcdef0123456789abcdef", 128).unwrap();
        let composite = multiples(&start, &small, 1000);
        for (step, composite) in composite.iter().enumerate() {
            let number = 0xf123_4567_89ab_cdef_0123_4567_89ab_cdef_u128 + 2 * step as u128;
            assert_eq!(
                (3..1 << 8).any(|divisor| divisor % 2 == 1 && number.is_multiple_of(divisor)),
                *composite,
                "{number}"
            );
        }
    }

    #[test]
    fn base_two_knows_primes_and_its_liars() {
        let passes = |number: u64| passes_base_two(&BoxedUint::from(number));
        assert!(
            [3, 5, 65537, (1 << 61) - 1, 18_446_744_073_709_551_557]
                .into_iter()
                .all(passes)
        );
        assert!(![9, 15, 65539 * 65543, u64::MAX].into_iter().any(passes));
        // A pseudoprime to base 2 passes here, and not the test after it.
        assert!(passes(341) && !is_prime(Flavor::Any, &BoxedUint::from(341_u64)));
    }
}
