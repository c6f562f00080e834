//! Hand-written DER, which can therefore be invalid.

/// An element.
pub fn element(tag: u8, value: impl AsRef<[u8]>) -> Vec<u8> {
    let value = value.as_ref();
    let mut out = vec![tag];
    match value.len() {
        short @ 0..0x80 => out.push(short as u8),
        long => {
            let octets = (long as u32).to_be_bytes();
            let octets = &octets[octets.iter().take_while(|octet| **octet == 0).count()..];
            out.push(0x80 | octets.len() as u8);
            out.extend_from_slice(octets);
        }
    }
    out.extend_from_slice(value);
    out
}

/// A SEQUENCE of elements.
pub fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    element(0x30, parts.concat())
}

/// A SET of elements, in DER's order (X.690, 11.6).
pub fn set(mut parts: Vec<Vec<u8>>) -> Vec<u8> {
    parts.sort();
    element(0x31, parts.concat())
}

/// An OBJECT IDENTIFIER from dotted notation. A part that is not a number counts as 0.
pub fn oid(text: &str) -> Vec<u8> {
    let mut arcs = text.split('.').map(|arc| arc.parse::<u64>().unwrap_or_default());
    let first = arcs.next().unwrap_or_default() * 40 + arcs.next().unwrap_or_default();
    let mut out = Vec::new();
    for arc in [first].into_iter().chain(arcs) {
        let groups = (0..10).rev().map(|at| (arc >> (7 * at) & 0x7F) as u8);
        let groups: Vec<u8> = groups.skip_while(|group| *group == 0).collect();
        let last = groups.len().saturating_sub(1);
        out.extend(
            groups
                .iter()
                .enumerate()
                .map(|(at, group)| group | if at < last { 0x80 } else { 0 }),
        );
        if groups.is_empty() {
            out.push(0);
        }
    }
    element(0x06, out)
}

/// A BIT STRING of whole octets.
pub fn bits(value: &[u8]) -> Vec<u8> {
    element(0x03, [&[0], value].concat())
}

/// An extension (RFC 5280, 4.1).
pub fn extension(kind: &str, critical: bool, value: impl AsRef<[u8]>) -> Vec<u8> {
    let mut parts = vec![oid(kind)];
    if critical {
        parts.push(vec![1, 1, 0xFF]);
    }
    parts.push(element(0x04, value));
    sequence(&parts)
}

/// A PEM block.
pub fn pem(label: &str, der: &[u8]) -> Vec<u8> {
    let body = crate::normal::pem::Block::canonical_body(der);
    format!("-----BEGIN {label}-----\n{body}-----END {label}-----\n").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normal::der::Element;

    #[test]
    fn encoded_elements_parse_back() {
        for text in [
            "1.2.840.113549.1.9.1",
            "2.5.29.17",
            "0.9.2342.19200300.100.1.25",
            "2.999.1",
            "1.3.0.128",
        ] {
            assert_eq!(Element::whole(&oid(text)).unwrap().oid().unwrap(), text);
        }
        for length in [0, 127, 128, 255, 256, 70_000] {
            assert_eq!(
                Element::whole(&element(4, vec![0; length])).unwrap().value.len(),
                length
            );
        }
    }
}
