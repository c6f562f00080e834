//! The network: addresses, connections, TLS, HTTP, scans of hosts, and the system's roots.
//! Everything is initialized on first use.

pub mod address;
pub mod client;
pub mod dial;
mod error;
pub mod hello;
pub mod http;
pub mod roots;
pub mod scan;
pub mod served;
pub mod tls;
pub mod verified;

pub use error::{Error, Result};

use time::{OffsetDateTime, UtcOffset};

/// The current local time, as Go's errors show it.
pub fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc().to_offset(UtcOffset::current_local_offset().unwrap_or(UtcOffset::UTC))
}
