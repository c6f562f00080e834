//! From a listening socket to a request and back.

mod body;
mod connection;
mod listen;
mod opening;
mod signals;
mod stream;
pub mod tls;

pub use body::{BodyError, collect};
pub use connection::Shared;
pub use listen::{bind, joined};
pub use signals::Stop;

use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Request, Response, StatusCode};

/// An answer on its way out.
pub type Reply = Response<Full<Bytes>>;

/// Who sent a request.
#[derive(Debug, Clone)]
pub struct Peer {
    /// Where from.
    pub address: SocketAddr,
    /// The common name of its certificate, where it showed one.
    pub common_name: Option<String>,
}

/// What answers requests.
pub trait Site: Send + Sync + 'static {
    /// Answers one request.
    fn answer(&self, peer: &Peer, request: Request<Incoming>) -> impl Future<Output = Reply> + Send;
}

/// A reply with a body of a type.
pub fn reply(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Reply {
    let mut reply = Response::new(Full::new(body.into()));
    *reply.status_mut() = status;
    if !content_type.is_empty() {
        reply
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    reply
}

/// A reply as Go's `http.Error` makes it: text that no browser takes for anything else.
pub fn error(status: StatusCode, text: impl Into<Bytes>) -> Reply {
    let mut reply = reply(status, "text/plain; charset=utf-8", text);
    reply
        .headers_mut()
        .insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    reply
}
