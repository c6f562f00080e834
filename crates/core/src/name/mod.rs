//! X.501 names as cfssl builds them: attributes in a fixed order, values of one type
//! together in one multi-valued RDN, as PrintableString if possible and UTF8String
//! otherwise.

mod read;
mod value;

pub use read::{read, read_attribute};
pub use value::{Meaning, Value};

use crate::asn1::{self, Writer, tag};
use crate::error::{Error, Result};
use crate::oid::{self, Oid};

/// An attribute of a parsed name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// The attribute's type.
    pub oid: Oid,
    /// The attribute's value.
    pub value: Value,
}

/// A distinguished name, divided into cfssl's fields.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subject {
    /// C
    pub country: Vec<String>,
    /// ST
    pub province: Vec<String>,
    /// L
    pub locality: Vec<String>,
    /// street
    pub street_address: Vec<String>,
    /// postalCode
    pub postal_code: Vec<String>,
    /// O
    pub organization: Vec<String>,
    /// OU
    pub organizational_unit: Vec<String>,
    /// CN, or empty
    pub common_name: String,
    /// serialNumber, or empty
    pub serial_number: String,
    /// Attributes of other types, at the end, each in its own RDN. An attribute of a type
    /// above replaces that one.
    pub extra: Vec<(Oid, Extra)>,
}

/// The value of an attribute at the end of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Extra {
    /// A character string; its string type depends on its contents.
    Text(String),
    /// Any other value, as it was parsed.
    Other(Value),
}

impl Extra {
    /// A value that is not a string, as Go re-encodes it: times in a form of their own.
    fn of(value: &Value) -> Self {
        Extra::Other(match value.meaning() {
            Ok(Meaning::Time(moment)) => {
                let (tag, contents) = asn1::written(moment);
                Value { tag, contents }
            }
            _ => value.clone(),
        })
    }
}

/// The field for the values of a type.
enum Part<'a> {
    One(&'a mut String),
    Many(&'a mut Vec<String>),
}

impl Subject {
    /// Assigns the attributes of a name to the fields, as a certificate repeats them: the
    /// last CN and serialNumber count, and other types follow at the end in their order.
    /// Like cfssl, this drops values that are not strings if their type has a field: they
    /// would otherwise appear in the certificate although no field contains them.
    pub fn from_attributes(attributes: &[Attribute]) -> Self {
        let mut subject = Subject::default();
        for Attribute { oid, value } in attributes {
            let text = value.text();
            let Some(part) = oid.x520_attribute().and_then(|kind| subject.part(kind)) else {
                let extra = text.map_or_else(|| Extra::of(value), Extra::Text);
                subject.extra.push((oid.clone(), extra));
                continue;
            };
            match (part, text) {
                (Part::One(one), Some(text)) => *one = text,
                (Part::Many(many), Some(text)) => many.push(text),
                (_, None) => {}
            }
        }
        subject
    }

    /// The field for an X.520 attribute.
    fn part(&mut self, kind: u8) -> Option<Part<'_>> {
        Some(match kind {
            3 => Part::One(&mut self.common_name),
            5 => Part::One(&mut self.serial_number),
            6 => Part::Many(&mut self.country),
            7 => Part::Many(&mut self.locality),
            8 => Part::Many(&mut self.province),
            9 => Part::Many(&mut self.street_address),
            10 => Part::Many(&mut self.organization),
            11 => Part::Many(&mut self.organizational_unit),
            17 => Part::Many(&mut self.postal_code),
            _ => return None,
        })
    }

    /// Rejects what Go cannot re-encode.
    ///
    /// # Errors
    /// `asn1: cannot marshal nil value` for a value of a type that Go skips when it parses
    /// a name.
    pub fn check(&self) -> Result<()> {
        let unwritable = |(_, extra): &(Oid, Extra)| matches!(extra, Extra::Other(value) if matches!(value.meaning(), Ok(Meaning::Nothing) | Err(_)));
        if self.extra.iter().any(unwritable) {
            return Err(Error::plain("asn1: cannot marshal nil value"));
        }
        Ok(())
    }

    /// The attributes in the order in which they are encoded.
    pub fn to_attributes(&self) -> Vec<Attribute> {
        let text = |text: &str| Value {
            tag: string_tag(text),
            contents: text.as_bytes().to_vec(),
        };
        let mut attributes = Vec::new();
        for (oid, values) in self.standard() {
            attributes.extend(values.iter().map(|v| Attribute {
                oid: oid.clone(),
                value: text(v),
            }));
        }
        for (oid, extra) in &self.extra {
            let value = match extra {
                Extra::Text(value) => text(value),
                Extra::Other(value) => value.clone(),
            };
            attributes.push(Attribute {
                oid: oid.clone(),
                value,
            });
        }
        attributes
    }

    /// The DER of the name.
    pub fn to_der(&self) -> Vec<u8> {
        asn1::encode(|w| self.write(w))
    }

    /// Writes the name.
    pub fn write(&self, w: &mut Writer) {
        w.sequence(|w| {
            for (oid, values) in self.standard() {
                match values {
                    [] => {}
                    [value] => w.nest(tag::SET, |w| write_text(w, &oid, value)),
                    _ => w.set_of(
                        values
                            .iter()
                            .map(|v| asn1::encode(|w| write_text(w, &oid, v)))
                            .collect(),
                    ),
                }
            }
            for (oid, extra) in &self.extra {
                w.nest(tag::SET, |w| match extra {
                    Extra::Text(text) => write_text(w, oid, text),
                    Extra::Other(value) => write_attribute(w, oid, value.tag, &value.contents),
                });
            }
        });
    }

    /// The attributes of the fields, in order, without those that an extra attribute
    /// replaces.
    fn standard(&self) -> impl Iterator<Item = (Oid, &[String])> {
        let parts: [(Oid, &[String]); 9] = [
            (oid::COUNTRY, &self.country),
            (oid::PROVINCE, &self.province),
            (oid::LOCALITY, &self.locality),
            (oid::STREET_ADDRESS, &self.street_address),
            (oid::POSTAL_CODE, &self.postal_code),
            (oid::ORGANIZATION, &self.organization),
            (oid::ORGANIZATIONAL_UNIT, &self.organizational_unit),
            (oid::COMMON_NAME, one(&self.common_name)),
            (oid::SERIAL_NUMBER, one(&self.serial_number)),
        ];
        parts
            .into_iter()
            .filter(|(oid, _)| !self.extra.iter().any(|(extra, _)| extra == oid))
    }
}

