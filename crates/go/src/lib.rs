//! The behaviour of Go's standard library that users of cfssl see: parsing of flags, JSON,
//! durations, regular expressions, URLs, mail addresses, PEM and times, and the messages
//! for invalid input.
//!
//! This crate contains no X.509, and uses neither files nor the clock.

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
