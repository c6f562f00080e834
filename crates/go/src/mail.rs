//! E-mail addresses as parsed by Go's `mail.ParseAddress` (1.22): one RFC 5322 address,
//! with or without a display name and comments.

use crate::base64;

/// The bare `local@domain` of an address; `None` if it is invalid.
///
/// Display names, comments and the quotes around a local part are dropped. A domain literal
/// in brackets is not accepted. A group of exactly one address is.
pub fn address(text: &str) -> Option<String> {
    let mut reader = Reader { rest: text };
    let mut found = reader.address(true)?;
    reader.skip_comments()?;
    (reader.rest.is_empty() && found.len() == 1).then(|| found.remove(0))
}

#[derive(Clone, Copy)]
struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    /// A mailbox, or (at the top level only) a group.
    fn address(&mut self, group_allowed: bool) -> Option<Vec<String>> {
        self.skip_space();
        if let Some(address) = self.bare_address() {
            self.skip_space();
            if self.take('(') {
                let words = self.comment()?;
                words.split([' ', '\t']).try_for_each(encoded_word)?;
            }
            return Some(vec![address]);
        }
        if !self.rest.starts_with('<') {
            self.phrase()?;
        }
        self.skip_space();
        if group_allowed && self.take(':') {
            return self.group();
        }
        if !self.take('<') {
            return None;
        }
        let address = self.bare_address()?;
        self.take('>').then(|| vec![address])
    }

    fn group(&mut self) -> Option<Vec<String>> {
        let mut members = Vec::new();
        self.skip_space();
        let mut ended = self.take(';');
        while !ended {
            members.extend(self.address(false)?);
            self.skip_comments()?;
            ended = self.take(';');
            if !ended && !self.take(',') {
                return None;
            }
        }
        self.skip_comments()?;
        Some(members)
    }

    /// `local@domain`; on failure nothing is consumed.
    fn bare_address(&mut self) -> Option<String> {
        let mut ahead = *self;
        ahead.skip_space();
        let local = if ahead.rest.starts_with('"') {
            ahead.quoted_string().filter(|local| !local.is_empty())?
        } else {
            ahead.dotted_atom()?.to_owned()
        };
        if !ahead.take('@') {
            return None;
        }
        ahead.skip_space();
        let domain = ahead.dotted_atom()?;
        *self = ahead;
        Some(format!("{local}@{domain}"))
    }

    /// One or more words; stops before anything that is not a word.
    fn phrase(&mut self) -> Option<()> {
        let mut words = 0;
        loop {
            if words > 0 {
                self.skip_comments()?;
            }
            self.skip_space();
            let read = if self.rest.starts_with('"') {
                self.quoted_string().map(drop)
            } else {
                self.atom().and_then(encoded_word)
            };
            match read {
                Some(()) => words += 1,
                None if words > 0 => return Some(()),
                None => return None,
            }
        }
    }

    fn quoted_string(&mut self) -> Option<String> {
        let mut out = String::new();
        let mut escaped = false;
        for (at, c) in self.rest.char_indices().skip(1) {
            match c {
                _ if escaped => {
                    if !is_visible(c) && !is_space(c) {
                        return None;
                    }
                    out.push(c);
                    escaped = false;
                }
                '\\' => escaped = true,
                '"' => {
                    self.rest = &self.rest[at + 1..];
                    return Some(out);
                }
                _ if is_visible(c) || is_space(c) => out.push(c),
                _ => return None,
            }
        }
        None
    }

    /// An atom with dots, which must not be at its ends or adjacent. It is consumed even if
    /// the dots are invalid.
    fn dotted_atom(&mut self) -> Option<&'a str> {
        let atom = self.atom()?;
        let dots_fit = !atom.starts_with('.') && !atom.ends_with('.') && !atom.contains("..");
        dots_fit.then_some(atom)
    }

    fn atom(&mut self) -> Option<&'a str> {
        let end = self.rest.find(|c| !is_atom_char(c)).unwrap_or(self.rest.len());
        let (atom, rest) = self.rest.split_at(end);
        self.rest = rest;
        (!atom.is_empty()).then_some(atom)
    }

    /// White space and comments; `None` if a comment is not closed.
    fn skip_comments(&mut self) -> Option<()> {
        self.skip_space();
        while self.take('(') {
            self.comment()?;
            self.skip_space();
        }
        Some(())
    }

    /// The text of a comment after its opening parenthesis; comments nest.
    fn comment(&mut self) -> Option<&'a str> {
        let mut depth = 1;
        let mut escaped = false;
        for (at, c) in self.rest.char_indices() {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                let text = &self.rest[..at];
                self.rest = &self.rest[at + 1..];
                return Some(text);
            }
        }
        None
    }

    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start_matches(is_space);
    }

    fn take(&mut self, expected: char) -> bool {
        match self.rest.strip_prefix(expected) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t')
}

