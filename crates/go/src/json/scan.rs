//! Checks whether a text is JSON; if not, returns Go's message and the position.

use super::Error;

/// The maximum nesting in Go's scanner.
const MAX_DEPTH: usize = 10_000;

/// Rejects text that Go's scanner rejects, with its message.
///
/// # Errors
/// `unexpected end of JSON input`, or `invalid character 'x' …` with the offset
/// of that character.
pub fn check(text: &[u8]) -> Result<(), Error> {
    let mut scanner = Scanner { text, at: 0 };
    scanner.document()
}

/// What an open container expects after its current value.
#[derive(Clone, Copy, PartialEq)]
enum Container {
    Array,
    Object,
}

struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
}

impl Scanner<'_> {
    fn document(&mut self) -> Result<(), Error> {
        let mut open: Vec<Container> = Vec::new();
        loop {
            // A value starts here. Containers are opened until there is a scalar value.
            let byte = self.skip_space()?;
            match byte {
                b'{' | b'[' => {
                    if open.len() == MAX_DEPTH {
                        return Err(self.invalid("exceeded max depth"));
                    }
                    self.at += 1;
                    let container = if byte == b'{' {
                        Container::Object
                    } else {
                        Container::Array
                    };
                    let close = if byte == b'{' { b'}' } else { b']' };
                    if self.skip_space()? == close {
                        self.at += 1;
                    } else {
                        open.push(container);
                        if container == Container::Object {
                            self.key()?;
                        }
                        continue;
                    }
                }
                b'"' => self.string()?,
                b'-' | b'0'..=b'9' => self.number()?,
                b't' => self.literal("true")?,
                b'f' => self.literal("false")?,
                b'n' => self.literal("null")?,
                _ => return Err(self.invalid("looking for beginning of value")),
            }
            // A value has ended. Containers are closed until one expects another value.
            loop {
                let Some(&container) = open.last() else {
                    return match self.skip_space() {
                        Err(_) => Ok(()),
                        Ok(_) => Err(self.invalid("after top-level value")),
                    };
                };
                match (self.skip_space()?, container) {
                    (b',', Container::Array) => {
                        self.at += 1;
                        break;
                    }
                    (b',', Container::Object) => {
                        self.at += 1;
                        self.key()?;
                        break;
                    }
                    (b']', Container::Array) | (b'}', Container::Object) => {
                        self.at += 1;
                        open.pop();
                    }
                    (_, Container::Array) => return Err(self.invalid("after array element")),
                    (_, Container::Object) => {
                        return Err(self.invalid("after object key:value pair"));
                    }
                }
            }
        }
    }

    fn key(&mut self) -> Result<(), Error> {
        if self.skip_space()? != b'"' {
            return Err(self.invalid("looking for beginning of object key string"));
        }
        self.string()?;
        if self.skip_space()? != b':' {
            return Err(self.invalid("after object key"));
        }
        self.at += 1;
        Ok(())
    }

    fn string(&mut self) -> Result<(), Error> {
        self.at += 1;
        loop {
            match self.peek() {
                None => return Err(self.end()),
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => {
                    self.at += 1;
                    match self.peek_or_space() {
                        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => self.at += 1,
                        b'u' => {
                            self.at += 1;
                            for _ in 0..4 {
                                if !self.peek_or_space().is_ascii_hexdigit() {
                                    return Err(self.invalid("in \\u hexadecimal character escape"));
                                }
                                self.at += 1;
                            }
                        }
                        _ => return Err(self.invalid("in string escape code")),
                    }
                }
                Some(0..0x20) => return Err(self.invalid("in string literal")),
                Some(_) => self.at += 1,
            }
        }
    }

    fn number(&mut self) -> Result<(), Error> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek_or_space() {
            b'0' => self.at += 1,
            b'1'..=b'9' => self.digits(),
            _ => return Err(self.invalid("in numeric literal")),
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            if !self.peek_or_space().is_ascii_digit() {
                return Err(self.invalid("after decimal point in numeric literal"));
            }
            self.digits();
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if !self.peek_or_space().is_ascii_digit() {
                return Err(self.invalid("in exponent of numeric literal"));
            }
            self.digits();
        }
        Ok(())
    }

    fn digits(&mut self) {
        while self.peek().is_some_and(|b| b.is_ascii_digit()) {
            self.at += 1;
        }
    }

    fn literal(&mut self, word: &str) -> Result<(), Error> {
        for expected in word.bytes() {
            if self.peek_or_space() != expected {
                let context = format!("in literal {word} (expecting '{}')", char::from(expected));
                return Err(self.invalid(&context));
            }
            self.at += 1;
        }
        Ok(())
    }

    fn skip_space(&mut self) -> Result<u8, Error> {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
        self.peek().ok_or_else(|| self.end())
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    /// Go feeds its scanner a space at the end of the text, so the error for an unfinished
    /// literal mentions a space, not the end.
    fn peek_or_space(&self) -> u8 {
        self.peek().unwrap_or(b' ')
    }

    fn invalid(&self, context: &str) -> Error {
        let shown = show(self.peek_or_space());
        self.error(format!("invalid character {shown} {context}"))
    }

    fn end(&self) -> Error {
        self.error("unexpected end of JSON input".to_owned())
    }

    fn error(&self, text: String) -> Error {
        Error {
            mismatch: None,
            text,
            offset: self.at,
        }
    }
}

