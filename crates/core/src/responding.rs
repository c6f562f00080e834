//! Parses what an OCSP responder needs (RFC 6960, section 4): requests, and responses that
//! were signed earlier and are served again.

use time::{Date, Month, OffsetDateTime, Time};

use crate::asn1::fields::Fields;
use crate::asn1::read::{Element, Reader};
use crate::asn1::tag;
use crate::error::{Error, Result};
use crate::ocsp::IssuerHash;
use crate::oid;

/// The most certificates in a request. Clients ask for one, or for a chain.
const MOST: usize = 100;

/// The longest nonce (RFC 9654, section 2.1).
const LONGEST_NONCE: usize = 128;

/// An OCSPRequest (RFC 6960, section 4.1.1). Its signature, if any, is not verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OcspRequest<'a> {
    /// The certificates in question, from 1 to 100.
    pub ids: Vec<CertId<'a>>,
    /// The nonce, from 1 to 128 octets (RFC 9654).
    pub nonce: Option<&'a [u8]>,
}

/// A CertID: a certificate, identified by issuer and serial number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CertId<'a> {
    /// All of it in DER, as a response repeats it.
    pub der: &'a [u8],
    /// hashAlgorithm; `None` for an unknown one.
    pub hash: Option<IssuerHash>,
    /// issuerNameHash
    pub name_hash: &'a [u8],
    /// issuerKeyHash
    pub key_hash: &'a [u8],
    /// The contents octets of the serial number.
    pub serial: &'a [u8],
}

impl<'a> OcspRequest<'a> {
    /// Parses a request; `None` if it is malformed, too large, or has a critical extension,
    /// of which only the nonce is known (RFC 6960, section 4.4).
    pub fn read(der: &'a [u8]) -> Option<Self> {
        let mut request = Reader::inside(der, tag::SEQUENCE)?;
        let mut data = request.enter(tag::SEQUENCE)?;
        // version and requestorName
        data.optional(tag::context_constructed(0));
        data.optional(tag::context_constructed(1));
        let mut list = data.enter(tag::SEQUENCE)?;
        let mut ids = Vec::with_capacity(1);
        while !list.is_empty() {
            let mut one = list.enter(tag::SEQUENCE)?;
            ids.push(CertId::read(&one.next()?)?);
            nonce(one.enter(tag::context_constructed(0)))?;
        }
        let nonce = nonce(data.enter(tag::context_constructed(2)))?;
        (1..=MOST)
            .contains(&ids.len())
            .then_some(OcspRequest { ids, nonce })
    }
}

impl<'a> CertId<'a> {
    fn read(element: &Element<'a>) -> Option<Self> {
        let mut id = Reader::inside(element.raw, tag::SEQUENCE)?;
        let mut algorithm = id.enter(tag::SEQUENCE)?;
        Some(CertId {
            der: element.raw,
            hash: IssuerHash::from_oid(algorithm.expect(tag::OBJECT_IDENTIFIER)?),
            name_hash: id.expect(tag::OCTET_STRING)?,
            key_hash: id.expect(tag::OCTET_STRING)?,
            serial: id.expect(tag::INTEGER)?,
        })
    }
}

/// The nonce among extensions, if there are any; `None` if they are malformed, or if one of
/// them is critical and unknown.
fn nonce<'a>(extensions: Option<Reader<'a>>) -> Option<Option<&'a [u8]>> {
    let Some(mut extensions) = extensions else {
        return Some(None);
    };
    let mut list = extensions.enter(tag::SEQUENCE)?;
    let mut found = None;
    while !list.is_empty() {
        let mut extension = list.enter(tag::SEQUENCE)?;
        let name = extension.expect(tag::OBJECT_IDENTIFIER)?;
        let is_critical = extension
            .optional(tag::BOOLEAN)
            .is_some_and(|octets| octets != [0]);
        let value = extension.expect(tag::OCTET_STRING)?;
        if name == oid::OCSP_NONCE.octets() {
            let octets = Reader::new(value).only(tag::OCTET_STRING)?;
            found = Some(octets).filter(|octets| (1..=LONGEST_NONCE).contains(&octets.len()));
            found?;
        } else if is_critical {
            return None;
        }
    }
    Some(found)
}

/// The data of a stored response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The contents octets of the serial number.
    pub serial: Vec<u8>,
    /// thisUpdate
    pub this_update: OffsetDateTime,
    /// nextUpdate; `None` if newer information is always available.
    pub next_update: Option<OffsetDateTime>,
}

