//! The attributes of a request (RFC 2986, section 4.1): those that Go parses, and those
//! that it skips.

use std::collections::HashSet;

use crate::asn1::fields::{Fields, boolean, elements};
use crate::asn1::read::Element;
use crate::asn1::tag;
use crate::error::{Error, Result};
use crate::extension::Extension;
use crate::name;
use crate::oid::{self, Oid};

/// An attribute as Go shows it: its values as lists of types and values, a structure that
/// fits extensions and little else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// The attribute's type.
    pub oid: Oid,
    /// Its values.
    pub values: Vec<Vec<name::Attribute>>,
}

/// The attributes that can be shown; others are skipped.
pub fn shown(attributes: &[Element<'_>]) -> Vec<Attribute> {
    let lists = |values: &[Element<'_>]| -> Result<Vec<Vec<name::Attribute>>> {
        let list = |value: &Element<'_>| {
            let pairs = elements(value.contents, Some(tag::SEQUENCE))?;
            pairs
                .iter()
                .map(|pair| name::read_attribute(pair.contents))
                .collect()
        };
        values.iter().map(list).collect()
    };
    let show = |attribute: &Element<'_>| {
        let (oid, values) = read(attribute, Some(tag::SEQUENCE)).ok()?;
        let values = lists(&values).ok()?;
        Some(Attribute { oid, values })
    };
    attributes.iter().filter_map(show).collect()
}

/// The extensions that a request asks for, in order. As in Go, malformed attributes are
/// skipped, and only the first value of an extensionRequest counts.
///
/// # Errors
/// Go's message for a malformed list of extensions, and `x509: certificate request contains
/// duplicate requested extensions`.
pub fn requested_extensions(attributes: &[Element<'_>]) -> Result<Vec<Extension>> {
    let mut requested = Vec::new();
    let mut seen = HashSet::new();
    for attribute in attributes {
        let Ok((oid, values)) = read(attribute, None) else {
            continue;
        };
        if let Some(first) = values.first().filter(|_| oid == oid::EXTENSION_REQUEST) {
            let extensions = extensions(first.raw)?;
            if !extensions
                .iter()
                .all(|extension| seen.insert(extension.oid.clone()))
            {
                return Err(duplicate());
            }
            requested.extend(extensions);
        }
    }
    Ok(requested)
}

/// Rejects an extension that is requested twice.
///
/// # Errors
/// `x509: certificate request contains duplicate requested extensions`
pub fn check_unique(extensions: &[Extension]) -> Result<()> {
    let mut seen = HashSet::new();
    match extensions.iter().all(|extension| seen.insert(&extension.oid)) {
        true => Ok(()),
        false => Err(duplicate()),
    }
}

fn duplicate() -> Error {
    Error::plain("x509: certificate request contains duplicate requested extensions")
}

/// The type of an attribute and its values, each of which must have this tag.
fn read<'a>(attribute: &Element<'a>, values: Option<u8>) -> Result<(Oid, Vec<Element<'a>>)> {
    let mut parts = Fields::new(attribute.raw).enter("")?;
    let kind = parts.expect(tag::OBJECT_IDENTIFIER, "")?;
    let oid = Oid::read(kind.contents)?;
    let set = parts.expect(tag::SET, "")?;
    Ok((oid, elements(set.contents, values)?))
}

