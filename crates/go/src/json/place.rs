//! Shows the position of an error in a document.

use super::{characters, locate, start_of_line};

/// The maximum number of characters shown of a line.
const WIDTH: usize = 100;
/// The maximum number of them before the error.
const BEFORE: usize = 60;
/// How much of a line is looked at, in octets before and after the error: enough for the
/// PEM of the largest key.
const AROUND: usize = 64 << 10;

/// The position of an error, as lines: file, line and column, and the text with a mark
/// below the position. Of a long line only the part around it is shown. Long runs of
/// hexadecimal digits, which may be keys, are shown as dots, and a line with a private key
/// is not shown at all.
pub fn place(file: &str, text: &[u8], offset: usize) -> Vec<String> {
    let offset = offset.min(text.len());
    let (line, column) = locate(text, offset);
    let mut out = vec![format!("{file}, line {line}, column {column}:")];
    let start = start_of_line(text, offset).max(offset.saturating_sub(AROUND));
    let end = text.len().min(offset + AROUND);
    let newline = text[offset..end].iter().position(|&b| b == b'\n');
    let end = newline.map_or(end, |at| offset + at);
    let shown = String::from_utf8_lossy(&text[start..end]);
    let shown = shown.trim_end_matches('\r');
    if shown.contains("PRIVATE KEY") || shown.trim().is_empty() {
        return out;
    }
    let shown: Vec<char> = mask_keys(shown)
        .chars()
        .map(|c| if c == '\t' { ' ' } else { c })
        .collect();
    let before = characters(&text[start..offset]);
    let (mut from, mut to) = (0, shown.len());
    if shown.len() > WIDTH {
        to = ((before + 1).saturating_sub(BEFORE) + WIDTH).min(shown.len());
        from = to - WIDTH;
    }
    let (head, tail) = (mark_cut(from > 0), mark_cut(to < shown.len()));
    let visible: String = shown[from..to].iter().collect();
    let column = before + 1 - from + head.chars().count();
    out.push(format!("  {head}{visible}{tail}"));
    out.push(format!("  {:>column$}", '^'));
    out
}

const fn mark_cut(is_cut: bool) -> &'static str {
    if is_cut { "…" } else { "" }
}

/// Replaces runs of 16 or more hexadecimal digits with dots.
fn mask_keys(text: &str) -> String {
    const SECRET: usize = 16;
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let run = rest.chars().take_while(char::is_ascii_hexdigit).count();
        if run >= SECRET {
            out.extend(std::iter::repeat_n('.', run));
        } else {
            out.push_str(&rest[..run]);
        }
        rest = &rest[run..];
        let mut chars = rest.chars();
        out.extend(chars.next());
        rest = chars.as_str();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::check;

    fn of(text: &str) -> Vec<String> {
        place(
            "x.json",
            text.as_bytes(),
            check(text.as_bytes()).unwrap_err().offset,
        )
    }

    #[test]
    fn the_place_of_an_error_is_marked() {
        assert_eq!(
            of("{\n\t\"CN\": \"a\"\n\t\"hosts\": []\n}"),
            ["x.json, line 3, column 2:", "   \"hosts\": []", "   ^"]
        );
    }

    #[test]
    fn a_long_line_is_shown_around_the_error() {
        for before in [0, 1, 50, 58, 59, 60, 61, 62, 200, 5000] {
            for after in [0, 1, 39, 40, 41, 42, 300] {
                let text = format!("[{}é! {}]", "1,é".repeat(before), "2,".repeat(after));
                let offset = text.find('!').unwrap();
                let lines = place("x", text.as_bytes(), offset);
                let at = lines[2].chars().position(|c| c == '^').unwrap();
                assert_eq!(lines[1].chars().nth(at), Some('!'), "{before} {after}: {lines:?}");
                assert!(lines[1].chars().count() <= WIDTH + 4);
            }
        }
    }

    #[test]
    fn only_the_surroundings_of_an_error_are_read() {
        let text = format!(
            "\"{}{}! x\"{}",
            "é,".repeat(1 << 20),
            "0123456789abcdef".repeat(8000),
            "2,".repeat(1 << 20)
        );
        let offset = text.find('!').unwrap();
        let lines = place("x", text.as_bytes(), offset);
        assert_eq!(lines[0], format!("x, line 1, column {}:", (2 << 20) + 128_002));
        assert_eq!(
            lines[1],
            format!("  …{}! x\"{}…", ".".repeat(59), "2,".repeat(18) + "2")
        );
        assert_eq!(
            lines[2].chars().count(),
            lines[1].chars().position(|c| c == '!').unwrap() + 1
        );
    }

    #[test]
    fn keys_are_not_shown() {
        let lines = of(r#"{"key":"0123456789abcdef0123" "type"}"#);
        assert!(!lines.concat().contains("0123456789"));
        assert_eq!(lines[2].find('^'), lines[1].find("\"type\""));
        assert_eq!(
            of("{\"key\": \"-----BEGIN EC PRIVATE KEY-----\\nAAEC\" x").len(),
            1
        );
    }
}
