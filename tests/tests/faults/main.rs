//! Failures around the binaries: disks, kills, permissions, links, streams, arguments.
//! Nothing panics, nothing is half written, and the user is informed.

#![allow(clippy::panic, clippy::unwrap_used, reason = "functions of tests")]

mod arguments;
mod disk;
mod endless;
mod kill;
mod links;
mod memory;
mod permissions;
mod streams;

use rcfssl_tests::Workplace;
use rcfssl_tests::confine::{apart, as_nobody};
use rcfssl_tests::needs_root;
use rcfssl_tests::workplace::Step;

/// The output of a command: three files.
const RESULTS: &str = r#"{"cert":"new cert","key":"new key","csr":"new csr"}"#;

/// A workplace with [`RESULTS`] in `in.json`.
fn place() -> Workplace {
    let place = Workplace::new().unwrap();
    place.write("in.json", RESULTS).unwrap();
    place
}

/// Runs a line, which must neither panic nor show a key.
fn run(place: &Workplace, line: &str) -> Step {
    let step = place.shell(line).unwrap();
    let err = step.err();
    assert!(!err.contains("panicked"), "{line}: {err}");
    assert!(!err.contains("new key"), "{line}: {err}");
    step
}

/// Runs a line that fails cleanly with this error as the last line that is not a hint.
fn fails(place: &Workplace, line: &str, error: &str) {
    let step = run(place, line);
    assert_eq!(step.status, 1, "{line}: {}", step.err());
    let err = step.err();
    let last = err.lines().rfind(|line| !line.starts_with("hint: "));
    assert_eq!(last, Some(error), "{line}");
}

/// The names in the folder, sorted.
fn names(place: &Workplace) -> Vec<String> {
    place.tree().unwrap().files.into_keys().collect()
}
