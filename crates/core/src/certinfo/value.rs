//! Values of any type in the dump of a request, as Go prints an `interface{}`.

use serde::Serialize;
use time::OffsetDateTime;

use super::rfc3339;
use crate::name::{Attribute, Meaning, Value};
use rcfssl_go::base64;

/// An attribute of a name, or an extension that Go parses like one.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct TypeAndValue {
    r#type: Vec<u64>,
    value: Shown,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Shown {
    Text(String),
    Integer(i64),
    #[serde(rename_all = "PascalCase")]
    Bits {
        bytes: String,
        bit_length: usize,
    },
    Arcs(Vec<u64>),
    Null,
}

impl TypeAndValue {
    /// The output for an attribute.
    pub fn new(attribute: &Attribute) -> Self {
        TypeAndValue {
            r#type: attribute.oid.arcs(),
            value: Shown::new(&attribute.value),
        }
    }
}

impl Shown {
    fn new(value: &Value) -> Self {
        match value.meaning() {
            Ok(Meaning::Text(text)) => Shown::Text(text),
            Ok(Meaning::Integer(number)) => Shown::Integer(number),
            Ok(Meaning::Octets(octets)) => Shown::Text(base64::encode(&octets)),
            Ok(Meaning::Bits(octets, bit_length)) => Shown::Bits {
                bytes: base64::encode(&octets),
                bit_length,
            },
            Ok(Meaning::Identifier(oid)) => Shown::Arcs(oid.arcs()),
            Ok(Meaning::Time(moment)) => Shown::Text(with_fraction(moment)),
            Ok(Meaning::Nothing) | Err(_) => Shown::Null,
        }
    }
}

/// A time with its fraction, if any.
fn with_fraction(moment: OffsetDateTime) -> String {
    let whole = rfc3339(moment);
    let fraction = format!(".{:09}", moment.nanosecond());
    let fraction = fraction.trim_end_matches('0').trim_end_matches('.');
    let (before, zone) = whole.split_at_checked(19).unwrap_or((&whole, ""));
    format!("{before}{fraction}{zone}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asn1::tag;
    use crate::oid;

    #[test]
    fn values_are_shown_by_their_type() {
        for (tag, contents, want) in [
            (tag::UTF8_STRING, &b"x"[..], r#""x""#),
            (tag::INTEGER, &[0xff], "-1"),
            (tag::OCTET_STRING, b"abc", r#""YWJj""#),
            (tag::BIT_STRING, &[4, 0x10], r#"{"Bytes":"EA==","BitLength":4}"#),
            (tag::OBJECT_IDENTIFIER, &[0x2a, 3], "[1,2,3]"),
            (
                tag::UTC_TIME,
                b"2601021504+0100",
                r#""2026-01-02T15:04:00+01:00""#,
            ),
            (
                tag::GENERALIZED_TIME,
                b"20260102150405.25Z",
                r#""2026-01-02T15:04:05.25Z""#,
            ),
            (tag::BOOLEAN, &[0xff], "null"),
        ] {
            let attribute = Attribute {
                oid: oid::COMMON_NAME,
                value: Value {
                    tag,
                    contents: contents.to_vec(),
                },
            };
            let shown = serde_json::to_string(&TypeAndValue::new(&attribute)).unwrap();
            assert_eq!(shown, format!(r#"{{"Type":[2,5,4,3],"Value":{want}}}"#));
        }
    }
}
