//! Routes requests: responses that Go's server and mux generate themselves, the check of a
//! client's common name, pages, and endpoints.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::header::{CONNECTION, EXPECT, HOST, HeaderValue, LOCATION, RETRY_AFTER};
use hyper::{Method, Request, StatusCode, Version};
use rcfssl_go::json;
use rcfssl_go::regexp::Regexp;

use crate::answer::{Answer, Failure};
use crate::api::{Api, Call, ENDPOINTS, Endpoint};
use crate::http::{BodyError, Peer, Reply, Site, collect, error, reply};
use crate::limits::Limits;
use crate::log::{Answered, Log};
use crate::mux::{self, Target};
use crate::pages::{self, Ca};
use crate::public::{Public, Service};

/// The prefix of all endpoints' paths.
pub const PREFIX: &str = "/api/v1/cfssl/";

/// The common names of clients that may connect.
#[derive(Debug)]
pub struct Names {
    /// The expression as the user wrote it.
    pub text: String,
    /// The compiled expression.
    pub expression: Regexp,
}

/// The API and its pages.
pub struct ApiSite {
    /// The state of the endpoints.
    pub api: Arc<Api>,
    /// The names of the enabled endpoints.
    pub enabled: BTreeSet<&'static str>,
    /// OCSP and CRLs.
    pub public: Public,
    /// Whether there are pages.
    pub has_pages: bool,
    /// The CA as pages show it, once one was asked for.
    pub ca: OnceLock<Option<Ca>>,
    /// Which clients may connect.
    pub clients: Option<Names>,
    /// The limits for a request.
    pub limits: Limits,
    /// The log for requests.
    pub log: Log,
}

impl Site for ApiSite {
    async fn answer(&self, peer: &Peer, request: Request<Incoming>) -> Reply {
        if let Some(refusal) = self.refuse_client(peer) {
            return refusal;
        }
        if let Some(service) = self.public.find(request.uri().path()) {
            return self.serve_status(&service, request).await;
        }
        let routed = route(&request);
        let target = match routed {
            Ok(target) => target,
            Err(reply) => return *reply,
        };
        let name = target.path.strip_prefix(PREFIX).unwrap_or_default();
        let endpoint = ENDPOINTS.iter().find(|endpoint| endpoint.name == name);
        match endpoint {
            Some(endpoint) if self.enabled.contains(name) => self.call(endpoint, peer, request, target).await,
            _ if self.has_pages => pages::answer(self, peer, request, &target.path).await,
            _ => not_found(),
        }
    }
}

impl ApiSite {
    /// 403 for a client whose name does not match; this is checked before anything else.
    fn refuse_client(&self, peer: &Peer) -> Option<Reply> {
        let names = self.clients.as_ref()?;
        let name = peer.common_name.as_deref().unwrap_or_default();
        if names.expression.is_match(name) {
            return None;
        }
        self.log.warning(format_args!(
            "Rejected client cert CN {} does not match regex {}",
            rcfssl_go::quote(name),
            names.text
        ));
        Some(error(StatusCode::FORBIDDEN, "Invalid CN\n"))
    }

    /// OCSP and CRLs are counted, but not logged: each client of each certificate asks.
    async fn serve_status(&self, service: &Service<'_>, request: Request<Incoming>) -> Reply {
        if let Some(refusal) = refuse(&request) {
            return refusal;
        }
        let begun = Instant::now();
        let _in_flight = self.api.metrics.begin();
        let reply = service.answer(request).await;
        self.api
            .metrics
            .answered(service.name(), reply.status(), begun.elapsed());
        reply
    }

    async fn call(
        &self,
        endpoint: &'static Endpoint,
        peer: &Peer,
        request: Request<Incoming>,
        target: Target,
    ) -> Reply {
        let begun = Instant::now();
        let url = mux::shown(&url(&request));
        let method = request.method().clone();
        let _in_flight = self.api.metrics.begin();
        let result = self.result(endpoint, request, target).await;
        self.tell(endpoint, peer, &method, &url, begun, &result);
        match result {
            Ok(answer) => reply(StatusCode::OK, "application/json", answer.into_body()),
            Err(failure) => refused(&failure),
        }
    }

    /// What an endpoint says to a request of a page of ours, logged and counted like any
    /// other; nothing where there is no such endpoint.
    pub async fn ask(&self, peer: &Peer, name: &str, call: Call) -> Option<Result<Answer, Failure>> {
        let endpoint = ENDPOINTS.iter().find(|endpoint| endpoint.name == name)?;
        self.enabled.get(name)?;
        let begun = Instant::now();
        let url = match call.target.query.as_str() {
            "" => call.target.path.clone(),
            query => format!("{}?{query}", call.target.path),
        };
        let _in_flight = self.api.metrics.begin();
        let result = self.apart(endpoint, call).await;
        self.tell(
            endpoint,
            peer,
            &endpoint.method,
            &mux::shown(&url),
            begun,
            &result,
        );
        Some(result)
    }

    /// The CA as pages show it.
    pub fn ca(&self) -> Option<&Ca> {
        self.ca.get_or_init(|| Ca::of(&self.api.loaded)).as_ref()
    }

    fn tell(
        &self,
        endpoint: &Endpoint,
        peer: &Peer,
        method: &Method,
        url: &str,
        begun: Instant,
        result: &Result<Answer, Failure>,
    ) {
        let (status, code) = match result {
            Ok(_) => (StatusCode::OK, 200),
            Err(failure) => (failure.status(), failure.number()),
        };
        let took = begun.elapsed();
        self.api.metrics.answered(endpoint.name, status, took);
        self.log.answered(&Answered {
            client: peer.address,
            method: method.as_str(),
            url,
            status: status.as_u16(),
            code,
            took,
        });
    }

