//! The results of all cases of a suite.

use std::collections::BTreeSet;
use std::fmt;

use super::{Case, Verdict};

/// The maximum number of problems shown per case.
const MOST: usize = 6;

/// Counts and problems.
#[derive(Debug)]
pub struct Report {
    suite: String,
    alike: usize,
    uncovered: usize,
    deliberate: usize,
    wrong: Vec<String>,
    struck: BTreeSet<String>,
}

impl Report {
    /// A report that starts with the repetitions across all cases.
    pub fn new(suite: &str, stale: Vec<String>) -> Self {
        Report {
            suite: suite.to_owned(),
            alike: 0,
            uncovered: 0,
            deliberate: 0,
            wrong: stale,
            struck: BTreeSet::new(),
        }
    }

    /// Adds a case, and whether it is listed as uncovered or as deliberate.
    pub fn add(&mut self, case: &Case, verdict: &Verdict, uncovered: bool, deliberate: bool) {
        let alike = verdict.problems.is_empty();
        match (alike, uncovered, deliberate) {
            (_, true, true) => self.wrong.push(format!("{}: is in both lists", case.id)),
            (true, false, false) => self.alike += 1,
            (true, ..) => {
                self.wrong
                    .push(format!("{}: passes: take it off its list", case.id));
                self.struck.insert(case.id.clone());
            }
            (false, true, _) => self.uncovered += 1,
            (false, false, true) => {
                self.deliberate += 1;
                // A deliberate difference does not excuse a violation.
                let broken = &verdict.findings.broken;
                self.wrong
                    .extend(broken.iter().map(|line| format!("{}: {line}", case.id)));
            }
            (false, false, false) => self.wrong.push(told(case, verdict)),
        }
    }

    /// Adds listed names that do not belong to any case.
    pub fn unknown<'a>(&mut self, names: impl Iterator<Item = &'a str>) {
        self.wrong
            .extend(names.map(|name| format!("{name}: there is no such case")));
    }

    /// Whether there are no problems.
    pub fn is_good(&self) -> bool {
        self.wrong.is_empty()
    }

    /// The listed cases that pass.
    pub fn struck(&self) -> &BTreeSet<String> {
        &self.struck
    }

    /// The number of cases that match their recording.
    pub fn alike(&self) -> usize {
        self.alike
    }
}

fn told(case: &Case, verdict: &Verdict) -> String {
    let mut out = format!("{}: {}\n    {}", case.id, case.about, case.run.join("\n    "));
    for problem in verdict.problems.iter().take(MOST) {
        out.push_str(&format!("\n        {problem}"));
    }
    match verdict.problems.len().checked_sub(MOST) {
        Some(more @ 1..) => out + &format!("\n        ... and {more} more"),
        _ => out,
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.wrong {
            writeln!(f, "WRONG {line}")?;
        }
        let all = self.alike + self.uncovered + self.deliberate;
        write!(
            f,
            "{}: {} alike, {} uncovered, {} deliberately different ({all} cases), {} wrong",
            self.suite,
            self.alike,
            self.uncovered,
            self.deliberate,
            self.wrong.len()
        )
    }
}
