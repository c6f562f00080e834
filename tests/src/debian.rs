//! The same line with Debian's cfssl (package `golang-cfssl`), compared at once.
//!
//! Debian has release 1.2.0; what has changed by 1.6.5 is no difference here: a bundle
//! did not say when its leaf ends, an unknown authority not who was nearly it, key
//! identifiers had no zeros in front, and a word of `scan -list` was misspelt.

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

/// What 1.6.5 adds to an unknown authority.
static NEARLY: LazyLock<Regex> =
    LazyLock::new(|| text::regex(r#" \(possibly because of .* authority certificate \\"[^"]*\\"\)"#));

/// Debian's program of this name; `mkbundle` has a prefix there.
fn program(name: &str) -> PathBuf {
    let name = if name == "mkbundle" {
        "cfssl-mkbundle"
    } else {
        name
    };
    Path::new("/usr/bin").join(name)
}

/// Whether Debian's programs are there. Says aloud where they are not.
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

/// Runs a line as [`Workplace::call`] does, and by Debian's program in a copy of the
/// folder; gives what the binary under test did. Where there is no cfssl, only that.
///
/// # Errors
/// Every difference in exit status, standard output, log lines, error objects and
/// files.
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

/// JSON as values, without what Debian's does not have, host names sorted; other text
/// as it is.
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
