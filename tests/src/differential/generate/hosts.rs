//! Hosts as users write them, and strings that only look like hosts.

use crate::differential::random::Random;

const DNS: [&str; 12] = [
    "example.com",
    "www.example.com",
    "*.example.com",
    "localhost",
    "kubernetes.default.svc.cluster.local",
    "etcd-0",
    "a_b.example",
    "EXAMPLE.COM",
    "xn--nxasmq6b.example",
    "example.com.",
    "_etcd._tcp.example.com",
    "10-0-0-1.nodes.example",
];

const ADDRESSES: [&str; 15] = [
    "127.0.0.1",
    "10.0.0.1",
    "0.0.0.0",
    "255.255.255.255",
    "::1",
    "::",
    "2001:db8::1",
    "2001:DB8:0:0:0:0:0:1",
    "fe80::1",
    "::ffff:1.2.3.4",
    "::FFFF:0102:0304",
    "::1.2.3.4",
    "64:ff9b::1.2.3.4",
    "1:2:3:4:5:6:7:8",
    "1:2:3:4:5:6:7::",
];

const MAIL: [&str; 10] = [
    "a@b.example",
    "user@host",
    "first.last+tag@example.com",
    "<a@b.example>",
    "Bob <bob@example.com>",
    "Bob Smith <bob@example.com>",
    "\"q\" <q@example.com>",
    "\"a b\"@example.com",
    "UPPER@EXAMPLE.COM",
    "o'neill@example.com",
];

/// DNS names that look like addresses or URIs but are not.
const ODD: [&str; 40] = [
    "",
    " ",
    " example.com",
    "example.com ",
    "a b.example",
    "a..example",
    ".example",
    "-a.example",
    "**",
    "*.*.example",
    "01.2.3.4",
    "1.2.3",
    "1.2.3.4.5",
    "256.1.1.1",
    "127.1",
    "2130706433",
    "0x7f.1",
    "1.2.3.4:80",
    "10.0.0.0/8",
    "[::1]",
    "[::1]:443",
    "1::2::3",
    "12345::",
    ":::",
    "::g",
    "1:2:3",
    "1.2.3.4%eth0",
    "@b",
    "a@",
    "a@b@c",
    "a b@c.d",
    "a@[1.2.3.4]",
    "a@b.c.",
    "?q",
    "#f",
    "a,b",
    "'a'",
    "\"a\"",
    "a\u{0}b",
    "foo\n",
];

/// Names that cannot be encoded in a request: cfssl crashes, so a clean error is right.
const NOT_ASCII: [&str; 4] = [
    "münchen.example",
    "пример.example",
    "a@münchen.example",
    "\u{212A}.example",
];

/// Strings that 1.6.5 treats as URIs (Go's `url.ParseRequestURI`), with their recorded
/// output. Debian's cfssl turns them into DNS names.
pub const URIS: [(&str, &str); 28] = [
    ("fe80::1%eth0", "fe80::1%eth0"),
    ("mailto:a@b.c", "mailto:a@b.c"),
    ("http://x/", "http://x/"),
    ("https://u.example.com/p?q#f", "https://u.example.com/p?q#f"),
    ("spiffe://td/wl", "spiffe://td/wl"),
    (
        "spiffe://example.org/ns/default/sa/web",
        "spiffe://example.org/ns/default/sa/web",
    ),
    ("urn:foo:bar", "urn:foo:bar"),
    ("urn:x", "urn:x"),
    ("foo:bar", "foo:bar"),
    ("/path", "/path"),
    ("/", "/"),
    ("//x/y", "//x/y"),
    ("*", "*"),
    ("file:///x", "file:///x"),
    ("http://", "http:"),
    ("http:", "http:"),
    ("x://y", "x://y"),
    ("http://[::1]/", "http://[::1]/"),
    ("HTTP://X", "http://X"),
    ("ldap://x/cn=a?b", "ldap://x/cn=a?b"),
    ("/pa th", "/pa%20th"),
    ("http://user:pass@host/", "http://user:pass@host/"),
    ("data:text/plain,hi", "data:text/plain,hi"),
    ("tag:a", "tag:a"),
    ("c:\\x", "c:\\x"),
    ("a.com:443", "a.com:443"),
    ("tel:123", "tel:123"),
    ("system:node:worker-1", "system:node:worker-1"),
];

/// A host that both versions treat alike.
pub fn host(random: &mut Random) -> String {
    match random.below(1000) {
        0..420 => random.pick(&DNS).to_owned(),
        420..650 => random.pick(&ADDRESSES).to_owned(),
        650..760 => random.pick(&MAIL).to_owned(),
        760..930 => random.pick(&ODD).to_owned(),
        930..940 => random.pick(&NOT_ASCII).to_owned(),
        940..970 => "long-label-".repeat(random.between(6, 40)) + ".example",
        _ => characters(random),
    }
}

/// A host that 1.6.5 treats as a URI.
pub fn uri(random: &mut Random) -> String {
    random.choose(&URIS).0.to_owned()
}

/// Characters that occur in hosts, in any order.
fn characters(random: &mut Random) -> String {
    const CHARS: &[u8] = b"abcXYZ0129.-_ *@<>()[]\"',;#?%=~!$&+";
    let length = random.between(1, 16);
    let text: String = (0..length)
        .map(|_| char::from(CHARS[random.below(CHARS.len())]))
        .collect();
    // Newer releases of Go parse an address with or within a comment differently.
    if may_be_uri(&text) || text.contains(['(', ')']) && text.contains('@') {
        "fallback.example".to_owned()
    } else {
        text
    }
}

/// Whether 1.6.5 may treat it as a URI.
pub fn may_be_uri(text: &str) -> bool {
    let scheme = |text: &str| {
        let (scheme, _) = text.split_once(':')?;
        let odd = |char: char| !(char.is_ascii_alphanumeric() || "+-.".contains(char));
        Some(scheme.starts_with(|char: char| char.is_ascii_alphabetic()) && !scheme.contains(odd))
    };
    text == "*" || text.starts_with('/') || scheme(text) == Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_come_only_from_the_table() {
        for (text, _) in URIS {
            assert!(may_be_uri(text), "{text}");
        }
        for text in [&DNS[..], &MAIL, &ODD, &NOT_ASCII].concat() {
            assert!(!may_be_uri(text), "{text}");
        }
        for at in 0..5000 {
            let host = host(&mut Random::of_trial(2, at));
            assert!(
                !may_be_uri(&host) || host.parse::<std::net::IpAddr>().is_ok(),
                "{host}"
            );
        }
    }
}
