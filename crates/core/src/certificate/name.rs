//! Names that others wrote: what Go would not read in them, and x509-parser does.

use x509_parser::asn1_rs::{Any, Tag};
use x509_parser::x509::X509Name;

use crate::asn1::read::{Element, Reader};
use crate::asn1::tag;
use crate::error::{Error, Result};

/// Checks the identifier octets of a name (X.501, 9.2: a SEQUENCE of SETs of
/// SEQUENCEs), of which x509-parser looks at the numbers alone, and the characters of
/// its strings.
///
/// # Errors
/// Go's sentences, such as `asn1: syntax error: IA5String contains invalid character`.
pub fn check_name(name: &X509Name<'_>) -> Result<()> {
    if !is_well_formed(name.as_raw()) {
        return Err(Error::plain("asn1: structure error: sequence tag mismatch"));
    }
    let values = name.iter_attributes().map(|attribute| attribute.attr_value());
    match values.map(wrong_characters).find(Option::is_some).flatten() {
        Some(why) => Err(Error::plain(why)),
        None => Ok(()),
    }
}

/// What is wrong with the contents of a string; nothing for other types.
fn wrong_characters(value: &Any<'_>) -> Option<&'static str> {
    let printable = |b: &u8| b.is_ascii_alphanumeric() || b" '()+,-./:=?*&".contains(b);
    let data = value.data;
    let (good, why) = match value.tag() {
        Tag::Utf8String => (std::str::from_utf8(data).is_ok(), "asn1: invalid UTF-8 string"),
        Tag::PrintableString => (
            data.iter().all(printable),
            "asn1: syntax error: PrintableString contains invalid character",
        ),
        Tag::Ia5String => (
            data.is_ascii(),
            "asn1: syntax error: IA5String contains invalid character",
        ),
        Tag::NumericString => (
            data.iter().all(|b| b.is_ascii_digit() || *b == b' '),
            "asn1: syntax error: NumericString contains invalid character",
        ),
        Tag::BmpString => (data.len().is_multiple_of(2), "pkcs12: odd-length BMP string"),
        _ => return None,
    };
    (!good).then_some(why)
}

fn is_well_formed(der: &[u8]) -> bool {
    let is_attribute = |attribute: Element<'_>| {
        let mut parts = Reader::new(attribute.contents);
        let has_kind = parts.expect(tag::OBJECT_IDENTIFIER).is_some();
        attribute.tag == tag::SEQUENCE && has_kind && parts.next().is_some()
    };
    let is_rdn = |rdn: Element<'_>| {
        let mut attributes = Reader::new(rdn.contents);
        rdn.tag == tag::SET && attributes.all(is_attribute) && attributes.is_empty()
    };
    Reader::inside(der, tag::SEQUENCE).is_some_and(|mut name| name.all(is_rdn) && name.is_empty())
}

#[cfg(test)]
mod tests {
    use x509_parser::asn1_rs::FromDer;

    use super::*;

    /// CN=`value`
    fn name(tag: u8, value: &[u8]) -> Vec<u8> {
        let length = value.len() as u8;
        let head = [
            0x30,
            11 + length,
            0x31,
            9 + length,
            0x30,
            7 + length,
            6,
            3,
            0x55,
            4,
            3,
            tag,
            length,
        ];
        [&head, value].concat()
    }

    fn check(der: &[u8]) -> std::result::Result<(), String> {
        let (_, name) = X509Name::from_der(der).map_err(|error| error.to_string())?;
        check_name(&name).map_err(|error| error.to_string())
    }

    #[test]
    fn strings_hold_what_they_may() {
        for (tag, good, bad) in [
            (0x0C, "é".as_bytes(), &[0xFF][..]),
            (0x13, b"A*b&", b"a_"),
            (0x16, b"a@b", b"\x80"),
            (0x12, b"0 1", b"a"),
            (0x1E, b"\0a", b"a"),
        ] {
            assert_eq!(check(&name(tag, good)), Ok(()), "{tag}");
            assert!(check(&name(tag, bad)).is_err(), "{tag}");
        }
        assert_eq!(check(&name(0x14, &[0xFF])), Ok(()));
    }

    #[test]
    fn a_name_has_the_tags_of_one() {
        let der = name(0x13, b"x");
        for at in [0, 2, 4, 6] {
            let mut other = der.clone();
            other[at] ^= 0x40;
            assert!(check(&other).is_err(), "{at}");
        }
        // A value longer than its attribute.
        let mut long = der.clone();
        long[12] = 9;
        assert!(check(&long).is_err());
        assert_eq!(check(&[0x30, 0]), Ok(()));
    }
}
