//! Certificates inside PKCS#7 signed data (RFC 2315, section 9).

use x509_parser::asn1_rs::{Any, Class, FromDer, Tag};

use super::Certificate;

/// id-signedData, 1.2.840.113549.1.7.2
const SIGNED_DATA: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];

/// The certificates of a ContentInfo that is signed data; nothing for anything
/// else.
///
/// cfssl reads such an object only where its `crls` field is there, if empty, and
/// so does this.
pub(crate) fn certificates(der: &[u8]) -> Option<Vec<Certificate>> {
    let content_info = sequence(der)?;
    let (content, content_type) = Any::from_der(content_info).ok()?;
    if content_type.tag() != Tag::Oid || content_type.data != SIGNED_DATA {
        return None;
    }
    let signed_data = sequence(context(content, 0)?.0)?;
    let rest = [Tag::Integer, Tag::Set, Tag::Sequence]
        .into_iter()
        .try_fold(signed_data, |rest, tag| {
            let (rest, any) = Any::from_der(rest).ok()?;
            (any.tag() == tag).then_some(rest)
        })?;
    let (mut list, rest) = context(rest, 0)?;
    context(rest, 1)?;
    let mut certificates = Vec::new();
    while !list.is_empty() {
        let (rest, _) = Any::from_der(list).ok()?;
        let (one, _) = list.split_at(list.len() - rest.len());
        certificates.push(Certificate::read(one).ok()?);
        list = rest;
    }
    (!certificates.is_empty()).then_some(certificates)
}

fn sequence(der: &[u8]) -> Option<&[u8]> {
    let (_, any) = Any::from_der(der).ok()?;
    (any.tag() == Tag::Sequence).then_some(any.data)
}

/// The contents of `[number]` and what follows.
fn context(der: &[u8], number: u32) -> Option<(&[u8], &[u8])> {
    let (rest, any) = Any::from_der(der).ok()?;
    (any.class() == Class::ContextSpecific && any.tag().0 == number).then_some((any.data, rest))
}
