//! The network: addresses, connections, TLS, HTTP, scans of hosts, and the system's roots.
//! Everything is initialized on first use.

pub mod address;
pub mod client;
pub mod dial;
mod error;
pub mod hello;
pub mod http;
pub mod intermediates;
mod outgoing;
pub mod roots;
pub mod scan;
pub mod served;
pub mod tls;
pub mod verified;

pub use error::{Error, Result};
pub use outgoing::Outgoing;

use time::{OffsetDateTime, UtcOffset};

/// The current local time, as Go's errors show it.
pub fn now() -> OffsetDateTime {
    let now = OffsetDateTime::now_utc();
    now.to_offset(UtcOffset::local_offset_at(now).unwrap_or(UtcOffset::UTC))
}
