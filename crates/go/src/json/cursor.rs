//! Iterates over text that has passed [`check`](super::check).

use super::decode::{MAX_KEYS, RepeatedKey, Report, UnknownKey};
use super::{Error, Mismatch};

/// The type of the next value, with the name that Go's errors use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool,
    /// a number
    Number,
    /// a string
    String,
    /// a list
    Array,
    /// an object
    Object,
}

impl Kind {
    /// The name in error messages.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Null => "null",
            Kind::Bool => "bool",
            Kind::Number => "number",
            Kind::String => "string",
            Kind::Array => "array",
            Kind::Object => "object",
        }
    }
}

/// A Go type in plain words.
fn plain_type(go_type: &str) -> &'static str {
    match go_type {
        "string" => "a string",
        "bool" => "true or false",
        "int" => "a whole number",
        list if list.starts_with("[]") => "a list",
        _ => "an object",
    }
}

/// The position in the text, and the errors found so far.
///
/// The text must have passed [`check`](super::check); with other text the cursor still
/// terminates, but the values are meaningless.
pub struct Cursor<'a> {
    text: &'a [u8],
    at: usize,
    path: Vec<&'static str>,
    innermost: &'static str,
    first_error: Option<Error>,
    fatal: Option<Error>,
    report: Report,
    /// The memory that elements of lists and maps may still take, in octets.
    room: usize,
}

/// The memory for the elements of all lists and maps of one document, in octets. The three
/// octets of `{},` can stand for an element of a kilobyte.
const MOST_MEMORY: usize = 64 << 20;

/// What an element takes at least, with its place in a list or map.
const ELEMENT: usize = 64;

impl<'a> Cursor<'a> {
    /// Creates a cursor before the first value.
    pub fn new(text: &'a [u8]) -> Self {
        Cursor {
            text,
            at: 0,
            path: Vec::new(),
            innermost: "",
            first_error: None,
            fatal: None,
            report: Report::default(),
            room: MOST_MEMORY,
        }
    }

    /// The result: the error that Go would return, or what was unusual.
    pub(super) fn finish(self) -> Result<Report, Error> {
        match self.fatal.or(self.first_error) {
            Some(error) => Err(error),
            None => Ok(self.report),
        }
    }

    /// The type of the next value.
    pub fn kind(&mut self) -> Kind {
        self.skip_space();
        match self.peek() {
            Some(b'"') => Kind::String,
            Some(b'{') => Kind::Object,
            Some(b'[') => Kind::Array,
            Some(b't' | b'f') => Kind::Bool,
            Some(b'-' | b'0'..=b'9') => Kind::Number,
            _ => Kind::Null,
        }
    }

    /// The offset of the next value.
    pub fn offset(&mut self) -> usize {
        self.skip_space();
        self.at
    }

