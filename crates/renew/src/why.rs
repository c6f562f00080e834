//! Reasons for issuing a certificate.

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
