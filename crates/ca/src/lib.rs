//! Signing certificates, for commands and server alike: a request in cfssl's JSON, a
//! [`Signer`] that answers it, and the record of the result.
//!
//! This crate is synchronous, and neither parses arguments nor logs: it sends events to a
//! sink.

mod address;
mod answer;
mod issuer;
mod local;
pub mod make;
mod metadata;
pub mod remote;
mod request;
mod router;
mod signer;
mod wire;

pub use issuer::Issuer;
pub use local::LocalSigner;
pub use metadata::Metadata;
pub use remote::RemoteSigner;
pub use request::{AskedCsr, SignRequest, SubjectOverride, split_hosts};
pub use router::Router;
pub use signer::{Cost, Info, InfoRequest, Signed, Signer};
pub use wire::ServeRequest;
