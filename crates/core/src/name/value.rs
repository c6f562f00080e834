//! Attribute values of any type; Go parses some of them.

use time::OffsetDateTime;

use crate::asn1::fields::{BitString, bit_string, integer, refused};
use crate::asn1::{generalized_with_fraction, tag, utc};
use crate::error::{Error, Result};
use crate::oid::Oid;

/// An attribute value from a name: its tag and contents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// The identifier octet.
    pub tag: u8,
    /// The contents octets.
    pub contents: Vec<u8>,
}

/// The result of Go's `encoding/asn1` for a value of any type.
#[derive(Debug, Clone, PartialEq)]
pub enum Meaning {
    /// A character string of one of six types.
    Text(String),
    /// An INTEGER of at most 64 bits.
    Integer(i64),
    /// A BIT STRING: its octets, and the number of bits used.
    Bits(Vec<u8>, usize),
    /// An OCTET STRING.
    Octets(Vec<u8>),
    /// An OBJECT IDENTIFIER.
    Identifier(Oid),
    /// UTCTime or GeneralizedTime, with its offset.
    Time(OffsetDateTime),
    /// Any other type, which Go skips and cannot encode.
    Nothing,
}

impl Value {
    /// Parses the contents according to the tag.
    ///
    /// # Errors
    /// Go's message for invalid contents, such as `asn1: syntax error: IA5String contains
    /// invalid character`.
    pub fn meaning(&self) -> Result<Meaning> {
        let contents = self.contents.as_slice();
        let wrong = |what: &str| refused(&format!("syntax error: {what} contains invalid character"));
        let text = |is_good: bool, what: &str| match is_good {
            true => Ok(Meaning::Text(self.lossy_text())),
            false => Err(wrong(what)),
        };
        match self.tag {
            tag::PRINTABLE_STRING => text(contents.iter().all(is_printable), "PrintableString"),
            tag::NUMERIC_STRING => text(contents.iter().all(is_numeric), "NumericString"),
            tag::IA5_STRING => text(contents.is_ascii(), "IA5String"),
            tag::T61_STRING => Ok(Meaning::Text(self.lossy_text())),
            tag::UTF8_STRING => match String::from_utf8(self.contents.clone()) {
                Ok(text) => Ok(Meaning::Text(text)),
                Err(_) => Err(Error::plain("asn1: invalid UTF-8 string")),
            },
            tag::BMP_STRING => bmp(contents).map(Meaning::Text),
            tag::INTEGER => integer(contents).map(Meaning::Integer),
            tag::BIT_STRING => bits(contents),
            tag::OCTET_STRING => Ok(Meaning::Octets(self.contents.clone())),
            tag::OBJECT_IDENTIFIER => Oid::read(contents).map(Meaning::Identifier),
            tag::UTC_TIME => moment(utc(contents), contents, "060102150405Z0700"),
            tag::GENERALIZED_TIME => moment(
                generalized_with_fraction(contents),
                contents,
                "20060102150405.999999999Z0700",
            ),
            _ => Ok(Meaning::Nothing),
        }
    }

    /// The text of a character string; `None` for other types.
    ///
    /// Like Go, this decodes a T61String as UTF-8. If it is not valid UTF-8, it is decoded
    /// as Latin-1, which such names contain in practice.
    pub fn text(&self) -> Option<String> {
        match self.meaning() {
            Ok(Meaning::Text(text)) => Some(text),
            _ => None,
        }
    }

    fn lossy_text(&self) -> String {
        match std::str::from_utf8(&self.contents) {
            Ok(text) => text.to_owned(),
            Err(_) => self.contents.iter().map(|octet| char::from(*octet)).collect(),
        }
    }
}

/// The alphabet of a PrintableString (X.680, 41.4), and two characters that Go accepts in
/// addition.
fn is_printable(octet: &u8) -> bool {
    octet.is_ascii_alphanumeric() || b" '()+,-./:=?*&".contains(octet)
}

fn is_numeric(octet: &u8) -> bool {
    octet.is_ascii_digit() || *octet == b' '
}

/// UTF-16, big-endian, with an optional NUL at the end.
fn bmp(contents: &[u8]) -> Result<String> {
    if !contents.len().is_multiple_of(2) {
        return Err(Error::plain("pkcs12: odd-length BMP string"));
    }
    let contents = contents.strip_suffix(&[0, 0]).unwrap_or(contents);
    let units = contents
        .chunks_exact(2)
        .map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
    let characters = char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER));
    Ok(characters.collect())
}

