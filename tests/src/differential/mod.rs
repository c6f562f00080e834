//! Runs Debian's cfssl and rcfssl side by side on random documents, requests and lines:
//! they must do exactly the same.
//!
//! [`generate`] creates [trials](trial), [`sides`] runs each with both programs, [`answer`]
//! converts the results to a normal form, and [`rules`] name the known differences between
//! Debian's older version and 1.6.5, which rcfssl follows. A trial that once had a
//! difference is [saved](kept) and always run from then on.

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

/// The folder of saved trials, and of the certificates, keys and requests that trials use.
pub fn folder() -> PathBuf {
    crate::fixtures().join("differential")
}
