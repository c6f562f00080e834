//! Reasons for issuing a certificate.

use std::fmt;

use rcfssl_core::renewal::Difference;

/// Why a certificate is issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// There is none.
    Missing,
    /// The existing file is not a certificate.
    Unreadable,
    /// Another CA issued it.
    OtherAuthority,
    /// Its key is missing.
    NoKey,
    /// Its key does not match.
    OtherKey,
    /// It has expired.
    Ended,
    /// It expires soon.
    Due {
        /// Whole days that are left.
        days: i64,
    },
    /// It differs from what it should contain.
    Changed(Difference),
    /// `-force`
    Forced,
}

impl Why {
    /// Whether there was no valid certificate before.
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
            Why::OtherAuthority => "issued by another CA",
            Why::NoKey => "key missing",
            Why::OtherKey => "key does not match",
            Why::Ended => "expired",
            Why::Due { days: 1 } => "1 day left",
            Why::Due { days } => return write!(f, "{days} days left"),
            Why::Changed(Difference::Subject) => "subject changed",
            Why::Changed(Difference::Hosts) => "hosts changed",
            Why::Changed(Difference::Usages) => "usages changed",
            Why::Changed(Difference::Constraint) => "CA constraint changed",
            Why::Forced => "forced",
        })
    }
}