/// An optional value as a list.
fn one(value: &String) -> &[String] {
    if value.is_empty() {
        &[]
    } else {
        std::slice::from_ref(value)
    }
}

fn write_text(w: &mut Writer, oid: &Oid, text: &str) {
    write_attribute(w, oid, string_tag(text), text.as_bytes());
}

fn write_attribute(w: &mut Writer, oid: &Oid, tag: u8, contents: &[u8]) {
    w.sequence(|w| {
        w.oid(oid);
        w.primitive(tag, contents);
    });
}

/// The DER of a character string, with a string type that depends on its contents.
pub(crate) fn encode_text(text: &str) -> Vec<u8> {
    asn1::encode(|w| w.primitive(string_tag(text), text.as_bytes()))
}

/// PrintableString (X.680, 41.4) if its alphabet suffices.
fn string_tag(text: &str) -> u8 {
    let printable = |b: u8| b.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(&b);
    if text.bytes().all(printable) {
        tag::PRINTABLE_STRING
    } else {
        tag::UTF8_STRING
    }
}

/// Parses an attribute type written as `1.2.3`: Go integers separated by dots, so a sign is
/// allowed.
///
/// # Errors
/// `invalid OID part x`
pub fn parse_arcs(dotted: &str) -> Result<Vec<i64>> {
    dotted
        .split('.')
        .map(|part| {
            part.parse()
                .map_err(|_| Error::plain(format!("invalid OID part {part}")))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(values: &[&str]) -> Vec<String> {
        values.iter().map(|v| v.to_string()).collect()
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|b| format!("{b:02x}")).collect()
    }

    #[test]
    fn a_name_has_its_attributes_in_order() {
        let subject = Subject {
            country: strings(&["US"]),
            common_name: "cn".into(),
            ..Subject::default()
        };
        assert_eq!(
            hex(&subject.to_der()),
            "301a310b300906035504061302555331 0b3009060355040313 02636e".replace(' ', "")
        );
        assert_eq!(hex(&Subject::default().to_der()), "3000");
    }

    #[test]
    fn values_of_one_type_share_an_rdn_sorted_by_encoding() {
        let subject = Subject {
            organization: strings(&["Mid long one", "Zeta", "Alpha"]),
            ..Subject::default()
        };
        let der = subject.to_der();
        let at = |needle: &[u8]| der.windows(needle.len()).position(|w| w == needle).unwrap();
        assert!(at(b"Zeta") < at(b"Alpha") && at(b"Alpha") < at(b"Mid long one"));
        assert_eq!(der.iter().filter(|b| **b == tag::SET).count(), 1);
    }

    #[test]
    fn the_string_type_follows_from_the_characters() {
        assert_eq!(string_tag("Az09 '()+,-./:=?"), tag::PRINTABLE_STRING);
        assert_eq!(string_tag(""), tag::PRINTABLE_STRING);
        for text in ["*.example.com", "a@b", "R&D", "a_b", "é", "a\tb", "x!"] {
            assert_eq!(string_tag(text), tag::UTF8_STRING, "{text}");
        }
    }

    #[test]
    fn an_extra_attribute_replaces_a_standard_one() {
        let subject = Subject {
            organization: strings(&["gone"]),
            common_name: "cn".into(),
            extra: vec![(oid::ORGANIZATION, Extra::Text("o2".into()))],
            ..Subject::default()
        };
        let read: Vec<_> = subject
            .to_attributes()
            .iter()
            .map(|a| (a.oid.to_string(), a.value.text().unwrap()))
            .collect();
        assert_eq!(
            read,
            [("2.5.4.3".into(), "cn".into()), ("2.5.4.10".into(), "o2".into())]
        );
        // Parsed back, it is in its usual field again.
        assert_eq!(
            Subject::from_attributes(&subject.to_attributes()).organization,
            ["o2"]
        );
    }

    #[test]
    fn other_types_keep_their_order_and_values() {
        let attributes = [
            Attribute {
                oid: oid::EMAIL_ADDRESS,
                value: Value {
                    tag: tag::IA5_STRING,
                    contents: b"a@b".to_vec(),
                },
            },
            Attribute {
                oid: oid::COMMON_NAME,
                value: Value {
                    tag: tag::BMP_STRING,
                    contents: vec![0, b'c', 0, 0xe9],
                },
            },
            Attribute {
                oid: Oid::from_arcs(&[2, 5, 4, 45]).unwrap(),
                value: Value {
                    tag: tag::BIT_STRING,
                    contents: vec![0, 1],
                },
            },
        ];
        let subject = Subject::from_attributes(&attributes);
        assert_eq!(subject.common_name, "cé");
        assert_eq!(subject.extra[0].1, Extra::Text("a@b".into()));
        assert_eq!(subject.extra[1].1, Extra::Other(attributes[2].value.clone()));
    }

    #[test]
    fn values_that_are_not_strings_have_no_field() {
        let attribute = |oid: &Oid, tag: u8, contents: &[u8]| Attribute {
            oid: oid.clone(),
            value: Value {
                tag,
                contents: contents.to_vec(),
            },
        };
        // OCTET STRING, VisibleString, GeneralString, UniversalString, SEQUENCE, BOOLEAN,
        // INTEGER, and string types' numbers in another class
        for tag in [0x04, 0x1a, 0x1b, 0x1c, 0x30, 0x01, 0x02, 0x8c, 0x2c] {
            for kind in [3, 5, 6, 7, 8, 9, 10, 11, 17] {
                let oid = Oid::from_arcs(&[2, 5, 4, kind]).unwrap();
                let subject = Subject::from_attributes(&[attribute(&oid, tag, b"x")]);
                assert_eq!(subject.to_der(), [0x30, 0], "{oid} {tag}");
            }
            let other = Oid::from_arcs(&[1, 2, 3]).unwrap();
            let subject = Subject::from_attributes(&[attribute(&other, tag, b"x")]);
            assert_eq!(subject.check().is_ok(), matches!(tag, 2 | 4), "{tag}");
        }
    }

    #[test]
    fn times_are_encoded_as_by_go() {
        let born = Oid::from_arcs(&[1, 3, 6, 1, 5, 5, 7, 9, 1]).unwrap();
        let value = Value {
            tag: tag::GENERALIZED_TIME,
            contents: b"19990101120000.5-0100".to_vec(),
        };
        let subject = Subject::from_attributes(&[Attribute { oid: born, value }]);
        let attributes = subject.to_attributes();
        let value = &attributes[0].value;
        assert_eq!(
            (value.tag, &*value.contents),
            (tag::UTC_TIME, &b"990101120000-0100"[..])
        );
    }

    #[test]
    fn arcs_are_go_integers() {
        assert_eq!(parse_arcs("1.2.+3"), Ok(vec![1, 2, 3]));
        assert_eq!(parse_arcs("1.2.-3"), Ok(vec![1, 2, -3]));
        assert_eq!(parse_arcs("1.x").unwrap_err().to_string(), "invalid OID part x");
        assert_eq!(parse_arcs("1.").unwrap_err().to_string(), "invalid OID part ");
    }
}
