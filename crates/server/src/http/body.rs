//! Reads request bodies, within limits of size and time.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body, Incoming};
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// Bodies up to this many bytes are always read at once.
const SMALL: u64 = 64 << 10;

/// The number of larger bodies held at a time, across all connections.
static LARGE: Semaphore = Semaphore::const_new(128);

/// Why a body could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BodyError {
    /// It is longer than the limit.
    TooLarge,
    /// It did not arrive in time.
    TooSlow,
    /// Too many large ones are being received already.
    Busy,
    /// It is truncated or badly framed; Go's message.
    Broken(&'static str),
}

/// Reads a whole body.
///
/// # Errors
/// See [`BodyError`].
pub async fn collect(body: Incoming, limit: usize, time: Duration) -> Result<Bytes, BodyError> {
    // An announced length above the limit is rejected without reading the body.
    if body.size_hint().lower() > limit as u64 {
        return Err(BodyError::TooLarge);
    }
    let is_small = body.size_hint().upper().is_some_and(|size| size <= SMALL);
    let _place = match is_small {
        true => None,
        false => match timeout(time, LARGE.acquire()).await {
            Ok(Ok(place)) => Some(place),
            _ => return Err(BodyError::Busy),
        },
    };
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
