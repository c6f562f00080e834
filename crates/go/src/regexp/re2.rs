//! Go's regular expressions (RE2 syntax) in terms of the `regex` crate.
//!
//! The two are close. What Go refuses is refused here, what they read
//! differently is rewritten: `\Q…\E`, octal escapes, a `{` that repeats
//! nothing, class operators (`&&`, `--`, `~~`, a nested `[`) that are plain
//! characters in Go, and `\d \s \w \b`, which mean ASCII there.

use std::iter::Peekable;
use std::str::Chars;

use regex::bytes::{Regex, RegexBuilder};

/// Compiles an expression as Go's `regexp.Compile` would; nothing where that
/// refuses.
pub fn compile(expression: &str) -> Option<Regex> {
    let translated = Translator {
        rest: expression.chars().peekable(),
        out: String::new(),
    }
    .run()?;
    RegexBuilder::new(&translated)
        .size_limit(64 << 20)
        .nest_limit(1000)
        .build()
        .ok()
}

const MAX_REPEAT: u32 = 1000;

/// What stands before a repetition operator.
#[derive(Clone, Copy, PartialEq)]
enum Before {
    Nothing,
    Atom,
    Repetition,
}

struct Translator<'a> {
    rest: Peekable<Chars<'a>>,
    out: String,
}

