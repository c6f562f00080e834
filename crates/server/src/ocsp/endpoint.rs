//! OCSP over HTTP: where the request is, and what a failure looks like.

use std::sync::Arc;

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::header::IF_NONE_MATCH;
use hyper::{Method, Request, StatusCode};
use rcfssl_core::record;
use rcfssl_core::responding::OcspRequest;
use rcfssl_go::base64;

use super::live::Refusal;
use super::response::{Response, empty, uncached};
use super::{Source, Stored};
use crate::http::Reply;
use crate::limits::Limits;
use crate::log::Log;
use crate::mux::{Target, clean};
use crate::site::{body, moved, not_found};

/// Responses without a body: an ENUMERATED in a SEQUENCE.
const MALFORMED: [u8; 5] = [0x30, 3, 0x0a, 1, 1];
const INTERNAL_ERROR: [u8; 5] = [0x30, 3, 0x0a, 1, 2];
const UNAUTHORIZED: [u8; 5] = [0x30, 3, 0x0a, 1, 6];

/// The largest request in bytes. One for a certificate has about a hundred.
const LARGEST: usize = 64 << 10;

/// An OCSP responder at a path.
pub struct Endpoint {
    path: String,
    source: Source,
    limits: Limits,
    log: Log,
}

impl Endpoint {
    /// A responder at this path. If it ends in a slash, everything below it is included;
    /// otherwise GET is answered below it all the same.
    pub fn new(path: String, source: Source, limits: Limits, log: Log) -> Self {
        let limits = Limits {
            body: limits.body.min(LARGEST),
            ..limits
        };
        Endpoint {
            path,
            source,
            limits,
            log,
        }
    }

    /// Whether a request for this path, as it was sent, is for the responder.
    pub fn owns(&self, path: &str) -> bool {
        let below = path.strip_prefix(self.path.trim_end_matches('/'));
        below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Answers a request.
    pub async fn answer(&self, request: Request<Incoming>) -> Reply {
        let Some(target) = Target::read(request.uri().path(), None) else {
            return empty(StatusCode::BAD_REQUEST);
        };
        let is_get = match *request.method() {
            Method::GET => true,
            // cfssl has no HEAD.
            Method::HEAD => !matches!(self.source, Source::Stored(Stored::File(_))),
            _ => false,
        };
        let Some(rest) = self.below(&target.path, is_get) else {
            // Go's mux also redirects the name of a folder without its slash.
            return match self.path.strip_suffix('/') == Some(&target.path) {
                true => moved(request.method(), &self.path),
                false => not_found(),
            };
        };
        let known = request.headers().get(IF_NONE_MATCH).cloned();
        let asked: Bytes = match *request.method() {
            _ if is_get => match base64::decode(rest.replace(' ', "+")) {
                Ok(asked) => asked.into(),
                Err(_) => return empty(StatusCode::BAD_REQUEST),
            },
            Method::POST => match body(request, &self.limits).await {
                Ok(Ok(body)) => body,
                Ok(Err(_)) => return empty(StatusCode::BAD_REQUEST),
                Err(failure) => return empty(failure.status()),
            },
            _ => return empty(StatusCode::METHOD_NOT_ALLOWED),
        };
        match self.respond(&asked).await {
            Ok(response) => response.to_reply(known.as_ref()),
            Err(reply) => *reply,
        }
    }

    /// The part of a path below the registered one; `None` for any other path. Repeated
    /// slashes are part of the base64 and are kept.
    fn below<'a>(&self, path: &'a str, is_get: bool) -> Option<&'a str> {
        let folder = self.path.trim_end_matches('/');
        match self.path.ends_with('/') {
            false if clean(path) == self.path => Some(""),
            false if !is_get => None,
            _ => {
                let rest = path.strip_prefix(folder)?;
                rest.strip_prefix('/').map(|rest| rest.trim_start_matches('/'))
            }
        }
    }

    async fn respond(&self, request: &[u8]) -> Result<Arc<Response>, Box<Reply>> {
        let refused = |status, body| Box::new(uncached(status, body));
        let asked = OcspRequest::read(request);
        let first = asked.as_ref().and_then(|asked| Some((asked, asked.ids.first()?)));
        let (asked, id) = first.ok_or_else(|| refused(StatusCode::BAD_REQUEST, &MALFORMED))?;
        let about = || {
            let (serial, request) = (hexadecimal(id.serial), base64::encode(request));
            format!("request: serial {serial}, request body {request}")
        };
        let unknown = || {
            self.log.info(format_args!("No response found for {}", about()));
            refused(StatusCode::OK, &UNAUTHORIZED)
        };
        let failed = |error: &str| {
            self.log
                .error(format_args!("Error obtaining OCSP response: {error}"));
            self.log.info(format_args!(
                "Error retrieving response for {}, error: failed to obtain OCSP response: {error}",
                about()
            ));
            refused(StatusCode::INTERNAL_SERVER_ERROR, &INTERNAL_ERROR)
        };
        match &self.source {
            Source::Stored(stored) => {
                let found = stored.find(id, &self.log).await;
                let found = found.map_err(|error| failed(&error.to_string()))?;
                let response = Response::stored(found.ok_or_else(unknown)?).map(Arc::new);
                response.ok_or_else(|| {
                    self.log.error("Error parsing response of the source");
                    refused(StatusCode::INTERNAL_SERVER_ERROR, &INTERNAL_ERROR)
                })
            }
            Source::Live(live) => live.answer(asked).await.map_err(|refusal| match refusal {
                Refusal::Unauthorized => unknown(),
                Refusal::Failed(error) => failed(&error),
            }),
        }
    }
}

/// A serial number as Go prints it with `%x`.
fn hexadecimal(serial: &[u8]) -> String {
    let text = record::hex(serial);
    match text.trim_start_matches('0') {
        "" => "0".to_owned(),
        digits => digits.to_owned(),
    }
}
