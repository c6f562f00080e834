//! The header of a DER element (X.690, 8.1), decoded with the strictness and the messages
//! of Go's `encoding/asn1` (Go 1.22).

/// Identifier and length octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    /// 0 universal, 1 application, 2 context-specific, 3 private
    pub class: u8,
    /// The tag number.
    pub number: u32,
    /// Whether the constructed bit is set.
    pub is_compound: bool,
    /// The number of contents octets.
    pub length: usize,
    /// The number of octets of the header itself.
    pub size: usize,
}

const TRUNCATED: &str = "syntax error: truncated tag or length";

impl Header {
    /// Decodes the header at the start of `der`.
    ///
    /// # Errors
    /// Go's message without the leading `asn1: `.
    pub fn read(der: &[u8]) -> Result<Self, &'static str> {
        let (&first, mut rest) = der.split_first().ok_or(TRUNCATED)?;
        let mut number = u32::from(first & 0x1f);
        if number == 0x1f {
            number = base_128(&mut rest)?;
            if number < 0x1f {
                return Err("syntax error: non-minimal tag");
            }
        }
        let length = length(&mut rest)?;
        Ok(Header {
            class: first >> 6,
            number,
            is_compound: first & 0x20 != 0,
            length,
            size: der.len() - rest.len(),
        })
    }

    /// Whether the element has this identifier octet.
    pub fn is(&self, tag: u8) -> bool {
        let own = (self.class, self.number, self.is_compound);
        own == (tag >> 6, u32::from(tag & 0x1f), tag & 0x20 != 0)
    }
}

fn length(rest: &mut &[u8]) -> Result<usize, &'static str> {
    let first = take(rest).ok_or(TRUNCATED)?;
    if first < 0x80 {
        return Ok(usize::from(first));
    }
    if first == 0x80 {
        return Err("syntax error: indefinite length found (not DER)");
    }
    let mut length = 0;
    for _ in 0..first & 0x7f {
        let octet = take(rest).ok_or(TRUNCATED)?;
        if length >= 1 << 23 {
            return Err("structure error: length too large");
        }
        length = length << 8 | usize::from(octet);
        if length == 0 {
            return Err("structure error: superfluous leading zeros in length");
        }
    }
    match length {
        0..0x80 => Err("structure error: non-minimal length"),
        _ => Ok(length),
    }
}

/// The next base-128 number, as in tags (X.690, 8.1.2.4) and object identifiers (8.19.2):
/// minimally encoded and of at most 31 bits.
///
/// # Errors
/// Go's message without the leading `asn1: `.
pub(crate) fn base_128(rest: &mut &[u8]) -> Result<u32, &'static str> {
    const TOO_LARGE: &str = "structure error: base 128 integer too large";
    let mut value = 0_u64;
    for at in 0..5 {
        let octet = take(rest).ok_or("syntax error: truncated base 128 integer")?;
        if at == 0 && octet == 0x80 {
            return Err("syntax error: integer is not minimally encoded");
        }
        value = value << 7 | u64::from(octet & 0x7f);
        if octet < 0x80 {
            return u32::try_from(value)
                .ok()
                .filter(|value| *value <= i32::MAX.cast_unsigned())
                .ok_or(TOO_LARGE);
        }
    }
    // Go looks for a sixth octet only if there is one.
    Err(if rest.is_empty() {
        "syntax error: truncated base 128 integer"
    } else {
        TOO_LARGE
    })
}

fn take(rest: &mut &[u8]) -> Option<u8> {
    let (&first, after) = rest.split_first()?;
    *rest = after;
    Some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_those_of_go() {
        for (der, words) in [
            (&[0x30][..], TRUNCATED),
            (&[0x30, 0x82, 1], TRUNCATED),
            (&[0x1f, 0x81], "syntax error: truncated base 128 integer"),
            (&[0x1f, 0x1e, 0], "syntax error: non-minimal tag"),
            (&[0x1f, 0x80, 0], "syntax error: integer is not minimally encoded"),
            (
                &[0x30, 0x80, 0, 0],
                "syntax error: indefinite length found (not DER)",
            ),
            (
                &[0x30, 0x82, 0, 1],
                "structure error: superfluous leading zeros in length",
            ),
            (&[0x30, 0x81, 5], "structure error: non-minimal length"),
            (&[0x30, 0x84, 0x80, 0, 0, 0], "structure error: length too large"),
        ] {
            assert_eq!(Header::read(der), Err(words), "{der:?}");
        }
        let header = Header::read(&[0xbf, 0x81, 0x00, 0x81, 0x80]).unwrap();
        let read = (header.class, header.number, header.is_compound);
        assert_eq!((read, header.length, header.size), ((2, 128, true), 128, 5));
        assert!(Header::read(&[0xa3, 0]).unwrap().is(0xa3));
    }

    #[test]
    fn numbers_in_base_128_have_at_most_31_bits() {
        let read = |octets: &[u8]| base_128(&mut &*octets);
        assert_eq!(read(&[0x86, 0xf7, 0x0d]), Ok(113_549));
        assert_eq!(read(&[0x87, 0xff, 0xff, 0xff, 0x7f]), Ok(0x7fff_ffff));
        let too_large = Err("structure error: base 128 integer too large");
        assert_eq!(read(&[0x88, 0x80, 0x80, 0x80, 0x00]), too_large);
        assert_eq!(read(&[0x81, 0x80, 0x80, 0x80, 0x80, 0x00]), too_large);
        let truncated = Err("syntax error: truncated base 128 integer");
        assert_eq!(read(&[0x81; 5]), truncated);
        assert_eq!(read(&[]), truncated);
    }
}
