//! `ocspserve`: serves OCSP responses signed earlier, by POST and by GET (RFC 6960,
//! appendix A; RFC 5019).

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::Arc;

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::header::{
    CACHE_CONTROL, CONTENT_TYPE, ETAG, EXPIRES, HeaderName, HeaderValue, IF_NONE_MATCH, LAST_MODIFIED,
};
use hyper::{Method, Request, StatusCode};
use rcfssl_core::record;
use rcfssl_core::responding::{Asked, Kept};
use rcfssl_core::{Result, Serial};
use rcfssl_go::base64;
use rcfssl_store::Store;
use time::OffsetDateTime;

use crate::host::Host;
use crate::http::{Peer, Reply, Serving, Site, adopt, bind, joined, reply};
use crate::limits::Limits;
use crate::log::{Level, Log};
use crate::mux::{Target, clean};
use crate::serve::{Running, run};
use crate::site::{body, moved, not_found, refuse};

const MEDIA_TYPE: &str = "application/ocsp-response";

/// Responses without a body: an ENUMERATED in a SEQUENCE.
const MALFORMED: [u8; 5] = [0x30, 3, 0x0a, 1, 1];
const INTERNAL_ERROR: [u8; 5] = [0x30, 3, 0x0a, 1, 2];
const UNAUTHORIZED: [u8; 5] = [0x30, 3, 0x0a, 1, 6];

/// Where responses are read from.
pub enum Source {
    /// A file, indexed by the serial number's content octets, whatever the issuer.
    File(HashMap<Vec<u8>, Bytes>),
    /// A database.
    Database(Arc<Store>),
}

impl Source {
    /// Reads a file of base64 words separated by white space. Invalid words are logged and
    /// skipped.
    pub fn read(text: &[u8], log: &Log) -> Self {
        let text = String::from_utf8_lossy(text);
        let mut responses = HashMap::new();
        for word in text.split_whitespace() {
            let response = match base64::decode(word) {
                Ok(response) => response,
                Err(error) => {
                    log.error(format_args!("Base64 decode error {error} on: {word}"));
                    continue;
                }
            };
            match Kept::read(&response) {
                Some(kept) => {
                    responses.insert(kept.serial, Bytes::from(response));
                }
                None => log.error(format_args!("OCSP decode error: not an OCSP response on: {word}")),
            }
        }
        log.info(format_args!("Read {} OCSP responses", responses.len()));
        Source::File(responses)
    }
}

/// The settings of `ocspserve`.
pub struct Settings {
    /// The host to listen on; empty for all addresses.
    pub address: String,
    /// The port.
    pub port: i64,
    /// A socket that is open already, and who hears of what the server does.
    pub host: Host,
    /// The path; a path that ends in a slash includes everything below it.
    pub path: String,
    /// The limits for a client.
    pub limits: Limits,
}

/// Reads the source; again at each SIGHUP.
pub type Load = Box<dyn Fn() -> Result<Source> + Send + Sync>;

/// Serves until a signal arrives.
///
/// # Errors
/// Why the server cannot start, as cfssl words it.
pub fn serve(settings: Settings, source: Source, load: Load, log: Log) -> Result<()> {
    log.info("Registering OCSP responder handler");
    let listener = match settings.host.listener {
        Some(listener) => {
            let (listener, address) = adopt(listener)?;
            log.info(format_args!("Now listening on {address}"));
            listener
        }
        None => {
            let address = joined(&settings.address, settings.port);
            log.info(format_args!("Now listening on {address}"));
            bind(&settings.address, settings.port)?
        }
    };
    let (path, limits, site_log) = (settings.path, settings.limits, Arc::clone(&log));
    let serving = move |source| Serving {
        site: Responder {
            source,
            path: path.clone(),
            limits,
            log: Arc::clone(&site_log),
        },
        tls: None,
    };
    let first = serving(source);
    let running = Running {
        listener,
        beside: None,
        reload: Arc::new(move || Ok(serving(load()?))),
        report: settings.host.report,
    };
    run(first, limits, log, running)
}

struct Responder {
    source: Source,
    path: String,
    limits: Limits,
    log: Log,
}

