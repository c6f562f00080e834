//! A response with the HTTP headers that say how long it may be cached (RFC 5019, section
//! 6; RFC 9111).

use std::fmt::Write;

use bytes::Bytes;
use hyper::StatusCode;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, EXPIRES, HeaderName, HeaderValue, LAST_MODIFIED};
use rcfssl_core::responding::Kept;
use time::OffsetDateTime;

use crate::http::{Reply, insert, reply};

const MEDIA_TYPE: &str = "application/ocsp-response";

/// The longest time for which caches may keep a response that was signed when it was asked
/// for; a newer one may say something else.
const LONGEST_AGE: i64 = 3600;

/// A successful response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    body: Bytes,
    next_update: OffsetDateTime,
    /// SHA-256 of the body in hexadecimal, in quotes.
    tag: String,
    /// The headers that do not change.
    fixed: Vec<(HeaderName, HeaderValue)>,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Signed earlier, with cfssl's headers.
    Stored,
    /// Signed when it was asked for.
    Live,
    /// For one request only.
    Once,
}

impl Response {
    /// A response from a file or a database; `None` if it is none.
    pub fn stored(body: Bytes) -> Option<Self> {
        let kept = Kept::read(&body)?;
        let next_update = kept.next_update.unwrap_or_else(OffsetDateTime::now_utc);
        Some(Response::new(body, kept.this_update, next_update, Kind::Stored))
    }

    /// A response that is valid for any request of this kind until it is replaced.
    pub fn live(body: Vec<u8>, this_update: OffsetDateTime, next_update: OffsetDateTime) -> Self {
        Response::new(body.into(), this_update, next_update, Kind::Live)
    }

    /// A response to a single request, because it repeats its nonce.
    pub fn once(body: Vec<u8>, this_update: OffsetDateTime, next_update: OffsetDateTime) -> Self {
        Response::new(body.into(), this_update, next_update, Kind::Once)
    }

    fn new(body: Bytes, this_update: OffsetDateTime, next_update: OffsetDateTime, kind: Kind) -> Self {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &body);
        let tag = format!("\"{}\"", data_encoding::HEXUPPER.encode(digest.as_ref()));
        let zone = match kind {
            Kind::Stored => "UTC",
            Kind::Live | Kind::Once => "GMT",
        };
        let fixed = [
            (ETAG, tag.clone()),
            (EXPIRES, date(next_update, zone)),
            (LAST_MODIFIED, date(this_update, zone)),
        ];
        let fixed = fixed
            .into_iter()
            .filter_map(|(name, value)| Some((name, HeaderValue::try_from(value).ok()?)));
        Response {
            tag,
            fixed: fixed.collect(),
            body,
            next_update,
            kind,
        }
    }

    /// The HTTP response. It has no body if the client has it already, by its
    /// `If-None-Match`.
    pub fn to_reply(&self, known: Option<&HeaderValue>) -> Reply {
        let seconds = (self.next_update - OffsetDateTime::now_utc())
            .whole_seconds()
            .max(0);
        let seconds = match self.kind {
            Kind::Stored => seconds,
            Kind::Live => seconds.min(LONGEST_AGE),
            Kind::Once => return with_body(self.body.clone()),
        };
        let is_known = known.is_some_and(|known| is_among(&self.tag, known));
        let mut answer = match is_known {
            true => reply(StatusCode::NOT_MODIFIED, "", ""),
            false => reply(StatusCode::OK, MEDIA_TYPE, self.body.clone()),
        };
        let age = format!("max-age={seconds}, public, no-transform, must-revalidate");
        insert(&mut answer, CACHE_CONTROL, &age);
        answer.headers_mut().extend(self.fixed.iter().cloned());
        answer
    }
}

/// Whether a tag is in `If-None-Match` (RFC 9110, section 13.1.2).
pub fn is_among(tag: &str, known: &HeaderValue) -> bool {
    let Ok(known) = known.to_str() else {
        return false;
    };
    let mut tags = known.split(',').map(str::trim);
    tags.any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

/// A response that nobody may cache: an error, or one for a single request.
pub fn uncached(status: StatusCode, body: &'static [u8]) -> Reply {
    let mut answer = with_body(Bytes::from_static(body));
    *answer.status_mut() = status;
    answer
}

fn with_body(body: Bytes) -> Reply {
    let mut answer = empty(StatusCode::OK);
    *answer.body_mut() = body.into();
    let media_type = HeaderValue::from_static(MEDIA_TYPE);
    answer.headers_mut().insert(CONTENT_TYPE, media_type);
    answer
}

/// A refusal in HTTP alone.
pub fn empty(status: StatusCode) -> Reply {
    let mut answer = reply(status, "", "");
    insert(&mut answer, CACHE_CONTROL, "max-age=0, no-cache");
    answer
}

/// `Mon, 02 Jan 2006 15:04:05 GMT` (RFC 9110, section 5.6.7). cfssl writes `UTC` instead.
pub fn date(moment: OffsetDateTime, zone: &str) -> String {
    let weekday = moment.weekday().to_string();
    let month = moment.month().to_string();
    let mut text = String::with_capacity(29);
    let _ = write!(
        text,
        "{:.3}, {:02} {:.3} {:04} {:02}:{:02}:{:02} {zone}",
        weekday,
        moment.day(),
        month,
        moment.year(),
        moment.hour(),
        moment.minute(),
        moment.second()
    );
    text
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn dates_are_those_of_http() {
        let moment = datetime!(2030-09-02 03:04:05 UTC);
        assert_eq!(date(moment, "UTC"), "Mon, 02 Sep 2030 03:04:05 UTC");
        assert_eq!(date(moment, "GMT"), "Mon, 02 Sep 2030 03:04:05 GMT");
    }

    #[test]
    fn a_response_that_the_client_has_is_not_sent_again() {
        let now = OffsetDateTime::now_utc();
        let response = Response::live(vec![1], now, now + time::Duration::hours(96));
        let tag = response.tag.clone();
        for (known, is_sent) in [
            (None, true),
            (Some("\"x\"".to_owned()), true),
            (Some(tag.clone()), false),
            (Some(format!("\"x\", W/{tag}")), false),
            (Some("*".to_owned()), false),
        ] {
            let header = known.as_ref().map(|known| HeaderValue::from_str(known).unwrap());
            let reply = response.to_reply(header.as_ref());
            assert_eq!(reply.status() == StatusCode::OK, is_sent, "{known:?}");
            assert_eq!(reply.headers()[ETAG], tag.as_str());
            let control = reply.headers()[CACHE_CONTROL].to_str().unwrap();
            assert_eq!(control, "max-age=3600, public, no-transform, must-revalidate");
        }
        let once = Response::once(vec![1], now, now);
        assert_eq!(
            once.to_reply(None).headers()[CACHE_CONTROL],
            "max-age=0, no-cache"
        );
    }
}
