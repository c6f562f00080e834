//! Go's regular expressions, for whoever has one of a user: a match anywhere, and
//! the reason why one is refused.

mod re2;

use regex::bytes::Regex;

use crate::error::{Error, Result};

/// A compiled expression.
#[derive(Debug, Clone)]
pub struct Regexp(Regex);

impl Regexp {
    /// Compiles an expression as Go's `regexp.Compile` would.
    ///
    /// # Errors
    /// Go's sentence: ``error parsing regexp: missing closing ): `(` `` and the like.
    pub fn compile(expression: &str) -> Result<Self> {
        let refused = || Error::new(format!("error parsing regexp: {}", reason(expression)));
        re2::compile(expression).map(Regexp).ok_or_else(refused)
    }

    /// Does it match somewhere?
    pub fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text.as_bytes())
    }
}

/// Go's words for the mistakes that people make; others are only told apart from
/// what is fine.
fn reason(expression: &str) -> String {
    let mut rest = expression.char_indices();
    let mut depth = 0_u32;
    let mut repeatable = false;
    let mut operator = None;
    while let Some((at, c)) = rest.next() {
        match c {
            '\\' if rest.next().is_none() => return "trailing backslash at end of expression: ``".to_owned(),
            '[' => match class_end(&expression[at + 1..]) {
                Some(length) => rest = after(expression, at + 1 + length),
                None => return format!("missing closing ]: `{}`", &expression[at..]),
            },
            '(' => depth += 1,
            ')' if depth == 0 => return format!("unexpected ): `{expression}`"),
            ')' => depth -= 1,
            '*' | '+' | '?' if !repeatable => {
                return match operator {
                    Some(first) => format!(
                        "invalid nested repetition operator: `{}`",
                        &expression[first..=at]
                    ),
                    // `(?` begins a group that is no good otherwise.
                    None if expression[..at].ends_with('(') && c == '?' => {
                        format!("invalid or unsupported Perl syntax: `{}`", &expression[at - 1..])
                    }
                    None => format!("missing argument to repetition operator: `{c}`"),
                };
            }
            _ => {}
        }
        operator = None;
        repeatable = !matches!(c, '(' | '|' | '*' | '+' | '?');
        if matches!(c, '*' | '+') {
            operator = Some(at);
        }
    }
    if depth > 0 {
        return format!("missing closing ): `{expression}`");
    }
    format!("it is not understood: `{expression}`")
}

fn after(text: &str, at: usize) -> std::str::CharIndices<'_> {
    let mut indices = text.char_indices();
    while indices.offset() < at && indices.next().is_some() {}
    indices
}

/// The length of a class behind its `[`, with its `]`.
fn class_end(text: &str) -> Option<usize> {
    let mut chars = text.char_indices();
    let mut first = true;
    while let Some((at, c)) = chars.next() {
        match c {
            '^' if at == 0 => continue,
            ']' if !first => return Some(at + 1),
            '\\' => {
                chars.next();
            }
            _ => {}
        }
        first = false;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_match_may_stand_anywhere() {
        let regexp = Regexp::compile("^(TCPDial|TLSDial)$|KI").unwrap();
        assert!(regexp.is_match("TLSDial") && regexp.is_match("PKI"));
        assert!(!regexp.is_match("xTLSDial"));
        assert!(Regexp::compile("").unwrap().is_match(""));
    }

    #[test]
    fn mistakes_are_told_in_the_words_of_go() {
        for (expression, why) in [
            ("(", "missing closing ): `(`"),
            ("a)", "unexpected ): `a)`"),
            ("*", "missing argument to repetition operator: `*`"),
            ("(|*a)", "missing argument to repetition operator: `*`"),
            ("a**", "invalid nested repetition operator: `**`"),
            ("x[a", "missing closing ]: `[a`"),
            ("[]a", "missing closing ]: `[]a`"),
            ("a\\", "trailing backslash at end of expression: ``"),
            ("[é](", "missing closing ): `[é](`"),
        ] {
            let refused = Regexp::compile(expression).unwrap_err().to_string();
            assert_eq!(refused, format!("error parsing regexp: {why}"), "{expression}");
        }
        assert!(Regexp::compile("(?=x)").is_err() && Regexp::compile("\\8").is_err());
    }
}
