//! `version`: the release of cfssl that this stands in for, which scripts test,
//! and our own.

use crate::context::{Context, Outcome};
use crate::output;

/// cfssl's release whose behaviour this follows.
const STANDS_IN_FOR: &str = "1.6.5";

/// Prints two lines, as cfssl does.
pub fn run(_: &Context) -> Outcome {
    print()
}

/// The same for `-version`.
pub fn print() -> Outcome {
    let own = env!("CARGO_PKG_VERSION");
    output::stdout(format!("Version: {STANDS_IN_FOR}\nRuntime: rcfssl {own}\n").as_bytes())?;
    Ok(())
}
