//! Parses what an OCSP responder needs (RFC 6960, section 4): requests, and responses that
//! were signed earlier and are served again.

use time::{Date, Month, OffsetDateTime, Time};

use crate::asn1::read::Reader;
use crate::asn1::tag;
use crate::oid;

/// The certificate in a request; the first if there are several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The contents octets of the serial number.
    pub serial: Vec<u8>,
    /// issuerKeyHash
    pub key_hash: Vec<u8>,
}

impl Asked {
    /// Parses an OCSPRequest.
    pub fn read(der: &[u8]) -> Option<Self> {
        let mut request = Reader::inside(der, tag::SEQUENCE)?;
        let mut data = request.enter(tag::SEQUENCE)?;
        // version and requestorName
        data.optional(tag::context_constructed(0));
        data.optional(tag::context_constructed(1));
        let mut list = data.enter(tag::SEQUENCE)?;
        let mut first = list.enter(tag::SEQUENCE)?;
        let mut id = first.enter(tag::SEQUENCE)?;
        id.expect(tag::SEQUENCE)?;
        id.expect(tag::OCTET_STRING)?;
        Some(Asked {
            key_hash: id.expect(tag::OCTET_STRING)?.to_vec(),
            serial: id.expect(tag::INTEGER)?.to_vec(),
        })
    }
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
    fn malformed_requests_are_refused() {
        assert_eq!(Asked::read(b""), None);
        assert_eq!(Asked::read(&[0x30, 0]), None);
        assert_eq!(Kept::read(&[0x30, 3, 0x0a, 1, 6]), None);
    }
}
