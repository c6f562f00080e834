//! Writes DER (X.690) to one growing buffer; lengths are filled in when an element is
//! closed.
//!
//! Bytes from elsewhere (an issuer's name, a public key) are inserted unchanged with
//! [`Writer::raw`]: a CA's name must be repeated octet for octet even if its encoding is
//! unusual, which a library that decodes and re-encodes cannot do.

pub mod fields;
mod header;
pub mod read;
mod time;

pub(crate) use self::time::{generalized_with_fraction, read_time, utc, written, zone};
pub(crate) use header::base_128;

use ::time::{OffsetDateTime, UtcOffset};

use crate::oid::Oid;

/// Tags of universal types, with the constructed bit where applicable.
pub mod tag {
    #![allow(missing_docs)]
    pub const BOOLEAN: u8 = 0x01;
    pub const INTEGER: u8 = 0x02;
    pub const BIT_STRING: u8 = 0x03;
    pub const OCTET_STRING: u8 = 0x04;
    pub const NULL: u8 = 0x05;
    pub const OBJECT_IDENTIFIER: u8 = 0x06;
    pub const ENUMERATED: u8 = 0x0a;
    pub const UTF8_STRING: u8 = 0x0c;
    pub const NUMERIC_STRING: u8 = 0x12;
    pub const PRINTABLE_STRING: u8 = 0x13;
    pub const T61_STRING: u8 = 0x14;
    pub const IA5_STRING: u8 = 0x16;
    pub const UTC_TIME: u8 = 0x17;
    pub const GENERALIZED_TIME: u8 = 0x18;
    pub const BMP_STRING: u8 = 0x1e;
    pub const SEQUENCE: u8 = 0x30;
    pub const SET: u8 = 0x31;

    /// `[number]`, primitive, for example an implicitly tagged string.
    pub const fn context(number: u8) -> u8 {
        0x80 | number
    }

    /// `[number]`, constructed: explicit tags, and implicitly tagged sequences.
    pub const fn context_constructed(number: u8) -> u8 {
        0xa0 | number
    }
}

/// The bytes of one DER value that a closure writes.
pub fn encode(build: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut writer = Writer(Vec::with_capacity(64));
    build(&mut writer);
    writer.0
}

/// A buffer to which elements are appended.
#[derive(Debug, Clone, Default)]
pub struct Writer(Vec<u8>);

impl Writer {
    /// A writer whose buffer has room for `octets`.
    pub fn with_capacity(octets: usize) -> Self {
        Writer(Vec::with_capacity(octets))
    }

    /// The bytes written so far.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes written.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// An element whose contents `inner` writes.
    pub fn nest(&mut self, tag: u8, inner: impl FnOnce(&mut Self)) {
        self.0.push(tag);
        let start = self.0.len();
        self.0.push(0);
        inner(self);
        let length = self.0.len() - start - 1;
        if let Ok(short @ 0..0x80) = u8::try_from(length) {
            self.0[start] = short;
        } else {
            let octets = length.to_be_bytes();
            let skip = octets.iter().take_while(|b| **b == 0).count();
            let significant = &octets[skip..];
            self.0[start] = 0x80 | significant.len() as u8;
            self.0.splice(start + 1..start + 1, significant.iter().copied());
        }
    }

    /// SEQUENCE
    pub fn sequence(&mut self, inner: impl FnOnce(&mut Self)) {
        self.nest(tag::SEQUENCE, inner);
    }

    /// `[number] EXPLICIT`, or an implicitly tagged SEQUENCE or SET.
    pub fn context(&mut self, number: u8, inner: impl FnOnce(&mut Self)) {
        self.nest(tag::context_constructed(number), inner);
    }

    /// SET OF: the elements in the order of their encodings (X.690, 11.6).
    pub fn set_of(&mut self, mut elements: Vec<Vec<u8>>) {
        elements.sort();
        self.nest(tag::SET, |w| elements.iter().for_each(|e| w.raw(e)));
    }

    /// An element with these contents.
    pub fn primitive(&mut self, tag: u8, contents: &[u8]) {
        self.nest(tag, |w| w.0.extend_from_slice(contents));
    }

    /// One or more complete elements that were encoded elsewhere.
    pub fn raw(&mut self, element: &[u8]) {
        self.0.extend_from_slice(element);
    }

    /// INTEGER
    pub fn integer(&mut self, value: i64) {
        let octets = value.to_be_bytes();
        // Leading octets that only repeat the sign are omitted.
        let redundant =
            |pair: &[u8]| (pair[0] == 0 && pair[1] < 0x80) || (pair[0] == 0xff && pair[1] >= 0x80);
        let skip = octets.windows(2).take_while(|pair| redundant(pair)).count();
        self.primitive(tag::INTEGER, &octets[skip..]);
    }

    /// INTEGER of a magnitude, most significant octet first.
    pub fn unsigned(&mut self, magnitude: &[u8]) {
        let skip = magnitude.iter().take_while(|b| **b == 0).count();
        let magnitude = &magnitude[skip..];
        self.nest(tag::INTEGER, |w| {
            if magnitude.first().is_none_or(|first| *first >= 0x80) {
                w.0.push(0);
            }
            w.raw(magnitude);
        });
    }

    /// BOOLEAN TRUE; FALSE is the default wherever it could occur, and omitted.
    pub fn true_(&mut self) {
        self.primitive(tag::BOOLEAN, &[0xff]);
    }

    /// NULL
    pub fn null(&mut self) {
        self.primitive(tag::NULL, &[]);
    }

    /// OBJECT IDENTIFIER
    pub fn oid(&mut self, oid: &Oid) {
        self.primitive(tag::OBJECT_IDENTIFIER, oid.octets());
    }

