//! Parses request targets like Go's `http.ServeMux` (1.21): escapes are decoded, a path
//! that is not clean is redirected to the clean one, and the result must match exactly.

use rcfssl_go::quote;

/// A request's target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The decoded path.
    pub path: String,
    /// The part after the question mark, as it was sent.
    pub query: String,
}

impl Target {
    /// Parses a path and query as sent; `None` for invalid escapes.
    pub fn read(path: &str, query: Option<&str>) -> Option<Self> {
        Some(Target {
            path: unescape(path, false)?,
            query: query.unwrap_or_default().to_owned(),
        })
    }

    /// The `Location` of the redirect, if the path is not clean.
    pub fn redirect(&self) -> Option<String> {
        let clean = clean(&self.path);
        if clean == self.path {
            return None;
        }
        let mut location = escape(&clean);
        if !self.query.is_empty() {
            location.push('?');
            location.push_str(&self.query);
        }
        Some(location)
    }

    /// The first value of a key in the query, or an empty string. Malformed parts are
    /// skipped, as in Go.
    pub fn value(&self, key: &str) -> String {
        let pairs = self.query.split('&').filter(|pair| !pair.contains(';'));
        let mut values = pairs.filter_map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = unescape(name, true)?;
            let value = unescape(value, true)?;
            (name == key).then_some(value)
        });
        values.next().unwrap_or_default()
    }
}

/// A path without `.`, `..` and repeated slashes; a trailing slash is kept.
pub fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let mut clean = String::with_capacity(path.len() + 1);
    for part in &parts {
        clean.push('/');
        clean.push_str(part);
    }
    if clean.is_empty() || path.ends_with('/') {
        clean.push('/');
    }
    clean
}

/// Decodes `%xx`, and `+` in a query. Bytes that are not UTF-8 become U+FFFD.
fn unescape(text: &str, query: bool) -> Option<String> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(octet) = rest.next() {
        octets.push(match octet {
            b'%' => {
                let digit = |octet: Option<u8>| char::from(octet?).to_digit(16);
                let (high, low) = (digit(rest.next())?, digit(rest.next())?);
                (high * 16 + low) as u8
            }
            b'+' if query => b' ',
            octet => octet,
        });
    }
    Some(String::from_utf8_lossy(&octets).into_owned())
}

/// A path as Go's `url.URL.String` prints it.
fn escape(path: &str) -> String {
    let mut escaped = String::with_capacity(path.len());
    for octet in path.bytes() {
        match octet {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => escaped.push(octet.into()),
            b'-' | b'_' | b'.' | b'~' | b'$' | b'&' | b'+' | b',' | b'/' | b':' | b';' | b'=' | b'@' => {
                escaped.push(octet.into());
            }
            octet => escaped.push_str(&format!("%{octet:02X}")),
        }
    }
    escaped
}

/// The body of a redirect for GET.
pub fn moved(location: &str) -> String {
    let mut shown = String::with_capacity(location.len());
    for char in location.chars() {
        match char {
            '&' => shown.push_str("&amp;"),
            '<' => shown.push_str("&lt;"),
            '>' => shown.push_str("&gt;"),
            '"' => shown.push_str("&#34;"),
            '\'' => shown.push_str("&#39;"),
            other => shown.push(other),
        }
    }
    format!("<a href=\"{shown}\">Moved Permanently</a>.\n\n")
}

/// Text from a request, escaped for a log line.
pub fn shown(text: &str) -> String {
    match text.chars().any(char::is_control) {
        true => quote(text).trim_matches('"').to_owned(),
        false => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_cleaned_as_in_go() {
        for (path, want) in [
            ("/", "/"),
            ("", "/"),
            ("//", "/"),
            ("/a//b", "/a/b"),
            ("/a/./b/", "/a/b/"),
            ("/a/x/../b", "/a/b"),
            ("/../etc", "/etc"),
            ("/a/..", "/"),
        ] {
            assert_eq!(clean(path), want, "{path:?}");
        }
    }

    #[test]
    fn a_target_that_is_not_clean_is_redirected() {
        let redirect = |path, query| Target::read(path, query).unwrap().redirect();
        assert_eq!(redirect("/a//b", Some("x=1")), Some("/a/b?x=1".to_owned()));
        assert_eq!(redirect("/a/%2e%2e/b c", None), Some("/b%20c".to_owned()));
        assert_eq!(redirect("/a/b", Some("..//")), None);
        assert_eq!(Target::read("/%zz", None), None);
        assert_eq!(Target::read("/%4", None), None);
    }

    #[test]
    fn values_of_a_query() {
        let target = Target::read("/", Some("a=1&b=%20x+y&a=2&c&bad=%z&d;=3")).unwrap();
        for (key, want) in [("a", "1"), ("b", " x y"), ("c", ""), ("bad", ""), ("e", "")] {
            assert_eq!(target.value(key), want, "{key}");
        }
    }
}
