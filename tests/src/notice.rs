//! Messages of tests that pass.

use std::io::Write;

/// Prints a line on standard error; the test harness would capture `eprintln!`.
pub fn print(line: &str) {
    // If standard error is closed, the test continues.
    let _ = std::io::stderr().write_all(format!("{line}\n").as_bytes());
}
