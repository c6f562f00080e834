//! Hosts and ports as Go's `net` package parses and formats them.

/// The port of HTTPS.
pub const HTTPS: &str = "443";

/// A host and a port; the port may be a name such as `https`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// A name or an IP address, without brackets.
    pub host: String,
    /// The port.
    pub port: String,
}

impl Address {
    /// Creates an address.
    pub fn new(host: impl Into<String>, port: impl Into<String>) -> Self {
        Address {
            host: host.into(),
            port: port.into(),
        }
    }

    /// Parses `host:port` or `[host]:port`; anything else is a host with the port of HTTPS.
    pub fn parse(text: &str) -> Self {
        split(text).unwrap_or_else(|| Address::new(text, HTTPS))
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.host.contains([':', '%']) {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// Go's `net.SplitHostPort`; `None` where that returns an error.
fn split(text: &str) -> Option<Address> {
    let (head, port) = text.rsplit_once(':')?;
    let host = match head.strip_prefix('[') {
        Some(inner) => inner.strip_suffix(']')?,
        None if head.contains(':') => return None,
        None => head,
    };
    let stray = |part: &str| part.contains(['[', ']']);
    (!stray(host) && !stray(port)).then(|| Address::new(host, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_optional_port_is_split_off() {
        for (text, host, port) in [
            ("a.example", "a.example", "443"),
            ("a.example:8443", "a.example", "8443"),
            ("a.example:https", "a.example", "https"),
            ("[::1]:1", "::1", "1"),
            ("::1", "::1", "443"),
            ("a:b:c", "a:b:c", "443"),
            ("", "", "443"),
            (":1", "", "1"),
            ("[a]b:1", "[a]b:1", "443"),
        ] {
            assert_eq!(Address::parse(text), Address::new(host, port), "{text}");
        }
        assert_eq!(Address::new("::1", "1").to_string(), "[::1]:1");
        assert_eq!(Address::new("a", "1").to_string(), "a:1");
    }
}
