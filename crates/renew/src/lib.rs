//! Renewing certificates in place: what is to be done, read from folders or from a jobs
//! document; a plan for each certificate; new keys and certificates; and all files of a
//! certificate written together or not at all.
//!
//! ```text
//! jobs::read ──▶ Group, Task ──▶ look ──▶ Plan ──▶ make ──▶ commit ──▶ Outcome
//! ```
//!
//! Nothing here knows of command lines or words for users: what a run needs of its
//! caller is the trait [`Caller`], what it finds is data ([`Outcome`], [`Refusal`],
//! [`Warning`], [`jobs::Problem`]).

mod by_database;
mod caller;
mod companions;
mod group;
pub mod jobs;
mod locks;
mod look;
mod make;
mod outcome;
mod refusal;
mod remote;
mod revoke;
mod run;
mod source;
mod task;
mod why;

pub use caller::{Caller, Listener, Note};
pub use companions::{Companions, key_names};
pub use group::Group;
pub use outcome::{Ending, Outcome, Replaced, Revocation};
pub use refusal::{ProfileUsages, Refusal, Warning};
pub use run::run;
pub use source::Source;
pub use task::{Options, Order, Task};
pub use why::Why;
