//! `version`: the release of cfssl that rcfssl replaces, which scripts check, and our own.

use crate::context::{Context, Outcome};
use crate::output;

/// The cfssl release whose behaviour rcfssl follows.
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
