//! HTTP, from the listening socket to the response.

mod body;
mod connection;
mod cores;
mod framing;
mod head;
mod listen;
mod requests;
mod signals;
mod stream;
pub mod tls;

pub use body::{BodyError, collect};
pub use connection::{Serving, Shared};
pub use cores::Cores;
pub use listen::{Beside, Listener, Reload, adopt, bind, bind_text, joined};
pub use signals::Stop;

use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{Request, Response, StatusCode};

/// A response to be sent.
pub type Reply = Response<Full<Bytes>>;

/// The sender of a request.
#[derive(Debug, Clone)]
pub struct Peer {
    /// Its address.
    pub address: SocketAddr,
    /// The common name of its certificate, if it presented one.
    pub common_name: Option<String>,
}

/// A request handler.
pub trait Site: Send + Sync + 'static {
    /// Answers one request.
    fn answer(&self, peer: &Peer, request: Request<Incoming>) -> impl Future<Output = Reply> + Send;
}

/// A response with a body of the given type.
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

/// Sets a header.
pub fn insert(reply: &mut Reply, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        reply.headers_mut().insert(name, value);
    }
}

/// A response like that of Go's `http.Error`: text that browsers do not interpret as
/// anything else.
pub fn error(status: StatusCode, text: impl Into<Bytes>) -> Reply {
    let mut reply = reply(status, "text/plain; charset=utf-8", text);
    reply
        .headers_mut()
        .insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    reply
}