fn bits(contents: &[u8]) -> Result<Meaning> {
    let BitString { octets, unused } = bit_string(contents)?;
    let count = octets.len() * 8 - usize::from(unused);
    Ok(Meaning::Bits(octets.to_vec(), count))
}

/// Go names the element of its layout that it did not find, which is the year if the value
/// is not a time at all.
fn moment(moment: Option<OffsetDateTime>, contents: &[u8], layout: &str) -> Result<Meaning> {
    let refused = || {
        let text = rcfssl_go::quote(&String::from_utf8_lossy(contents));
        let year = if layout.starts_with("2006") { "2006" } else { "06" };
        Error::plain(format!(
            "parsing time {text} as \"{layout}\": cannot parse {text} as \"{year}\""
        ))
    };
    moment.map(Meaning::Time).ok_or_else(refused)
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn meaning(tag: u8, contents: &[u8]) -> std::result::Result<Meaning, String> {
        let contents = contents.to_vec();
        Value { tag, contents }
            .meaning()
            .map_err(|error| error.to_string())
    }

    #[test]
    fn strings_must_match_their_alphabet() {
        for (tag, good, bad, why) in [
            (
                tag::UTF8_STRING,
                "é".as_bytes(),
                &[0xff][..],
                "invalid UTF-8 string",
            ),
            (
                tag::PRINTABLE_STRING,
                b"A*b&",
                b"a_",
                "PrintableString contains invalid character",
            ),
            (
                tag::IA5_STRING,
                b"a@b",
                b"\x80",
                "IA5String contains invalid character",
            ),
            (
                tag::NUMERIC_STRING,
                b"0 1",
                b"a",
                "NumericString contains invalid character",
            ),
            (tag::BMP_STRING, b"\0a", b"a", "odd-length BMP string"),
        ] {
            assert!(matches!(meaning(tag, good), Ok(Meaning::Text(_))), "{tag}");
            assert!(meaning(tag, bad).unwrap_err().ends_with(why), "{tag}");
        }
        let text = |tag, contents: &[u8]| match meaning(tag, contents) {
            Ok(Meaning::Text(text)) => text,
            other => format!("{other:?}"),
        };
        assert_eq!(text(tag::T61_STRING, &[0xe9]), "é");
        assert_eq!(text(tag::BMP_STRING, b"\0a\0\0"), "a");
        assert_eq!(text(tag::BMP_STRING, b"\xd8\0\0a"), "\u{fffd}a");
    }

    #[test]
    fn other_types_are_parsed_as_strictly() {
        assert_eq!(meaning(tag::INTEGER, &[0xff]), Ok(Meaning::Integer(-1)));
        assert_eq!(
            meaning(tag::OCTET_STRING, b"x"),
            Ok(Meaning::Octets(b"x".to_vec()))
        );
        assert_eq!(
            meaning(tag::BIT_STRING, &[4, 0x10]),
            Ok(Meaning::Bits(vec![0x10], 4))
        );
        assert_eq!(
            meaning(tag::UTC_TIME, b"2601021504Z"),
            Ok(Meaning::Time(datetime!(2026-01-02 15:04 UTC)))
        );
        for (tag, contents, why) in [
            (tag::INTEGER, &[0, 5][..], "integer not minimally-encoded"),
            (tag::INTEGER, &[], "empty integer"),
            (tag::INTEGER, &[1; 9], "integer too large"),
            (tag::BIT_STRING, &[], "zero length BIT STRING"),
            (tag::BIT_STRING, &[1], "invalid padding bits in BIT STRING"),
            (tag::BIT_STRING, &[8, 0], "invalid padding bits in BIT STRING"),
            (tag::BIT_STRING, &[1, 1], "invalid padding bits in BIT STRING"),
            (
                tag::OBJECT_IDENTIFIER,
                &[0x80, 1],
                "integer is not minimally encoded",
            ),
        ] {
            assert!(
                meaning(tag, contents).unwrap_err().ends_with(why),
                "{tag} {contents:?}"
            );
        }
        assert_eq!(
            meaning(tag::UTC_TIME, b"x").unwrap_err(),
            r#"parsing time "x" as "060102150405Z0700": cannot parse "x" as "06""#
        );
        // BOOLEAN, NULL, UniversalString, VisibleString, SEQUENCE, [12]
        for tag in [1, 5, 0x1c, 0x1a, 0x30, 0x8c, 0x2c] {
            assert_eq!(meaning(tag, b"x"), Ok(Meaning::Nothing), "{tag}");
        }
    }
}
