//! JSON as formatted by Go's `json.Marshal`.

use std::io;

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter};

/// One line without spaces, as from `json.Marshal`.
///
/// Fields keep the order of the type; `<`, `>`, `&`, U+2028 and U+2029 are escaped in
/// strings.
pub fn to_string(value: &impl Serialize) -> String {
    write(value, CompactFormatter)
}

/// Indented by two spaces, as from `json.MarshalIndent(v, "", "  ")`.
pub fn to_string_indented(value: &impl Serialize) -> String {
    write(value, PrettyFormatter::new())
}

/// One string in quotes.
pub fn quote(text: &str) -> String {
    to_string(&text)
}

fn write(value: &impl Serialize, layout: impl Formatter) -> String {
    let mut out = Vec::with_capacity(128);
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, Escaping(layout));
    // Serializing strings, numbers, lists and structs to memory cannot fail.
    let written = value.serialize(&mut serializer);
    debug_assert!(written.is_ok());
    String::from_utf8(out).unwrap_or_default()
}

/// A formatter with Go's HTML-safe strings.
struct Escaping<L>(L);

impl<L: Formatter> Formatter for Escaping<L> {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut rest = fragment;
        while let Some(at) = rest.find(['<', '>', '&', '\u{2028}', '\u{2029}']) {
            let (plain, tail) = rest.split_at(at);
            writer.write_all(plain.as_bytes())?;
            let mut tail = tail.chars();
            if let Some(special) = tail.next() {
                write!(writer, "\\u{:04x}", u32::from(special))?;
            }
            rest = tail.as_str();
        }
        writer.write_all(rest.as_bytes())
    }

    fn begin_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_array(writer)
    }
    fn end_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array(writer)
    }
    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(writer, first)
    }
    fn end_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array_value(writer)
    }
    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object(writer)
    }
    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object(writer)
    }
    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(writer, first)
    }
    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object_value(writer)
    }
    fn end_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_value(writer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_escaped_as_go_escapes_them() {
        assert_eq!(
            quote("a<b>&\u{2028}\u{2029}é/+"),
            r#""a\u003cb\u003e\u0026\u2028\u2029é/+""#
        );
        assert_eq!(
            quote("\"\\\n\r\t\u{8}\u{c}\u{1f}\u{7f}"),
            "\"\\\"\\\\\\n\\r\\t\\b\\f\\u001f\u{7f}\""
        );
    }

    #[test]
    fn indented_output_keeps_the_order_of_fields() {
        #[derive(Serialize)]
        struct Pair {
            z: u8,
            a: Vec<u8>,
        }
        let pair = Pair { z: 1, a: vec![2] };
        assert_eq!(to_string(&pair), r#"{"z":1,"a":[2]}"#);
        assert_eq!(
            to_string_indented(&pair),
            "{\n  \"z\": 1,\n  \"a\": [\n    2\n  ]\n}"
        );
    }
}
