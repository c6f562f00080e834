//! Tests of the built binaries: recorded cases, the walk-through, an etcd cluster, faults,
//! and verification by other programs.
//!
//! The binaries are those of the profile in which the tests themselves were built (they are
//! built if they are missing), or those in the folder that `RCFSSL_TEST_BIN` names. Tests
//! that need root, network namespaces or a Debian package print `SKIPPED:` on standard
//! error if they cannot run; if `RCFSSL_CI` is set, they fail instead.
//!
//! Recorded cases (`fixtures/conformance`, `fixtures/captures`) are shell lines with
//! normalised results of real cfssl 1.6.5. [`normal`] describes what is kept, [`integrity`]
//! what must hold whatever was recorded, [`suite`] how they are run. `RCFSSL_CASES=REGEX`
//! runs only those whose names match. Besides bash, coreutils and openssl, a few of them
//! use jq and python3.
//!
//! Behaviour that was not recorded is compared with Debian's cfssl directly: see
//! [`differential`].

pub mod binaries;
pub mod browser;
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
pub mod notice;
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
