//! `completions`: a script for a shell.

use rcfssl_core::Error;

use crate::args::completions;
use crate::context::{Context, Outcome};
use crate::output;

/// Prints the script.
pub fn run(context: &Context) -> Outcome {
    let shell = context
        .args
        .positional()
        .first()
        .and_then(|shell| shell.to_str())
        .unwrap_or_default();
    let Some(script) = completions::script(shell) else {
        return Err(Error::plain("completions are for bash, zsh or fish: name one").into());
    };
    output::stdout(script.as_bytes())?;
    Ok(())
}