fn extensions(value: &[u8]) -> Result<Vec<Extension>> {
    let list = Fields::new(value).expect(tag::SEQUENCE, "")?;
    let extension = |element: Element<'_>| {
        let mut parts = Fields::new(element.contents);
        let id = parts.expect(tag::OBJECT_IDENTIFIER, "ObjectIdentifier")?;
        let oid = Oid::read(id.contents)?;
        let critical = match parts.optional(tag::BOOLEAN)? {
            Some(critical) => boolean(critical.contents)?,
            None => false,
        };
        let value = parts.expect(tag::OCTET_STRING, "")?.contents.to_vec();
        Ok(Extension { oid, critical, value })
    };
    let found = elements(list.contents, Some(tag::SEQUENCE))?;
    found.into_iter().map(extension).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asn1::{self, Writer};

    fn attribute(w: &mut Writer, kind: &Oid, set: u8, value: &[u8]) {
        w.sequence(|w| {
            w.oid(kind);
            w.nest(set, |w| w.raw(value));
        });
    }

    fn read(write: &dyn Fn(&mut Writer)) -> std::result::Result<usize, String> {
        let der = asn1::encode(|w| write(w));
        let attributes = elements(&der, None).map_err(|error| error.to_string())?;
        let requested = requested_extensions(&attributes).map_err(|error| error.to_string())?;
        Ok(requested.len())
    }

    const LIST: [u8; 11] = [0x30, 9, 0x30, 7, 6, 3, 0x55, 0x1d, 0x0e, 4, 0];

    #[test]
    fn malformed_attributes_are_skipped_but_malformed_lists_are_errors() {
        let ask = |w: &mut Writer| attribute(w, &oid::EXTENSION_REQUEST, tag::SET, &LIST);
        assert_eq!(read(&ask), Ok(1));
        assert_eq!(read(&|_| {}), Ok(0));
        for (kind, set, value) in [
            (&oid::COMMON_NAME, tag::SET, &[4, 0][..]),
            (&oid::EXTENSION_REQUEST, tag::SEQUENCE, &LIST),
            (&oid::EXTENSION_REQUEST, tag::SET, &[]),
            (&oid::EXTENSION_REQUEST, tag::SET, &[0x30, 5]),
        ] {
            let both = |w: &mut Writer| {
                attribute(w, kind, set, value);
                ask(w);
            };
            assert_eq!(read(&both), Ok(1), "{kind}");
        }
        let twice = |w: &mut Writer| {
            ask(w);
            ask(w);
        };
        assert!(
            read(&twice)
                .unwrap_err()
                .contains("duplicate requested extensions")
        );
        let bad = |w: &mut Writer| attribute(w, &oid::EXTENSION_REQUEST, tag::SET, &[0x31, 0]);
        assert!(
            read(&bad)
                .unwrap_err()
                .starts_with("asn1: structure error: tags don't match (16 vs ")
        );
        assert!(read(&|w| w.raw(&[0x30, 9])).is_err());
    }

    #[test]
    fn extension_identifiers_are_complete_and_minimal() {
        for (id, words) in [
            (&[][..], "syntax error: zero length OBJECT IDENTIFIER"),
            (
                &[0x55, 0x1d, 0x80, 0x0f],
                "syntax error: integer is not minimally encoded",
            ),
            (&[0x55, 0x1d, 0x8f], "syntax error: truncated base 128 integer"),
            (
                &[0x55, 0x88, 0x80, 0x80, 0x80, 0x0f],
                "structure error: base 128 integer too large",
            ),
        ] {
            let list = asn1::encode(|w| {
                w.sequence(|w| {
                    w.sequence(|w| {
                        w.primitive(tag::OBJECT_IDENTIFIER, id);
                        w.octet_string(&[3, 2, 1, 6]);
                    });
                });
            });
            let ask = |w: &mut Writer| attribute(w, &oid::EXTENSION_REQUEST, tag::SET, &list);
            assert_eq!(read(&ask), Err(format!("asn1: {words}")), "{id:?}");
        }
    }

    #[test]
    fn shown_attributes_are_lists_of_pairs() {
        let shown = |value: &[u8]| {
            let der = asn1::encode(|w| attribute(w, &oid::EXTENSION_REQUEST, tag::SET, value));
            shown(&elements(&der, None).unwrap())
                .first()
                .map(|a| a.values.len())
        };
        assert_eq!(shown(&LIST), Some(1));
        assert_eq!(shown(&[LIST, LIST].concat()), Some(2));
        assert_eq!(shown(&[]), Some(0));
        assert_eq!(shown(&[4, 0]), None);
    }
}
