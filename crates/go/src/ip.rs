//! IP addresses as parsed by Go's `net.ParseIP`.

use std::net::IpAddr;

/// Parses an address. Unlike Rust's parser, it accepts any number of leading zeros in the
/// fields of an IPv6 address: `::ffff:00102:0304`.
pub fn parse(text: &str) -> Option<IpAddr> {
    if !text.contains(':') {
        return text.parse().ok();
    }
    let fields = text.split(':').map(|field| match field.len() {
        ..=4 => field,
        _ if field.contains('.') => field,
        _ => match field.trim_start_matches('0') {
            "" => "0",
            significant => significant,
        },
    });
    fields.collect::<Vec<_>>().join(":").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leading_zeros_are_allowed() {
        for (text, same) in [
            ("::ffff:00102:0304", "::ffff:102:304"),
            ("000000::00001", "::1"),
            ("0000001:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"),
            ("::ffff:1.2.3.4", "::ffff:1.2.3.4"),
            ("10.0.0.1", "10.0.0.1"),
        ] {
            assert_eq!(parse(text), same.parse().ok(), "{text}");
            assert!(parse(text).is_some(), "{text}");
        }
        for text in [
            "::10000",
            "::0g",
            "::00000g",
            "01.2.3.4",
            "::ffff:01.2.3.4",
            "fe80::1%eth0",
            "1:2",
            "",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