impl Translator<'_> {
    fn run(mut self) -> Option<String> {
        let mut before = Before::Nothing;
        let mut depth = 0_u32;
        let mut names = Vec::new();
        while let Some(c) = self.rest.next() {
            before = match c {
                '(' => {
                    if self.group(&mut names)? {
                        depth += 1;
                    }
                    Before::Nothing
                }
                ')' => {
                    depth = depth.checked_sub(1)?;
                    self.out.push(')');
                    Before::Atom
                }
                '|' => {
                    self.out.push('|');
                    Before::Nothing
                }
                '*' | '+' | '?' => {
                    self.out.push(c);
                    self.repetition(before)?
                }
                '{' => match self.bounds() {
                    Some(bounds) => {
                        self.out.push_str(&bounds?);
                        self.repetition(before)?
                    }
                    None => {
                        self.literal('{');
                        Before::Atom
                    }
                },
                '[' => {
                    self.class()?;
                    Before::Atom
                }
                '\\' => {
                    self.escape()?;
                    Before::Atom
                }
                '.' | '^' | '$' => {
                    self.out.push(c);
                    Before::Atom
                }
                _ => {
                    self.literal(c);
                    Before::Atom
                }
            };
        }
        (depth == 0).then_some(self.out)
    }

    /// Behind `(`. Groups lose their names; true when a group was opened, false
    /// for flags that hold from here on.
    fn group(&mut self, names: &mut Vec<String>) -> Option<bool> {
        if self.rest.next_if_eq(&'?').is_none() {
            self.out.push('(');
            return Some(true);
        }
        let mut ahead = self.rest.clone();
        ahead.next_if_eq(&'P');
        if ahead.next() == Some('<') {
            self.rest = ahead;
            let name: String = std::iter::from_fn(|| self.rest.next_if(|c| *c != '>')).collect();
            self.rest.next()?;
            let valid = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            if !valid || names.contains(&name) {
                return None;
            }
            names.push(name);
            self.out.push('(');
            return Some(true);
        }
        self.out.push_str("(?");
        let (mut negative, mut flags) = (false, 0);
        loop {
            let c = self.rest.next()?;
            self.out.push(c);
            match c {
                'i' | 'm' | 's' | 'U' => flags += 1,
                '-' if !negative => {
                    negative = true;
                    flags = 0;
                }
                ':' | ')' if negative && flags == 0 => return None,
                ':' => return Some(true),
                ')' => {
                    // `(?)` is fine in Go and means nothing.
                    if flags == 0 {
                        self.out.truncate(self.out.len() - 3);
                    }
                    return Some(false);
                }
                _ => return None,
            }
        }
    }

    /// Behind a repetition operator: one must not follow another.
    fn repetition(&mut self, before: Before) -> Option<Before> {
        if self.rest.next_if_eq(&'?').is_some() {
            self.out.push('?');
        }
        (before == Before::Atom).then_some(Before::Repetition)
    }

    /// Behind `{`: the outer nothing where it repeats nothing and is a plain
    /// character, the inner nothing where its numbers are refused.
    fn bounds(&mut self) -> Option<Option<String>> {
        let mut ahead = self.rest.clone();
        let low = number(&mut ahead)?;
        let high = match ahead.next()? {
            '}' => Some(low),
            ',' if ahead.next_if_eq(&'}').is_some() => None,
            ',' => {
                let high = number(&mut ahead)?;
                (ahead.next()? == '}').then_some(())?;
                Some(high)
            }
            _ => return None,
        };
        self.rest = ahead;
        let fits = low <= MAX_REPEAT && high.is_none_or(|high| low <= high && high <= MAX_REPEAT);
        let text = match high {
            Some(high) => format!("{{{low},{high}}}"),
            None => format!("{{{low},}}"),
        };
        Some(fits.then_some(text))
    }

    /// Behind a backslash outside a class.
    fn escape(&mut self) -> Option<()> {
        let mut ahead = self.rest.clone();
        match ahead.next()? {
            'A' => self.out.push_str("\\A"),
            'z' => self.out.push_str("\\z"),
            'b' => self.out.push_str("(?-u:\\b)"),
            'B' => self.out.push_str("(?-u:\\B)"),
            'Q' => {
                self.rest = ahead;
                return self.quoted();
            }
            _ => {
                if let Some(set) = self.set() {
                    self.out.push_str(&set?);
                } else {
                    let c = self.escaped_char()?;
                    self.literal(c);
                }
                return Some(());
            }
        }
        self.rest = ahead;
        Some(())
    }

    /// `\Q…\E`, or to the end.
    fn quoted(&mut self) -> Option<()> {
        while let Some(c) = self.rest.next() {
            if c == '\\' && self.rest.next_if_eq(&'E').is_some() {
                break;
            }
            self.literal(c);
        }
        Some(())
    }

    /// Behind a backslash: a set of characters, written as a class. The outer
    /// nothing where it is none, the inner nothing where Go refuses its name.
    fn set(&mut self) -> Option<Option<String>> {
        let mut ahead = self.rest.clone();
        let c = ahead.next()?;
        let inside = match c.to_ascii_lowercase() {
            'd' => "0-9",
            's' => "\\t\\n\\f\\r ",
            'w' => "0-9A-Za-z_",
            'p' => {
                self.rest = ahead;
                return Some(self.property(c == 'P'));
            }
            _ => return None,
        };
        self.rest = ahead;
        let negation = if c.is_ascii_uppercase() { "^" } else { "" };
        Some(Some(format!("[{negation}{inside}]")))
    }

    /// Behind `\p` or `\P`: one letter, or a name in braces.
    fn property(&mut self, mut negative: bool) -> Option<String> {
        let mut name = String::new();
        match self.rest.next()? {
            '{' => loop {
                match self.rest.next()? {
                    '}' => break,
                    c => name.push(c),
                }
            },
            c => name.push(c),
        }
        if let Some(rest) = name.strip_prefix('^') {
            negative = !negative;
            name = rest.to_owned();
        }
        const CATEGORIES: [&str; 36] = [
            "Cc", "Cf", "Co", "L", "Ll", "Lm", "Lo", "Lt", "Lu", "M", "Mc", "Me", "Mn", "N", "Nd", "Nl",
            "No", "P", "Pc", "Pd", "Pe", "Pf", "Pi", "Po", "Ps", "S", "Sc", "Sk", "Sm", "So", "Z", "Zl",
            "Zp", "Zs", "C", "Cs",
        ];
        let inside = match name.as_str() {
            "Any" => "\\x{0}-\\x{10FFFF}".to_owned(),
            // Go counts no unassigned characters in, and text holds no surrogates.
            "C" => "\\p{Cc}\\p{Cf}\\p{Co}".to_owned(),
            "Cs" => "^\\x{0}-\\x{10FFFF}".to_owned(),
            known if CATEGORIES.contains(&known) => format!("\\p{{{known}}}"),
            script if script.starts_with(|c: char| c.is_ascii_uppercase()) && script.len() > 2 => {
                script
                    .chars()
                    .all(|c| c.is_ascii_alphabetic() || c == '_')
                    .then_some(())?;
                format!("\\p{{sc={script}}}")
            }
            _ => return None,
        };
        Some(if negative {
            format!("[^[{inside}]]")
        } else {
            format!("[{inside}]")
        })
    }

    /// Behind a backslash: one character.
    fn escaped_char(&mut self) -> Option<char> {
        let c = self.rest.next()?;
        match c {
            '0'..='7' => {
                // A single digit from 1 on would be a backreference.
                let octal = |c: &char| matches!(c, '0'..='7');
                if c != '0' && !self.rest.peek().is_some_and(octal) {
                    return None;
                }
                let more = std::iter::from_fn(|| self.rest.next_if(octal)).take(2);
                let value = more.fold(u32::from(c) - 48, |value, c| value * 8 + u32::from(c) - 48);
                char::from_u32(value)
            }
            'x' => {
                let braced = self.rest.next_if_eq(&'{').is_some();
                let mut digits = String::new();
                while digits.len() < if braced { 9 } else { 2 } {
                    match self.rest.next_if(char::is_ascii_hexdigit) {
                        Some(digit) => digits.push(digit),
                        None => break,
                    }
                }
                let closed = if braced {
                    self.rest.next()? == '}'
                } else {
                    digits.len() == 2
                };
                let value = u32::from_str_radix(&digits, 16).ok().filter(|_| closed)?;
                char::from_u32(value)
            }
            'a' => Some('\x07'),
            'f' => Some('\x0c'),
            'n' => Some('\n'),
            'r' => Some('\r'),
            't' => Some('\t'),
            'v' => Some('\x0b'),
            _ if c.is_ascii() && !c.is_ascii_alphanumeric() => Some(c),
            _ => None,
        }
    }

    /// Behind `[`.
    fn class(&mut self) -> Option<()> {
        self.out.push('[');
        if self.rest.next_if_eq(&'^').is_some() {
            self.out.push('^');
        }
        let mut first = true;
        loop {
            let c = *self.rest.peek()?;
            if c == ']' && !first {
                self.rest.next();
                self.out.push(']');
                return Some(());
            }
            first = false;
            if c == '['
                && let Some(name) = self.posix_class()
            {
                self.out.push_str(&name?);
                continue;
            }
            if c == '\\' {
                let before = self.rest.clone();
                self.rest.next();
                if let Some(set) = self.set() {
                    self.out.push_str(&set?);
                    continue;
                }
                self.rest = before;
            }
            let low = self.class_char()?;
            let mut ahead = self.rest.clone();
            let is_range = ahead.next() == Some('-') && ahead.peek().is_some_and(|c| *c != ']');
            if is_range {
                self.rest = ahead;
                let high = self.class_char()?;
                (low <= high).then_some(())?;
                self.out.push_str(&format!(
                    "\\x{{{:x}}}-\\x{{{:x}}}",
                    u32::from(low),
                    u32::from(high)
                ));
            } else {
                self.literal(low);
            }
        }
    }

    fn class_char(&mut self) -> Option<char> {
        match self.rest.next()? {
            '\\' => self.escaped_char(),
            c => Some(c),
        }
    }

    /// `[:name:]` inside a class; the outer nothing where it is no such thing.
    fn posix_class(&mut self) -> Option<Option<String>> {
        let text: String = self.rest.clone().collect();
        let inner = text.strip_prefix("[:")?;
        let end = inner.find(":]")?;
        let name = &inner[..end];
        let plain = name.strip_prefix('^').unwrap_or(name);
        const NAMES: [&str; 14] = [
            "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct",
            "space", "upper", "word", "xdigit",
        ];
        for _ in 0..name.chars().count() + 4 {
            self.rest.next();
        }
        Some(NAMES.contains(&plain).then(|| format!("[:{name}:]")))
    }

    /// One character that stands for itself, also inside a class.
    fn literal(&mut self, c: char) {
        if c.is_alphanumeric() {
            self.out.push(c);
        } else {
            self.out.push_str(&format!("\\x{{{:x}}}", u32::from(c)));
        }
    }
}