    /// Skips the next value and returns its text.
    pub fn raw(&mut self) -> &'a [u8] {
        self.skip_space();
        let start = self.at;
        let mut depth = 0_usize;
        while let Some(byte) = self.peek() {
            match byte {
                b'"' => self.skip_string(),
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' => {
                    depth = depth.saturating_sub(1);
                    self.at += 1;
                }
                b',' | b':' | b' ' | b'\t' | b'\r' | b'\n' => {
                    self.at += 1;
                    continue;
                }
                _ => {
                    self.advance();
                    self.skip_word();
                }
            }
            if depth == 0 {
                break;
            }
        }
        &self.text[start..self.at]
    }

    /// Reads a string; a value of another type is skipped and gives `None`.
    ///
    /// Each byte of invalid UTF-8 and each lone surrogate becomes U+FFFD.
    pub fn string(&mut self) -> Option<String> {
        let kind = self.kind();
        let raw = self.raw();
        (kind == Kind::String).then(|| unquote(raw))
    }

    /// Iterates over an object: `member` is called with each key and its offset, and must
    /// consume the value.
    pub fn object(&mut self, mut member: impl FnMut(&mut Self, String, usize)) {
        self.container(b'}', |cursor| {
            let offset = cursor.offset();
            let key = cursor.string().unwrap_or_default();
            cursor.skip_space();
            cursor.advance(); // the colon
            member(cursor, key, offset);
        });
    }

    /// Iterates over a list: `element` is called with each index and must consume the
    /// value.
    pub fn array(&mut self, mut element: impl FnMut(&mut Self, usize)) {
        let mut index = 0;
        self.container(b']', |cursor| {
            element(cursor, index);
            index += 1;
        });
    }

    fn container(&mut self, close: u8, mut each: impl FnMut(&mut Self)) {
        self.skip_space();
        self.advance();
        loop {
            self.skip_space();
            match self.peek() {
                None => return,
                Some(byte) if byte == close => {
                    self.at += 1;
                    return;
                }
                Some(b',') => self.at += 1,
                Some(_) => {
                    let before = self.at;
                    each(self);
                    if self.at == before {
                        self.raw();
                    }
                }
            }
        }
    }

    /// Counts one more element of this size in a list or map. Beyond the maximum the
    /// document is rejected, and the rest of it skipped.
    pub(super) fn has_room(&mut self, size: usize) -> bool {
        if let Some(room) = self.room.checked_sub(size.max(ELEMENT)) {
            self.room = room;
            return true;
        }
        let offset = self.offset();
        let most = MOST_MEMORY >> 20;
        self.abort(
            format!("json: too many elements: lists and maps would take more than {most} MiB"),
            offset,
        );
        self.at = self.text.len();
        false
    }

    /// Runs `inner` with one more field name in the path for errors.
    pub(super) fn within(&mut self, owner: &'static str, key: &'static str, inner: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.innermost, owner);
        self.path.push(key);
        inner(self);
        self.path.pop();
        self.innermost = outer;
    }

    /// Records a value of the wrong type and skips it. Go reports the first such error and
    /// reads on.
    pub fn mismatch(&mut self, go_type: &str) {
        let kind = self.kind().name();
        let offset = self.offset();
        self.raw();
        self.mismatch_at(kind, go_type, offset);
    }

    /// Records a value, shown in Go's words, that does not fit the target.
    pub(super) fn mismatch_at(&mut self, value: &str, go_type: &str, offset: usize) {
        let target = if self.path.is_empty() {
            format!("value of type {go_type}")
        } else {
            let owner = self.innermost.rsplit('.').next().unwrap_or_default();
            format!("struct field {owner}.{} of type {go_type}", self.path.join("."))
        };
        let mismatch = Mismatch {
            field: self.path.last().copied().unwrap_or_default(),
            found: value.to_owned(),
            wanted: plain_type(go_type),
        };
        self.first_error.get_or_insert(Error {
            text: format!("json: cannot unmarshal {value} into Go {target}"),
            offset,
            mismatch: Some(mismatch),
        });
    }

    /// Records an error that does not stop the parser.
    pub(super) fn fail(&mut self, text: String, offset: usize) {
        self.first_error.get_or_insert(Error {
            text,
            offset,
            mismatch: None,
        });
    }

    /// Records an error of a type's own parser, which takes precedence over earlier ones.
    pub fn abort(&mut self, text: String, offset: usize) {
        self.fatal.get_or_insert(Error {
            text,
            offset,
            mismatch: None,
        });
    }

    /// Records a key that the type does not have.
    pub(super) fn unknown(&mut self, key: String, offset: usize, known: &'static [&'static str]) {
        if self.report.unknown_keys.len() >= MAX_KEYS {
            self.report.more += 1;
            return;
        }
        let path = self.path.join(".");
        self.report.unknown_keys.push(UnknownKey {
            key,
            path,
            offset,
            known,
        });
    }

    /// Records a key that occurred before in its object.
    pub(super) fn repeated(&mut self, key: String, offset: usize) {
        if self.report.repeated_keys.len() >= MAX_KEYS {
            self.report.more += 1;
            return;
        }
        let path = self.path.join(".");
        self.report.repeated_keys.push(RepeatedKey { key, path, offset });
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn skip_word(&mut self) {
        while self
            .peek()
            .is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
        {
            self.at += 1;
        }
    }

    fn skip_string(&mut self) {
        self.at += 1;
        while let Some(byte) = self.peek() {
            self.at += 1;
            match byte {
                b'"' => return,
                b'\\' => self.advance(),
                _ => {}
            }
        }
    }

    fn advance(&mut self) {
        self.at = self.text.len().min(self.at + 1);
    }
}

