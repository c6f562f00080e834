//! URIs as Go's `net/url` (1.22) parses and formats them.

use std::borrow::Cow;
use std::fmt;

use serde::{Serialize, Serializer};

use crate::quote::quote;

/// A URI in parts. User, host and path are percent-decoded, so they are bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Uri {
    scheme: String,
    opaque: String,
    user: Option<(Vec<u8>, Option<Vec<u8>>)>,
    host: Vec<u8>,
    path: Vec<u8>,
    /// The path as written, if it differs from the default encoding of the path.
    raw_path: String,
    query: Option<String>,
    fragment: Option<String>,
    has_authority: bool,
}

/// The structure as Go prints it in JSON.
impl Serialize for Uri {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "PascalCase")]
        struct Url<'a> {
            scheme: &'a str,
            opaque: &'a str,
            user: Option<User>,
            host: Cow<'a, str>,
            path: Cow<'a, str>,
            raw_path: &'a str,
            omit_host: bool,
            force_query: bool,
            raw_query: &'a str,
            fragment: &'a str,
            raw_fragment: &'a str,
        }
        #[derive(Serialize)]
        struct User {}
        let query = self.query.as_deref();
        let shown = Url {
            scheme: &self.scheme,
            opaque: &self.opaque,
            user: self.user.as_ref().map(|_| User {}),
            host: String::from_utf8_lossy(&self.host),
            path: String::from_utf8_lossy(&self.path),
            raw_path: &self.raw_path,
            omit_host: !self.scheme.is_empty() && !self.has_authority && self.path.starts_with(b"/"),
            force_query: query == Some(""),
            raw_query: query.unwrap_or_default(),
            fragment: self.fragment.as_deref().unwrap_or_default(),
            raw_fragment: "",
        };
        shown.serialize(serializer)
    }
}

/// The parts of a URI, which differ in the characters that must be encoded.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    User,
    Host,
    Zone,
    Path,
    Fragment,
}

impl Uri {
    /// Parses the target of an HTTP request: an absolute URI, an absolute path, or `*`. A
    /// `#` is part of the path.
    pub fn parse_request(text: &str) -> Option<Self> {
        if text.is_empty() {
            return None;
        }
        parse(text, true).ok()
    }

    /// Parses a URI or a reference, including its fragment.
    ///
    /// # Errors
    /// Go's message, which begins with `parse "…": `.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (main, fragment) = match text.split_once('#') {
            Some((main, fragment)) => (main, fragment),
            None => (text, ""),
        };
        let described = |error: String| format!("parse {}: {error}", quote(text));
        let mut uri = parse(main, false).map_err(described)?;
        if !fragment.is_empty() {
            let plain = unescape(fragment, Part::Fragment).map_err(described)?;
            let fits = is_valid_encoding(fragment, Part::Fragment);
            uri.fragment = Some(if fits {
                fragment.to_owned()
            } else {
                escape(&plain, Part::Fragment)
            });
        }
        Ok(uri)
    }

    /// Host and port, percent-decoded; empty if there is none.
    pub fn host(&self) -> &[u8] {
        &self.host
    }

    /// The scheme in lower case; empty if there is none.
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// The part after the scheme of a URI such as `mailto:x`, as written.
    pub fn opaque(&self) -> &str {
        &self.opaque
    }

    /// The path, percent-decoded.
    pub fn path(&self) -> &[u8] {
        &self.path
    }

    /// The same user and query with another scheme and host, and without a path.
    #[must_use]
    pub fn at_host(&self, scheme: &str, host: &[u8]) -> Self {
        Uri {
            scheme: scheme.to_owned(),
            host: host.to_vec(),
            user: self.user.clone(),
            query: self.query.clone(),
            fragment: self.fragment.clone(),
            has_authority: self.has_authority,
            ..Uri::default()
        }
    }

    /// The URI with its password replaced by `xxxxx`, for display.
    #[must_use]
    pub fn masked(mut self) -> Self {
        if let Some((_, Some(password))) = &mut self.user {
            *password = b"xxxxx".to_vec();
        }
        self
    }
}

fn parse(text: &str, request: bool) -> Result<Uri, String> {
    if text.bytes().any(|b| b < b' ' || b == 0x7f) {
        return Err("net/url: invalid control character in URL".to_owned());
    }
    if text == "*" {
        return Ok(Uri {
            path: b"*".to_vec(),
            ..Uri::default()
        });
    }
    let (scheme, rest) = split_scheme(text)?;
    let mut uri = Uri {
        scheme: scheme.to_ascii_lowercase(),
        ..Uri::default()
    };
    let (mut rest, query) = match rest.split_once('?') {
        Some((rest, query)) => (rest, Some(query)),
        None => (rest, None),
    };
    uri.query = query.map(str::to_owned);
    if !rest.starts_with('/') {
        if !scheme.is_empty() {
            uri.opaque = rest.to_owned();
            return Ok(uri);
        }
        if request {
            return Err("invalid URI for request".to_owned());
        }
        if rest
            .split('/')
            .next()
            .is_some_and(|segment| segment.contains(':'))
        {
            return Err("first path segment in URL cannot contain colon".to_owned());
        }
    }
    let may_have_authority = !scheme.is_empty() || (!request && !rest.starts_with("///"));
    if let Some(after) = rest.strip_prefix("//").filter(|_| may_have_authority) {
        let (authority, path) = after.split_at(after.find('/').unwrap_or(after.len()));
        uri.read_authority(authority)?;
        uri.has_authority = true;
        rest = path;
    }
    uri.path = unescape(rest, Part::Path)?;
    if escape(&uri.path, Part::Path) != rest {
        uri.raw_path = rest.to_owned();
    }
    Ok(uri)
}

