//! Properties that must hold whatever was recorded, because they differ each time:
//! signatures are valid, keys and certificates match, serial numbers and keys are fresh,
//! layouts are exact, streams and folders are clean. Each finding is a line that names the
//! place.

mod folder;
pub mod fresh;
mod layout;
mod made;
mod pairs;
mod signed;
mod streams;

use std::collections::BTreeSet;

use anyhow::Result;

use crate::suite::{Case, Outcome, Surroundings};

/// The findings of one case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// Violations.
    pub broken: BTreeSet<String>,
    /// Serial numbers of the new certificates, each with its certificate.
    pub serials: Vec<(Vec<u8>, Vec<u8>)>,
    /// Public halves of the new private keys.
    pub keys: BTreeSet<Vec<u8>>,
}

impl Findings {
    fn say(&mut self, line: impl Into<String>) {
        self.broken.insert(line.into());
    }
}

/// Checks everything that a case created.
///
/// # Errors
/// If openssl does not run.
pub fn examine(case: &Case, outcome: &Outcome, surroundings: &Surroundings) -> Result<Findings> {
    let mut findings = Findings::default();
    let mut made = made::Made::collect(outcome, surroundings)?;
    layout::check(&made, &mut findings);
    signed::check(&mut made, outcome, surroundings, &mut findings)?;
    pairs::check(&made, &mut findings);
    streams::check(case, outcome, &mut findings);
    folder::check(outcome, &mut findings);
    Ok(findings)
}