fn is_visible(c: char) -> bool {
    c > ' ' && c != '\x7f'
}

fn is_atom_char(c: char) -> bool {
    is_visible(c) && !"()<>[]:;@\\,\"".contains(c)
}

/// A word of a display name. If it is encoded (RFC 2047) in a character set other than
/// UTF-8, Latin-1 and ASCII, Go rejects the whole address.
fn encoded_word(word: &str) -> Option<()> {
    let Some(inner) = word.strip_prefix("=?").and_then(|w| w.strip_suffix("?=")) else {
        return Some(());
    };
    let mut parts = inner.split('?');
    let (Some(charset), Some(encoding), Some(text), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Some(());
    };
    let decodes = match encoding {
        "b" | "B" => base64::decode(text).is_ok(),
        "q" | "Q" => is_q_encoded(text.as_bytes()),
        _ => false,
    };
    let known = ["utf-8", "iso-8859-1", "us-ascii"]
        .iter()
        .any(|k| k.eq_ignore_ascii_case(charset));
    (charset.is_empty() || !decodes || known).then_some(())
}

fn is_q_encoded(text: &[u8]) -> bool {
    let mut rest = text;
    loop {
        rest = match rest {
            [] => return true,
            [b'=', a, b, rest @ ..] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit() => rest,
            [b'=', ..] => return false,
            [b' '..=b'~' | b'\t' | b'\n' | b'\r', rest @ ..] => rest,
            _ => return false,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_go_takes() {
        for (text, want) in [
            ("user@host", "user@host"),
            ("a+b@c.d", "a+b@c.d"),
            (" a@b.c ", "a@b.c"),
            ("Bob <a@b.c>", "a@b.c"),
            ("<a@b.c>", "a@b.c"),
            ("a@b.c (comment)", "a@b.c"),
            ("a@b.c (co(mm)ent) (more)", "a@b.c"),
            ("\"Bob, Jr\" <a@b.c>", "a@b.c"),
            ("\"q s\"@example.com", "q s@example.com"),
            ("\"a\\\"b\"@c", "a\"b@c"),
            ("Bob (x) Smith <a@b.c>", "a@b.c"),
            ("=?utf-8?q?B=C3=B6b?= <a@b.c>", "a@b.c"),
            ("group: a@b.c;", "a@b.c"),
            ("üser@example.com", "üser@example.com"),
            ("user@EXAMPLE.com", "user@EXAMPLE.com"),
            ("a @b.c <x@y>", ""),
        ] {
            let want = (!want.is_empty()).then(|| want.to_owned());
            assert_eq!(address(text), want, "{text}");
        }
    }

    #[test]
    fn refuses_what_go_refuses() {
        for text in [
            "",
            "a",
            "a@",
            "@b",
            "a@b@c",
            "a b@c.d",
            "a@b.c.",
            ".a@b",
            "a..b@c",
            "a@[1.2.3.4]",
            "a@b.c, d@e.f",
            "Bob a@b.c",
            "<a@b.c",
            "a@b.c (comment",
            "group:;",
            "group: a@b.c, d@e.f;",
            "group: a@b.c",
            "group: a@b.c,;",
            "\"\"@b.c",
            "\"a@b.c",
            "a@b\nc",
            "=?koi8-r?q?x?= <a@b.c>",
            "a@b c",
            "example.com",
        ] {
            assert_eq!(address(text), None, "{text}");
        }
    }
}
