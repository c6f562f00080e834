//! PEM (RFC 7468) as parsed by Go: text around a block, headers, trailing spaces and CRLF
//! are allowed; malformed blocks are skipped.

use zeroize::Zeroizing;

use crate::base64;

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";

/// One block. Its contents are wiped when dropped, because they may be a private key.
#[derive(Debug, Clone)]
pub struct Block {
    /// The label: `CERTIFICATE`, `EC PRIVATE KEY`.
    pub label: String,
    /// `Key: value` lines before the contents (encryption headers of RFC 1421).
    pub headers: Vec<(String, String)>,
    /// The decoded bytes.
    pub contents: Zeroizing<Vec<u8>>,
}

impl Block {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .rev()
            .find(|(k, _)| k == name)
            .map(|(_, v)| v.as_str())
    }
}

/// The first complete block in `text`, and the rest. The time is linear in the length of
/// the text, whatever it contains.
pub fn decode(text: &[u8]) -> Option<(Block, &[u8])> {
    let mut search = Search {
        text,
        at: 0,
        end: None,
    };
    loop {
        let rest = &text[search.at..];
        search.at += match rest.starts_with(BEGIN) {
            true => BEGIN.len(),
            false => find(rest, b"\n-----BEGIN ")? + 1 + BEGIN.len(),
        };
        match search.block() {
            Attempt::Block(block) => return Some((block, &text[search.at..])),
            Attempt::Skip => {}
            Attempt::Over => return None,
        }
    }
}

enum Attempt {
    Block(Block),
    Skip,
    Over,
}

/// A search for a block. Later attempts reuse what earlier ones found out about the text.
struct Search<'a> {
    text: &'a [u8],
    at: usize,
    /// The start of the next END line including the line feed before it, as far as it is
    /// known.
    end: Option<usize>,
}

impl Search<'_> {
    /// Continues after `-----BEGIN `. If the block is malformed, the position is where the
    /// search for the next one continues.
    fn block(&mut self) -> Attempt {
        let (line, after) = take_line(&self.text[self.at..]);
        self.at = self.text.len() - after.len();
        let Some(label) = line.strip_suffix(DASHES) else {
            return Attempt::Skip;
        };
        let Some(headers) = self.headers() else {
            return Attempt::Over;
        };
        let rest = &self.text[self.at..];
        // Without headers the END line may follow immediately.
        let (body, trailer) = if headers.is_empty() && rest.starts_with(END) {
            (&rest[..0], &rest[END.len()..])
        } else {
            match self.next_end() {
                Some(end) => (&self.text[self.at..end], &self.text[end + 1 + END.len()..]),
                // Later blocks do not have one either.
                None => return Attempt::Over,
            }
        };
        let Some(after_label) = trailer.strip_prefix(label).and_then(|t| t.strip_prefix(DASHES)) else {
            return Attempt::Skip;
        };
        // Checked before copying: the supposed body may contain other BEGIN lines.
        if body.iter().any(|octet| !may_be_body(*octet)) {
            return Attempt::Skip;
        }
        let (line, after) = take_line(after_label);
        if !line.is_empty() {
            return Attempt::Skip;
        }
        let body: Zeroizing<Vec<u8>> = Zeroizing::new(
            body.iter()
                .copied()
                .filter(|b| !matches!(b, b' ' | b'\t'))
                .collect(),
        );
        match base64::decode(&*body) {
            Ok(contents) => {
                self.at = self.text.len() - after.len();
                let label = String::from_utf8_lossy(label).into_owned();
                Attempt::Block(Block {
                    label,
                    headers,
                    contents: Zeroizing::new(contents),
                })
            }
            Err(_) => Attempt::Skip,
        }
    }

    /// The following `Key: value` lines; `None` at the end of the text.
    fn headers(&mut self) -> Option<Vec<(String, String)>> {
        let mut headers = Vec::new();
        loop {
            let rest = &self.text[self.at..];
            if rest.is_empty() {
                return None;
            }
            let (line, after) = take_line(rest);
            let Some(colon) = line.iter().position(|&b| b == b':') else {
                return Some(headers);
            };
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes.trim_ascii()).into_owned();
            headers.push((text(&line[..colon]), text(&line[colon + 1..])));
            self.at = self.text.len() - after.len();
        }
    }

    fn next_end(&mut self) -> Option<usize> {
        if self.end.is_none_or(|end| end < self.at) {
            let found = find(&self.text[self.at..], b"\n-----END ")?;
            self.end = Some(self.at + found);
        }
        self.end
    }
}

/// Whether a byte belongs to the base64 alphabet or is skipped.
const fn may_be_body(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'/' | b'=' | b'\r' | b'\n' | b' ' | b'\t')
}

