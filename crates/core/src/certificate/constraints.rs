//! The nameConstraints of a certificate (RFC 5280, section 4.2.1.10).

use crate::asn1::read::{Element, Reader};
use crate::asn1::tag;
use crate::host::labels;
use crate::host::mailbox::Mailbox;
use rcfssl_go::ip;

const EMAIL: u8 = tag::context(1);
const DNS: u8 = tag::context(2);
const URI: u8 = tag::context(6);
const IP: u8 = tag::context(7);

/// The subtrees of one certificate: the names' tags and contents.
#[derive(Debug, Default)]
pub struct Subtrees<'a> {
    /// permittedSubtrees
    pub permitted: Vec<(u8, &'a [u8])>,
    /// excludedSubtrees
    pub excluded: Vec<(u8, &'a [u8])>,
    /// Whether there is a name of an unsupported type.
    pub others: bool,
}

impl<'a> Subtrees<'a> {
    /// Decodes the extension's value; `None` if Go would reject it.
    pub fn read(value: &'a [u8]) -> Option<Self> {
        const LISTS: [u8; 2] = [tag::context_constructed(0), tag::context_constructed(1)];
        let mut lists = Reader::inside(value, tag::SEQUENCE)?;
        let mut subtrees = Subtrees::default();
        let mut is_void = true;
        for (at, list) in LISTS.into_iter().enumerate() {
            if !lists.is_next(list) {
                continue;
            }
            let mut list = lists.enter(list)?;
            is_void &= list.is_empty();
            while !list.is_empty() {
                let base = list.enter(tag::SEQUENCE)?.next()?;
                if !subtrees.check(&base)? {
                    continue;
                }
                let into = if at == 0 {
                    &mut subtrees.permitted
                } else {
                    &mut subtrees.excluded
                };
                into.push((base.tag, base.contents));
            }
        }
        (lists.is_empty() && !is_void).then_some(subtrees)
    }

    /// Whether the type of a name is supported; `None` for a malformed name.
    fn check(&mut self, base: &Element<'_>) -> Option<bool> {
        if base.tag == IP {
            return is_network(base.contents).then_some(true);
        }
        if !matches!(base.tag, EMAIL | DNS | URI) {
            self.others = true;
            // Go's parser does not support tags of more than one octet.
            return (base.tag & 0x1f != 0x1f).then_some(false);
        }
        let text = std::str::from_utf8(base.contents)
            .ok()
            .filter(|text| text.is_ascii())?;
        let is_good = match base.tag {
            EMAIL if text.contains('@') => Mailbox::parse(text).is_some(),
            URI if ip::parse(text).is_some() => false,
            _ => labels(text.strip_prefix('.').unwrap_or(text)).is_some(),
        };
        is_good.then_some(true)
    }
}

/// An address and a mask of ones followed by zeros, of equal length.
fn is_network(octets: &[u8]) -> bool {
    let (_, mask) = octets.split_at(octets.len() / 2);
    let ones: Vec<bool> = mask
        .iter()
        .flat_map(|octet| (0..8).rev().map(move |bit| octet >> bit & 1 == 1))
        .collect();
    matches!(octets.len(), 8 | 32) && ones.windows(2).all(|pair| pair[0] || !pair[1])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asn1;

    #[test]
    fn networks_are_masked() {
        let ten = [10, 0, 0, 0, 255, 0, 0, 0];
        assert!(is_network(&ten) && is_network(&[0; 32]) && !is_network(&[0; 16]));
        assert!(!is_network(&[10, 0, 0, 0, 255, 0, 255, 0]));
    }

    #[test]
    fn bases_are_read_as_by_go() {
        for (tag, base, want) in [
            (DNS, &b"a.b"[..], Some(1)),
            (DNS, b".a.b", Some(1)),
            (DNS, b"", Some(1)),
            (DNS, b"a..b", None),
            (DNS, b"\xe9", None),
            (EMAIL, b"x@a.b", Some(1)),
            (EMAIL, b"@a.b", None),
            (EMAIL, b".a.b", Some(1)),
            (URI, b".a.b", Some(1)),
            (URI, b"10.0.0.1", None),
            (IP, &[0; 8], Some(1)),
            (IP, &[0; 4], None),
            (0xa4, &[0x30, 0], Some(0)),
        ] {
            for list in [0, 1] {
                let value = asn1::encode(|w| {
                    w.sequence(|w| w.context(list, |w| w.sequence(|w| w.primitive(tag, base))));
                });
                let found = Subtrees::read(&value).map(|s| s.permitted.len() + s.excluded.len());
                assert_eq!(found, want, "{tag} {base:?}");
            }
        }
        for void in [
            &[0x30, 0][..],
            &[0x30, 2, 0xa0, 0],
            &[0x30, 2, 5, 0],
            &[0x30, 0, 5, 0],
        ] {
            assert!(Subtrees::read(void).is_none(), "{void:?}");
        }
    }
}
