//! HTTP, for what asks about certificates: the only face of the network that this crate
//! knows.

use crate::error::Result;

/// How many addresses of one kind are asked for one certificate. Certificates have one or
/// two; whoever wrote thousands into one wants us to send as many requests.
pub const MAX_ADDRESSES: usize = 8;

/// What HTTP gives.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

/// The web that certificates point to. How long all requests together may take is for the
/// implementation to know.
pub trait Web {
    /// Gets an address; a body of more than `limit` octets is an error.
    ///
    /// # Errors
    /// A sentence for the log: `Get "http://x": EOF`.
    fn get(&mut self, url: &str, limit: u64) -> Result<Answer>;
    /// Posts a body of a media type, and takes an answer of at most `limit` octets.
    ///
    /// # Errors
    /// A sentence for the log.
    fn post(&mut self, url: &str, media_type: &str, body: &[u8], limit: u64) -> Result<Answer>;
}
