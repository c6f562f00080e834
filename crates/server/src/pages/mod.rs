//! The pages beside the API: embedded, without external resources, at the same paths as
//! cfssl's. The server writes them, so they work without JavaScript; only tokens
//! need it.

mod action;
mod ca;
mod front;
mod html;
mod records;

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_RANGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, HeaderMap,
    HeaderName, LOCATION, ORIGIN, RANGE, REFERRER_POLICY,
};
use hyper::{Method, Request, StatusCode, Version};

use crate::answer::{Answer, Failure};
use crate::http::{Peer, Reply, error, insert, reply};
use crate::mux::Target;
use crate::site::{ApiSite, body, not_found, refused};
pub use ca::Ca;

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = include_str!("page.js");
const STYLE: &str = include_str!("page.css");
const ICON: &str = include_str!("icon.svg");

/// The content security policy: a page may load and contact only this server.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Answers requests that are not for an endpoint; any method is accepted, as by Go's file
/// server.
pub async fn answer(site: &ApiSite, peer: &Peer, request: Request<Incoming>, path: &str) -> Reply {
    if path == "/" && is_form(&request) {
        return act(site, peer, request).await;
    }
    let headers = request.headers();
    let front = || file(front::page(site, site.ca()).into_body(), HTML, headers);
    let saved = |octets: fn(&Ca) -> Vec<u8>, media_type| match site.ca() {
        Some(ca) => file(octets(ca).into(), media_type, headers),
        None => not_found(),
    };
    match path {
        "/" | "/scan" | "/bundle" | "/packages" => front(),
        "/certificates" => match records::page(site, peer).await {
            Some(html) => uncached(reply(StatusCode::OK, HTML, html.into_body())),
            None => not_found(),
        },
        "/ca.pem" => saved(|ca| ca.pem().into_bytes(), "application/x-pem-file"),
        "/ca.der" => saved(Ca::der, "application/pkix-cert"),
        "/chain.pem" => saved(|ca| ca.chain.clone().into_bytes(), "application/x-pem-file"),
        "/assets/cfssl.js" => file(SCRIPT.into(), "text/javascript; charset=utf-8", headers),
        "/assets/page.css" => file(STYLE.into(), "text/css; charset=utf-8", headers),
        "/assets/icon.svg" => file(ICON.into(), "image/svg+xml", headers),
        "/index.html" => elsewhere("./"),
        "/assets" => elsewhere("assets/"),
        "/assets/" => file(LISTING.into(), HTML, headers),
        "/scan/" => elsewhere("../scan"),
        "/bundle/" => elsewhere("../bundle"),
        "/packages/" => elsewhere("../packages"),
        _ => not_found(),
    }
}

const LISTING: &str = "<pre>\n<a href=\"cfssl.js\">cfssl.js</a>\n<a href=\"icon.svg\">icon.svg</a>\n<a href=\"page.css\">page.css</a>\n</pre>\n";

fn is_form(request: &Request<Incoming>) -> bool {
    let media_type = request.headers().get(CONTENT_TYPE);
    let media_type = media_type
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap_or_default().trim();
    *request.method() == Method::POST && media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// Does what a form asks for, and answers with the page and what came of it.
async fn act(site: &ApiSite, peer: &Peer, request: Request<Incoming>) -> Reply {
    if !is_own(&request) {
        return error(StatusCode::FORBIDDEN, "This form belongs to another site.\n");
    }
    let query = match body(request, &site.limits).await {
        Ok(Ok(octets)) => String::from_utf8_lossy(&octets).into_owned(),
        Ok(Err(why)) => return refused(&Failure::bad_request(why)),
        Err(failure) => return refused(&failure),
    };
    let path = "/".to_owned();
    let form = Target { path, query };
    let Some(asked) = action::asked(&form) else {
        return error(StatusCode::BAD_REQUEST, "There is no such form.\n");
    };
    if asked.name == "revoke" && !records::may_revoke(site, peer, &form) {
        let refusal = "To revoke certificates here, a client certificate or a token is needed.";
        let refused = Err(Failure::Http(StatusCode::FORBIDDEN, refusal.to_owned()));
        return outcome(site, "revoke", &refused);
    }
    let name = asked.name;
    let Some(result) = site.ask(peer, name, asked.call).await else {
        return not_found();
    };
    outcome(site, name, &result)
}

/// The page with what came of a form.
fn outcome(site: &ApiSite, name: &str, result: &Result<Answer, Failure>) -> Reply {
    let ca = site.ca();
    let mut html = html::Html::new();
    front::open(
        &mut html,
        &ca.map_or_else(|| "Certificate authority".to_owned(), Ca::name),
    );
    action::write(&mut html, name, result);
    if name == "revoke" {
        html.raw("<p><a href=\"/certificates\">Recent certificates</a></p>\n</body>\n</html>\n");
    } else {
        front::write_rest(&mut html, site, ca);
    }
    let status = result.as_ref().map_or_else(Failure::status, |_| StatusCode::OK);
    uncached(reply(status, HTML, html.into_body()))
}

/// Was the form sent from a page of ours? Browsers say where it comes from, and other
/// programs need no page to send anything.
fn is_own(request: &Request<Incoming>) -> bool {
    let header = |name: HeaderName| request.headers().get(name)?.to_str().ok();
    if let Some(site) = header(HeaderName::from_static("sec-fetch-site")) {
        return matches!(site, "same-origin" | "none");
    }
    let host = match request.version() {
        Version::HTTP_2 => request.uri().authority().map(|authority| authority.as_str()),
        _ => header(HOST),
    };
    header(ORIGIN).is_none_or(|origin| origin.split_once("://").map(|(_, origin)| origin) == host)
}

/// A page that is different each time, or that shows a key.
fn uncached(mut page: Reply) -> Reply {
    insert(&mut page, CACHE_CONTROL, "no-store");
    protect(&mut page);
    page
}

fn protect(page: &mut Reply) {
    // cfssl sends no such headers; only browsers use these pages.
    insert(page, CONTENT_SECURITY_POLICY, POLICY);
    insert(page, REFERRER_POLICY, "no-referrer");
}

fn file(whole: Bytes, media_type: &'static str, headers: &HeaderMap) -> Reply {
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
    protect(&mut file);
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
