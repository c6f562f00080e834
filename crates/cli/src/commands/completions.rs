//! `completions`: completion scripts for shells, and the queries that the scripts make.

use std::ffi::OsStr;

use rcfssl_ca::input;
use rcfssl_core::{Error, Policy};

use super::manual::completions;
use crate::context::{Context, Outcome};
use crate::output;

/// Prints the script. The scripts themselves call `profiles FILE`, which prints the names
/// of a configuration's profiles.
pub fn run(context: &Context) -> Outcome {
    let mut arguments = context.args.positional().iter();
    let word = arguments
        .next()
        .and_then(|word| word.to_str())
        .unwrap_or_default();
    if let ("profiles", Some(config)) = (word, arguments.next()) {
        return profiles(config);
    }
    let Some(script) = completions::script(word) else {
        return Err(Error::plain("name the shell: bash, zsh or fish").into());
    };
    output::stdout(script.as_bytes())?;
    Ok(())
}

fn profiles(config: &OsStr) -> Outcome {
    let text = input::file(config)?;
    let (policy, _) = Policy::read(&text, &input::Process, &mut |_| {})?;
    let names = policy.profiles().map(|(name, _)| name);
    // A name that contains a line feed would look like two names.
    let lines: String = names
        .filter(|name| !name.contains(char::is_control))
        .map(|name| format!("{name}\n"))
        .collect();
    output::stdout(lines.as_bytes())?;
    Ok(())
}