/// A decimal number without leading zeros; too large a one is cut to a million.
fn number(text: &mut Peekable<Chars<'_>>) -> Option<u32> {
    let digits: String = std::iter::from_fn(|| text.next_if(char::is_ascii_digit)).collect();
    if digits.is_empty() || (digits.len() > 1 && digits.starts_with('0')) {
        return None;
    }
    Some(digits.parse().unwrap_or(u32::MAX).min(1_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(expression: &str, text: &str) -> bool {
        compile(expression)
            .unwrap_or_else(|| panic!("{expression}"))
            .is_match(text.as_bytes())
    }

    #[test]
    fn means_what_go_means() {
        for (expression, yes, no) in [
            ("^only\\.this$", "only.this", "onlyxthis"),
            ("^(?P<n>[\\pL.]+)\\z", "a.é", "a1"),
            ("^(?<n>a)$", "a", "b"),
            ("[a&&b]", "&", "c"),
            ("^[+--]$", ",", "b"),
            ("^[[x]$", "[", "y"),
            ("^[]a]$", "]", "b"),
            ("^\\Qa.b\\E$", "a.b", "axb"),
            ("^\\Qa.b", "a.b", "axb"),
            ("^\\d$", "1", "\u{661}"),
            ("^\\w$", "_", "é"),
            ("^[\\w-]+$", "a-b", "a b"),
            ("^[^\\d]$", "a", "1"),
            ("^a{2,3}$", "aaa", "a"),
            ("^a{,2}$", "a{,2}", "aa"),
            ("^x{$", "x{", "x"),
            ("^\\x41\\x{42}\\103$", "ABC", "abc"),
            ("^[[:alpha:]]+$", "ab", "1"),
            ("(?i)^abc$", "ABC", "abd"),
            ("^(?i:a)b$", "Ab", "AB"),
            ("\\bfoo\\b", "a foo b", "afoo"),
            ("o\\Bo", "foo", "fo o"),
            ("^\\p{Greek}$", "α", "a"),
            ("^\\P{^Greek}$", "α", "a"),
            ("^\\PL$", "1", "a"),
            ("^[\\pL\\pN]$", "1", "-"),
            ("^a\\-b\\_c\\<$", "a-b_c<", "a"),
            ("", "anything", "\0"),
            ("^.$", "é", "\n"),
            ("^a*?b+?$", "ab", "a"),
            ("(?)^a$", "a", "b"),
            ("^[a-]$", "-", "b"),
            ("#x y", "#x y", "xy"),
        ] {
            assert!(matches(expression, yes), "{expression} on {yes}");
            assert!(
                expression.is_empty() || !matches(expression, no),
                "{expression} on {no}"
            );
        }
    }

    #[test]
    fn refuses_what_go_refuses() {
        for expression in [
            "(",
            ")",
            "a)",
            "[",
            "[a",
            "[z-a]",
            "[a--b]",
            "(?=x)",
            "(?!x)",
            "(?<=x)",
            "(?P<n>a)(?P<n>b)",
            "(?P<>a)",
            "(?P=n)",
            "*",
            "a**",
            "a{2}{3}",
            "a+*",
            "(*)",
            "|*",
            "a{1001}",
            "a{3,2}",
            "\\1",
            "\\8",
            "\\Z",
            "\\G",
            "\\C",
            "\\é",
            "\\x",
            "\\xg",
            "\\x{110000}",
            "\\pX",
            "\\p{letter}",
            "\\p{Letter}",
            "[[:nope:]]",
            "(?x)a",
            "(?i",
            "(?-)",
            "\\",
            "[\\",
            "(?z:a)",
            "a\\",
            "(?i-)",
        ] {
            assert!(compile(expression).is_none(), "{expression}");
        }
    }
}
