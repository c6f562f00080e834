//! JSON documents as users write them: keys in any case, repeated keys, escapes, white
//! space, and invalid JSON.

use crate::differential::random::Random;

/// A value.
#[derive(Debug, Clone)]
pub enum Node {
    /// Raw bytes: numbers, words, and strings that no escape can represent.
    Raw(Vec<u8>),
    /// A string.
    Text(String),
    /// An array.
    List(Vec<Node>),
    /// An object, which may contain a key twice.
    Object(Vec<(Key, Node)>),
}

/// A key.
#[derive(Debug, Clone)]
pub enum Key {
    /// The key of a field, which Go matches in any case.
    Field(&'static str),
    /// A name chosen by the document.
    Name(String),
}

/// The formatting of a document.
#[derive(Debug, Clone, Copy, Default)]
pub struct Style {
    /// Line breaks and indentation.
    pub lines: bool,
    /// Keys of fields in other cases.
    pub odd_keys: bool,
    /// Escaped characters.
    pub escapes: bool,
}

impl From<&str> for Node {
    fn from(text: &str) -> Self {
        Node::Text(text.to_owned())
    }
}

impl From<String> for Node {
    fn from(text: String) -> Self {
        Node::Text(text)
    }
}

impl From<bool> for Node {
    fn from(value: bool) -> Self {
        Node::raw(if value { "true" } else { "false" })
    }
}

impl From<i64> for Node {
    fn from(value: i64) -> Self {
        Node::raw(&value.to_string())
    }
}

impl Node {
    /// Raw bytes.
    pub fn raw(text: &str) -> Self {
        Node::Raw(text.as_bytes().to_vec())
    }

    /// `null`
    pub fn null() -> Self {
        Node::raw("null")
    }

    /// Whether it is `null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Node::Raw(bytes) if bytes == b"null")
    }

    /// Strings.
    pub fn texts(texts: &[&str]) -> Self {
        Node::List(texts.iter().map(|text| Node::from(*text)).collect())
    }

    /// An object of fields.
    pub fn fields(fields: Vec<(&'static str, Node)>) -> Self {
        let keyed = fields.into_iter().map(|(key, node)| (Key::Field(key), node));
        Node::Object(keyed.collect())
    }

    /// A value of an unexpected type.
    pub fn odd(random: &mut Random) -> Self {
        let texts = [
            "0",
            "1",
            "-1",
            "2048",
            "1.5",
            "1e3",
            "true",
            "false",
            "null",
            "\"\"",
            "\"x\"",
            "\"1\"",
            "[]",
            "[1]",
            "[\"x\"]",
            "[null]",
            "{}",
            "{\"a\":1}",
            "99999999999999999999",
        ];
        Node::raw(random.pick(&texts))
    }

    /// The document as bytes.
    pub fn write(&self, style: Style, random: &mut Random) -> Vec<u8> {
        let mut out = Vec::new();
        self.add(style, random, 0, &mut out);
        if style.lines {
            out.push(b'\n');
        }
        out
    }

    fn add(&self, style: Style, random: &mut Random, depth: usize, out: &mut Vec<u8>) {
        let (open, close, count) = match self {
            Node::Raw(bytes) => return out.extend_from_slice(bytes),
            Node::Text(text) => return add_string(text, style, random, out),
            Node::List(items) => (b'[', b']', items.len()),
            Node::Object(members) => (b'{', b'}', members.len()),
        };
        out.push(open);
        for at in 0..count {
            if at > 0 {
                out.push(b',');
            }
            new_line(style, depth + 1, out);
            match self {
                Node::List(items) => items[at].add(style, random, depth + 1, out),
                Node::Object(members) => {
                    let (key, value) = &members[at];
                    key.add(style, random, out);
                    out.extend_from_slice(if style.lines { b": " } else { b":" });
                    value.add(style, random, depth + 1, out);
                }
                Node::Raw(_) | Node::Text(_) => {}
            }
        }
        if count > 0 {
            new_line(style, depth, out);
        }
        out.push(close);
    }
}

fn new_line(style: Style, depth: usize, out: &mut Vec<u8>) {
    if style.lines {
        out.push(b'\n');
        out.extend(std::iter::repeat_n(b' ', 4 * depth));
    }
}

fn add_string(text: &str, style: Style, random: &mut Random, out: &mut Vec<u8>) {
    out.push(b'"');
    for char in text.chars() {
        let escape = style.escapes && random.chance(15);
        match char {
            '"' => out.extend_from_slice(b"\\\""),
            '\\' => out.extend_from_slice(b"\\\\"),
            '\n' if random.chance(50) => out.extend_from_slice(b"\\n"),
            '/' if escape => out.extend_from_slice(b"\\/"),
            '\0'..' ' => add_escape(u32::from(char), random, out),
            char if escape => {
                let mut units = [0; 2];
                char.encode_utf16(&mut units)
                    .iter()
                    .for_each(|unit| add_escape(u32::from(*unit), random, out));
            }
            char => out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    out.push(b'"');
}

fn add_escape(unit: u32, random: &mut Random, out: &mut Vec<u8>) {
    let text = match random.chance(50) {
        true => format!("\\u{unit:04x}"),
        false => format!("\\u{unit:04X}"),
    };
    out.extend_from_slice(text.as_bytes());
}

impl Key {
    fn add(&self, style: Style, random: &mut Random, out: &mut Vec<u8>) {
        match self {
            Key::Field(name) if style.odd_keys && random.chance(30) => {
                add_string(&spelled(name, random), style, random, out);
            }
            Key::Field(name) => add_string(name, style, random, out),
            Key::Name(name) => add_string(name, style, random, out),
        }
    }
}

/// Another spelling of a key that Go matches (encoding/json folds letters like
/// `strings.EqualFold`, including KELVIN SIGN and LATIN SMALL LETTER LONG S).
fn spelled(name: &str, random: &mut Random) -> String {
    match random.below(5) {
        0 => name.to_lowercase(),
        1 => name.to_uppercase(),
        2 => name.replace(['k', 'K'], "\u{212A}"),
        3 => name.replacen(['s', 'S'], "\u{17F}", 1),
        _ => name
            .chars()
            .map(|char| match random.chance(50) {
                true => char.to_ascii_uppercase(),
                false => char.to_ascii_lowercase(),
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_output_is_json_in_every_style() {
        let node = Node::fields(vec![
            ("CN", "a\"\\\n\u{1}é\u{1F600}/".into()),
            ("hosts", Node::texts(&["x", ""])),
            ("key", Node::fields(vec![("size", 256.into())])),
            ("none", Node::List(Vec::new())),
            ("yes", true.into()),
        ]);
        for at in 0..200 {
            let mut random = Random::of_trial(1, at);
            let style = Style {
                lines: random.chance(50),
                odd_keys: false,
                escapes: random.chance(50),
            };
            let bytes = node.write(style, &mut random);
            let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
            assert_eq!(value["CN"], "a\"\\\n\u{1}é\u{1F600}/");
            assert_eq!(value["hosts"], serde_json::json!(["x", ""]));
            assert_eq!(value["key"]["size"], 256);
        }
    }
}
