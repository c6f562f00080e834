//! The pages beside the API: embedded, without external resources, at the same paths as
//! cfssl's.

use bytes::Bytes;
use hyper::StatusCode;
use hyper::header::{
    ACCEPT_RANGES, CONTENT_RANGE, CONTENT_SECURITY_POLICY, HeaderMap, HeaderValue, LOCATION, RANGE,
};

use crate::http::{Reply, reply};
use crate::site::not_found;

const HTML: &str = "text/html; charset=utf-8";
const INDEX: &str = include_str!("pages/index.html");
const SCRIPT: &str = include_str!("pages/cfssl.js");
const STYLE: &str = include_str!("pages/rcfssl.css");

/// The content security policy: a page may load and contact only this server.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Answers requests that are not for an endpoint; any method is accepted, as by Go's file
/// server.
pub fn answer(path: &str, headers: &HeaderMap) -> Reply {
    match path {
        "/" | "/scan" | "/bundle" | "/packages" => file(INDEX, HTML, headers),
        "/assets/cfssl.js" => file(SCRIPT, "text/javascript; charset=utf-8", headers),
        "/assets/rcfssl.css" => file(STYLE, "text/css; charset=utf-8", headers),
        "/index.html" => elsewhere("./"),
        "/assets" => elsewhere("assets/"),
        "/assets/" => file(LISTING, HTML, headers),
        "/scan/" => elsewhere("../scan"),
        "/bundle/" => elsewhere("../bundle"),
        "/packages/" => elsewhere("../packages"),
        _ => not_found(),
    }
}

const LISTING: &str =
    "<pre>\n<a href=\"cfssl.js\">cfssl.js</a>\n<a href=\"rcfssl.css\">rcfssl.css</a>\n</pre>\n";

fn file(text: &'static str, media_type: &'static str, headers: &HeaderMap) -> Reply {
    let whole = Bytes::from_static(text.as_bytes());
    let range = headers.get(RANGE).and_then(|range| range.to_str().ok());
    let mut file = match range.map(|range| part(range, whole.len())) {
        Some(Some((first, last))) => {
            let mut part = reply(StatusCode::PARTIAL_CONTENT, media_type, whole.slice(first..=last));
            insert(
                &mut part,
                CONTENT_RANGE,
                &format!("bytes {first}-{last}/{}", whole.len()),
            );
            part
        }
        _ => reply(StatusCode::OK, media_type, whole),
    };
    insert(&mut file, ACCEPT_RANGES, "bytes");
    // cfssl sends no such header; only browsers use these pages.
    insert(&mut file, CONTENT_SECURITY_POLICY, POLICY);
    file
}

/// The bytes of a range (RFC 9110, section 14.1.2), if it is a single one that exists. For
/// any other, the whole file is sent.
fn part(range: &str, length: usize) -> Option<(usize, usize)> {
    let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    let end = length.checked_sub(1)?;
    let (first, last) = match (first, last) {
        ("", count) => (length.checked_sub(count.parse().ok()?)?, end),
        (first, "") => (first.parse().ok()?, end),
        (first, last) => (first.parse().ok()?, last.parse::<usize>().ok()?.min(end)),
    };
    (first <= last).then_some((first, last))
}

fn elsewhere(location: &'static str) -> Reply {
    let mut moved = reply(StatusCode::MOVED_PERMANENTLY, "", "");
    insert(&mut moved, LOCATION, location);
    moved
}

fn insert(reply: &mut Reply, name: hyper::header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        reply.headers_mut().insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_single_and_inside() {
        for (range, want) in [
            ("bytes=0-9", Some((0, 9))),
            ("bytes=5-", Some((5, 99))),
            ("bytes=-10", Some((90, 99))),
            ("bytes=90-1000", Some((90, 99))),
            ("bytes=100-", None),
            ("bytes=9-5", None),
            ("bytes=-0", None),
            ("bytes=0-1,3-4", None),
            ("lines=0-1", None),
        ] {
            assert_eq!(part(range, 100), want, "{range}");
        }
    }
}
