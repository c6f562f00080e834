//! Quotes strings as Go's `%q` does in error messages.

/// Printable characters are kept, others are escaped.
pub fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\x07' => out.push_str("\\a"),
            '\x08' => out.push_str("\\b"),
            '\x0c' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\x0b' => out.push_str("\\v"),
            '\0'..' ' | '\x7f' => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            ' '..='~' => out.push(c),
            // Rust escapes exactly the unprintable characters here.
            _ if c.escape_debug().len() == 1 => out.push(c),
            _ if u32::from(c) < 0x10000 => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            _ => out.push_str(&format!("\\U{:08x}", u32::from(c))),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_what_go_shows() {
        for (text, want) in [
            ("münchen.de", r#""münchen.de""#),
            ("a\"b\\c'", r#""a\"b\\c'""#),
            ("\0\x07\n\x7f", r#""\x00\a\n\x7f""#),
            ("\u{a0}\u{200b}\u{e0001}😀", r#""\u00a0\u200b\U000e0001😀""#),
        ] {
            assert_eq!(quote(text), want);
        }
    }
}
