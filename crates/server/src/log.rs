//! Where the server's log lines go. Their form (stamp, level, file) is the caller's.

use std::fmt::Display;
use std::sync::Arc;

use rcfssl_core::Event;
use time::OffsetDateTime;

/// How much a line matters, as `-loglevel` counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// 0: our own lines; cfssl's are not repeated
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

/// Takes log lines from any thread.
pub trait Logger: Send + Sync {
    /// A line of cfssl's log.
    fn line(&self, level: Level, message: &dyn Display);

    /// The line of something that happened while keys and certificates were made.
    fn event(&self, event: &Event);

    /// A line that cfssl prints without a level: net/http's own.
    fn plain(&self, message: &dyn Display);

    /// The clock, in the zone in which Go's errors show it.
    fn now(&self) -> OffsetDateTime;

    /// Advice for the operator, in our own words.
    fn hint(&self, message: &dyn Display);
}

/// A log that requests share.
pub type Log = Arc<dyn Logger>;

impl dyn Logger + '_ {
    /// A line of level INFO.
    pub fn info(&self, message: impl Display) {
        self.line(Level::Info, &message);
    }

    /// A line of level WARNING.
    pub fn warning(&self, message: impl Display) {
        self.line(Level::Warning, &message);
    }

    /// A line of level ERROR.
    pub fn error(&self, message: impl Display) {
        self.line(Level::Error, &message);
    }

    /// Where events of the core go.
    pub fn sink(&self) -> impl FnMut(Event) + '_ {
        |event| self.event(&event)
    }
}
