//! Parses names from elsewhere as Go does.

use super::{Attribute, Value};
use crate::asn1::fields::{Fields, elements};
use crate::asn1::tag;
use crate::error::Result;
use crate::oid::Oid;

/// The attributes of a name (X.501, 9.2: a SEQUENCE of SETs of SEQUENCEs), RDN by RDN.
///
/// # Errors
/// Go's message for a malformed name, object identifier or value: `asn1: structure error:
/// sequence tag mismatch`.
pub fn read(der: &[u8]) -> Result<Vec<Attribute>> {
    let name = Fields::new(der).expect(tag::SEQUENCE, "RDNSequence")?;
    let mut attributes = Vec::new();
    for rdn in elements(name.contents, Some(tag::SET))? {
        for attribute in elements(rdn.contents, Some(tag::SEQUENCE))? {
            attributes.push(read_attribute(attribute.contents)?);
        }
    }
    Ok(attributes)
}

/// An AttributeTypeAndValue; anything after the two is ignored.
///
/// # Errors
/// As [`read`].
pub fn read_attribute(contents: &[u8]) -> Result<Attribute> {
    let mut fields = Fields::new(contents);
    let kind = fields.expect(tag::OBJECT_IDENTIFIER, "ObjectIdentifier")?;
    let oid = Oid::read(kind.contents)?;
    let element = fields.any()?;
    let value = Value {
        tag: element.tag,
        contents: element.contents.to_vec(),
    };
    value.meaning()?;
    Ok(Attribute { oid, value })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oid;

    /// CN=`value`
    fn name(kind: u8, value: &[u8]) -> Vec<u8> {
        crate::asn1::encode(|w| {
            w.sequence(|w| {
                w.nest(tag::SET, |w| {
                    w.sequence(|w| {
                        w.oid(&oid::COMMON_NAME);
                        w.primitive(kind, value);
                    });
                });
            });
        })
    }

    #[test]
    fn a_name_must_have_the_right_tags() {
        let der = name(tag::PRINTABLE_STRING, b"x");
        let attributes = read(&der).unwrap();
        assert_eq!(attributes[0].oid, oid::COMMON_NAME);
        assert_eq!(attributes[0].value.text().as_deref(), Some("x"));
        for at in [0, 2, 4, 6] {
            let mut other = der.clone();
            other[at] ^= 0x40;
            assert!(read(&other).is_err(), "{at}");
        }
        // A value longer than its attribute.
        let mut long = der.clone();
        long[12] = 9;
        assert_eq!(
            read(&long).unwrap_err().to_string(),
            "asn1: syntax error: data truncated"
        );
        assert_eq!(read(&[0x30, 0]), Ok(vec![]));
        assert_eq!(read(&[0x30, 2, 0x31, 0]), Ok(vec![]), "an empty RDN");
        assert!(read(&name(tag::PRINTABLE_STRING, b"_")).is_err());
    }

    #[test]
    fn the_class_of_a_value_counts() {
        let attributes = read(&name(0x8c, b"x")).unwrap();
        assert_eq!(attributes[0].value.text(), None);
    }
}
