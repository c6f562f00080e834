//! `rcfssl`: cfssl's commands.

mod args;
mod commands;
mod compat;
mod context;
mod hints;
mod input;
mod issuing;
mod log;
mod output;
mod signing;
mod tools;
mod traps;

use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::Arc;

use rcfssl_core::{Error, Policy};
use rcfssl_go::flag::FlagError;

use args::commands::{Command, CommandId};
use args::{FlagId, help};
use context::{Context, Failure};
use log::Log;

/// Exit status for a wrong flag, as in Go.
const WRONG_FLAG: u8 = 2;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os();
    let tool = arguments.next().and_then(|name| tools::named(&name));
    let arguments = arguments.collect();
    let status = match tool {
        Some(tool) => tools::run(tool, arguments),
        None => start(arguments).unwrap_or_else(|status| status),
    };
    ExitCode::from(status)
}

/// Finds the command, reads its flags and the configuration, runs it. Gives the
/// exit status, early where there is nothing to run.
fn start(arguments: Vec<OsString>) -> Result<u8, u8> {
    let top = args::parse(None, arguments).map_err(|error| complain(error, &help::top()))?;
    let mut rest = top.positional().iter().cloned();
    let Some(name) = rest.next() else {
        log::print("No command is given.");
        eprint_text(&help::top());
        return Err(1);
    };
    let Some(command) = name.to_str().and_then(args::commands::find) else {
        log::print(format_args!("Command {} is not defined.", name.to_string_lossy()));
        eprint_text(&help::top());
        return Err(1);
    };
    let args = args::parse(Some(command.id), rest).map_err(|error| {
        let status = complain(error, &help::command(command));
        match command.id {
            // Monitoring reads a 2 as something that ended.
            CommandId::Expiry if status == WRONG_FLAG => commands::expiry::WRONG_FLAG,
            _ => status,
        }
    })?;
    // Behind the command as in 1.6.5, before it as in R1.2.
    let level = if args.is_set(FlagId::LogLevel) {
        &args
    } else {
        &top
    }
    .int(FlagId::LogLevel);
    Ok(run(command, Context::new(args, Log::new(level))))
}

fn run(command: &Command, mut context: Context) -> u8 {
    match configuration(&context) {
        Ok(policy) => context.policy = policy.map(Arc::new),
        Err(failure) => {
            if let Failure::Error(error) = &failure {
                log::print(format_args!("Failed to load config file: {error}"));
            }
            return context.finish(Err(failure.told()));
        }
    }
    let outcome = commands::run(command.id, &context);
    context.finish(outcome)
}

/// Every command reads the configuration it is given, needed or not.
fn configuration(context: &Context) -> Result<Option<Policy>, Failure> {
    if !context.args.is_set(FlagId::Config) {
        return Ok(None);
    }
    let unreadable = |_| {
        Error::wrap(
            rcfssl_core::Code::InvalidPolicy,
            "could not read configuration file",
        )
    };
    let path = context.args.path(FlagId::Config);
    let text = input::file(path).map_err(unreadable)?;
    let read = Policy::read(&text, &input::Process, &mut context.sink());
    context.read_document(path, &text, read).map(Some)
}

/// Prints help, with what is wrong above it; gives the exit status.
fn complain(error: FlagError, help: &str) -> u8 {
    let status = match error {
        FlagError::Help => 0,
        FlagError::Wrong(text) => {
            log::print(text);
            WRONG_FLAG
        }
    };
    eprint_text(help);
    status
}

fn eprint_text(text: &str) {
    log::print(text.trim_end());
}
