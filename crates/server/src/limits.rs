//! What one client may take of the server: cfssl has no limits at all.

use std::time::Duration;

/// The limits, each with a flag of `serve`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Octets of a request's body; more is answered with 413.
    pub body: usize,
    /// Octets of request line and header; more is answered with 431.
    pub header: usize,
    /// How long a request may take to arrive, and an answer to be taken; 408.
    pub request: Duration,
    /// Connections at a time; others wait to be accepted.
    pub connections: usize,
    /// RSA keys made at a time.
    pub rsa_keys: usize,
    /// How long requests may take to end once the server was asked to stop.
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

/// How long a TLS handshake may take.
pub const HANDSHAKE: Duration = Duration::from_secs(10);

/// How long a client that is turned away may go on sending.
pub const LINGER: Duration = Duration::from_millis(500);
