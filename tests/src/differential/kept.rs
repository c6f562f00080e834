//! Saved trials, which once had differences: files in `fixtures/differential/` with the
//! answer of Debian's cfssl, so that they can be run without it.

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::folder;
use super::sides::Sides;
use super::trial::Trial;

/// A trial and its expected answer.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// The trial.
    pub trial: Trial,
    /// The expected answer of rcfssl in normal form: Debian's answer, translated by the
    /// rules.
    #[serde(default)]
    pub want: Value,
}

fn path(name: &str) -> PathBuf {
    folder().join(name).with_extension("json")
}

/// Saves a trial under its name; returns the file.
///
/// # Errors
/// If Debian's cfssl cannot be run, or the file cannot be written.
pub fn keep(name: &str, trial: &Trial, sides: &Sides) -> Result<PathBuf> {
    let want = sides.recorded(trial)?;
    let mut trial = trial.clone();
    name.clone_into(&mut trial.id);
    let path = path(name);
    let text = serde_json::to_string_pretty(&Kept { trial, want })? + "\n";
    std::fs::write(&path, text).with_context(|| path.display().to_string())?;
    Ok(path)
}

/// Records the answers of Debian's cfssl to all saved trials again.
///
/// # Errors
/// As [`keep`] and [`read`].
pub fn record(sides: &Sides) -> Result<Vec<PathBuf>> {
    let names = names()?;
    let again = |name: &String| keep(name, &read(name)?.trial, sides);
    names.iter().map(again).collect()
}

/// Reads a saved trial.
///
/// # Errors
/// If there is none with that name, or it is malformed.
pub fn read(name: &str) -> Result<Kept> {
    let path = path(name);
    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    serde_json::from_str(&text).with_context(|| path.display().to_string())
}

/// The names of all.
///
/// # Errors
/// The system's error.
pub fn names() -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder())? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            names.extend(path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
        }
    }
    names.sort();
    Ok(names)
}
