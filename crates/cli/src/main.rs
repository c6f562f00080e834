//! `rcfssl`: a drop-in replacement for cfssl.

mod args;
mod ca_files;
mod commands;
mod compat;
mod context;
mod database;
mod hints;
mod issuing;
mod kinds;
mod list;
mod log;
mod output;
mod remote;
mod responder;
mod service;
mod signing;
mod status;
mod terminal;
mod tools;
mod traps;
mod values;

use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::Arc;

use rcfssl_ca::input;
use rcfssl_core::{Error, Policy};
use rcfssl_go::flag::FlagError;

use args::{Args, FlagId};
use commands::Command;
use commands::manual::help;
use context::{Context, Failure};
use log::{Format, Log};

/// The exit status for a wrong flag, as in Go.
const WRONG_FLAG: u8 = 2;

fn main() -> ExitCode {
    rcfssl_files::survive_size_limit();
    rcfssl_files::forbid_core_dumps();
    let mut arguments = std::env::args_os();
    let tool = arguments.next().and_then(|name| tools::named(&name));
    let arguments = arguments.collect();
    let status = match tool {
        Some(tool) => tools::run(tool, arguments),
        None => start(arguments).unwrap_or_else(|status| status),
    };
    ExitCode::from(status)
}

/// Finds the command, parses its flags, reads the configuration and runs it. Returns the
/// exit status, as `Err` if there is nothing to run.
fn start(arguments: Vec<OsString>) -> Result<u8, u8> {
    let top = args::parse_only(&help::TOP_FLAGS, arguments).map_err(|error| match error {
        FlagError::Help => print_help(&help::top()),
        wrong => {
            let known = help::TOP_FLAGS.map(|flag| &args::flags::FLAGS[flag as usize]);
            log::print_text(&help::wrong_flag("rcfssl", &known, &wrong));
            WRONG_FLAG
        }
    })?;
    let level = |args: &Args| Log::new(args.int(FlagId::LogLevel));
    if top.bool(FlagId::ShowVersion) {
        let log = level(&top);
        return Ok(Context::new(top, log).finish(commands::print_version()));
    }
    let mut rest = top.positional().iter().cloned().peekable();
    let Some(name) = rest.next() else {
        log::print("No command is given.");
        print_help(&help::top());
        return Err(1);
    };
    let Some(command) = name.to_str().and_then(commands::find) else {
        log::print_text(&help::undefined_command(&name.to_string_lossy()));
        return Err(1);
    };
    // `db create -db-config FILE`: the action counts as part of the name.
    let is_action = |word: &OsString| command.has_actions && !word.as_encoded_bytes().starts_with(b"-");
    let action = rest.next_if(is_action);
    let args = args::parse(command.flags, rest);
    let args = match command.is_our_own {
        true => args.and_then(Args::refuse_late_flags),
        false => args,
    };
    let args = args.map(|args| args.with_first(action));
    let args = args.map_err(|error| match error {
        FlagError::Help => print_help(&help::command(command)),
        wrong => {
            let call = format!("rcfssl {}", command.name);
            log::print_text(&help::wrong_flag(&call, &help::listed_flags(command), &wrong));
            command.wrong_flag
        }
    })?;
    // After the command, as in 1.6.5, or before it, as in 1.2.
    let log = level(if args.is_set(FlagId::LogLevel) {
        &args
    } else {
        &top
    });
    let log = log.with_format(format(&args));
    Ok(run(command, Context::new(args, log)))
}

/// The format of log lines that `-log-format` asks for.
fn format(args: &Args) -> Format {
    match &*args.text(FlagId::LogFormat) {
        "json" => Format::Json,
        _ => Format::Text,
    }
}

fn run(command: &Command, mut context: Context) -> u8 {
    match configuration(&context) {
        Ok(policy) => context.policy = policy.map(Arc::new),
        Err(failure) => {
            if let Failure::Error(error) = &failure {
                context
                    .log
                    .ending(format_args!("Failed to load config file: {error}"));
            }
            return context.finish(Err(failure.reported()));
        }
    }
    let outcome = (command.run)(&context);
    context.finish(outcome)
}

/// Every command reads the configuration that it is given, whether or not it uses it.
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
    let text = input::file(path)
        .inspect_err(|error| context.hint(error))
        .map_err(unreadable)?;
    let read = Policy::read(&text, &input::Process, &mut context.sink());
    if read.is_err()
        && let Some(why) = input::unreadable_key()
    {
        context.hint(why);
    }
    context.read_document(path, &text, read).map(Some)
}

/// Prints help on standard error, as cfssl does; returns the exit status.
fn print_help(text: &str) -> u8 {
    log::print_text(text.trim_end());
    0
}