/// The characters of a quoted string, with escapes decoded.
fn unquote(raw: &[u8]) -> String {
    let inner = raw.strip_prefix(b"\"").unwrap_or(raw);
    let inner = inner.strip_suffix(b"\"").unwrap_or(inner);
    let mut out = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = rest.iter().position(|&b| b == b'\\') {
        push_lossy(&mut out, &rest[..at]);
        rest = unescape(&mut out, &rest[at + 1..]);
    }
    push_lossy(&mut out, rest);
    out
}

/// Decodes one escape after its backslash; returns the rest.
fn unescape<'a>(out: &mut String, rest: &'a [u8]) -> &'a [u8] {
    let Some((&byte, tail)) = rest.split_first() else {
        return rest;
    };
    let plain = match byte {
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => {
            let unit = hex4(tail);
            let tail = tail.get(4..).unwrap_or_default();
            // A high surrogate is valid only together with the following low one.
            if (0xd800..0xdc00).contains(&unit) && tail.starts_with(b"\\u") {
                let low = hex4(&tail[2..]);
                if (0xdc00..0xe000).contains(&low) {
                    let scalar = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
                    out.push(char::from_u32(scalar).unwrap_or(char::REPLACEMENT_CHARACTER));
                    return tail.get(6..).unwrap_or_default();
                }
            }
            out.push(char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER));
            return tail;
        }
        other => char::from(other),
    };
    out.push(plain);
    tail
}

fn hex4(digits: &[u8]) -> u32 {
    let text = digits.get(..4).and_then(|d| std::str::from_utf8(d).ok());
    text.and_then(|t| u32::from_str_radix(t, 16).ok())
        .unwrap_or(0xfffd)
}

/// Bytes as text, with each byte of invalid UTF-8 replaced by U+FFFD, as in Go's JSON.
pub fn lossy(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    push_lossy(&mut out, bytes);
    out
}

/// Appends bytes, with each byte of invalid UTF-8 replaced by U+FFFD.
fn push_lossy(out: &mut String, bytes: &[u8]) {
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        out.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_read_as_go_reads_them() {
        let cases: [(&[u8], &str); 8] = [
            (br#""a\/b\"c\\d""#, "a/b\"c\\d"),
            (br#""\u00e9\u0000""#, "é\0"),
            (br#""\ud83d\ude00""#, "😀"),
            (br#""\ud800""#, "\u{fffd}"),
            (br#""\ud800\u0041""#, "\u{fffd}A"),
            (br#""\ude00x""#, "\u{fffd}x"),
            (b"\"\xff\xe2\x82\"", "\u{fffd}\u{fffd}\u{fffd}"),
            (b"\"\xc3\xa9\"", "é"),
        ];
        for (text, want) in cases {
            assert_eq!(Cursor::new(text).string().as_deref(), Some(want));
        }
    }

    #[test]
    fn raw_skips_one_value() {
        let text = br#" {"a":[1,{"]":"\"}"}],"b":null} , 7"#;
        let mut cursor = Cursor::new(text);
        assert_eq!(cursor.raw(), br#"{"a":[1,{"]":"\"}"}],"b":null}"#);
        assert_eq!(cursor.raw(), b", 7");
    }

    #[test]
    fn a_cursor_over_garbage_terminates() {
        for text in [
            &b"{"[..],
            b"[\"",
            b"{\"a\"",
            b"\"\\",
            b"{\"a\" 1}",
            b"]]",
            b"[}",
            b"{\"a\":\"\\u12",
        ] {
            let mut cursor = Cursor::new(text);
            cursor.object(|c, _, _| {
                c.raw();
            });
            cursor.array(|c, _| {
                c.string();
            });
        }
    }
}