impl Kept {
    /// As [`Kept::read`], with the reason for a refusal. What is no SEQUENCE at all is
    /// refused in Go's words.
    ///
    /// # Errors
    /// `asn1: structure error: tags don't match …` and the like, or `not an OCSP response`.
    pub fn parse(der: &[u8]) -> Result<Self> {
        let mut response = Fields::new(der).enter("responseASN1")?;
        response.expect(tag::ENUMERATED, "Enumerated")?;
        Kept::read(der).ok_or_else(|| Error::plain("not an OCSP response"))
    }

    /// Parses a successful basic response; if it has several entries, the first counts.
    pub fn read(der: &[u8]) -> Option<Self> {
        let mut data = basic_response(der)?.enter(tag::SEQUENCE)?;
        data.optional(tag::context_constructed(0));
        // responderID and producedAt
        data.next()?;
        data.expect(tag::GENERALIZED_TIME)?;
        let mut single = data.enter(tag::SEQUENCE)?.enter(tag::SEQUENCE)?;
        let mut id = single.enter(tag::SEQUENCE)?;
        id.expect(tag::SEQUENCE)?;
        id.expect(tag::OCTET_STRING)?;
        id.expect(tag::OCTET_STRING)?;
        let serial = id.expect(tag::INTEGER)?.to_vec();
        // certStatus
        single.next()?;
        let this_update = moment(single.expect(tag::GENERALIZED_TIME)?)?;
        let next_update = match single.enter(tag::context_constructed(0)) {
            Some(mut next) => Some(moment(next.expect(tag::GENERALIZED_TIME)?)?),
            None => None,
        };
        Some(Kept {
            serial,
            this_update,
            next_update,
        })
    }
}

/// `YYYYMMDDhhmmssZ`
fn moment(text: &[u8]) -> Option<OffsetDateTime> {
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    if text.len() != 14 || !text.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let two = |at: usize| text.get(at..at + 2)?.parse::<u8>().ok();
    let month = Month::try_from(two(4)?).ok()?;
    let date = Date::from_calendar_date(text.get(..4)?.parse().ok()?, month, two(6)?).ok()?;
    Some(
        date.with_time(Time::from_hms(two(8)?, two(10)?, two(12)?).ok()?)
            .assume_utc(),
    )
}

/// The fields of the BasicOCSPResponse in a successful response (RFC 6960, section 4.2.1);
/// `None` for any other.
pub(crate) fn basic_response(der: &[u8]) -> Option<Reader<'_>> {
    let mut response = Reader::inside(der, tag::SEQUENCE)?;
    if response.expect(tag::ENUMERATED)? != [0] {
        return None;
    }
    let mut bytes = response
        .enter(tag::context_constructed(0))?
        .enter(tag::SEQUENCE)?;
    if bytes.expect(tag::OBJECT_IDENTIFIER)? != oid::OCSP_BASIC.octets() {
        return None;
    }
    Reader::inside(bytes.expect(tag::OCTET_STRING)?, tag::SEQUENCE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_in_utc_and_seconds() {
        let text = |text: &str| moment(text.as_bytes()).map(|moment| moment.to_string());
        assert_eq!(
            text("20300102030405Z").as_deref(),
            Some("2030-01-02 3:04:05.0 +00:00:00")
        );
        for refused in [
            "20300102030405",
            "2030010203040Z",
            "20301302030405Z",
            "203001020304+5Z",
        ] {
            assert_eq!(text(refused), None, "{refused}");
        }
    }

    #[test]
    fn what_is_no_response_is_refused_in_gos_words() {
        let said = |der: &[u8]| Kept::parse(der).unwrap_err().to_string();
        assert_eq!(
            said(&[0, 0, 0]),
            "asn1: structure error: tags don't match (16 vs {class:0 tag:0 length:0 isCompound:false}) \
             {optional:false explicit:false application:false private:false defaultValue:<nil> tag:<nil> \
             stringType:0 timeType:0 set:false omitEmpty:false} responseASN1 @2"
        );
        assert_eq!(said(&[0x30, 5, 1]), "asn1: syntax error: data truncated");
        assert_eq!(said(&[0x30, 3, 0x0a, 1, 6]), "not an OCSP response");
    }

    #[test]
    fn malformed_requests_are_refused() {
        assert_eq!(OcspRequest::read(b""), None);
        assert_eq!(OcspRequest::read(&[0x30, 0]), None);
        assert_eq!(Kept::read(&[0x30, 3, 0x0a, 1, 6]), None);
    }
}
