//! `help`: prints the text of `-h` on standard output.

use super::manual::help;
use super::table;
use crate::context::{Context, Failure, Outcome};
use crate::{log, output};

/// Prints the help of a command or of the program.
pub fn run(context: &Context) -> Outcome {
    let text = match context.args.positional().first() {
        None => help::top(),
        Some(name) => {
            let name = name.to_string_lossy();
            let Some(command) = table::find(&name) else {
                log::print_text(&help::undefined_command(&name));
                return Err(Failure::Reported);
            };
            help::command(command)
        }
    };
    output::stdout(text.as_bytes())?;
    Ok(())
}
