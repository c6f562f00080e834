//! Host strings that were probably not intended. cfssl accepts each of them, mostly as a
//! DNS name that no client will ever ask for.

use rcfssl_go::ip;

/// What is odd about a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OddHost {
    /// There are blanks in it.
    Blanks,
    /// There are blanks around it; without them it is this.
    BlanksAround(String),
    /// It is a URL, which TLS clients do not compare with the server's name; the name in
    /// it is this.
    Url(String),
    /// It has a port; without it, it is this.
    Port(String),
    /// It has the brackets of an IPv6 address; without them it is this.
    Brackets(String),
    /// It is a network.
    Network,
    /// It looks like an IP address and is none.
    NotAnAddress,
}

impl OddHost {
    /// What is odd about a host, if anything is.
    pub fn of(text: &str) -> Option<Self> {
        if text.is_empty() || is_ip(text) {
            return None;
        }
        if text.contains(char::is_whitespace) {
            let trimmed = text.trim();
            return Some(
                match trimmed.contains(char::is_whitespace) || trimmed.is_empty() {
                    true => OddHost::Blanks,
                    false => OddHost::BlanksAround(trimmed.to_owned()),
                },
            );
        }
        if let Some(rest) = without_scheme(text) {
            let rest = rest.split('/').next().unwrap_or_default();
            return Some(OddHost::Url(without_port(rest).unwrap_or(rest).to_owned()));
        }
        if let Some(name) = without_port(text) {
            return Some(OddHost::Port(name.to_owned()));
        }
        if let Some(name) = without_brackets(text) {
            return Some(OddHost::Brackets(name.to_owned()));
        }
        if text.split_once('/').is_some_and(|(address, _)| is_ip(address)) {
            return Some(OddHost::Network);
        }
        let is_number = |label: &str| !label.is_empty() && label.bytes().all(|b| b.is_ascii_digit());
        (text.contains('.') && text.split('.').all(is_number)).then_some(OddHost::NotAnAddress)
    }
}

fn is_ip(text: &str) -> bool {
    ip::parse(text).is_some()
}

/// The part after the scheme of a server's URL. Other schemes, such as `spiffe:`, are
/// intended.
fn without_scheme(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_once("://")?;
    let is_server = ["http", "https", "tcp", "tls"]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(scheme));
    is_server.then_some(rest)
}

/// The host without its port.
fn without_port(text: &str) -> Option<&str> {
    let (host, port) = text.rsplit_once(':')?;
    if port.is_empty() || !port.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    without_brackets(host).or_else(|| {
        let is_name = !host.is_empty() && !host.contains([':', '/', '@']);
        is_name.then_some(host)
    })
}

/// An IPv6 address in brackets, as in URLs.
fn without_brackets(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('[')?.strip_suffix(']')?;
    is_ip(inner).then_some(inner)
}

#[cfg(test)]
mod tests {
    use super::OddHost;

    #[test]
    fn odd_hosts_get_a_suggestion() {
        let name = |name: &str| name.to_owned();
        for (text, odd) in [
            ("a.example:443", OddHost::Port(name("a.example"))),
            ("10.0.0.1:2379", OddHost::Port(name("10.0.0.1"))),
            ("[::1]:443", OddHost::Port(name("::1"))),
            ("[::1]", OddHost::Brackets(name("::1"))),
            ("https://a.example:2379/x", OddHost::Url(name("a.example"))),
            ("HTTP://a.example", OddHost::Url(name("a.example"))),
            (" a.example", OddHost::BlanksAround(name("a.example"))),
            ("a.example b.example", OddHost::Blanks),
            (" ", OddHost::Blanks),
            ("10.0.0.300", OddHost::NotAnAddress),
            ("10.0.0", OddHost::NotAnAddress),
            ("010.0.0.1", OddHost::NotAnAddress),
            ("10.0.0.0/24", OddHost::Network),
        ] {
            assert_eq!(OddHost::of(text), Some(odd), "{text}");
        }
    }

    #[test]
    fn common_hosts_are_not_odd() {
        for text in [
            "",
            "localhost",
            "*.a.example",
            "10.0.0.1",
            "::1",
            "fe80::1",
            "::ffff:10.0.0.1",
            "me@a.example",
            "spiffe://a.example/x",
            "urn:uuid:a",
            "member-1",
            "1.a",
            "3com.example",
            "123",
        ] {
            assert_eq!(OddHost::of(text), None, "{text}");
        }
    }
}
