//! Hostile inputs: certificates, requests, keys, containers, lists, OCSP messages and
//! documents whose frames are valid and whose parameters are not, given to the readers of
//! the libraries; and to the built programs what only they read: the input of
//! `rcfssljson`, jobs documents, files of a folder that `renew` works on, API requests.
//!
//! A case that panics, ends the process, or takes more time or memory than any input of
//! its size should, is a finding, and is kept as a file.

mod calls;
mod case;
mod change;
mod corpus;
mod der;
mod document;
mod programs;
mod readers;
pub mod run;
mod text;
pub mod worker;

pub use case::{Case, Kind};
pub use programs::Programs;
