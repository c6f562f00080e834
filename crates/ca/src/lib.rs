//! Signing certificates, for commands and server alike: a request in cfssl's JSON, a
//! [`Signer`] that answers it, and the record of the result.
//!
//! This crate is synchronous, and neither parses arguments nor logs: it sends events to a
//! sink, and describes what users should be warned of as a [`Trap`]. Only [`input`] reads
//! files and environment variables.

mod address;
mod answer;
pub mod input;
mod issuer;
mod load;
mod local;
pub mod make;
mod metadata;
mod odd;
pub mod remote;
mod request;
mod router;
mod signer;
mod trap;
mod wire;

pub use issuer::Issuer;
pub use load::{CaError, read_key};
pub use local::LocalSigner;
pub use metadata::Metadata;
pub use odd::OddHost;
pub use remote::RemoteSigner;
pub use request::{AskedCsr, SignRequest, SubjectOverride, split_hosts};
pub use router::Router;
pub use signer::{Cost, Info, InfoRequest, Signed, Signer};
pub use trap::{KeyPlace, Trap};
pub use wire::ServeRequest;
