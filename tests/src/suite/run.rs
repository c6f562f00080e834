//! Runs one case and judges it.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::{Case, Surroundings, Verdict};
use crate::normal::clock::Clock;
use crate::normal::{Baseline, results};
use crate::tree::Tree;
use crate::workplace::{Step, Workplace};
use crate::{compare, integrity};

/// The recording of a step in which cfssl crashed.
const CRASH: &str = "crash";

/// The raw results of a case.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The results of the lines.
    pub steps: Vec<Step>,
    /// The folder before the first line.
    pub before: Tree,
    /// The folder after the last.
    pub after: Tree,
    /// When it ran.
    pub clock: Clock,
}

/// Runs a case in a new workplace.
///
/// # Errors
/// If it cannot be set up, or takes too long.
pub fn run(case: &Case, expected: &Value, surroundings: &Surroundings) -> Result<Outcome> {
    let place = if steps(expected).any(is_crash) {
        Workplace::watched()?
    } else {
        Workplace::new()?
    };
    run_in(place, case, surroundings)
}

/// Runs a case in a workplace, which is removed afterwards.
///
/// # Errors
/// As [`run`].
pub fn run_in(mut place: Workplace, case: &Case, surroundings: &Surroundings) -> Result<Outcome> {
    for (name, text) in &case.files {
        place.write(name, text.bytes()?)?;
    }
    for name in &case.pki {
        place.write(name, surroundings.pki(name)?)?;
    }
    if let Some(folder) = surroundings.shared() {
        place.set("F", &folder.display().to_string());
    }
    case.env.iter().for_each(|(key, value)| place.set(key, value));
    let input = case.stdin.as_ref().map(super::Text::bytes).transpose()?;
    let before = place.tree()?;
    let started = now()?;
    let mut steps = Vec::new();
    for line in &case.run {
        steps.push(place.feed(line, input.as_deref())?);
    }
    Ok(Outcome {
        steps,
        before,
        clock: Clock {
            started,
            ended: now()?,
        },
        after: place.tree()?,
    })
}

/// Compares the results of a case with the recording, and checks for violations.
///
/// # Errors
/// If openssl does not run.
pub fn judge(
    case: &Case,
    expected: &Value,
    outcome: &Outcome,
    surroundings: &Surroundings,
) -> Result<Verdict> {
    let mut findings = integrity::examine(case, outcome, surroundings)?;
    let baseline = Baseline::new(case, outcome, surroundings);
    let mut got = results(&baseline, case, outcome)?;
    for (number, (want, step)) in steps(expected).zip(&outcome.steps).enumerate() {
        if is_crash(want) {
            got["steps"][number]["exit"] = match failed_cleanly(step) {
                true => json!(CRASH),
                false => json!(format!("no clean failure: statuses {:?}", step.commands)),
            };
        }
    }
    let mut differences = compare::differences(expected, &got);
    if case.beyond.is_some() && outcome.steps.iter().all(|step| step.status == 0) {
        differences.clear();
    }
    // Violations by real cfssl, or caused by the lines of the case.
    let known = expected["broken"].as_array().into_iter().flatten();
    for line in known.filter_map(Value::as_str) {
        if !findings.broken.remove(line) {
            differences.push(format!("recorded, but not so: {line}"));
        }
    }
    let problems = findings.broken.iter().cloned().chain(differences).collect();
    Ok(Verdict { problems, findings })
}

fn steps(expected: &Value) -> impl Iterator<Item = &Value> {
    expected["steps"].as_array().into_iter().flatten()
}

fn is_crash(step: &Value) -> bool {
    step["exit"] == CRASH
}

/// Whether one of the binaries failed, and none was killed. Panic messages and files are
/// judged as in every case.
fn failed_cleanly(step: &Step) -> bool {
    step.commands.iter().any(|status| *status != 0) && step.commands.iter().all(|status| *status < 126)
}

fn now() -> Result<f64> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    Ok(since.context("the clock stands before 1970")?.as_secs_f64())
}