/// Splits off `scheme:`, if there is one.
fn split_scheme(text: &str) -> Result<(&str, &str), String> {
    for (at, c) in text.bytes().enumerate() {
        match c {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if at > 0 => {}
            b':' if at == 0 => return Err("missing protocol scheme".to_owned()),
            b':' => return Ok((&text[..at], &text[at + 1..])),
            _ => break,
        }
    }
    Ok(("", text))
}

impl Uri {
    fn read_authority(&mut self, authority: &str) -> Result<(), String> {
        let Some((user, host)) = authority.rsplit_once('@') else {
            self.host = read_host(authority)?;
            return Ok(());
        };
        self.host = read_host(host)?;
        if !user
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-._:~!$&'()*+,;=%@".contains(c))
        {
            return Err("net/url: invalid userinfo".to_owned());
        }
        let (name, password) = match user.split_once(':') {
            Some((name, password)) => (name, Some(unescape(password, Part::User)?)),
            None => (user, None),
        };
        self.user = Some((unescape(name, Part::User)?, password));
        Ok(())
    }
}

fn read_host(host: &str) -> Result<Vec<u8>, String> {
    let port = if host.starts_with('[') {
        let end = host.rfind(']').ok_or("missing ']' in host")?;
        check_port(&host[end + 1..])?;
        // RFC 6874: a zone follows an encoded percent sign.
        if let Some(zone) = host[..end].find("%25") {
            let mut out = unescape(&host[..zone], Part::Host)?;
            out.extend(unescape(&host[zone..end], Part::Zone)?);
            out.extend(unescape(&host[end..], Part::Host)?);
            return Ok(out);
        }
        ""
    } else {
        host.rfind(':').map_or("", |at| &host[at..])
    };
    check_port(port)?;
    unescape(host, Part::Host)
}

fn check_port(port: &str) -> Result<(), String> {
    let digits = port.strip_prefix(':').unwrap_or(port);
    if port.is_empty() || (port.starts_with(':') && digits.bytes().all(|b| b.is_ascii_digit())) {
        return Ok(());
    }
    Err(format!("invalid port {} after host", quote(port)))
}

fn unescape(text: &str, part: Part) -> Result<Vec<u8>, String> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        if byte != b'%' {
            if matches!(part, Part::Host | Part::Zone) && byte < 0x80 && must_escape(byte, part) {
                return Err(format!(
                    "invalid character {} in host name",
                    quote(&char::from(byte).to_string())
                ));
            }
            out.push(byte);
            rest = after;
            continue;
        }
        let shown = String::from_utf8_lossy(&rest[..rest.len().min(3)]);
        let escape_error = || format!("invalid URL escape {}", quote(&shown));
        let value = after.get(..2).and_then(hex_pair).ok_or_else(escape_error)?;
        let is_percent = &after[..2] == b"25";
        // In a host only bytes beyond ASCII may be encoded; in a zone only spaces and
        // characters that are also allowed unencoded.
        let refused = match part {
            Part::Host => value < 0x80 && !is_percent,
            Part::Zone => !is_percent && value != b' ' && must_escape(value, Part::Host),
            _ => false,
        };
        if refused {
            return Err(escape_error());
        }
        out.push(value);
        rest = &after[2..];
    }
    Ok(out)
}

fn hex_pair(digits: &[u8]) -> Option<u8> {
    let text = std::str::from_utf8(digits)
        .ok()
        .filter(|t| t.bytes().all(|b| b.is_ascii_hexdigit()))?;
    u8::from_str_radix(text, 16).ok()
}

fn escape(bytes: &[u8], part: Part) -> String {
    let mut out = String::with_capacity(bytes.len());
    for &byte in bytes {
        if must_escape(byte, part) {
            out.push_str(&format!("%{byte:02X}"));
        } else {
            out.push(char::from(byte));
        }
    }
    out
}

fn must_escape(byte: u8, part: Part) -> bool {
    match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => false,
        b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=' | b':' | b'[' | b']'
        | b'<' | b'>' | b'"'
            if matches!(part, Part::Host | Part::Zone) =>
        {
            false
        }
        b'$' | b'&' | b'+' | b',' | b'/' | b':' | b';' | b'=' | b'?' | b'@' => match part {
            Part::Path => byte == b'?',
            Part::User => matches!(byte, b'@' | b'/' | b'?' | b':'),
            Part::Fragment => false,
            Part::Host | Part::Zone => true,
        },
        b'!' | b'(' | b')' | b'*' => part != Part::Fragment,
        _ => true,
    }
}

