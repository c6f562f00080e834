//! Why a certificate is made.

use std::fmt;

use rcfssl_core::renewal::Difference;

/// Why a certificate is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// There was none.
    Missing,
    /// What was there is no certificate.
    Unreadable,
    /// Another authority issued it.
    OtherAuthority,
    /// Its key is missing.
    NoKey,
    /// It is not its key's.
    OtherKey,
    /// It ended.
    Ended,
    /// It ends soon.
    Due {
        /// Whole days that are left.
        days: i64,
    },
    /// It no longer says what it should.
    Changed(Difference),
    /// `-force`
    Forced,
}

impl Why {
    /// Was there no good certificate before?
    pub fn is_new(self) -> bool {
        use Why::{Missing, NoKey, OtherAuthority, OtherKey, Unreadable};
        matches!(self, Missing | Unreadable | OtherAuthority | NoKey | OtherKey)
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Why::Missing => "missing",
            Why::Unreadable => "unreadable",
            Why::OtherAuthority => "of another authority",
            Why::NoKey => "without its key",
            Why::OtherKey => "not its key's",
            Why::Ended => "ended",
            Why::Due { days: 1 } => "1 day left",
            Why::Due { days } => return write!(f, "{days} days left"),
            Why::Changed(Difference::Subject) => "another subject",
            Why::Changed(Difference::Hosts) => "other hosts",
            Why::Changed(Difference::Usages) => "other usages",
            Why::Changed(Difference::Constraint) => "another CA constraint",
            Why::Forced => "forced",
        })
    }
}
