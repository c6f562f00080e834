//! E-mail addresses in certificates, with Go's leniency.

use super::labels;

/// An e-mail address (RFC 2821, section 4.1.2).
pub struct Mailbox {
    /// The part before the @, without quotes.
    pub local: String,
    /// The part after it.
    pub domain: String,
}

impl Mailbox {
    /// Parses an address.
    pub fn parse(text: &str) -> Option<Self> {
        let (local, rest) = match text.strip_prefix('"') {
            Some(quoted) => quoted_local(quoted)?,
            None => plain_local(text)?,
        };
        let domain = rest.strip_prefix('@')?;
        labels(domain)?;
        Some(Mailbox {
            local,
            domain: domain.to_owned(),
        })
    }
}

/// A local part after its opening quote, and the rest after the closing one.
fn quoted_local(text: &str) -> Option<(String, &str)> {
    let mut local = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((local, &text[at + 1..])),
            '\\' => {
                let (_, escaped) = chars.next()?;
                let allowed = escaped.is_ascii() && !matches!(escaped, '\0' | '\n' | '\r');
                local.push(Some(escaped).filter(|_| allowed)?);
            }
            '\0' | '\t' | '\n' | '\r' => return None,
            c if c.is_ascii() => local.push(c),
            _ => return None,
        }
    }
    None
}

/// A local part of atoms and dots, and the rest.
fn plain_local(text: &str) -> Option<(String, &str)> {
    let mut local = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let escaped = c == '\\';
        if escaped {
            rest = &rest[1..];
        } else if !(c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c)) {
            break;
        }
        let taken = rest.chars().next()?;
        local.push(taken);
        rest = &rest[taken.len_utf8()..];
    }
    let dots = local.starts_with('.') || local.ends_with('.') || local.contains("..");
    (!local.is_empty() && !dots).then_some((local, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mailboxes_may_be_quoted() {
        let parsed = |text: &str| Mailbox::parse(text).map(|m| (m.local, m.domain));
        let two = |local: &str, domain: &str| Some((local.to_owned(), domain.to_owned()));
        assert_eq!(parsed("joe@example.org"), two("joe", "example.org"));
        assert_eq!(parsed(r#""a \" b"@example.org"#), two("a \" b", "example.org"));
        assert_eq!(parsed(r"a\@b@c"), two("a@b", "c"));
        for refused in [
            "", "joe", "@a", ".a@b", "a..b@c", "a.@b", "a b@c", "\"a@b", "a@b.", "a@b\nc", "\\",
        ] {
            assert_eq!(parsed(refused), None, "{refused}");
        }
    }
}
