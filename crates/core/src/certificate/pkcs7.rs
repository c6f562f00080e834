//! Certificates in PKCS#7 signed data (RFC 2315, section 9).

use super::Certificate;
use crate::asn1::read::Reader;
use crate::asn1::tag;

/// id-signedData, 1.2.840.113549.1.7.2
const SIGNED_DATA: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];

/// The certificates of a ContentInfo that is signed data; `None` for anything else.
///
/// Like cfssl, this accepts such an object only if its `crls` field is present, even if
/// empty.
pub(crate) fn certificates(der: &[u8]) -> Option<Vec<Certificate>> {
    let mut content_info = Reader::new(der).enter(tag::SEQUENCE)?;
    if content_info.expect(tag::OBJECT_IDENTIFIER)? != SIGNED_DATA {
        return None;
    }
    let mut content = content_info.enter(tag::context_constructed(0))?;
    let mut signed_data = content.enter(tag::SEQUENCE)?;
    for field in [tag::INTEGER, tag::SET, tag::SEQUENCE] {
        signed_data.expect(field)?;
    }
    let list = context(&mut signed_data, 0)?;
    context(&mut signed_data, 1)?;
    let mut list = Reader::new(list);
    let mut certificates = Vec::new();
    while !list.is_empty() {
        certificates.push(Certificate::read(list.next()?.raw).ok()?);
    }
    (!certificates.is_empty()).then_some(certificates)
}

/// The contents of `[number]`, of any type.
fn context<'a>(fields: &mut Reader<'a>, number: u8) -> Option<&'a [u8]> {
    let element = fields.next()?;
    let is_it = [tag::context(number), tag::context_constructed(number)].contains(&element.tag);
    is_it.then_some(element.contents)
}
