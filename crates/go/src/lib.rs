//! What Go's standard library does, as the users of cfssl see it: how it reads flags,
//! JSON, durations, regular expressions, URLs, mail addresses, PEM and moments, and the
//! sentences with which it refuses them.
//!
//! No X.509, no files, no clock.

pub mod base64;
pub mod duration;
mod error;
pub mod flag;
pub mod ip;
pub mod json;
pub mod line;
pub mod mail;
pub mod os;
pub mod pem;
pub mod quote;
pub mod regexp;
pub mod rfc3339;
pub mod url;

pub use duration::Duration;
pub use error::{Error, Result};
pub use quote::quote;
