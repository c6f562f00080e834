//! Escapes text from certificates, documents and file names for output and logs.

use std::borrow::Cow;

/// The text as one line: characters that would end it, control a terminal or change the
/// writing direction are escaped (`\n`, `\u{1b}`). Tabs are kept.
pub fn one_line(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_harmful) {
        return Cow::Borrowed(text);
    }
    let mut line = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match is_harmful(c) {
            true => line.extend(c.escape_default()),
            false => line.push(c),
        }
    }
    Cow::Owned(line)
}

/// Control characters, line and paragraph separators, and the explicit directional
/// formatting characters of UAX #9.
fn is_harmful(c: char) -> bool {
    let directs = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let separates = matches!(c, '\u{2028}' | '\u{2029}');
    (c.is_control() && c != '\t') || directs || separates
}

#[cfg(test)]
mod tests {
    use super::one_line;

    #[test]
    fn a_line_stays_one_line_and_cannot_control_a_terminal() {
        for (text, line) in [
            ("a\nb\r\u{1b}[2Jé", r"a\nb\r\u{1b}[2Jé"),
            ("\u{9b}2J\u{7f}\0", r"\u{9b}2J\u{7f}\u{0}"),
            ("a\u{2028}b\u{202e}c\u{2066}", r"a\u{2028}b\u{202e}c\u{2066}"),
            ("x\ty \u{200d}é日", "x\ty \u{200d}é日"),
        ] {
            assert_eq!(one_line(text), line);
        }
    }
}
