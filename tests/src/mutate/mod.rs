//! Hostile inputs: certificates, requests, keys, containers, lists and documents whose
//! frames are valid and whose parameters are not, given to the readers of the libraries.
//!
//! A case that panics, ends the process, or takes more time or memory than any input of
//! its size should, is a finding, and is kept as a file.

mod case;
mod change;
mod corpus;
mod der;
mod document;
mod readers;
pub mod run;
mod text;
pub mod worker;

pub use case::{Case, Kind};
