//! Distinguished names as Go prints them, roughly according to RFC 2253: the last part
//! first, `CN=leaf.example.com,O=Example Co,C=US`.

use std::fmt::Write;

use crate::name::{Attribute, Extra, Subject};
use crate::oid::Oid;

/// The text of a name. Attributes of types without a short name in Go come last, as
/// `1.2.3=#` and their DER in hexadecimal.
pub fn text(attributes: &[Attribute]) -> String {
    let name = Subject::from_attributes(attributes);
    let one = |value: &String| {
        Some(value.clone())
            .filter(|v| !v.is_empty())
            .into_iter()
            .collect()
    };
    let standard: [(&str, Vec<String>); 9] = [
        ("SERIALNUMBER", one(&name.serial_number)),
        ("CN", one(&name.common_name)),
        ("OU", name.organizational_unit),
        ("O", name.organization),
        ("POSTALCODE", name.postal_code),
        ("STREET", name.street_address),
        ("L", name.locality),
        ("ST", name.province),
        ("C", name.country),
    ];
    let mut parts: Vec<String> = Vec::new();
    for (short, values) in standard.iter().filter(|(_, values)| !values.is_empty()) {
        let values: Vec<String> = values.iter().map(|v| format!("{short}={}", escape(v))).collect();
        parts.push(values.join("+"));
    }
    parts.extend(name.extra.iter().rev().map(|(oid, extra)| other(oid, extra)));
    parts.join(",")
}

fn escape(value: &str) -> String {
    let last = value.len().saturating_sub(1);
    let mut escaped = String::with_capacity(value.len());
    for (at, c) in value.char_indices() {
        let special = match c {
            ',' | '+' | '"' | '\\' | '<' | '>' | ';' => true,
            ' ' => at == 0 || at == last,
            '#' => at == 0,
            _ => false,
        };
        if special {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// The DER of the text, in the string type that Go would use.
fn other(oid: &Oid, extra: &Extra) -> String {
    let value = match extra {
        Extra::Text(text) => crate::name::encode_text(text),
        Extra::Other(value) => crate::asn1::encode(|w| w.primitive(value.tag, &value.contents)),
    };
    let mut out = format!("{oid}=#");
    for octet in value {
        let _ = write!(out, "{octet:02x}");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asn1::tag;
    use crate::name::Value;
    use crate::oid;

    fn attribute(oid: Oid, text: &str) -> Attribute {
        Attribute {
            oid,
            value: Value {
                tag: tag::UTF8_STRING,
                contents: text.as_bytes().to_vec(),
            },
        }
    }

    #[test]
    fn the_last_part_comes_first() {
        let name = [
            attribute(oid::COUNTRY, "US"),
            attribute(oid::ORGANIZATIONAL_UNIT, "A"),
            attribute(oid::PROVINCE, "California"),
            attribute(oid::ORGANIZATIONAL_UNIT, "B"),
            attribute(oid::COMMON_NAME, "leaf"),
            attribute(oid::SERIAL_NUMBER, "7"),
        ];
        assert_eq!(text(&name), "SERIALNUMBER=7,CN=leaf,OU=A+OU=B,ST=California,C=US");
        assert_eq!(text(&[]), "");
    }

    #[test]
    fn special_characters_are_escaped() {
        let name = [attribute(oid::COMMON_NAME, " #a,b+\"<\\> ; #é ")];
        assert_eq!(text(&name), "CN=\\ #a\\,b\\+\\\"\\<\\\\\\> \\; #é\\ ");
        assert_eq!(text(&[attribute(oid::COMMON_NAME, "#x")]), "CN=\\#x");
    }

    #[test]
    fn types_without_a_short_name_come_last_as_der() {
        let name = [
            attribute(oid::EMAIL_ADDRESS, "a@b"),
            attribute(Oid::from_arcs(&[1, 2, 3]).unwrap(), "x"),
            attribute(oid::COMMON_NAME, "cn"),
        ];
        assert_eq!(
            text(&name),
            "CN=cn,1.2.3=#130178,1.2.840.113549.1.9.1=#0c03614062"
        );
    }
}
