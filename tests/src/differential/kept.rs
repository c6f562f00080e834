//! Trials that once came out differently: files in `fixtures/differential/`, each with
//! what Debian's cfssl answered, so that they can be run without it.

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::folder;
use super::sides::Sides;
use super::trial::Trial;

/// A trial, and its right answer.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// The trial.
    pub trial: Trial,
    /// What rcfssl has to answer, in normal form: Debian's answer, translated by the
    /// rules.
    #[serde(default)]
    pub want: Value,
}

fn path(name: &str) -> PathBuf {
    folder().join(name).with_extension("json")
}

/// Keeps a trial under its name; gives the file.
///
/// # Errors
/// When Debian's cfssl cannot be run, or the file not be written.
pub fn keep(name: &str, trial: &Trial, sides: &Sides) -> Result<PathBuf> {
    let want = sides.recorded(trial)?;
    let mut trial = trial.clone();
    name.clone_into(&mut trial.id);
    let path = path(name);
    let text = serde_json::to_string_pretty(&Kept { trial, want })? + "\n";
    std::fs::write(&path, text).with_context(|| path.display().to_string())?;
    Ok(path)
}

/// Asks Debian's cfssl again for the answers to all kept trials.
///
/// # Errors
/// As [`keep`] and [`read`].
pub fn record(sides: &Sides) -> Result<Vec<PathBuf>> {
    let names = names()?;
    let again = |name: &String| keep(name, &read(name)?.trial, sides);
    names.iter().map(again).collect()
}

/// Reads a kept trial.
///
/// # Errors
/// When there is none of that name, or it is not one.
pub fn read(name: &str) -> Result<Kept> {
    let path = path(name);
    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    serde_json::from_str(&text).with_context(|| path.display().to_string())
}

/// The names of all.
///
/// # Errors
/// What the system says.
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
