//! rcfssl's X.509 library: documents in, keys and DER out.
//!
//! This crate does not access files, clock, terminal or environment: callers pass in what
//! it needs. `README.md` in the repository describes what the commands do with it.
//!
//! A CA from a request document:
//!
//! ```
//! use rcfssl_core::key::{self, KeyFormat};
//! use rcfssl_core::{Authority, Csr, Overrides, Request};
//!
//! let (request, _) = Request::read(br#"{"CN": "Example CA", "key": {"algo": "ecdsa", "size": 256}}"#)?;
//! let key = key::generate(request.key_spec()?)?;
//! let csr = Csr::make(&request.content()?, &key)?;
//! let now = time::OffsetDateTime::now_utc();
//! let (ca, profile) = (Authority::self_signed(&key), request.root_profile()?);
//! let issued = ca.sign(&csr, &profile, &Overrides::default(), now, &mut |_event| ())?;
//! println!("{}{}", issued.to_pem(), key.to_pem(KeyFormat::Pkcs8)?.as_str());
//! # Ok::<(), rcfssl_core::Error>(())
//! ```
//!
//! The examples `server` and `verify` go on from there.

pub mod asn1;
mod auth;
mod authority;
pub mod bundle;
pub mod certificate;
pub mod certinfo;
pub mod crl;
pub mod csr;
mod error;
mod event;
pub mod extension;
mod host;
pub mod key;
pub mod name;
pub mod ocsp;
pub mod oid;
mod pbes2;
pub mod pkcs12;
pub mod policy;
pub mod record;
pub mod renewal;
pub mod request;
pub mod responding;
pub mod revocation;
pub mod rfc2253;
mod serial;
pub mod verify;
mod web;

pub use auth::{AuthKey, AuthenticatedRequest};
pub use authority::{AskedExtension, Authority, Decided, Issued, Overrides, Wanted, validity};
pub use certificate::Certificate;
pub use csr::Csr;
pub use error::{Code, Error, Result};
pub use event::{Event, Sink};
pub use host::{Host, Hosts, ip_text};
pub use policy::{Policy, Profile};
pub use rcfssl_go::Duration;
pub use request::Request;
pub use serial::{ChosenSerial, Serial};
pub use web::{Answer, Web};
