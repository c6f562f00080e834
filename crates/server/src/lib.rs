//! The server: cfssl's HTTP API over HTTP/1.1 and HTTP/2, with and without TLS.
//!
//! What files, the environment and flags say is read by the caller (see [`Settings`]);
//! log lines go to a [`log::Logger`] of the caller's.

mod answer;
mod api;
mod http;
mod limits;
pub mod log;
pub mod multiroot;
mod mux;
mod pages;
mod recorder;
pub mod responder;
mod serve;
mod site;
mod stash;
mod sums;
mod workers;

pub use limits::Limits;
pub use serve::{Loaded, OcspSigner, Settings, serve};
pub use stash::Stash;