    async fn result(
        &self,
        endpoint: &'static Endpoint,
        request: Request<Incoming>,
        target: Target,
    ) -> Result<Answer, Failure> {
        check_method(request.method(), &endpoint.method)?;
        let body = match endpoint.method == Method::POST {
            true => body(request, &self.limits).await?,
            false => Ok(Bytes::new()),
        };
        self.apart(endpoint, Call { target, body }).await
    }

    /// Answers in a task of its own: a panic ends this request alone, and a client that
    /// leaves does not leave a certificate signed and unrecorded.
    async fn apart(&self, endpoint: &'static Endpoint, call: Call) -> Result<Answer, Failure> {
        let api = Arc::clone(&self.api);
        let task = tokio::spawn(async move { api.call(endpoint, call).await });
        task.await
            .unwrap_or_else(|_| Err(Failure::plain("internal server error")))
    }
}

/// The target of a request, or the response to an invalid one that Go's server and mux
/// generate themselves.
pub fn route(request: &Request<Incoming>) -> Result<Target, Box<Reply>> {
    if let Some(refusal) = refuse(request) {
        return Err(Box::new(refusal));
    }
    let uri = request.uri();
    if uri.path() == "*" {
        return Err(Box::new(reply(StatusCode::OK, "", "")));
    }
    let target = Target::read(uri.path(), uri.query()).ok_or_else(|| Box::new(bad_request()))?;
    match target.redirect() {
        Some(location) if request.method() != Method::CONNECT => {
            Err(Box::new(moved(request.method(), &location)))
        }
        _ => Ok(target),
    }
}

/// # Errors
/// 405 for any other method.
pub fn check_method(method: &Method, allowed: &Method) -> Result<(), Failure> {
    if method == allowed {
        return Ok(());
    }
    let message = format!("Method is not allowed:{}", json::quote(method.as_str()));
    Err(Failure::Http(StatusCode::METHOD_NOT_ALLOWED, message))
}

/// The body of a request, or why it could not be read, as Go's message.
///
/// # Errors
/// 413 and 408.
pub async fn body(
    request: Request<Incoming>,
    limits: &Limits,
) -> Result<Result<Bytes, &'static str>, Failure> {
    match collect(request.into_body(), limits.body, limits.request).await {
        Ok(body) => Ok(Ok(body)),
        Err(BodyError::Broken(why)) => Ok(Err(why)),
        Err(BodyError::Busy) => Err(Failure::Busy(5)),
        Err(BodyError::TooLarge) => Err(Failure::Http(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("the request's body is larger than {} bytes", limits.body),
        )),
        Err(BodyError::TooSlow) => Err(Failure::Http(
            StatusCode::REQUEST_TIMEOUT,
            "the request took too long to arrive".to_owned(),
        )),
    }
}

/// The URL as Go logs it; HTTP/2 sends scheme and host separately.
pub fn url(request: &Request<Incoming>) -> String {
    match request.uri().path_and_query() {
        Some(path) if request.version() == Version::HTTP_2 => path.to_string(),
        _ => request.uri().to_string(),
    }
}

/// Requests that Go's server rejects itself.
pub fn refuse(request: &Request<Incoming>) -> Option<Reply> {
    let headers = request.headers();
    let hosts = headers.get_all(HOST).iter().count();
    if hosts > 1 {
        return Some(bad_request());
    }
    if hosts == 0 && request.version() == Version::HTTP_11 {
        let text = "400 Bad Request: missing required Host header";
        return Some(closing(error(StatusCode::BAD_REQUEST, text)));
    }
    let expectation = headers.get(EXPECT).map(HeaderValue::as_bytes);
    if expectation.is_some_and(|expected| !expected.eq_ignore_ascii_case(b"100-continue")) {
        return Some(closing(reply(StatusCode::EXPECTATION_FAILED, "", "")));
    }
    None
}

fn bad_request() -> Reply {
    closing(error(StatusCode::BAD_REQUEST, "400 Bad Request"))
}

fn closing(mut reply: Reply) -> Reply {
    reply
        .headers_mut()
        .insert(CONNECTION, HeaderValue::from_static("close"));
    reply
}

/// Go's page for an unknown path.
pub fn not_found() -> Reply {
    error(StatusCode::NOT_FOUND, "404 page not found\n")
}

/// A permanent redirect. Only for GET does it have a body.
pub fn moved(method: &Method, location: &str) -> Reply {
    let mut moved = match *method {
        Method::GET => reply(
            StatusCode::MOVED_PERMANENTLY,
            "text/html; charset=utf-8",
            mux::moved(location),
        ),
        Method::HEAD => reply(StatusCode::MOVED_PERMANENTLY, "text/html; charset=utf-8", ""),
        _ => reply(StatusCode::MOVED_PERMANENTLY, "", ""),
    };
    if let Ok(location) = HeaderValue::from_str(location) {
        moved.headers_mut().insert(LOCATION, location);
    }
    moved
}

/// The envelope of a failure. If the request was too slow or too large, the connection is
/// closed.
pub fn refused(failure: &Failure) -> Reply {
    let mut refused = error(failure.status(), failure.to_body());
    if let Failure::Busy(seconds) = failure {
        refused.headers_mut().insert(RETRY_AFTER, (*seconds).into());
    }
    match failure.status() {
        StatusCode::PAYLOAD_TOO_LARGE | StatusCode::REQUEST_TIMEOUT => closing(refused),
        _ => refused,
    }
}