    /// OCTET STRING
    pub fn octet_string(&mut self, contents: &[u8]) {
        self.primitive(tag::OCTET_STRING, contents);
    }

    /// BIT STRING of whole octets.
    pub fn bit_string(&mut self, contents: &[u8]) {
        self.nest(tag::BIT_STRING, |w| {
            w.0.push(0);
            w.raw(contents);
        });
    }

    /// BIT STRING of named bits, bit 0 first, without trailing zeros (X.690, 11.2.2).
    pub fn named_bits(&mut self, bits: u16) {
        let octets = bits.reverse_bits().to_be_bytes();
        let used = 16 - bits.leading_zeros();
        let unused = (8 - used % 8) % 8;
        self.nest(tag::BIT_STRING, |w| {
            w.0.push(unused as u8);
            w.raw(&octets[..used.div_ceil(8) as usize]);
        });
    }

    /// UTCTime for the years 1950 to 2049, otherwise GeneralizedTime (RFC 5280, section
    /// 4.1.2.5). Fractions of a second are truncated.
    pub fn time(&mut self, time: OffsetDateTime) {
        let time = in_utc(time);
        if (1950..2050).contains(&time.year()) {
            let year = time.year().rem_euclid(100) as u8;
            self.nest(tag::UTC_TIME, |w| w.digits(&[year]).month_to_second(time));
        } else {
            self.generalized_time(time);
        }
    }

    /// GeneralizedTime in seconds, UTC.
    pub fn generalized_time(&mut self, time: OffsetDateTime) {
        let time = in_utc(time);
        let year = format!("{:04}", time.year());
        self.nest(tag::GENERALIZED_TIME, |w| {
            w.raw(year.as_bytes());
            w.month_to_second(time);
        });
    }

    fn month_to_second(&mut self, time: OffsetDateTime) {
        let (hour, minute, second) = time.to_hms();
        self.digits(&[u8::from(time.month()), time.day(), hour, minute, second]);
        self.0.push(b'Z');
    }

    /// Numbers below 100 with two digits each; a CRL has a time per entry.
    fn digits(&mut self, numbers: &[u8]) -> &mut Self {
        for number in numbers {
            self.0.extend([b'0' + number / 10, b'0' + number % 10]);
        }
        self
    }
}

/// A time that would leave the calendar's range is not converted.
fn in_utc(time: OffsetDateTime) -> OffsetDateTime {
    time.checked_to_offset(UtcOffset::UTC).unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use ::time::macros::datetime;

    use super::*;

    #[test]
    fn integers_are_minimal() {
        for (value, want) in [
            (0, &[0][..]),
            (127, &[127]),
            (128, &[0, 128]),
            (256, &[1, 0]),
            (-1, &[0xff]),
            (-2, &[0xfe]),
            (-128, &[0x80]),
            (-129, &[0xff, 0x7f]),
            (i64::MIN, &[0x80, 0, 0, 0, 0, 0, 0, 0]),
        ] {
            assert_eq!(encode(|w| w.integer(value))[2..], *want, "{value}");
        }
        for (magnitude, want) in [
            (&[][..], &[0][..]),
            (&[0, 0, 5], &[5]),
            (&[0x80], &[0, 0x80]),
            (&[0, 0x7f, 1], &[0x7f, 1]),
        ] {
            assert_eq!(encode(|w| w.unsigned(magnitude))[2..], *want);
        }
    }

    #[test]
    fn lengths_take_as_many_octets_as_they_need() {
        for (length, header) in [
            (127, &[4, 127][..]),
            (128, &[4, 0x81, 128]),
            (255, &[4, 0x81, 255]),
            (256, &[4, 0x82, 1, 0]),
            (70_000, &[4, 0x83, 1, 0x11, 0x70]),
        ] {
            let der = encode(|w| w.octet_string(&vec![7; length]));
            assert_eq!(der[..header.len()], *header);
            assert_eq!(der.len(), header.len() + length);
            assert!(der[header.len()..].iter().all(|b| *b == 7));
        }
    }

    #[test]
    fn named_bits_drop_the_zeros_at_the_end() {
        for (bits, want) in [
            (0b1, "03020780"),
            (0b101, "030205a0"),
            (0b110_0000, "03020106"),
            (0b1_0000_0000, "0303070080"),
            (0b1_0000_0001, "0303078080"),
            (0, "030100"),
        ] {
            let hex: String = encode(|w| w.named_bits(bits))
                .iter()
                .map(|b| format!("{b:02x}"))
                .collect();
            assert_eq!(hex, want);
        }
    }

    #[test]
    fn times_change_type_with_the_year_2050() {
        let text = |time| encode(|w| w.time(time));
        assert_eq!(
            text(datetime!(2049-12-31 23:59:59.9 UTC)),
            b"\x17\x0d491231235959Z"
        );
        assert_eq!(text(datetime!(2050-01-01 0:00 UTC)), b"\x18\x0f20500101000000Z");
        assert_eq!(text(datetime!(1950-01-01 0:00 UTC)), b"\x17\x0d500101000000Z");
        assert_eq!(text(datetime!(1949-12-31 0:00 UTC)), b"\x18\x0f19491231000000Z");
    }

    #[test]
    fn sets_are_sorted_by_encoding() {
        let der = encode(|w| w.set_of(vec![vec![2, 2, 1, 0], vec![2, 1, 9], vec![2, 1, 3]]));
        assert_eq!(der, [0x31, 10, 2, 1, 3, 2, 1, 9, 2, 2, 1, 0]);
    }
}
