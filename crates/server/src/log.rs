//! The server's log. The caller decides the format (time, level, file).

use std::fmt::Display;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rcfssl_core::Event;
use time::OffsetDateTime;

/// The level of a line, numbered as for `-loglevel`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// 0: only our own lines; cfssl's are not printed
    Debug,
    /// 1
    Info,
    /// 2
    Warning,
    /// 3
    Error,
    /// 4
    Critical,
}

/// A request that was answered.
#[derive(Debug, Clone, Copy)]
pub struct Answered<'a> {
    /// Where it came from.
    pub client: SocketAddr,
    /// Its method.
    pub method: &'a str,
    /// Path and query, fit for one line.
    pub url: &'a str,
    /// The HTTP status.
    pub status: u16,
    /// The number in the envelope: that of the error, or 200.
    pub code: u32,
    /// How long it took.
    pub took: Duration,
}

impl Display for Answered<'_> {
    /// cfssl's line of a request.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Answered {
            client,
            method,
            url,
            code,
            ..
        } = self;
        write!(f, "{client} - \"{method} {url}\" {code}")
    }
}

/// Takes log lines from any thread.
pub trait Logger: Send + Sync {
    /// A line of cfssl's log.
    fn line(&self, level: Level, message: &dyn Display);

    /// The INFO line of a request.
    fn answered(&self, request: &Answered<'_>);

    /// Logs an event while keys and certificates are created.
    fn event(&self, event: &Event);

    /// Logs a line without a level, as cfssl does for net/http's own.
    fn plain(&self, message: &dyn Display);

    /// The current time, in the time zone used in Go's errors.
    fn now(&self) -> OffsetDateTime;

    /// Advice for the operator, in our own words.
    fn hint(&self, message: &dyn Display);
}

/// A log shared by all requests.
pub type Log = Arc<dyn Logger>;

impl dyn Logger + '_ {
    /// Logs at level INFO.
    pub fn info(&self, message: impl Display) {
        self.line(Level::Info, &message);
    }

    /// Logs at level WARNING.
    pub fn warning(&self, message: impl Display) {
        self.line(Level::Warning, &message);
    }

    /// Logs at level ERROR.
    pub fn error(&self, message: impl Display) {
        self.line(Level::Error, &message);
    }

    /// The sink for events of the core.
    pub fn sink(&self) -> impl FnMut(Event) + '_ {
        |event| self.event(&event)
    }
}
