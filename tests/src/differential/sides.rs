//! The two sides of a trial: Debian's cfssl and rcfssl, one after the other, each in a new
//! folder.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::trial::Trial;
use super::{answer, rules, words};
use crate::integrity::{self, Findings};
use crate::suite::{Outcome, Surroundings, run_in};
use crate::workplace::Workplace;
use crate::{binaries, compare, fixtures};

/// Where Debian's package `golang-cfssl` puts its programs.
pub const DEBIAN: [(&str, &str); 2] = [("cfssl", "/usr/bin/cfssl"), ("cfssljson", "/usr/bin/cfssljson")];

/// How often a trial is repeated if the clock advanced while it ran.
const ATTEMPTS: usize = 4;

/// The programs to be compared, and their environment.
#[derive(Debug)]
pub struct Sides {
    own: Vec<(&'static str, PathBuf)>,
    debian: Vec<(&'static str, PathBuf)>,
    /// Certificates, keys and requests for the trials.
    pub surroundings: Surroundings,
}

/// The result of a trial.
#[derive(Debug, Default)]
pub struct Verdict {
    /// The differences, if any.
    pub differences: Vec<String>,
    /// Whether all lines ended with status 0.
    pub succeeded: bool,
    /// The rules that were needed.
    pub rules: BTreeSet<&'static str>,
    /// Violations of what must hold whatever cfssl does.
    pub findings: Findings,
}

impl Sides {
    /// Finds the programs and reads `pki/`.
    ///
    /// # Errors
    /// If the binaries cannot be built, or files are missing.
    pub fn new() -> Result<Self> {
        let folder = binaries::folder()?;
        let own = [("cfssl", "rcfssl"), ("cfssljson", "rcfssljson")];
        Self::with(own.map(|(name, binary)| (name, folder.join(binary))).into())
    }

    /// The same with other programs in place of rcfssl's.
    ///
    /// # Errors
    /// If files are missing.
    pub fn with(own: Vec<(&'static str, PathBuf)>) -> Result<Self> {
        let surroundings = Surroundings::read(&fixtures().join("conformance"))?;
        Ok(Sides {
            own,
            debian: DEBIAN.map(|(name, path)| (name, PathBuf::from(path))).into(),
            surroundings: surroundings.with_pki(&super::folder().join("pki"))?,
        })
    }

    /// Whether Debian's programs are installed.
    pub fn has_debian() -> bool {
        DEBIAN.iter().all(|(_, path)| Path::new(path).is_file())
    }

    /// Runs a trial on both sides and compares. If a minute begins meanwhile, times
    /// relative to a rounded clock differ, so the trial is repeated.
    ///
    /// # Errors
    /// If a trial cannot be run.
    pub fn compare(&self, trial: &Trial) -> Result<Verdict> {
        let mut attempts = 1;
        loop {
            let debian = self.run(&self.debian, trial, true)?;
            let own = self.run(&self.own, trial, false)?;
            let verdict = self.judge_both(trial, &debian, &own)?;
            let turned = half_minute(debian.clock.started) != half_minute(own.clock.ended);
            if verdict.differences.is_empty() || !turned || attempts == ATTEMPTS {
                return Ok(verdict);
            }
            attempts += 1;
        }
    }

    /// The answer of Debian's cfssl to a trial, translated.
    ///
    /// # Errors
    /// If it cannot be run.
    pub fn recorded(&self, trial: &Trial) -> Result<Value> {
        let outcome = self.run(&self.debian, trial, true)?;
        let mut want = answer::answer(&trial.case(true), &outcome, &self.surroundings)?;
        rules::translate(&mut want, trial);
        Ok(want)
    }

    /// Compares rcfssl's result with a recorded answer.
    ///
    /// # Errors
    /// If it cannot be run.
    pub fn check(&self, trial: &Trial, want: &Value) -> Result<Vec<String>> {
        let outcome = self.run(&self.own, trial, false)?;
        let got = self.own_answer(trial, &outcome, want)?;
        Ok(compare::differences(want, &got))
    }

    fn run(&self, programs: &[(&str, PathBuf)], trial: &Trial, stand_in: bool) -> Result<Outcome> {
        let outcome = run_in(
            Workplace::with(programs)?,
            &trial.case(stand_in),
            &self.surroundings,
        );
        outcome.with_context(|| if stand_in { "Debian's cfssl" } else { "rcfssl" })
    }

    fn judge_both(&self, trial: &Trial, debian: &Outcome, own: &Outcome) -> Result<Verdict> {
        let around = &self.surroundings;
        let mut want = answer::answer(&trial.case(true), debian, around)?;
        let rules = rules::translate(&mut want, trial);
        let got = self.own_answer(trial, own, &want)?;
        let mut differences = compare::differences(&want, &got);
        let findings = integrity::examine(&trial.case(false), own, around)?;
        if !findings.broken.is_empty() {
            // A CRL signed with another key, for example, is what the trial asked for.
            let asked_for = integrity::examine(&trial.case(true), debian, around)?.broken;
            let broken = findings.broken.difference(&asked_for);
            differences.extend(broken.cloned());
        }
        Ok(Verdict {
            differences,
            succeeded: own.steps.iter().all(|step| step.status == 0),
            rules,
            findings,
        })
    }

    /// rcfssl's answer, in which a clean failure counts as a crash where one is expected.
    fn own_answer(&self, trial: &Trial, outcome: &Outcome, want: &Value) -> Result<Value> {
        let mut got = answer::answer(&trial.case(false), outcome, &self.surroundings)?;
        if let Some(at) = answer::crashed_at(want) {
            let failed = outcome
                .steps
                .get(at)
                .is_some_and(|step| (1..126).contains(&step.status));
            if failed && answer::crashed_at(&got).is_none() {
                answer::end_with_crash(&mut got, at);
            }
        }
        for (at, step) in answer::steps(want).enumerate() {
            let mut lines = answer::lines(&got["steps"][at]);
            words::accept_own_words(&answer::lines(step), &mut lines);
            if got["steps"][at]["stderr"]["lines"].is_array() {
                got["steps"][at]["stderr"]["lines"] = json!(lines);
            }
        }
        Ok(got)
    }
}

/// cfssl rounds some times to the nearest minute, and truncates others.
fn half_minute(seconds: f64) -> i64 {
    (seconds / 30.0).floor() as i64
}
