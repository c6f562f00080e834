//! The attributes of a request (RFC 2986, section 4.1): what Go reads of them, and
//! what it passes over.

use crate::asn1::read::Reader;
use crate::asn1::tag;
use crate::extension::Extension;
use crate::oid::{self, Oid};

/// The extensions that a request asks for, in order; none where no attribute says
/// which. Attributes that are none are passed over, and of an extensionRequest only the
/// first value counts, as in Go. Nothing for a list that is no list of extensions, and
/// for what is no DER.
pub fn requested_extensions(mut attributes: Reader<'_>) -> Option<Vec<Vec<Extension>>> {
    let mut requested = Vec::new();
    while !attributes.is_empty() {
        let attribute = attributes.next()?;
        if let Some((kind, value)) = first_value(attribute.raw)
            && kind == oid::EXTENSION_REQUEST.octets()
        {
            requested.push(extensions(value)?);
        }
    }
    Some(requested)
}

/// The type of an attribute and its first value.
fn first_value(attribute: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut parts = Reader::inside(attribute, tag::SEQUENCE)?;
    let kind = parts.expect(tag::OBJECT_IDENTIFIER)?;
    let mut values = parts.enter(tag::SET)?;
    let first = values.next()?;
    values.by_ref().for_each(drop);
    values.is_empty().then_some((kind, first.raw))
}

fn extensions(value: &[u8]) -> Option<Vec<Extension>> {
    let mut list = Reader::new(value).enter(tag::SEQUENCE)?;
    let mut extensions = Vec::new();
    while !list.is_empty() {
        let mut parts = list.enter(tag::SEQUENCE)?;
        extensions.push(Extension {
            oid: Oid::from_octets(parts.expect(tag::OBJECT_IDENTIFIER)?),
            critical: match parts.optional(tag::BOOLEAN) {
                None | Some([0]) => false,
                Some([0xff]) => true,
                Some(_) => return None,
            },
            value: parts.expect(tag::OCTET_STRING)?.to_vec(),
        });
    }
    Some(extensions)
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

    #[test]
    fn odd_attributes_are_passed_over_and_odd_lists_are_not() {
        let list = [0x30, 9, 0x30, 7, 6, 3, 0x55, 0x1d, 0x0e, 4, 0];
        let read = |write: &dyn Fn(&mut Writer)| {
            let der = asn1::encode(|w| write(w));
            requested_extensions(Reader::new(&der)).map(|lists| lists.concat().len())
        };
        let ask = |w: &mut Writer| attribute(w, &oid::EXTENSION_REQUEST, tag::SET, &list);
        assert_eq!(read(&ask), Some(1));
        assert_eq!(read(&|_| {}), Some(0));
        for (kind, set, value) in [
            (&oid::COMMON_NAME, tag::SET, &[4, 0][..]),
            (&oid::EXTENSION_REQUEST, tag::SEQUENCE, &list),
            (&oid::EXTENSION_REQUEST, tag::SET, &[]),
            (&oid::EXTENSION_REQUEST, tag::SET, &[0x30, 5]),
        ] {
            let both = |w: &mut Writer| {
                attribute(w, kind, set, value);
                ask(w);
            };
            assert_eq!(read(&both), Some(1), "{kind}");
        }
        let twice = |w: &mut Writer| {
            ask(w);
            ask(w);
        };
        assert_eq!(read(&twice), Some(2));
        let bad = |w: &mut Writer| attribute(w, &oid::EXTENSION_REQUEST, tag::SET, &[0x31, 0]);
        assert_eq!(read(&bad), None);
        assert_eq!(read(&|w| w.raw(&[0x30, 9])), None);
    }
}
