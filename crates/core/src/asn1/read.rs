//! Reads DER element by element.

use super::header::Header;

/// A sequence of elements. As an iterator it yields them one by one and stops at malformed
/// DER: see [`Reader::is_empty`].
#[derive(Debug, Clone)]
pub struct Reader<'a>(&'a [u8]);

/// One element.
#[derive(Debug, Clone, Copy)]
pub struct Element<'a> {
    /// The identifier octet: class, constructed bit and number. Numbers above 30, which no
    /// structure here uses, appear as 31.
    pub tag: u8,
    /// The contents octets.
    pub contents: &'a [u8],
    /// The complete element, with its header.
    pub raw: &'a [u8],
}

impl<'a> Element<'a> {
    /// The element at the start of `der` after its header; `None` if `der` is too short.
    pub(super) fn split(der: &'a [u8], header: &Header) -> Option<Self> {
        let end = header.size.checked_add(header.length)?;
        let (raw, _) = der.split_at_checked(end)?;
        Some(Element {
            tag: *raw.first()?,
            contents: raw.get(header.size..)?,
            raw,
        })
    }
}

impl<'a> Reader<'a> {
    /// Creates a reader of `der`.
    pub fn new(der: &'a [u8]) -> Self {
        Reader(der)
    }

    /// The contents of the single element with this tag that makes up `der`.
    pub fn inside(der: &'a [u8], tag: u8) -> Option<Self> {
        let mut outer = Reader(der);
        let inner = outer.expect(tag)?;
        outer.is_empty().then_some(Reader(inner))
    }

    /// The rest.
    pub fn rest(&self) -> &'a [u8] {
        self.0
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The contents of the next element, which must have this tag.
    pub fn expect(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.optional(tag)
    }

    /// The contents of the next element if it has this tag; otherwise nothing is read.
    pub fn optional(&mut self, tag: u8) -> Option<&'a [u8]> {
        if !self.is_next(tag) {
            return None;
        }
        self.next().map(|element| element.contents)
    }

    /// Whether the next element has this tag. It may still be malformed.
    pub fn is_next(&self, tag: u8) -> bool {
        self.0.first() == Some(&tag)
    }

    /// Skips the next element if it has this tag; `None` if it does and is malformed.
    pub fn pass(&mut self, tag: u8) -> Option<()> {
        match self.is_next(tag) {
            true => self.next().map(drop),
            false => Some(()),
        }
    }

    /// The contents of the only remaining element, which must have this tag.
    pub fn only(mut self, tag: u8) -> Option<&'a [u8]> {
        let contents = self.expect(tag)?;
        self.is_empty().then_some(contents)
    }

    /// Enters the next element, which must have this tag.
    pub fn enter(&mut self, tag: u8) -> Option<Reader<'a>> {
        self.expect(tag).map(Reader)
    }
}

impl<'a> Iterator for Reader<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Element<'a>> {
        let element = Element::split(self.0, &Header::read(self.0).ok()?)?;
        self.0 = self.0.get(element.raw.len()..)?;
        Some(element)
    }
}

/// The value of a small, non-negative INTEGER from its contents.
pub fn unsigned(contents: &[u8]) -> Option<u64> {
    match contents {
        [] => None,
        [first, ..] if *first >= 0x80 => None,
        [0, rest @ ..] if rest.len() <= 8 => Some(fold(rest)),
        _ if contents.len() <= 8 => Some(fold(contents)),
        _ => None,
    }
}

/// The value of a minimally encoded INTEGER of at most 64 bits (X.690, 8.3.2).
pub fn signed(contents: &[u8]) -> Option<i64> {
    let sign = if *contents.first()? < 0x80 { 0 } else { -1 };
    let fold = |value: i64, octet: &u8| value << 8 | i64::from(*octet);
    (is_shortest(contents) && contents.len() <= 8).then(|| contents.iter().fold(sign, fold))
}

/// Whether an INTEGER is minimally encoded (X.690, 8.3.2).
pub fn is_shortest(contents: &[u8]) -> bool {
    !matches!(contents, [] | [0, 0..0x80, ..] | [0xff, 0x80..=0xff, ..])
}

fn fold(octets: &[u8]) -> u64 {
    octets
        .iter()
        .fold(0, |value, octet| value << 8 | u64::from(*octet))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asn1::tag;

    #[test]
    fn reads_element_by_element() {
        let der = [0x30, 6, 2, 1, 5, 4, 1, 9];
        let mut inside = Reader::inside(&der, tag::SEQUENCE).unwrap();
        assert_eq!(inside.optional(tag::OCTET_STRING), None);
        assert_eq!(inside.expect(tag::INTEGER), Some(&[5][..]));
        let last = inside.next().unwrap();
        assert_eq!((last.tag, last.contents, last.raw), (4, &[9][..], &[4, 1, 9][..]));
        assert!(inside.is_empty() && inside.next().is_none());
    }

    #[test]
    fn malformed_der_gives_none() {
        for der in [&[0x30][..], &[0x30, 5, 2, 1, 5], &[0x30, 0x80, 0, 0], &[]] {
            assert!(Reader::new(der).next().is_none(), "{der:?}");
        }
        assert!(Reader::inside(&[0x30, 0, 5, 0], tag::SEQUENCE).is_none());
    }

    #[test]
    fn integers_are_signed_and_minimally_encoded() {
        for (contents, value) in [
            (&[0][..], Some(0)),
            (&[0x7f], Some(127)),
            (&[0, 0x80], Some(128)),
            (&[0xff], Some(-1)),
            (&[0xff, 0x7f], Some(-129)),
            (&[0x80, 0, 0, 0, 0, 0, 0, 0], Some(i64::MIN)),
            (&[1; 9], None),
            (&[0, 1], None),
            (&[0xff, 0x80], None),
            (&[], None),
        ] {
            assert_eq!(signed(contents), value, "{contents:?}");
        }
    }

    #[test]
    fn integers_may_be_too_large() {
        assert_eq!(unsigned(&[0, 0x80]), Some(128));
        assert_eq!(unsigned(&[0x80]), None);
        assert_eq!(unsigned(&[0, 0xff, 0, 0, 0, 0, 0, 0, 0]), Some(0xff << 56));
        assert_eq!(unsigned(&[1; 9]), None);
        assert_eq!(unsigned(&[]), None);
    }
}
