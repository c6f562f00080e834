//! Limits for clients; cfssl has none.

use std::time::Duration;

/// The limits, each with a flag of `serve`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes in a request body; above that, 413.
    pub body: usize,
    /// Bytes in the request line and header; above that, 431.
    pub header: usize,
    /// The time for a request to arrive, and for a response to be read; 408.
    pub request: Duration,
    /// Concurrent connections; others wait to be accepted.
    pub connections: usize,
    /// RSA keys generated at a time.
    pub rsa_keys: usize,
    /// The time for requests to finish once the server is to stop.
    pub shutdown: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            body: 1 << 20,
            header: 1 << 20,
            request: Duration::from_secs(30),
            connections: 1024,
            rsa_keys: std::thread::available_parallelism().map_or(1, usize::from),
            shutdown: Duration::from_secs(20),
        }
    }
}

/// The time limit of a TLS handshake.
pub const HANDSHAKE: Duration = Duration::from_secs(10);

/// How long input is still read from a client whose connection is being closed.
pub const LINGER: Duration = Duration::from_millis(500);
