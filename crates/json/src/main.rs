//! `rcfssljson`: writes the output of cfssl's commands and of its API to files.

mod replace;

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use rcfssl_files::NewFile;
use rcfssl_go::flag::{self, FlagError, Parsed};
use rcfssl_go::line::one_line;
use rcfssl_go::os::describe;
use rcfssljson::complaint::{complaint, nearest};
use rcfssljson::flags::{FLAGS, FlagId, help};
use rcfssljson::outputs::Output;
use rcfssljson::{document, outputs, p12};

/// The cfssl release whose behaviour rcfssljson follows.
const STANDS_IN_FOR: &str = "1.6.5";

fn main() -> ExitCode {
    rcfssl_files::survive_size_limit();
    rcfssl_files::forbid_core_dumps();
    let mut arguments = std::env::args_os();
    let name = arguments.next().unwrap_or_default();
    let status = match Path::new(&name).file_name().and_then(OsStr::to_str) {
        Some(name @ ("cfssl" | "rcfssl" | "multirootca")) => {
            complain(format_args!(
                "This is rcfssljson, called by the name {name}: make {name} a link to rcfssl instead."
            ));
            1
        }
        _ => start(arguments.collect()),
    };
    ExitCode::from(status)
}

/// Parses the flags and does what they ask for; returns the exit status.
fn start(arguments: Vec<OsString>) -> u8 {
    let find = |name: &str| {
        FLAGS
            .iter()
            .position(|flag| flag.name == name)
            .map(|at| (at, FLAGS[at].kind))
    };
    let flags = match flag::parse(find, arguments) {
        Ok(flags) => flags,
        Err(FlagError::Help) => {
            print_text(help().trim_end());
            return 0;
        }
        Err(error) => {
            let meant = match &error {
                FlagError::Undefined(name) => nearest(name, FLAGS.iter().map(|flag| flag.name)),
                _ => None,
            };
            let meant = meant.map(|name| format!("-{name}"));
            print_text(&complaint(
                "`rcfssljson -h` lists the flags",
                meant.as_deref(),
                error,
            ));
            return 2;
        }
    };
    match run(&flags) {
        Ok(()) => 0,
        Err(Failure(lines)) => {
            lines.iter().for_each(complain);
            1
        }
    }
}

/// The lines to print.
struct Failure(Vec<String>);

impl From<String> for Failure {
    fn from(line: String) -> Self {
        Failure(vec![line])
    }
}

/// Parses the input, decides on all files, and then writes them.
fn run(flags: &Parsed) -> Result<(), Failure> {
    let on = |flag: FlagId| {
        flags
            .text(flag as usize)
            .is_some_and(|value| flag::parse_bool(&value) == Some(true))
    };
    if on(FlagId::Version) {
        let own = env!("CARGO_PKG_VERSION");
        print(format!("Version: {STANDS_IN_FOR}\nRuntime: rcfssljson {own}\n").as_bytes())?;
        return Ok(());
    }
    // cfssljson silently ignores them and writes.
    flags.refuse_late_flags()?;
    let password = flags.value(FlagId::P12 as usize).map(p12::password).transpose()?;
    let file = flags.value(FlagId::File as usize).filter(|file| *file != "-");
    let input = rcfssl_files::read(file).map_err(|error| format!("Failed to read input: {error}"))?;
    let name = file.map_or("standard input".into(), OsStr::to_string_lossy);
    let result = document::read(&name, &input, on(FlagId::Bare)).map_err(Failure)?;
    let base = flags
        .positional()
        .first()
        .map_or(OsStr::new("cert"), OsString::as_os_str);
    let mut outputs = outputs::decide(&result)?;
    if let Some(password) = password {
        outputs.push(p12::output(&result, base, &password)?);
    }
    if on(FlagId::Stdout) {
        outputs.iter().try_for_each(|output| print(&output.printed()))?;
        return Ok(());
    }
    let files: Vec<NewFile> = outputs.iter().map(|output| output.file(base)).collect();
    if on(FlagId::NoClobber) {
        replace::refuse(&files)?;
    }
    let backup = on(FlagId::Backup);
    let is_strict = is_strict(flags);
    for (output, file) in outputs.iter().zip(&files) {
        // With -backup the old key is kept.
        if output.secret && !backup && replace::is_other_key(file) {
            let shown = file.path.to_string_lossy();
            if is_strict {
                return Err(format!("{shown} holds a different private key: -backup keeps it").into());
            }
            complain(format_args!(
                "hint: {shown} held a different private key, which is replaced; -backup keeps the old one, and \
                 -no-clobber replaces nothing"
            ));
        }
    }
    if backup {
        replace::keep(&files)?;
    }
    write(&outputs, &files, is_strict)?;
    Ok(())
}

/// `-strict`, or the environment variable if the flag is not given.
fn is_strict(flags: &Parsed) -> bool {
    match flags.text(FlagId::Strict as usize) {
        Some(value) => flag::parse_bool(&value) == Some(true),
        None => {
            let variable = std::env::var("RCFSSL_STRICT").unwrap_or_default();
            // Any value except one that means false turns it on.
            !variable.is_empty() && flag::parse_bool(&variable) != Some(false)
        }
    }
}

/// Writes the files in order, up to the first failure.
fn write(outputs: &[Output], files: &[NewFile], is_strict: bool) -> Result<(), String> {
    let mut strangers = Vec::new();
    for (output, file) in outputs.iter().zip(files) {
        let stranger = output.secret.then(|| rcfssl_files::stranger(&file.path));
        // If this fails, so does writing the file, and that error is reported.
        let stranger = stranger.and_then(Result::ok).flatten();
        let told = stranger.map(|user| {
            let shown = file.path.to_string_lossy();
            format!("{shown} belongs to user {user}, who gets the private key that is written there")
        });
        if is_strict && let Some(told) = told {
            return Err(told);
        }
        strangers.push(told);
    }
    let results = rcfssl_files::write_all(files).into_iter();
    for (((output, file), stranger), result) in outputs.iter().zip(files).zip(strangers).zip(results) {
        let shown = file.path.to_string_lossy();
        let written =
            result.map_err(|error| format!("{} {shown}: {}", error.operation, describe(&error.source)))?;
        if let Some(stranger) = stranger {
            complain(format_args!("hint: {stranger}"));
        }
        if output.secret
            && let Some(mode) = written.kept_mode.filter(|mode| mode & 0o077 != 0)
        {
            complain(format_args!(
                "hint: {shown} holds a private key and kept its mode {mode:04o}, which lets others read it"
            ));
        }
        if written.in_place {
            complain(format_args!(
                "hint: {shown} could not be replaced and was written in place"
            ));
        }
    }
    Ok(())
}

fn print(bytes: &[u8]) -> Result<(), String> {
    let mut out = io::stdout().lock();
    let open = rcfssl_files::check_stdout();
    let printed = open
        .and_then(|()| out.write_all(bytes))
        .and_then(|()| out.flush());
    printed.map_err(|error| format!("write /dev/stdout: {}", describe(&error)))
}

/// Prints a line on standard error, with line breaks in quoted text escaped. If standard
/// error is closed, there is nobody to inform.
fn complain(line: impl std::fmt::Display) {
    let line = line.to_string();
    let _ = io::stderr().write_all(format!("{}\n", one_line(&line)).as_bytes());
}

/// Prints lines of our own on standard error.
fn print_text(text: &str) {
    let _ = io::stderr().write_all(format!("{text}\n").as_bytes());
}
