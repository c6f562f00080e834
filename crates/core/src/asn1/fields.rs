//! Reads DER into a structure field by field, like Go's `encoding/asn1` (Go 1.22): it
//! rejects what Go rejects, with Go's messages, which users find in logs and search for.

use super::header::Header;
use super::read::{Element, is_shortest, signed};
use super::tag;
use crate::error::{Error, Result};

/// The fields of a structure that have not been read yet.
#[derive(Debug, Clone)]
pub struct Fields<'a> {
    contents: &'a [u8],
    /// The offset of the next field.
    at: usize,
}

/// Go's error with these words.
pub fn refused(words: &str) -> Error {
    Error::plain(format!("asn1: {words}"))
}

impl<'a> Fields<'a> {
    /// The fields in the contents of a SEQUENCE, or in a whole document.
    pub fn new(contents: &'a [u8]) -> Self {
        Fields { contents, at: 0 }
    }

    /// The rest.
    pub fn rest(&self) -> &'a [u8] {
        self.contents.get(self.at..).unwrap_or_default()
    }

    /// Whether all fields have been read.
    pub fn is_empty(&self) -> bool {
        self.at == self.contents.len()
    }

    /// The next field, of any type (`asn1.RawValue`).
    ///
    /// # Errors
    /// `asn1: syntax error: sequence truncated` and the like.
    pub fn any(&mut self) -> Result<Element<'a>> {
        let header = self.header()?;
        self.take(&header)
    }

    /// The next field, which must have this tag. `go_type` is Go's name for the type, shown
    /// in the error.
    ///
    /// # Errors
    /// As [`Fields::any`], and `asn1: structure error: tags don't match …`.
    pub fn expect(&mut self, tag: u8, go_type: &str) -> Result<Element<'a>> {
        let header = self.header()?;
        if header.is(tag) {
            return self.take(&header);
        }
        Err(self.mismatch(tag, &header, go_type))
    }

    /// The next field if it has this tag; otherwise it is left for later.
    ///
    /// # Errors
    /// As [`Fields::any`].
    pub fn optional(&mut self, tag: u8) -> Result<Option<Element<'a>>> {
        if self.is_empty() {
            return Ok(None);
        }
        let header = self.header()?;
        header.is(tag).then(|| self.take(&header)).transpose()
    }

    /// Enters the next field, a SEQUENCE.
    ///
    /// # Errors
    /// As [`Fields::expect`].
    pub fn enter(&mut self, go_type: &str) -> Result<Fields<'a>> {
        let element = self.expect(tag::SEQUENCE, go_type)?;
        Ok(Fields::new(element.contents))
    }

    fn header(&self) -> Result<Header> {
        if self.is_empty() {
            return Err(refused("syntax error: sequence truncated"));
        }
        Header::read(self.rest()).map_err(refused)
    }

    fn take(&mut self, header: &Header) -> Result<Element<'a>> {
        let element = Element::split(self.rest(), header);
        let element = element.ok_or_else(|| refused("syntax error: data truncated"))?;
        self.at += element.raw.len();
        Ok(element)
    }

    fn mismatch(&self, tag: u8, header: &Header, go_type: &str) -> Error {
        // Go shows the address of a tag that it expects.
        let (class, wanted) = (tag >> 6, tag & 0x1f);
        let told = if class == 0 { "<nil>" } else { "0xc000012088" };
        refused(&format!(
            "structure error: tags don't match ({wanted} vs {{class:{} tag:{} length:{} isCompound:{}}}) \
             {{optional:false explicit:false application:false private:false defaultValue:<nil> tag:{told} \
             stringType:0 timeType:0 set:false omitEmpty:false}} {go_type} @{}",
            header.class,
            header.number,
            header.length,
            header.is_compound,
            self.at + header.size,
        ))
    }
}

/// The elements of a SEQUENCE OF or SET OF with these contents; each must have this tag.
///
/// # Errors
/// `asn1: structure error: sequence tag mismatch`, `asn1: syntax error: truncated
/// sequence`, or an error for a malformed header.
pub fn elements(contents: &[u8], tag: Option<u8>) -> Result<Vec<Element<'_>>> {
    let mut elements = Vec::new();
    let mut rest = contents;
    while !rest.is_empty() {
        let header = Header::read(rest).map_err(refused)?;
        if tag.is_some_and(|tag| !header.is(tag)) {
            return Err(refused("structure error: sequence tag mismatch"));
        }
        let element = Element::split(rest, &header);
        let element = element.ok_or_else(|| refused("syntax error: truncated sequence"))?;
        rest = rest.split_at(element.raw.len()).1;
        elements.push(element);
    }
    Ok(elements)
}

