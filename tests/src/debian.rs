//! Runs the same line with Debian's cfssl (package `golang-cfssl`) and compares.
//!
//! Debian has release 1.2.0. Changes up to 1.6.5 are not treated as differences: bundles
//! did not contain their leaf's expiry date, errors about an unknown CA did not mention a
//! near match, key identifiers had no leading zeros, and a word in `scan -list` was
//! misspelt.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use anyhow::{Result, ensure};
use regex::Regex;
use serde_json::{Value, json};

use crate::normal::text;
use crate::tree::Tree;
use crate::workplace::{Step, Workplace};
use crate::{compare, skip};

/// What 1.6.5 adds for an unknown CA.
static NEARLY: LazyLock<Regex> =
    LazyLock::new(|| text::regex(r#" \(possibly because of .* authority certificate \\"[^"]*\\"\)"#));

/// Debian's program with this name; Debian adds a prefix to `mkbundle`.
fn program(name: &str) -> PathBuf {
    let name = if name == "mkbundle" {
        "cfssl-mkbundle"
    } else {
        name
    };
    Path::new("/usr/bin").join(name)
}

/// Whether Debian's programs are installed; prints a message if they are not.
///
/// # Errors
/// As [`skip::skipped`].
pub fn is_here() -> Result<bool> {
    let here = skip::missing(&["cfssl", "cfssl-bundle"]).is_none();
    if !here {
        skip::skipped("there is no cfssl to compare with: Debian's package golang-cfssl")?;
    }
    Ok(here)
}

/// Runs a line as [`Workplace::call`] does, and with Debian's program in a copy of the
/// folder; returns the result of the binary under test. Without Debian's cfssl it only does
/// the former.
///
/// # Errors
/// All differences in exit status, standard output, log lines, error objects and files.
pub fn alike(place: &Workplace, line: &str) -> Result<Step> {
    if !is_here()? {
        return place.call(line);
    }
    let copy = place.aside().join("debian");
    let _ = std::fs::remove_dir_all(&copy);
    let copied = Command::new("cp")
        .arg("-a")
        .arg(place.path())
        .arg(&copy)
        .status()?;
    ensure!(copied.success(), "cp: {copied}");
    let (name, arguments) = line.split_once(' ').unwrap_or((line, ""));
    let theirs = place.call_in(&copy, &format!("{} {arguments}", program(name).display()))?;
    let ours = place.call(line)?;
    let differences = compare::differences(&view(&theirs, &Tree::read(&copy)?), &view(&ours, &place.tree()?));
    ensure!(
        differences.is_empty(),
        "{line}\nnot as Debian's cfssl does it:\n{}\n--- Debian's: {theirs}\n--- ours: {ours}",
        differences.join("\n")
    );
    Ok(ours)
}

fn view(step: &Step, tree: &Tree) -> Value {
    let files: serde_json::Map<_, _> = tree
        .files
        .iter()
        .map(|(name, file)| {
            let text = text::escaped(&file.bytes);
            (name.clone(), json!({ "mode": file.permissions, "text": text }))
        })
        .collect();
    json!({
        "exit": step.status,
        "stdout": stdout(step),
        "stderr": text::errors(NEARLY.replace_all(&step.err(), "").as_bytes()),
        "folder": { "files": files, "empty folders": tree.empty_folders },
    })
}

/// JSON as values, without what Debian's version lacks and with sorted host names; other
/// text unchanged.
fn stdout(step: &Step) -> Value {
    let text = step.out().replace("prefered", "preferred");
    let Ok(mut document) = serde_json::from_str::<Value>(&text) else {
        return json!(text);
    };
    if let Some(members) = document.as_object_mut() {
        members.remove("leaf_expires");
        for key in ["authority_key_id", "subject_key_id"] {
            if let Some(Value::String(identifier)) = members.get_mut(key) {
                let octets = identifier.split(':').map(|octet| format!("{octet:0>2}"));
                *identifier = octets.collect::<Vec<_>>().join(":");
            }
        }
        if let Some(names) = members.get_mut("hostnames").and_then(Value::as_array_mut) {
            names.sort_by_key(Value::to_string);
        }
    }
    json!({ "json": document, "ends with a line end": text.ends_with('\n') })
}
