//! Runs many trials with one seed on all cores, and collects the results.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;

use super::generate::{self, Material};
use super::sides::{Sides, Verdict};
use super::trial::Trial;
use crate::integrity::fresh;
use crate::parallel;

/// The trials to run.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// The seed.
    pub seed: u64,
    /// The number of the first trial.
    pub first: u64,
    /// The number of trials.
    pub count: u64,
}

/// A trial with differences.
#[derive(Debug)]
pub struct Difference {
    /// The trial.
    pub trial: Trial,
    /// The differences.
    pub differences: Vec<String>,
}

/// The results of all trials.
#[derive(Debug)]
pub struct Report {
    plan: Plan,
    /// The number of trials of each kind, and how many of them succeeded.
    kinds: BTreeMap<String, (usize, usize)>,
    rules: BTreeMap<&'static str, usize>,
    repeats: Vec<String>,
    /// The trials with differences.
    pub found: Vec<Difference>,
}

/// A random seed.
pub fn fresh_seed() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    // Short enough to be typed.
    since.as_nanos() as u64 / 1000 % 1_000_000_000
}

/// Runs the trials of a plan; reports the number done after each.
///
/// # Errors
/// If the keys of the trials cannot be read.
pub fn run(plan: Plan, sides: &Sides, progress: impl Fn(usize) + Sync) -> Result<Report> {
    let material = Material::read(&sides.surroundings)?;
    let numbers: Vec<u64> = (plan.first..plan.first + plan.count).collect();
    let done = AtomicUsize::new(0);
    let results = parallel::map(&numbers, |number| {
        let result = one(plan.seed, *number, &material, sides);
        progress(done.fetch_add(1, Ordering::Relaxed) + 1);
        result
    });
    let mut report = Report {
        plan,
        kinds: BTreeMap::new(),
        rules: BTreeMap::new(),
        repeats: Vec::new(),
        found: Vec::new(),
    };
    let findings = results
        .iter()
        .map(|(trial, verdict)| (trial.id.as_str(), &verdict.findings));
    report.repeats = fresh::repeats(findings);
    for (trial, verdict) in results {
        report.add(trial, verdict);
    }
    Ok(report)
}

/// A trial and the parts of its verdict that a report needs. A trial that could not be run
/// counts as a difference.
fn one(seed: u64, number: u64, material: &Material, sides: &Sides) -> (Trial, Verdict) {
    let fail = |error: &anyhow::Error| Verdict {
        differences: vec![format!("{error:#}")],
        ..Verdict::default()
    };
    match generate::trial(seed, number, material) {
        Ok(trial) => {
            let verdict = sides.compare(&trial).unwrap_or_else(|error| fail(&error));
            (trial, verdict)
        }
        Err(error) => {
            let id = format!("{seed}/{number}");
            (
                Trial {
                    id,
                    ..Trial::default()
                },
                fail(&error),
            )
        }
    }
}

impl Report {
    fn add(&mut self, trial: Trial, verdict: Verdict) {
        let (count, good) = self.kinds.entry(trial.kind.clone()).or_default();
        *count += 1;
        *good += usize::from(verdict.succeeded);
        for rule in verdict.rules {
            *self.rules.entry(rule).or_default() += 1;
        }
        if !verdict.differences.is_empty() {
            let differences = verdict.differences;
            self.found.push(Difference { trial, differences });
        }
    }

    /// Whether there were no differences.
    pub fn is_good(&self) -> bool {
        self.found.is_empty() && self.repeats.is_empty()
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "== {} ({})", self.trial.id, self.trial.kind)?;
        for difference in &self.differences {
            writeln!(f, "   {difference}")?;
        }
        write!(f, "{}", self.trial)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for difference in &self.found {
            writeln!(f, "{difference}")?;
        }
        for line in &self.repeats {
            writeln!(f, "{line}")?;
        }
        let counts = |counts: Vec<String>| counts.join(", ");
        let kinds = self.kinds.iter();
        let kinds = kinds.map(|(kind, (count, good))| format!("{kind} {good} of {count}"));
        let rules = self.rules.iter().map(|(rule, count)| format!("{rule} {count}"));
        writeln!(
            f,
            "seed {}, {} trials; of each kind those with status 0: {}",
            self.plan.seed,
            self.plan.count,
            counts(kinds.collect())
        )?;
        writeln!(f, "translated by rules: {}", counts(rules.collect()))?;
        write!(f, "differences: {}", self.found.len() + self.repeats.len())
    }
}
