//! Shows the position of an error in a document.

use super::locate;

/// The maximum number of characters shown of a line.
const WIDTH: usize = 100;
/// The maximum number of them before the error.
const BEFORE: usize = 60;

/// The position of an error, as lines: file, line and column, and the text with a mark
/// below the position. Of a long line only the part around it is shown. Long runs of
/// hexadecimal digits, which may be keys, are shown as dots, and a line with a private key
/// is not shown at all.
pub fn place(file: &str, text: &[u8], offset: usize) -> Vec<String> {
    let (line, column, shown) = locate(text, offset);
    let mut out = vec![format!("{file}, line {line}, column {column}:")];
    if shown.contains("PRIVATE KEY") || shown.trim().is_empty() {
        return out;
    }
    let shown: Vec<char> = mask_keys(&shown)
        .chars()
        .map(|c| if c == '\t' { ' ' } else { c })
        .collect();
    let (mut from, mut to) = (0, shown.len());
    if shown.len() > WIDTH {
        to = (column.saturating_sub(BEFORE) + WIDTH).min(shown.len());
        from = to - WIDTH;
    }
    let (head, tail) = (mark_cut(from > 0), mark_cut(to < shown.len()));
    let visible: String = shown[from..to].iter().collect();
    let column = column - from + head.chars().count();
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
