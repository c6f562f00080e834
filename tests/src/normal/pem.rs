//! PEM blocks in text, with their exact layout.

use data_encoding::BASE64;

const BEGIN: &str = "-----BEGIN ";
const DASHES: &str = "-----";

/// A block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block<'a> {
    /// The words between `BEGIN` and the dashes.
    pub label: &'a str,
    /// The text between the `BEGIN` line and the dashes of `END`.
    pub body: &'a str,
    /// From the first dash to the last.
    pub text: &'a str,
    /// Whether a line end follows.
    pub ended: bool,
    /// The start of the block in the text.
    pub start: usize,
}

impl Block<'_> {
    /// The lines of the body.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.body.trim_matches('\n').split('\n')
    }

    /// The bytes; `None` for a body that is not base64, such as one with headers.
    pub fn der(&self) -> Option<Vec<u8>> {
        decode(self.body)
    }

    /// The body that RFC 7468 prescribes for these bytes: lines of 64 characters, each with
    /// a line end.
    pub fn canonical_body(der: &[u8]) -> String {
        let mut text = String::new();
        for line in BASE64.encode(der).as_bytes().chunks(64) {
            text.extend(line.iter().map(|byte| char::from(*byte)));
            text.push('\n');
        }
        text
    }

    /// Whether it is encrypted in either way.
    pub fn is_encrypted(&self) -> bool {
        self.text.contains("ENCRYPTED")
    }
}

/// Base64 with optional white space.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let bare: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    BASE64.decode(&bare).ok()
}

/// All blocks of a text.
pub fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = text[at..].find(BEGIN).map(|offset| at + offset) {
        match block(text, start) {
            Some(block) => {
                at = start + block.text.len();
                found.push(block);
            }
            None => at = start + BEGIN.len(),
        }
    }
    found
}

fn block(text: &str, start: usize) -> Option<Block<'_>> {
    let rest = &text[start + BEGIN.len()..];
    let label = &rest[..rest.find('-').filter(|end| *end > 0)?];
    let rest = rest[label.len()..].strip_prefix(DASHES)?;
    let rest = rest.strip_prefix('\r').unwrap_or(rest).strip_prefix('\n')?;
    let end = format!("-----END {label}-----");
    let body = &rest[..rest.find(&end)?];
    let behind = &rest[body.len() + end.len()..];
    Some(Block {
        label,
        body,
        text: &text[start..text.len() - behind.len()],
        ended: behind.starts_with('\n') || behind.starts_with("\r\n"),
        start,
    })
}

/// The text with each block replaced by `<pem>`.
pub fn layout(text: &str) -> String {
    let mut out = String::new();
    let mut at = 0;
    for block in blocks(text) {
        out.push_str(&text[at..block.start]);
        out.push_str("<pem>");
        at = block.start + block.text.len();
    }
    out + &text[at..]
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "head\n-----BEGIN A B-----\nAAEC\n-----END A B-----\n\n-----BEGIN X-----\r\nAA==\r\n-----END X-----";

    #[test]
    fn blocks_are_found_with_their_layout() {
        let found = blocks(TEXT);
        assert_eq!(found.len(), 2);
        assert_eq!(
            (found[0].label, found[0].body, found[0].ended),
            ("A B", "AAEC\n", true)
        );
        assert_eq!((found[1].label, found[1].ended), ("X", false));
        assert_eq!(found[0].der().unwrap(), [0, 1, 2]);
        assert_eq!(found[1].der().unwrap(), [0]);
        assert_eq!(layout(TEXT), "head\n<pem>\n\n<pem>");
    }

    #[test]
    fn malformed_blocks_are_not_found() {
        for text in [
            "-----BEGIN A-----\nAA",
            "-----BEGIN -----\n-----END -----",
            "-----BEGIN A",
        ] {
            assert!(blocks(text).is_empty(), "{text}");
            assert_eq!(layout(text), text);
        }
        assert!(
            blocks("-----BEGIN A-----\nProc-Type: x\n\nAA==\n-----END A-----")[0]
                .der()
                .is_none()
        );
    }

    #[test]
    fn the_canonical_body_has_lines_of_64() {
        let body = Block::canonical_body(&[0; 50]);
        assert_eq!(body.lines().map(str::len).collect::<Vec<_>>(), [64, 4]);
        assert!(body.ends_with('\n'));
    }
}
