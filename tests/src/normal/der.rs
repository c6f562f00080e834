//! Strict DER parser, element by element, without interpretation.
//!
//! Written for these tests only, so that the product's own code is not tested with itself.

use anyhow::{Context, Result, bail, ensure};

/// The tags used here (X.690, 8.1.2).
pub mod tag {
    /// INTEGER
    pub const INTEGER: u8 = 0x02;
    /// UTCTime
    pub const UTC_TIME: u8 = 0x17;
    /// GeneralizedTime
    pub const GENERALIZED_TIME: u8 = 0x18;
    /// SEQUENCE
    pub const SEQUENCE: u8 = 0x30;
    /// \[0\], constructed
    pub const CONTEXT_0: u8 = 0xA0;
    /// \[3\], constructed
    pub const CONTEXT_3: u8 = 0xA3;
}

/// One element: tag, length, value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Element<'a> {
    /// The identifier octet.
    pub tag: u8,
    /// The contents octets.
    pub value: &'a [u8],
    /// All octets.
    pub bytes: &'a [u8],
}

impl<'a> Element<'a> {
    /// Parses the element at the start of `bytes`; returns it with the rest.
    ///
    /// # Errors
    /// For truncated bytes, and lengths that are not minimally encoded (X.690, 10.1).
    pub fn first(bytes: &'a [u8]) -> Result<(Self, &'a [u8])> {
        let [tag, first, ..] = *bytes else {
            bail!("an element of {} bytes", bytes.len());
        };
        let (header, length) = match usize::from(first) {
            short @ 0..0x80 => (2, short),
            long => {
                let count = long & 0x7F;
                ensure!((1..=4).contains(&count), "a length of {count} bytes");
                let octets = bytes.get(2..2 + count).context("a truncated length")?;
                let length = octets.iter().fold(0, |sum, octet| sum << 8 | usize::from(*octet));
                ensure!(length >= 0x80 && octets[0] != 0, "a length that is not minimal");
                (2 + count, length)
            }
        };
        let value = bytes
            .get(header..header + length)
            .context("a truncated element")?;
        let (bytes, rest) = bytes.split_at(header + length);
        Ok((Element { tag, value, bytes }, rest))
    }

    /// Parses bytes that consist of exactly one element.
    ///
    /// # Errors
    /// As [`Element::first`], and for trailing bytes.
    pub fn whole(bytes: &'a [u8]) -> Result<Self> {
        let (element, rest) = Self::first(bytes)?;
        ensure!(rest.is_empty(), "{} trailing bytes", rest.len());
        Ok(element)
    }

    /// The elements inside.
    ///
    /// # Errors
    /// As [`Element::first`].
    pub fn children(&self) -> Result<Vec<Element<'a>>> {
        let mut rest = self.value;
        let mut children = Vec::new();
        while !rest.is_empty() {
            let (child, behind) = Self::first(rest)?;
            children.push(child);
            rest = behind;
        }
        Ok(children)
    }

    /// The first `N` elements inside.
    ///
    /// # Errors
    /// As [`Element::first`], and if there are fewer.
    pub fn fields<const N: usize>(&self) -> Result<[Element<'a>; N]> {
        let children = self.children()?;
        children
            .first_chunk()
            .copied()
            .with_context(|| format!("{} elements where {N} are due", children.len()))
    }

    /// An OBJECT IDENTIFIER in dotted notation.
    ///
    /// # Errors
    /// If it is malformed.
    pub fn oid(&self) -> Result<String> {
        let mut arcs: Vec<u128> = Vec::new();
        let mut arc = 0;
        for octet in self.value {
            arc = arc << 7 | u128::from(octet & 0x7F);
            if octet & 0x80 == 0 {
                arcs.push(arc);
                arc = 0;
            }
        }
        let (first, rest) = arcs.split_first().context("an empty object identifier")?;
        let root = (first / 40).min(2);
        let mut text = format!("{root}.{}", first - 40 * root);
        rest.iter().for_each(|arc| text.push_str(&format!(".{arc}")));
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_parsed() {
        let bytes = [0x30, 0x08, 0x02, 0x01, 0x05, 0x06, 0x03, 0x55, 0x1D, 0x0F, 0xFF];
        let (sequence, rest) = Element::first(&bytes).unwrap();
        assert_eq!(rest, [0xFF]);
        let [number, oid] = sequence.fields().unwrap();
        assert_eq!((number.tag, number.value), (tag::INTEGER, &[5][..]));
        assert_eq!(oid.oid().unwrap(), "2.5.29.15");
        assert!(sequence.fields::<3>().is_err());
        assert!(Element::whole(&bytes).is_err());
    }

    #[test]
    fn what_is_not_der_is_refused() {
        for bytes in [
            &[][..],
            &[0x30],
            &[0x30, 0x80, 0x00, 0x00],
            &[0x30, 0x81, 0x05, 0, 0, 0, 0, 0],
            &[0x30, 0x82, 0x00, 0x81],
            &[0x30, 0x05, 0x00],
        ] {
            assert!(Element::first(bytes).is_err(), "{bytes:02x?}");
        }
    }
}