/// Whether this text could be the encoding of a path or a fragment as it stands.
fn is_valid_encoding(text: &str, part: Part) -> bool {
    text.bytes()
        .all(|b| b"!$&'()*+,;=:@[]%".contains(&b) || !must_escape(b, part))
}

/// Formats it as Go does: the scheme in lower case, and characters encoded where necessary.
impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.scheme.is_empty() {
            write!(f, "{}:", self.scheme)?;
        }
        if self.opaque.is_empty() {
            let named = !self.host.is_empty() || self.user.is_some();
            if named || (self.has_authority && !self.scheme.is_empty() && !self.path.is_empty()) {
                f.write_str("//")?;
            }
            if let Some((name, password)) = &self.user {
                f.write_str(&escape(name, Part::User))?;
                if let Some(password) = password {
                    write!(f, ":{}", escape(password, Part::User))?;
                }
                f.write_str("@")?;
            }
            f.write_str(&escape(&self.host, Part::Host))?;
            let path = if !self.raw_path.is_empty() && is_valid_encoding(&self.raw_path, Part::Path) {
                self.raw_path.clone()
            } else if self.path == b"*" {
                "*".to_owned()
            } else {
                escape(&self.path, Part::Path)
            };
            let relative = self.scheme.is_empty() && !named;
            if relative
                && path
                    .split('/')
                    .next()
                    .is_some_and(|segment| segment.contains(':'))
            {
                f.write_str("./")?;
            }
            f.write_str(&path)?;
        } else {
            f.write_str(&self.opaque)?;
        }
        if let Some(query) = &self.query {
            write!(f, "?{query}")?;
        }
        if let Some(fragment) = &self.fragment {
            write!(f, "#{fragment}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(text: &str) -> Option<String> {
        Uri::parse_request(text).map(|uri| uri.to_string())
    }

    #[test]
    fn reads_and_writes_as_go_does() {
        for (text, want) in [
            ("http://x/", "http://x/"),
            ("HTTP://X", "http://X"),
            ("http://", "http:"),
            ("http:", "http:"),
            ("urn:x", "urn:x"),
            ("mailto:a@b.c", "mailto:a@b.c"),
            ("a.com:443", "a.com:443"),
            ("*", "*"),
            ("/path", "/path"),
            ("/", "/"),
            ("//x/y", "//x/y"),
            ("c:\\x", "c:\\x"),
            ("http://x/a b", "http://x/a%20b"),
            ("http://é.com/", "http://%C3%A9.com/"),
            ("HTTP://EXAMPLE.com/%7Efoo", "http://EXAMPLE.com/%7Efoo"),
            ("ftp://user:pw@h:21/", "ftp://user:pw@h:21/"),
            ("https://example.com/path?q=1", "https://example.com/path?q=1"),
            ("http://x/?", "http://x/?"),
            ("http://x?a b", "http://x?a b"),
            ("/a#b", "/a%23b"),
            ("http://[fe80::1%25en0]:80/", "http://[fe80::1%25en0]:80/"),
            ("fe80::1%eth0", "fe80::1%eth0"),
            ("http:///p", "http:///p"),
            ("http:/p", "http:/p"),
            ("http://u@/p", "http://u@/p"),
            ("http://x/%2f", "http://x/%2f"),
            ("file:///etc", "file:///etc"),
            ("spiffe://td/wl", "spiffe://td/wl"),
            ("http://u%40:p%3A@h", "http://u%40:p%3A@h"),
            ("/a:b", "/a:b"),
        ] {
            assert_eq!(request(text).as_deref(), Some(want), "{text}");
        }
    }

    #[test]
    fn refuses_what_go_refuses() {
        for text in [
            "",
            "a.com",
            "1.2.3.4:80",
            "1x://y",
            "a.com/x",
            "?q",
            "#f",
            "http://a b/",
            "http://x/%zz",
            "http://x:port/",
            "/%zz",
            "http://x\n/",
            ":x",
            "http://[::1/",
            "http://[::1]x/",
            "http://%41/",
            "http://a^b@c/",
            "http://x/%4",
        ] {
            assert_eq!(request(text), None, "{text}");
        }
    }

    #[test]
    fn references_have_fragments_and_hosts() {
        for (text, want) in [
            ("//x/y#f g", "//x/y#f%20g"),
            ("a/b", "a/b"),
            ("", ""),
            ("//", ""),
            ("#x", "#x"),
            ("///x", "///x"),
            ("http://h#!(a)", "http://h#!(a)"),
        ] {
            assert_eq!(Uri::parse(text).unwrap().to_string(), want, "{text}");
        }
        assert_eq!(Uri::parse("//x:1/y").unwrap().host(), b"x:1");
        assert_eq!(Uri::parse("a:b c/%").unwrap().to_string(), "a:b c/%");
        assert_eq!(
            Uri::parse("//x%20y/z").unwrap_err(),
            r#"parse "//x%20y/z": invalid URL escape "%20""#
        );
        assert_eq!(
            Uri::parse("1:2").unwrap_err(),
            r#"parse "1:2": first path segment in URL cannot contain colon"#
        );
    }
}
