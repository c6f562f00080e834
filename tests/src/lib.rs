//! What runs the built binaries: recorded cases, the walk-through, an etcd
//! cluster, faults, and a second opinion by other hands.
//!
//! The binaries are those of the profile in which the tests themselves were built
//! (they are built when they are not there), or those in the folder that
//! `RCFSSL_TEST_BIN` names. Tests that need root, network namespaces or a Debian
//! package say `SKIPPED:` on standard error when they cannot run, and fail instead
//! when `RCFSSL_CI` is set.
//!
//! Recorded cases (`fixtures/conformance`, `fixtures/captures`) are shell lines
//! with what real cfssl 1.6.5 did with them, normalised: see [`normal`] for what is
//! kept, [`integrity`] for what must hold whatever was recorded, [`suite`] for how
//! they are run. `RCFSSL_CASES=REGEX` runs only those whose names match. Beside
//! bash, coreutils and openssl a few of them use jq and python3.
//!
//! What nobody recorded is compared with Debian's cfssl at once: see [`differential`].

pub mod aloud;
pub mod binaries;
pub mod cluster;
pub mod compare;
pub mod confine;
pub mod debian;
pub mod differential;
pub mod integrity;
pub mod made;
pub mod mutate;
pub mod network;
pub mod normal;
pub mod openssl;
pub mod organization;
pub mod parallel;
pub mod servers;
pub mod skip;
pub mod suite;
pub mod tree;
pub mod workplace;

use std::path::PathBuf;

pub use anyhow::{Context, Result, anyhow, bail, ensure};
pub use organization::Organization;
pub use workplace::Workplace;

/// The folder of documents and recordings.
pub fn fixtures() -> PathBuf {
    repository().join("fixtures")
}

/// The top of the repository.
pub fn repository() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.parent().map_or_else(|| here.clone(), PathBuf::from)
}