/// An INTEGER of at most 64 bits.
///
/// # Errors
/// `asn1: structure error: integer not minimally-encoded` and the like.
pub fn integer(contents: &[u8]) -> Result<i64> {
    signed(contents).ok_or_else(|| {
        refused(match contents {
            [] => "structure error: empty integer",
            _ if is_shortest(contents) => "structure error: integer too large",
            _ => "structure error: integer not minimally-encoded",
        })
    })
}

/// A BOOLEAN; true is encoded as all ones (X.690, 11.1).
///
/// # Errors
/// `asn1: syntax error: invalid boolean`
pub fn boolean(contents: &[u8]) -> Result<bool> {
    match contents {
        [0] => Ok(false),
        [0xff] => Ok(true),
        _ => Err(refused("syntax error: invalid boolean")),
    }
}

/// A BIT STRING.
#[derive(Debug, Clone, Copy)]
pub struct BitString<'a> {
    /// Its octets.
    pub octets: &'a [u8],
    /// The number of unused bits in the last octet; they are zero (X.690, 11.2).
    pub unused: u8,
}

impl BitString<'_> {
    /// The bits as octets, shifted right if the last octet is incomplete, as in Go.
    pub fn right_aligned(self) -> Vec<u8> {
        let before = std::iter::once(&0).chain(self.octets);
        let moved = |(&before, &octet): (&u8, &u8)| {
            let both = u16::from_be_bytes([before, octet]) >> self.unused;
            both.to_be_bytes()[1]
        };
        before.zip(self.octets).map(moved).collect()
    }
}

/// Decodes the contents of a BIT STRING.
///
/// # Errors
/// `asn1: syntax error: invalid padding bits in BIT STRING` and the like.
pub fn bit_string(contents: &[u8]) -> Result<BitString<'_>> {
    let Some((&unused, octets)) = contents.split_first() else {
        return Err(refused("syntax error: zero length BIT STRING"));
    };
    let zeros = octets.last().map_or(0, |last| last.trailing_zeros().min(7));
    if u32::from(unused) > zeros {
        return Err(refused("syntax error: invalid padding bits in BIT STRING"));
    }
    Ok(BitString { octets, unused })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words<T>(result: Result<T>) -> String {
        result.map_or_else(|error| error.to_string(), |_| String::new())
    }

    #[test]
    fn the_words_are_those_of_go() {
        for (der, end) in [
            (&[][..], "syntax error: sequence truncated"),
            (&[0x30], "syntax error: truncated tag or length"),
            (&[0x30, 4, 5, 0], "syntax error: data truncated"),
            (&[0x30, 0], ""),
        ] {
            let found = words(Fields::new(der).enter("x"));
            assert_eq!(found.trim_start_matches("asn1: "), end, "{der:?}");
        }
        let mut fields = Fields::new(&[2, 1, 5, 0xa3, 0x81, 0x80]);
        fields.any().unwrap();
        let other = words(fields.enter("certificateRequest"));
        assert!(other.contains("(16 vs {class:2 tag:3 length:128 isCompound:true}) {optional:false "));
        assert!(
            other.ends_with(" omitEmpty:false} certificateRequest @6"),
            "{other}"
        );
    }

    #[test]
    fn optional_fields_may_be_missing_but_not_malformed() {
        let mut fields = Fields::new(&[1, 1, 0xff, 4, 0]);
        assert!(fields.optional(tag::INTEGER).unwrap().is_none());
        assert_eq!(fields.optional(tag::BOOLEAN).unwrap().unwrap().contents, [0xff]);
        fields.any().unwrap();
        assert!(fields.optional(tag::BOOLEAN).unwrap().is_none() && fields.is_empty());
        assert!(Fields::new(&[1, 0x80]).optional(tag::INTEGER).is_err());
    }

    #[test]
    fn bits_are_right_aligned() {
        let moved = |contents: &[u8]| bit_string(contents).map(BitString::right_aligned);
        assert_eq!(moved(&[0, 0xab, 0xcd]), Ok(vec![0xab, 0xcd]));
        assert_eq!(moved(&[4, 0xab, 0xc0]), Ok(vec![0x0a, 0xbc]));
        assert_eq!(moved(&[0]), Ok(vec![]));
        for bad in [&[][..], &[1], &[8, 0], &[4, 0xab, 0xc8]] {
            assert!(moved(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn lists_hold_elements_of_one_kind() {
        let list = [2, 1, 5, 2, 1, 6];
        assert_eq!(elements(&list, Some(tag::INTEGER)).unwrap().len(), 2);
        assert_eq!(
            words(elements(&list, Some(tag::SET))),
            "asn1: structure error: sequence tag mismatch"
        );
        assert_eq!(
            words(elements(&[2, 3, 5], None)),
            "asn1: syntax error: truncated sequence"
        );
    }
}