/// The first line without its line ending and trailing spaces, and the rest.
fn take_line(text: &[u8]) -> (&[u8], &[u8]) {
    let (line, rest) = match text.iter().position(|&b| b == b'\n') {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (text, &text[text.len()..]),
    };
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let end = line
        .iter()
        .rposition(|b| !matches!(b, b' ' | b'\t'))
        .map_or(0, |at| at + 1);
    (&line[..end], rest)
}

fn find(text: &[u8], needle: &[u8]) -> Option<usize> {
    text.windows(needle.len()).position(|window| window == needle)
}

/// A block without headers and with 64 characters per line, as Go and openssl write it.
pub fn encode(label: &str, contents: &[u8]) -> String {
    let body = Zeroizing::new(base64::encode(contents));
    let mut out = String::with_capacity(body.len() + body.len() / 64 + 2 * label.len() + 40);
    out.push_str("-----BEGIN ");
    out.push_str(label);
    out.push_str("-----\n");
    let mut rest = body.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        out.push_str(line);
        out.push('\n');
        rest = after;
    }
    out.push_str("-----END ");
    out.push_str(label);
    out.push_str("-----\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(text: &str) -> Option<(String, Vec<u8>, String)> {
        decode(text.as_bytes()).map(|(block, rest)| {
            (
                block.label,
                block.contents.to_vec(),
                String::from_utf8_lossy(rest).into_owned(),
            )
        })
    }

    fn found(label: &str, contents: &[u8], rest: &str) -> Option<(String, Vec<u8>, String)> {
        Some((label.to_owned(), contents.to_vec(), rest.to_owned()))
    }

    #[test]
    fn reads_what_it_writes() {
        for length in [0, 1, 47, 48, 49, 96, 1000] {
            let contents: Vec<u8> = (0..length).map(|i| i as u8).collect();
            let text = encode("CERTIFICATE", &contents);
            assert!(text.lines().all(|line| line.len() <= 64));
            assert_eq!(first(&text), found("CERTIFICATE", &contents, ""));
        }
    }

    #[test]
    fn is_as_lenient_as_go() {
        assert_eq!(
            first("text before\n-----BEGIN A-----\r\nAAEC  \r\n-----END A----- \nafter"),
            found("A", &[0, 1, 2], "after")
        );
        assert_eq!(first("-----BEGIN A-----\n-----END A-----\n"), found("A", &[], ""));
        assert_eq!(
            first("-----BEGIN A-----\nAA\n EC\n-----END A-----"),
            found("A", &[0, 1, 2], "")
        );
        let block = decode(
            b"-----BEGIN A-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAEC\n-----END A-----\n",
        )
        .unwrap()
        .0;
        assert_eq!(block.header("DEK-Info"), Some("AES-128-CBC,00"));
        assert_eq!(*block.contents, [0, 1, 2]);
    }

    #[test]
    fn many_unfinished_blocks_take_linear_time() {
        // Searching the whole rest for each of them would take minutes.
        let count = 30_000;
        let good = "-----BEGIN B-----\nAAEC\n-----END B-----\n";
        for line in [
            "-----BEGIN A-----\n",
            "-----BEGIN A-----\na: b\n",
            "-----BEGIN A-----\nAAEC\n",
            "-----BEGIN A----\n",
        ] {
            for end in ["-----END A-----\n", "-----END C-----\n"] {
                let text = format!("{}{end}{good}", line.repeat(count));
                let (label, _, rest) = first(&text).unwrap();
                assert!(label == "A" || rest.is_empty(), "{line} {end}");
            }
            assert_eq!(first(&line.repeat(count)), None, "{line}");
        }
    }

    #[test]
    fn skips_malformed_blocks() {
        let good = "-----BEGIN B-----\nAAEC\n-----END B-----\n";
        for bad in [
            "-----BEGIN A----\nAAEC\n-----END A-----\n",
            "-----BEGIN A-----\n@@@@\n-----END A-----\n",
            "-----BEGIN A-----\nAAEC\n-----END C-----\n",
            "-----BEGIN A-----\nAAEC\n-----END A----- x\n",
            "x-----BEGIN A-----\nAAEC\n-----END A-----\n",
        ] {
            assert_eq!(
                first(&format!("{bad}{good}")),
                found("B", &[0, 1, 2], ""),
                "{bad}"
            );
        }
        for none in [
            "",
            "-----BEGIN A-----",
            "-----BEGIN A-----\n",
            "-----BEGIN A-----\nAAEC\n",
            "garbage",
            "-----BEGIN A-----\na: b\n",
        ] {
            assert_eq!(first(none), None, "{none}");
        }
    }
}
