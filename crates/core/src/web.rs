//! HTTP for checking certificates: this crate's only access to the network.

use crate::error::Result;

/// The maximum number of URLs of one kind that are used per certificate. Certificates
/// normally have one or two; a certificate with thousands is meant to make us send that
/// many requests.
pub const MAX_ADDRESSES: usize = 8;

/// An HTTP response.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

/// Access to the URLs in certificates. The implementation decides on a time limit for all
/// requests together.
pub trait Web {
    /// Gets a URL; a body of more than `limit` octets is an error.
    ///
    /// # Errors
    /// A message for the log: `Get "http://x": EOF`.
    fn get(&mut self, url: &str, limit: u64) -> Result<Answer>;
    /// Posts a body of the given media type, and accepts a response of at most `limit`
    /// octets.
    ///
    /// # Errors
    /// A message for the log.
    fn post(&mut self, url: &str, media_type: &str, body: &[u8], limit: u64) -> Result<Answer>;
}
