//! One way of signing certificates, for commands and server: a request in cfssl's JSON,
//! a [`Signer`] that answers it, and what is recorded of the answer.
//!
//! Nothing here is asynchronous, reads arguments or logs: what happens goes out as
//! events to a sink.

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
