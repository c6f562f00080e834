//! Serial numbers: integers of any size and sign, as in certificates and CRLs, and in
//! decimal.

mod chosen;

pub use chosen::ChosenSerial;

use std::fmt;

use num_bigint::{BigInt, BigUint, Sign};

use crate::error::Result;
use crate::key;

/// The maximum length, in octets, for conversion to decimal, which takes more than linear
/// time. RFC 5280 allows serial numbers of 20 octets.
pub(crate) const LONGEST: usize = 64 << 10;

/// A serial number. Generated ones are positive and have at most 20 octets (RFC 5280,
/// section 4.1.2.2); parsed ones may be anything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Serial(BigInt);

impl Serial {
    /// 159 random bits in 20 octets.
    ///
    /// # Errors
    /// If the system cannot provide random bytes.
    pub fn random() -> Result<Self> {
        Self::random_octets::<20>()
    }

    /// 63 random bits, as used by `selfsign`.
    ///
    /// # Errors
    /// As [`Serial::random`].
    pub fn random_63_bits() -> Result<Self> {
        Self::random_octets::<8>()
    }

    fn random_octets<const LENGTH: usize>() -> Result<Self> {
        let mut octets = [0; LENGTH];
        key::random(&mut octets)?;
        octets[0] &= 0x7f;
        Ok(Self::from_magnitude(&octets))
    }

    /// Converts a magnitude, most significant octet first.
    pub fn from_magnitude(octets: &[u8]) -> Self {
        Serial(BigInt::from_bytes_be(Sign::Plus, octets))
    }

    /// Converts the contents of an INTEGER: two's complement (X.690, 8.3).
    pub fn from_contents(octets: &[u8]) -> Self {
        Serial(BigInt::from_signed_bytes_be(octets))
    }

    /// Parses a decimal number like cfssl: the sign and the digits at the beginning of the
    /// line count, the rest is ignored, and any other beginning means 0.
    pub fn parse_prefix(line: &str) -> Self {
        let (sign, rest) = match line.as_bytes() {
            [b'-', rest @ ..] => (Sign::Minus, rest),
            [b'+', rest @ ..] => (Sign::Plus, rest),
            rest => (Sign::Plus, rest),
        };
        let digits = rest.iter().take_while(|octet| octet.is_ascii_digit()).count();
        Serial(BigInt::from_biguint(sign, parse(&rest[..digits])))
    }

    /// Parses a decimal integer with an optional sign.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        let is_number = !digits.is_empty() && digits.bytes().all(|octet| octet.is_ascii_digit());
        is_number.then(|| Self::parse_prefix(text))
    }

    /// Whether it is negative.
    pub fn is_negative(&self) -> bool {
        self.0.sign() == Sign::Minus
    }

    /// The absolute value, most significant octet first, without leading zeros; empty for
    /// 0.
    pub fn magnitude(&self) -> Vec<u8> {
        match self.0.sign() {
            Sign::NoSign => Vec::new(),
            _ => self.0.to_bytes_be().1,
        }
    }

    /// The contents of the INTEGER.
    pub fn contents(&self) -> Vec<u8> {
        self.0.to_signed_bytes_be()
    }
}

/// In decimal, as shown in logs and by `certinfo`.
impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Converts decimal digits to a number. The library's own conversion takes quadratic time;
/// multiplying converted halves does not.
fn parse(digits: &[u8]) -> BigUint {
    /// Up to this many digits are converted by the library.
    const FEW: usize = 512;
    /// Powers of ten with 512, 1024, 2048 … zeros.
    fn halves(digits: &[u8], powers: &[BigUint]) -> BigUint {
        let [smaller @ .., power] = powers else {
            return BigUint::parse_bytes(digits, 10).unwrap_or_default();
        };
        match digits.len().checked_sub(FEW << smaller.len()) {
            None | Some(0) => halves(digits, smaller),
            Some(upper) => halves(&digits[..upper], smaller) * power + halves(&digits[upper..], smaller),
        }
    }
    let mut powers: Vec<BigUint> = Vec::new();
    while FEW << powers.len() < digits.len() {
        powers.push(match powers.last() {
            None => BigUint::from(10_u8).pow(FEW as u32),
            Some(last) => last * last,
        });
    }
    halves(digits, &powers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_show_in_decimal() {
        for (contents, want) in [
            (&[][..], "0"),
            (&[0, 0], "0"),
            (&[0, 0xff], "255"),
            (&[0xff], "-1"),
            (&[0x80], "-128"),
            (&[0xff, 0], "-256"),
            (&[0, 0x80], "128"),
            (&[0x3b, 0x9a, 0xca, 0x00], "1000000000"),
            (
                &[
                    0x61, 2, 0x8f, 0xcf, 0x7f, 0x54, 0xa6, 0x89, 0xbf, 0x92, 0xbf, 0xcf, 0x64, 0xe1, 0x63,
                    0xc9, 0x24, 0xf7, 0xfd, 0xe6,
                ],
                "553829233924899175640773189573490790427881111014",
            ),
        ] {
            assert_eq!(Serial::from_contents(contents).to_string(), want);
        }
        assert_eq!(
            Serial::from_magnitude(&[0xff; 8]).to_string(),
            "18446744073709551615"
        );
    }

    #[test]
    fn magnitudes_have_no_sign() {
        for (contents, want) in [
            (&[0, 0x80][..], &[0x80][..]),
            (&[0xff], &[1]),
            (&[0x80, 0], &[0x80, 0]),
            (&[0], &[]),
        ] {
            assert_eq!(Serial::from_contents(contents).magnitude(), want);
        }
    }

    #[test]
    fn numbers_are_the_beginning_of_a_line() {
        for (line, want) in [
            ("7", &[7][..]),
            ("7\r", &[7]),
            ("9 ", &[9]),
            ("1_000", &[1]),
            ("+5", &[5]),
            ("-9", &[0xf7]),
            ("-0", &[0]),
            (" 8", &[0]),
            ("abc", &[0]),
            ("0x10", &[0]),
            ("", &[0]),
            ("127", &[0x7f]),
            ("128", &[0, 0x80]),
            ("255", &[0, 0xff]),
            ("256", &[1, 0]),
            ("-128", &[0x80]),
            ("-129", &[0xff, 0x7f]),
            ("-256", &[0xff, 0]),
            ("18446744073709551616", &[1, 0, 0, 0, 0, 0, 0, 0, 0]),
            (
                "123456789012345678901234567890",
                &[
                    1, 0x8e, 0xe9, 0x0f, 0xf6, 0xc3, 0x73, 0xe0, 0xee, 0x4e, 0x3f, 0x0a, 0xd2,
                ],
            ),
        ] {
            assert_eq!(Serial::parse_prefix(line).contents(), want, "{line:?}");
        }
    }

    #[test]
    fn long_numbers_read_back() {
        for digits in [511, 512, 513, 1023, 1024, 1025, 5_000, 157_000] {
            let text: String = (0..digits).map(|at| char::from(b'1' + (at % 9) as u8)).collect();
            let read = Serial::parse_prefix(&text);
            assert!(read.to_string() == text, "{digits}");
            assert_eq!(Serial::from_contents(&read.contents()), read);
        }
    }

    #[test]
    fn random_numbers_are_positive_and_differ() {
        let (a, b) = (Serial::random().unwrap(), Serial::random().unwrap());
        assert_ne!(a, b);
        assert!(a.contents().len() <= 20 && a.contents()[0] < 0x80);
        assert!(Serial::random_63_bits().unwrap().contents().len() <= 8);
    }
}
