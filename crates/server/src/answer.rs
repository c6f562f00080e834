//! The response of an endpoint: cfssl's envelope around a result, and its three kinds of
//! failures.

use std::fmt;

use bytes::Bytes;
use hyper::StatusCode;
use rcfssl_core::{Code, Error};
use rcfssl_go::json;
use serde::Serialize;
use zeroize::{Zeroize, Zeroizing};

/// A result, with an optional message.
#[derive(Debug)]
pub struct Answer {
    result: Zeroizing<String>,
    message: Option<Message>,
}

#[derive(Debug, Serialize)]
struct Message {
    code: u32,
    message: String,
}

impl Answer {
    /// Creates an answer. The result may contain keys, so its serialized form is wiped
    /// after use.
    pub fn new(result: &impl Serialize) -> Self {
        Answer::of_json(Zeroizing::new(json::to_string(result)))
    }

    /// Creates an answer from a result that is already JSON.
    pub fn of_json(result: Zeroizing<String>) -> Self {
        Answer {
            result,
            message: None,
        }
    }

    /// Adds a message.
    pub fn with_message(mut self, code: u32, message: &str) -> Self {
        self.message = Some(Message {
            code,
            message: message.to_owned(),
        });
        self
    }

    /// The result as JSON.
    pub fn result(&self) -> &str {
        &self.result
    }

    /// The envelope, as one line.
    pub fn into_body(self) -> Bytes {
        let messages = self.message.as_ref().map(json::to_string).unwrap_or_default();
        let mut body = String::with_capacity(self.result.len() + messages.len() + 64);
        body.push_str(r#"{"success":true,"result":"#);
        body.push_str(&self.result);
        body.push_str(r#","errors":[],"messages":["#);
        body.push_str(&messages);
        body.push_str("]}\n");
        Bytes::from_owner(Wiped(body.into_bytes()))
    }
}

/// Bytes that are wiped after they have been sent.
struct Wiped(Vec<u8>);

impl AsRef<[u8]> for Wiped {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Wiped {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

const BUSY: &str = "the server is busy; try again later";

/// Why an endpoint has no result.
#[derive(Debug, Clone, PartialEq)]
pub enum Failure {
    /// An HTTP status, which is also the number in the envelope.
    Http(StatusCode, String),
    /// An error: with a number it is sent with status 400 and that number, without one with
    /// 500 and 0.
    Error(Error),
    /// All workers are busy: 503, with the number of seconds to wait.
    Busy(u32),
}

impl Failure {
    /// Status 400 with a message.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Failure::Http(StatusCode::BAD_REQUEST, message.into())
    }

    /// A message without a number: status 500.
    pub fn plain(message: impl Into<String>) -> Self {
        Failure::Error(Error::plain(message))
    }

    /// Did the database fail?
    pub fn is_of_database(&self) -> bool {
        let Failure::Error(error) = self else {
            return false;
        };
        [Code::Store, Code::StoreInsert]
            .iter()
            .any(|code| error.number() == Some(code.number()))
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        match self {
            Failure::Http(status, _) => *status,
            Failure::Error(error) => match error.number() {
                Some(_) => StatusCode::BAD_REQUEST,
                None => StatusCode::INTERNAL_SERVER_ERROR,
            },
            Failure::Busy(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The number in the envelope and at the end of the request's log line.
    pub fn number(&self) -> u32 {
        match self {
            Failure::Http(..) | Failure::Busy(_) => self.status().as_u16().into(),
            Failure::Error(error) => error.number().unwrap_or(0),
        }
    }

    /// The envelope, as one line.
    pub fn to_body(&self) -> Bytes {
        let message = match self {
            Failure::Error(error) => error.message().into_owned(),
            other => other.to_string(),
        };
        refusal(self.number(), message)
    }
}

/// The envelope of an error, as one line.
pub fn refusal(code: u32, message: String) -> Bytes {
    #[derive(Serialize)]
    struct Envelope {
        success: bool,
        result: (),
        errors: [Message; 1],
        messages: [Message; 0],
    }
    let body = Envelope {
        success: false,
        result: (),
        errors: [Message { code, message }],
        messages: [],
    };
    (json::to_string(&body) + "\n").into()
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Http(_, message) => f.write_str(message),
            Failure::Error(error) => error.fmt(f),
            Failure::Busy(_) => f.write_str(BUSY),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Error(error)
    }
}

impl From<Code> for Failure {
    fn from(code: Code) -> Self {
        Failure::Error(code.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn envelopes_are_cfssls_byte_for_byte() {
        let answer = Answer::of_json(Zeroizing::new(r#"{"healthy":true}"#.to_owned()));
        assert_eq!(
            answer.into_body(),
            "{\"success\":true,\"result\":{\"healthy\":true},\"errors\":[],\"messages\":[]}\n"
        );
        let answer = Answer::new(&"x").with_message(5300, "a\n<b>");
        assert_eq!(
            answer.into_body(),
            "{\"success\":true,\"result\":\"x\",\"errors\":[],\"messages\":[{\"code\":5300,\"message\":\"a\\n\\u003cb\\u003e\"}]}\n"
        );
    }

    #[test]
    fn failures_are_of_three_kinds() {
        let cases = [
            (Failure::bad_request("no"), 400, 400, "no"),
            (
                Failure::Error(Code::CsrDecode.into()),
                400,
                9002,
                "CSR Decode failed",
            ),
            (Failure::plain("unexpected EOF"), 500, 0, "unexpected EOF"),
        ];
        for (failure, status, number, message) in cases {
            assert_eq!(failure.status().as_u16(), status);
            assert_eq!(
                failure.to_body(),
                format!(
                    "{{\"success\":false,\"result\":null,\"errors\":[{{\"code\":{number},\"message\":\"{message}\"}}],\"messages\":[]}}\n"
                )
            );
        }
    }
}
