//! The server: cfssl's HTTP API over HTTP/1.1 and HTTP/2, with and without TLS.
//!
//! The caller reads files, environment and flags (see [`Settings`]) and provides a
//! [`log::Logger`].

mod answer;
mod api;
pub mod crl;
pub mod host;
mod http;
mod limits;
pub mod log;
mod metrics;
pub mod multiroot;
mod mux;
pub mod ocsp;
mod pages;
mod public;
mod recorder;
mod serve;
mod site;
mod sums;
mod workers;

pub use limits::Limits;
pub use public::Public;
pub use rcfssl_net::Outgoing;
pub use serve::{Load, Loaded, OcspSigner, Settings, serve};