impl Site for Responder {
    async fn answer(&self, _: &Peer, request: Request<Incoming>) -> Reply {
        if let Some(refusal) = refuse(&request) {
            return refusal;
        }
        let Some(target) = Target::read(request.uri().path(), None) else {
            return empty(StatusCode::BAD_REQUEST);
        };
        let Some(rest) = self.below(&target.path) else {
            // Go's mux also redirects the name of a folder without its slash.
            return match self.path.strip_suffix('/') == Some(&target.path) {
                true => moved(request.method(), &self.path),
                false => not_found(),
            };
        };
        let known = request.headers().get(IF_NONE_MATCH).cloned();
        let asked: Bytes = match *request.method() {
            Method::GET => match base64::decode(rest.replace(' ', "+")) {
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
        self.respond(&asked, known.as_ref()).await
    }
}

impl Responder {
    /// The part of a path below the registered one; `None` for any other path. Repeated
    /// slashes are part of the base64 and are kept.
    fn below<'a>(&self, path: &'a str) -> Option<&'a str> {
        match self.path.ends_with('/') {
            true => {
                let rest = path.strip_prefix(self.path.trim_end_matches('/'))?;
                rest.strip_prefix('/').map(|rest| rest.trim_start_matches('/'))
            }
            false if clean(path) == self.path => Some(""),
            false => None,
        }
    }

    async fn respond(&self, request: &[u8], known: Option<&HeaderValue>) -> Reply {
        let Some(asked) = Asked::read(request) else {
            return uncached(StatusCode::BAD_REQUEST, &MALFORMED);
        };
        let response = match self.find(&asked).await {
            Ok(Some(response)) => response,
            Ok(None) => {
                let (serial, request) = (hexadecimal(&asked.serial), base64::encode(request));
                self.log.info(format_args!(
                    "No response found for request: serial {serial}, request body {request}"
                ));
                return uncached(StatusCode::OK, &UNAUTHORIZED);
            }
            Err(error) => {
                let (serial, request) = (hexadecimal(&asked.serial), base64::encode(request));
                self.log
                    .error(format_args!("Error obtaining OCSP response: {error}"));
                self.log.info(format_args!(
                    "Error retrieving response for request: serial {serial}, request body {request}, \
                     error: failed to obtain OCSP response: {error}"
                ));
                return uncached(StatusCode::INTERNAL_SERVER_ERROR, &INTERNAL_ERROR);
            }
        };
        let Some(kept) = Kept::read(&response) else {
            self.log.error("Error parsing response of the source");
            return uncached(StatusCode::INTERNAL_SERVER_ERROR, &INTERNAL_ERROR);
        };
        cached(response, &kept, known)
    }

    async fn find(&self, asked: &Asked) -> rcfssl_store::Result<Option<Bytes>> {
        match &self.source {
            Source::File(responses) => Ok(responses.get(&asked.serial).cloned()),
            Source::Database(store) => {
                let (serial, aki) = (
                    Serial::from_contents(&asked.serial).to_string(),
                    record::hex(&asked.key_hash),
                );
                self.log
                    .line(Level::Debug, &format_args!("looking for {serial} of {aki}"));
                let found = store.ocsp(&serial, &aki).await?;
                Ok(found.map(|record| record.body.into()))
            }
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

/// A response with headers that let anyone cache it until it is replaced.
fn cached(response: Bytes, kept: &Kept, known: Option<&HeaderValue>) -> Reply {
    let now = OffsetDateTime::now_utc();
    let next = kept.next_update.unwrap_or(now);
    let seconds = (next - now).whole_seconds().max(0);
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &response);
    let tag = format!("\"{}\"", data_encoding::HEXUPPER.encode(digest.as_ref()));
    let is_known = known.is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let mut answer = match is_known {
        true => reply(StatusCode::NOT_MODIFIED, "", ""),
        false => reply(StatusCode::OK, MEDIA_TYPE, response),
    };
    let age = format!("max-age={seconds}, public, no-transform, must-revalidate");
    for (name, value) in [
        (CACHE_CONTROL, age),
        (ETAG, tag),
        (EXPIRES, day(next)),
        (LAST_MODIFIED, day(kept.this_update)),
    ] {
        insert(&mut answer, name, &value);
    }
    answer
}

fn uncached(status: StatusCode, response: &'static [u8]) -> Reply {
    let mut answer = empty(status);
    *answer.body_mut() = Bytes::from_static(response).into();
    answer
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    answer
}

fn empty(status: StatusCode) -> Reply {
    let mut answer = reply(status, "", "");
    insert(&mut answer, CACHE_CONTROL, "max-age=0, no-cache");
    answer
}

fn insert(reply: &mut Reply, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        reply.headers_mut().insert(name, value);
    }
}

/// `Mon, 02 Jan 2006 15:04:05 UTC`, as cfssl formats it.
fn day(moment: OffsetDateTime) -> String {
    let weekday = moment.weekday().to_string();
    let month = moment.month().to_string();
    let mut text = String::with_capacity(29);
    let _ = write!(
        text,
        "{:.3}, {:02} {:.3} {:04} {:02}:{:02}:{:02} UTC",
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
    fn days_are_written_as_cfssl_does() {
        assert_eq!(
            day(datetime!(2030-09-02 03:04:05 UTC)),
            "Mon, 02 Sep 2030 03:04:05 UTC"
        );
    }
}
