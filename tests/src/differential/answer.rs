//! The result of a trial in normal form: that of recorded cases, but with standard error
//! [word for word](super::words), outputs without new contents byte for byte, and the files
//! that were changed.

use anyhow::Result;
use serde_json::{Value, json};

use super::words;
use crate::normal::{Baseline, results, text};
use crate::suite::{Case, Outcome, Surroundings};

/// Replaces the status of a program that crashed.
pub const CRASH: &str = "crash";

/// Commands that only show something: every byte of their output is compared.
const SHOWING: [&str; 3] = ["cfssl certinfo", "cfssl info", "cfssl print-defaults"];

/// The normal form of a trial's result.
///
/// # Errors
/// If openssl does not run.
pub fn answer(case: &Case, outcome: &Outcome, surroundings: &Surroundings) -> Result<Value> {
    let baseline = Baseline::new(case, outcome, surroundings);
    let mut answer = results(&baseline, case, outcome)?;
    for (at, (step, line)) in outcome.steps.iter().zip(&case.run).enumerate() {
        answer["steps"][at]["stderr"] = json!({ "lines": words::lines(&step.stderr) });
        if SHOWING.iter().any(|command| line.starts_with(command)) {
            answer["steps"][at]["stdout"] = json!(text::escaped(&step.stdout));
        }
    }
    for (name, after) in &outcome.after.files {
        if outcome
            .before
            .files
            .get(name)
            .is_some_and(|before| before != after)
        {
            let mode = format!("{:o}", after.permissions);
            answer["files"][name] = json!({ "mode": mode, "changed-to": text::escaped(&after.bytes) });
        }
    }
    if let Some(at) = outcome
        .steps
        .iter()
        .position(|step| words::is_crash(&step.stderr))
    {
        end_with_crash(&mut answer, at);
    }
    Ok(answer)
}

/// The step at which an answer ends with a crash.
pub fn crashed_at(answer: &Value) -> Option<usize> {
    steps(answer).position(|step| step["exit"] == CRASH)
}

/// Clears the answer after a crash in a step: the consequences of a crash need not be the
/// same.
pub fn end_with_crash(answer: &mut Value, at: usize) {
    if let Some(steps) = answer["steps"].as_array_mut() {
        steps.truncate(at + 1);
        steps[at] = json!({ "exit": CRASH, "stdout": "", "stderr": {} });
    }
    answer["files"] = json!({});
}

/// The steps of an answer.
pub fn steps(answer: &Value) -> impl Iterator<Item = &Value> {
    answer["steps"].as_array().into_iter().flatten()
}

/// The lines on standard error of a step.
pub fn lines(step: &Value) -> Vec<String> {
    let lines = step["stderr"]["lines"].as_array().into_iter().flatten();
    lines.filter_map(Value::as_str).map(str::to_owned).collect()
}