/// A byte as Go quotes it: the Latin-1 character with that number.
fn show(byte: u8) -> String {
    match byte {
        b'\'' => r"'\''".to_owned(),
        b'"' => "'\"'".to_owned(),
        b'\\' => r"'\\'".to_owned(),
        0x07 => r"'\a'".to_owned(),
        0x08 => r"'\b'".to_owned(),
        0x0c => r"'\f'".to_owned(),
        b'\n' => r"'\n'".to_owned(),
        b'\r' => r"'\r'".to_owned(),
        b'\t' => r"'\t'".to_owned(),
        0x0b => r"'\v'".to_owned(),
        0..0x20 | 0x7f => format!("'\\x{byte:02x}'"),
        0x80..=0xa0 | 0xad => format!("'\\u{byte:04x}'"),
        _ => format!("'{}'", char::from(byte)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        check(text.as_bytes()).unwrap_err().text
    }

    #[test]
    fn takes_what_go_takes() {
        for text in [
            "null",
            " {} ",
            "[]",
            r#"{"a":[1,-0,0.5,1e9,1E-2,"\u00e9\n"],"b":{"c":true}}"#,
            "[[],[{}]]",
            "\"\\ud800\"",
            "-1.5e+3",
            "\r\n\t[\n1\n]",
        ] {
            assert_eq!(check(text.as_bytes()), Ok(()), "{text}");
        }
    }

    #[test]
    fn refuses_in_the_words_of_go() {
        let cases = [
            ("", "unexpected end of JSON input"),
            ("  ", "unexpected end of JSON input"),
            ("{", "unexpected end of JSON input"),
            ("{\"a\"", "unexpected end of JSON input"),
            ("\"abc", "unexpected end of JSON input"),
            ("'x'", r"invalid character '\'' looking for beginning of value"),
            (
                "\u{feff}{}",
                "invalid character 'ï' looking for beginning of value",
            ),
            (
                "{a:1}",
                "invalid character 'a' looking for beginning of object key string",
            ),
            ("{\"a\" 1}", "invalid character '1' after object key"),
            (
                "{\"a\":1 \"b\":2}",
                "invalid character '\"' after object key:value pair",
            ),
            ("[\"a\"\n\"b\"]", "invalid character '\"' after array element"),
            ("[1,]", "invalid character ']' looking for beginning of value"),
            (
                "{\"a\":1,}",
                "invalid character '}' looking for beginning of object key string",
            ),
            ("{} x", "invalid character 'x' after top-level value"),
            ("\"a\nb\"", r"invalid character '\n' in string literal"),
            (r#""\q""#, "invalid character 'q' in string escape code"),
            (
                r#""\u12g4""#,
                "invalid character 'g' in \\u hexadecimal character escape",
            ),
            ("-x", "invalid character 'x' in numeric literal"),
            ("01", "invalid character '1' after top-level value"),
            (
                "1.x",
                "invalid character 'x' after decimal point in numeric literal",
            ),
            ("1e", "invalid character ' ' in exponent of numeric literal"),
            ("tru", "invalid character ' ' in literal true (expecting 'e')"),
            ("nope", "invalid character 'o' in literal null (expecting 'u')"),
            (
                "{]",
                "invalid character ']' looking for beginning of object key string",
            ),
        ];
        for (text, want) in cases {
            assert_eq!(refusal(text), want, "{text}");
        }
    }

    #[test]
    fn deep_nesting_is_refused_without_recursion() {
        assert_eq!(
            check(&[b'['; 10_000].map(|b| b)).unwrap_err().text,
            "unexpected end of JSON input"
        );
        assert_eq!(
            refusal(&"[".repeat(10_001)),
            "invalid character '[' exceeded max depth"
        );
        let deep = "[".repeat(9_999) + &"]".repeat(9_999);
        assert_eq!(check(deep.as_bytes()), Ok(()));
    }
}
