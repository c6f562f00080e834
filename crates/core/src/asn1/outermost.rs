//! What Go's ASN.1 reader says of bytes whose outermost element is not what it
//! should be (`encoding/asn1`, Go 1.22): scripts show these words to people, who look
//! them up.

use super::tag;

/// The header of an element, with the names that Go shows.
struct Header {
    class: u8,
    number: u8,
    length: usize,
    is_compound: bool,
    /// Where the contents begin.
    end: usize,
}

/// Go's words about bytes that should be a SEQUENCE, to be read as its type of this
/// name. None where the SEQUENCE is all there, and what is in it is the matter; and
/// for tag numbers above 30, which no structure here has.
pub(crate) fn refusal(der: &[u8], type_name: &str) -> Option<String> {
    let Some(first) = der.first() else {
        return Some("asn1: syntax error: sequence truncated".to_owned());
    };
    if first & 0x1f == 0x1f {
        return None;
    }
    let header = match read_header(der) {
        Ok(header) => header,
        Err(words) => return Some(format!("asn1: {words}")),
    };
    let sequence = (0, tag::SEQUENCE & 0x1f, true);
    if (header.class, header.number, header.is_compound) != sequence {
        return Some(mismatch(&header, type_name));
    }
    (der.len() - header.end < header.length).then(|| "asn1: syntax error: data truncated".to_owned())
}

fn mismatch(header: &Header, type_name: &str) -> String {
    format!(
        "asn1: structure error: tags don't match (16 vs {{class:{} tag:{} length:{} isCompound:{}}}) \
         {{optional:false explicit:false application:false private:false defaultValue:<nil> tag:<nil> \
         stringType:0 timeType:0 set:false omitEmpty:false}} {type_name} @{}",
        header.class, header.number, header.length, header.is_compound, header.end
    )
}

fn read_header(der: &[u8]) -> Result<Header, &'static str> {
    const TRUNCATED: &str = "syntax error: truncated tag or length";
    let (first, octet) = match der {
        [first, octet, ..] => (*first, *octet),
        _ => return Err(TRUNCATED),
    };
    let mut header = Header {
        class: first >> 6,
        number: first & 0x1f,
        length: usize::from(octet),
        is_compound: first & 0x20 != 0,
        end: 2,
    };
    if octet < 0x80 {
        return Ok(header);
    }
    if octet == 0x80 {
        return Err("syntax error: indefinite length found (not DER)");
    }
    header.length = 0;
    for _ in 0..octet & 0x7f {
        let octet = der.get(header.end).ok_or(TRUNCATED)?;
        if header.length >= 1 << 23 {
            return Err("structure error: length too large");
        }
        header.length = header.length << 8 | usize::from(*octet);
        header.end += 1;
        if header.length == 0 {
            return Err("structure error: superfluous leading zeros in length");
        }
    }
    if header.length < 0x80 {
        return Err("structure error: non-minimal length");
    }
    Ok(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_those_of_go() {
        for (der, words) in [
            (&[][..], "syntax error: sequence truncated"),
            (&[0x30], "syntax error: truncated tag or length"),
            (&[0x30, 0x82, 1], "syntax error: truncated tag or length"),
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
            (&[0x30, 4, 5, 0], "syntax error: data truncated"),
        ] {
            assert_eq!(refusal(der, "x"), Some(format!("asn1: {words}")), "{der:?}");
        }
        let other = refusal(&[0xa3, 0x81, 0x80], "certificateRequest").unwrap();
        assert!(other.contains("(16 vs {class:2 tag:3 length:128 isCompound:true}) {optional:false "));
        assert!(other.ends_with(" omitEmpty:false} certificateRequest @3"));
        for fine in [&[0x30, 0][..], &[0x30, 2, 5, 0, 9], &[0x1f, 0x81]] {
            assert_eq!(refusal(fine, "x"), None, "{fine:?}");
        }
    }
}
