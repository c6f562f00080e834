//! Recorded cases: read, run on all cores, and judged.
//!
//! A suite is a folder:
//!
//! - `cases.json`: the shell lines, with their input files ([`Case`]);
//! - `expected.json`: the results of real cfssl by case name, in [normal
//!   form](crate::normal);
//! - `pki/`: certificates and keys that cases request by name;
//! - `inputs/`: files that all cases find under `$F`;
//! - `uncovered.txt`: cases that do not pass yet; `deliberate.txt`: cases in which rcfssl
//!   differs on purpose. Each line has a name, spaces, and a reason. A listed case must
//!   still differ, so that the lists only shrink; `RCFSSL_SHRINK=1` removes those that
//!   pass.
//!
//! Where cfssl crashed, any clean failure is right. The status of the shell line does not
//! show that: a line that ends in `; test $? -ne 0` has status 0 because of `test`. So the
//! statuses of the binaries themselves are recorded in such a case.

mod case;
mod lists;
mod report;
mod run;
mod surroundings;

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use regex::Regex;
use serde_json::Value;

use crate::integrity::{Findings, fresh};
use crate::{binaries, fixtures, parallel, skip};

pub use case::{Case, Stream, Text};
pub use lists::List;
pub use report::Report;
pub use run::{Outcome, judge, run, run_in};
pub use surroundings::Surroundings;

/// The variable with a pattern for the cases to run.
const ONLY: &str = "RCFSSL_CASES";

/// The variable that allows the lists to be shortened.
const SHRINK: &str = "RCFSSL_SHRINK";

/// The list of cases that do not pass yet.
const UNCOVERED: &str = "uncovered.txt";

/// The list of cases in which rcfssl differs on purpose.
const DELIBERATE: &str = "deliberate.txt";

/// A folder of recorded cases.
#[derive(Debug)]
pub struct Suite {
    /// Its name.
    pub name: String,
    /// The cases.
    pub cases: Vec<Case>,
    /// The recorded results by case name.
    pub expected: BTreeMap<String, Value>,
    /// Shared files.
    pub surroundings: Surroundings,
    uncovered: List,
    deliberate: List,
    only: Option<Regex>,
}

/// The result of a case.
#[derive(Debug)]
pub struct Verdict {
    /// Differences from the recording, and violations; empty if there are none.
    pub problems: Vec<String>,
    /// Violations of what must hold in any case.
    pub findings: Findings,
}

impl Suite {
    /// Reads a suite in `fixtures/`.
    ///
    /// # Errors
    /// What is wrong with its files.
    pub fn open(name: &str) -> Result<Self> {
        let folder = fixtures().join(name);
        let mut cases: Vec<Case> = read_json(&folder.join("cases.json"))?;
        let only = match std::env::var(ONLY) {
            Ok(pattern) => Some(Regex::new(&pattern).context(ONLY)?),
            Err(_) => None,
        };
        if let Some(only) = &only {
            cases.retain(|case| only.is_match(&case.id));
        }
        if !skip::is_root() {
            for case in cases.extract_if(.., |case| case.root) {
                skip::skipped(&format!("{name}: {} needs root", case.id))?;
            }
        }
        Ok(Suite {
            name: name.to_owned(),
            cases,
            expected: read_json(&folder.join("expected.json"))?,
            surroundings: Surroundings::read(&folder)?,
            uncovered: List::read(&folder.join(UNCOVERED))?,
            deliberate: List::read(&folder.join(DELIBERATE))?,
            only,
        })
    }

    /// The case with this name.
    ///
    /// # Errors
    /// If there is none.
    pub fn case(&self, id: &str) -> Result<&Case> {
        let case = self.cases.iter().find(|case| case.id == id);
        case.with_context(|| format!("no case {id}"))
    }

    /// Runs and judges a case.
    ///
    /// # Errors
    /// If it cannot be run.
    pub fn verdict(&self, case: &Case) -> Result<Verdict> {
        let expected = self.expected.get(&case.id).context("no recording")?;
        let outcome = run(case, expected, &self.surroundings)?;
        judge(case, expected, &outcome, &self.surroundings)
    }

    /// Runs all cases on all cores, and some of them `again`, so that repeated keys and
    /// serial numbers are detected.
    ///
    /// # Errors
    /// If there are no binaries, or the files in `inputs/` were changed.
    pub fn check(&self, again: &[&str]) -> Result<Report> {
        binaries::folder()?;
        let mut runs: Vec<&Case> = self.cases.iter().collect();
        runs.extend(self.cases.iter().filter(|case| again.contains(&case.id.as_str())));
        let verdicts = parallel::map(&runs, |case| {
            self.verdict(case).unwrap_or_else(|error| Verdict {
                problems: vec![format!("{error:#}")],
                findings: Findings::default(),
            })
        });
        self.surroundings.check_inputs()?;
        let names = runs.iter().map(|case| case.id.as_str());
        let stale = fresh::repeats(names.zip(verdicts.iter().map(|verdict| &verdict.findings)));
        let mut report = Report::new(&self.name, stale);
        for (case, verdict) in self.cases.iter().zip(&verdicts) {
            let listed = self.uncovered.has(&case.id);
            report.add(case, verdict, listed, self.deliberate.has(&case.id));
        }
        if std::env::var_os(SHRINK).is_some() {
            for list in [UNCOVERED, DELIBERATE] {
                List::strike(&fixtures().join(&self.name).join(list), report.struck())?;
            }
        }
        if self.only.is_none() {
            for list in [&self.uncovered, &self.deliberate] {
                report.unknown(list.names().filter(|name| self.case(name).is_err()));
            }
        }
        Ok(report)
    }
}

fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    serde_json::from_str(&text).with_context(|| path.display().to_string())
}
