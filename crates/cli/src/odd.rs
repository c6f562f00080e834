//! Host strings that were probably not intended. cfssl accepts each of them, mostly as a
//! DNS name that no client will ever ask for.

use rcfssl_go::ip;

/// What is odd about a host, and what to write instead.
pub fn host(text: &str) -> Option<String> {
    if text.is_empty() || is_ip(text) {
        return None;
    }
    if text.contains(char::is_whitespace) {
        let trimmed = text.trim();
        return Some(
            match trimmed.contains(char::is_whitespace) || trimmed.is_empty() {
                true => format!("the host \"{text}\" contains blanks"),
                false => format!("the host \"{text}\" has blanks around it: write \"{trimmed}\""),
            },
        );
    }
    if let Some(rest) = without_scheme(text) {
        let rest = rest.split('/').next().unwrap_or_default();
        let name = without_port(rest).unwrap_or(rest);
        return Some(format!(
            "the host \"{text}\" is a URL, which TLS clients do not compare with the server's name: write \"{name}\""
        ));
    }
    if let Some(name) = without_port(text) {
        return Some(format!("the host \"{text}\" has a port: write \"{name}\""));
    }
    if let Some(name) = without_brackets(text) {
        return Some(format!("the host \"{text}\" has brackets: write \"{name}\""));
    }
    if text.split_once('/').is_some_and(|(address, _)| is_ip(address)) {
        return Some(format!(
            "the host \"{text}\" is a network: a certificate can hold single addresses only"
        ));
    }
    let is_number = |label: &str| !label.is_empty() && label.bytes().all(|b| b.is_ascii_digit());
    (text.contains('.') && text.split('.').all(is_number))
        .then(|| format!("the host \"{text}\" is not a valid IP address and becomes a DNS name"))
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
    use super::host;

    #[test]
    fn odd_hosts_get_a_suggestion() {
        for (text, better) in [
            ("a.example:443", "write \"a.example\""),
            ("10.0.0.1:2379", "write \"10.0.0.1\""),
            ("[::1]:443", "write \"::1\""),
            ("[::1]", "write \"::1\""),
            ("https://a.example:2379/x", "write \"a.example\""),
            ("HTTP://a.example", "write \"a.example\""),
            (" a.example", "write \"a.example\""),
            ("a.example b.example", "contains blanks"),
            (" ", "contains blanks"),
            ("10.0.0.300", "not a valid IP address"),
            ("10.0.0", "not a valid IP address"),
            ("010.0.0.1", "not a valid IP address"),
            ("10.0.0.0/24", "is a network"),
        ] {
            let why = host(text).unwrap_or_default();
            assert!(why.contains(better) && why.contains(text), "{text}: {why}");
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
            assert_eq!(host(text), None, "{text}");
        }
    }
}
