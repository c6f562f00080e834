//! What a test says although it passes.

use std::io::Write;

/// Prints a line on standard error; the harness's own capture would swallow
/// `eprintln!`.
pub fn say(line: &str) {
    // Where nobody listens, the test goes on.
    let _ = std::io::stderr().write_all(format!("{line}\n").as_bytes());
}
