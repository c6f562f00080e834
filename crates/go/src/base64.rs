//! Base64 (RFC 4648, section 4) with the leniency of Go's `StdEncoding`: line breaks are
//! skipped, and unused bits of the last symbol may be set.

use std::fmt;

/// The offset of the first invalid byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Corrupt(pub usize);

impl fmt::Display for Corrupt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "illegal base64 data at input byte {}", self.0)
    }
}

impl std::error::Error for Corrupt {}

/// Encodes as one line, with padding.
pub fn encode(bytes: &[u8]) -> String {
    data_encoding::BASE64.encode(bytes)
}

/// Decodes padded base64.
///
/// # Errors
/// The offset that Go reports in `illegal base64 data at input byte N`.
pub fn decode(text: impl AsRef<[u8]>) -> Result<Vec<u8>, Corrupt> {
    let text = text.as_ref();
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let mut symbols = text
        .iter()
        .copied()
        .enumerate()
        .filter(|(_, b)| !matches!(b, b'\r' | b'\n'));
    loop {
        let mut group = [0_u8; 4];
        let mut filled = 0;
        while filled < 4 {
            match symbols.next() {
                None if filled == 0 => return Ok(out),
                None => return Err(Corrupt(text.len() - filled)),
                Some((at, b'=')) => {
                    // Padding is not possible before two symbols, and needs two signs after
                    // two; nothing may follow it.
                    if filled < 2 {
                        return Err(Corrupt(at));
                    }
                    if filled == 2 {
                        match symbols.next() {
                            Some((_, b'=')) => {}
                            Some((at, _)) => return Err(Corrupt(at - 1)),
                            None => return Err(Corrupt(text.len())),
                        }
                    }
                    push(&mut out, group, filled - 1);
                    return match symbols.next() {
                        Some((at, _)) => Err(Corrupt(at)),
                        None => Ok(out),
                    };
                }
                Some((at, symbol)) => {
                    group[filled] = value(symbol).ok_or(Corrupt(at))?;
                    filled += 1;
                }
            }
        }
        push(&mut out, group, 3);
    }
}

fn push(out: &mut Vec<u8>, [a, b, c, d]: [u8; 4], count: usize) {
    let bytes = [a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d];
    out.extend_from_slice(&bytes[..count]);
}

fn value(symbol: u8) -> Option<u8> {
    match symbol {
        b'A'..=b'Z' => Some(symbol - b'A'),
        b'a'..=b'z' => Some(symbol - b'a' + 26),
        b'0'..=b'9' => Some(symbol - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        for len in 0..70 {
            let bytes: Vec<u8> = (0..len).map(|i: u8| i.wrapping_mul(37) + 5).collect();
            assert_eq!(decode(encode(&bytes)), Ok(bytes));
        }
    }

    #[test]
    fn is_as_lenient_as_go() {
        assert_eq!(decode("AA\nEC\r\n"), Ok(vec![0, 1, 2]));
        assert_eq!(decode("BQB="), Ok(vec![5, 0]));
        assert_eq!(decode("BR=\n="), Ok(vec![5]));
        assert_eq!(decode(""), Ok(vec![]));
    }

    #[test]
    fn names_the_byte_that_go_names() {
        for (text, at) in [
            ("@@", 0),
            ("AA@A", 2),
            ("A", 0),
            ("AA", 0),
            ("AAA", 0),
            ("AAAAA", 4),
            ("A=", 1),
            ("AA=", 3),
            ("AA=A", 2),
            ("AA==A", 4),
            ("AAA=x", 4),
            ("-_", 0),
        ] {
            assert_eq!(decode(text), Err(Corrupt(at)), "{text}");
        }
    }
}
