//! What rcfssl knows of X.509: documents in, keys and DER out.
//!
//! This crate has no files, no clock, no terminal and no environment of its own:
//! what it needs of them is passed in. See `README.md` in the repository for
//! what the commands do with it.

pub mod asn1;
pub mod authority;
pub mod base64;
pub mod bundle;
pub mod certificate;
pub mod certinfo;
pub mod crl;
pub mod csr;
pub mod duration;
pub mod error;
pub mod event;
pub mod extension;
pub mod flag;
pub mod host;
pub mod json;
pub mod key;
pub mod name;
pub mod ocsp;
pub mod oid;
pub mod pem;
pub mod pkcs12;
pub mod policy;
mod quote;
pub mod regexp;
pub mod renewal;
pub mod request;
pub mod revocation;
pub mod rfc2253;
pub mod timestamp;
pub mod verify;

pub use authority::{Authority, Issued, Overrides, Wanted};
pub use certificate::{Certificate, Serial};
pub use csr::Csr;
pub use duration::Duration;
pub use error::{Code, Error, Result};
pub use event::{Event, Sink};
pub use policy::{Policy, Profile};
pub use request::Request;
