//! Debian's cfssl and rcfssl side by side, on documents, requests and lines that are
//! made by chance: all that the two do must be alike.
//!
//! [`generate`] makes [trials](trial), [`sides`] runs each with both programs,
//! [`answer`] brings what they did into a normal form, and [`rules`] name the known
//! differences between Debian's older version and 1.6.5, which rcfssl follows. A trial
//! that once came out differently is [kept](kept) and run by name ever after.

pub mod answer;
pub mod campaign;
pub mod generate;
pub mod kept;
pub mod random;
pub mod rules;
pub mod sides;
mod structure;
pub mod trial;
pub mod words;

use std::path::PathBuf;

/// Where kept trials lie, and the certificates, keys and requests of trials.
pub fn folder() -> PathBuf {
    crate::fixtures().join("differential")
}
