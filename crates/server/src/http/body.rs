//! A request's body, within limits of size and time.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body, Incoming};
use tokio::time::timeout;

/// Why a body could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BodyError {
    /// It is longer than the limit.
    TooLarge,
    /// It did not arrive in time.
    TooSlow,
    /// It ends early or is framed wrongly: Go's sentence.
    Broken(&'static str),
}

/// Reads a body whole.
///
/// # Errors
/// See [`BodyError`].
pub async fn collect(body: Incoming, limit: usize, time: Duration) -> Result<Bytes, BodyError> {
    // What is announced need not be waited for.
    if body.size_hint().lower() > limit as u64 {
        return Err(BodyError::TooLarge);
    }
    match timeout(time, Limited::new(body, limit).collect()).await {
        Err(_) => Err(BodyError::TooSlow),
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(BodyError::TooLarge),
        Ok(Err(error)) => Err(BodyError::Broken(match error.downcast_ref::<hyper::Error>() {
            Some(error) if is_bad_chunk(error) => "invalid byte in chunk length",
            _ => "unexpected EOF",
        })),
    }
}

fn is_bad_chunk(error: &hyper::Error) -> bool {
    use std::error::Error;
    let cause = error
        .source()
        .and_then(|cause| cause.downcast_ref::<std::io::Error>());
    cause.is_some_and(|cause| cause.kind() == std::io::ErrorKind::InvalidInput)
}
