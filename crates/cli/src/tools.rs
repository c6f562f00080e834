//! cfssl's sibling tools. If the binary is called by the name of one, for example through a
//! link, it behaves like that tool: with its few flags and its exit status, which is 0
//! whatever happens, 2 for a wrong flag, and 1 for a trap with `RCFSSL_STRICT` and where
//! cfssl's tool crashes.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use rcfssl_go::flag::FlagError;

use crate::args::flags::FLAGS;
use crate::args::{self, FlagId};
use crate::commands::manual::help;
use crate::commands::{self, Command, mkbundle};
use crate::context::{Context, Failure};
use crate::log::{self, Level, Log};
use crate::{WRONG_FLAG, configuration, format, print_help};

/// A tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    /// One of rcfssl's commands with fewer flags.
    Command(&'static Reduced),
    /// `mkbundle`
    Mkbundle,
    /// The other binary, called `cfssljson` or `rcfssljson`.
    Json(&'static str),
    /// `multirootca`
    Multirootca,
}

/// A command with fewer flags.
#[derive(Debug, PartialEq, Eq)]
pub struct Reduced {
    name: &'static str,
    /// The name of the command.
    command: &'static str,
    usage: &'static str,
    flags: &'static [FlagId],
}

static COMMANDS: [Reduced; 4] = [
    Reduced {
        name: "cfssl-bundle",
        command: "bundle",
        usage: "-cert FILE [flags]",
        flags: &[
            FlagId::Cert,
            FlagId::Key,
            FlagId::CaBundle,
            FlagId::IntBundle,
            FlagId::Flavor,
            FlagId::IntDir,
            FlagId::Metadata,
            FlagId::Domain,
            FlagId::Ip,
            FlagId::Password,
        ],
    },
    Reduced {
        name: "cfssl-certinfo",
        command: "certinfo",
        usage: "-cert FILE",
        flags: &[
            FlagId::Aki,
            FlagId::Cert,
            FlagId::DbConfig,
            FlagId::Domain,
            FlagId::Serial,
        ],
    },
    Reduced {
        name: "cfssl-newkey",
        command: "genkey",
        usage: "[flags] CSRJSON",
        flags: &[FlagId::InitCa, FlagId::Config],
    },
    Reduced {
        name: "cfssl-scan",
        command: "scan",
        usage: "[flags] HOST…",
        flags: &[
            FlagId::List,
            FlagId::Family,
            FlagId::Scanner,
            FlagId::Timeout,
            FlagId::Ip,
            FlagId::CaBundle,
            FlagId::NumWorkers,
            FlagId::Csv,
            FlagId::MaxHosts,
        ],
    },
];

/// The tool that this path names.
pub fn named(path: &OsStr) -> Option<Tool> {
    let name = Path::new(path).file_name()?;
    match name.to_str() {
        Some("mkbundle" | "cfssl-mkbundle") => return Some(Tool::Mkbundle),
        Some("cfssljson") => return Some(Tool::Json("cfssljson")),
        Some("rcfssljson") => return Some(Tool::Json("rcfssljson")),
        Some("multirootca") => return Some(Tool::Multirootca),
        _ => {}
    }
    let command = COMMANDS.iter().find(|command| name == command.name);
    command.map(Tool::Command)
}

/// Runs a tool; returns its exit status.
pub fn run(tool: Tool, arguments: Vec<OsString>) -> u8 {
    match tool {
        Tool::Command(command) => command.run(arguments),
        Tool::Mkbundle => match mkbundle::run(arguments) {
            Ok(()) => 0,
            Err(FlagError::Help) => print_help(mkbundle::HELP),
            Err(wrong) => {
                log::print_text(&help::wrong_flag("mkbundle", &[], &wrong));
                WRONG_FLAG
            }
        },
        Tool::Json(name) => {
            log::print(format_args!(
                "This is rcfssl, called by the name {name}: make {name} a link to rcfssljson instead."
            ));
            1
        }
        Tool::Multirootca => multirootca(arguments),
    }
}

/// The command of that name, without the flags that all commands of cfssl accept.
fn multirootca(arguments: Vec<OsString>) -> u8 {
    let Some(command) = commands::find("multirootca") else {
        return 1;
    };
    match args::parse_only(command.flags, arguments) {
        Ok(args) => {
            let log = Log::new(args.int(FlagId::LogLevel)).with_format(format(&args));
            let context = Context::new(args, log);
            let outcome = (command.run)(&context);
            context.finish(outcome)
        }
        Err(FlagError::Help) => {
            print_help(&help::command(command).replace("rcfssl multirootca", "multirootca"))
        }
        Err(wrong) => {
            log::print_text(&help::wrong_flag(
                "multirootca",
                &help::listed_flags(command),
                &wrong,
            ));
            WRONG_FLAG
        }
    }
}

impl Reduced {
    /// Runs it; returns its exit status.
    fn run(&self, arguments: Vec<OsString>) -> u8 {
        let Some(command) = commands::find(self.command) else {
            return 1;
        };
        let args = match args::parse_only(self.flags, arguments) {
            Ok(args) => args,
            Err(FlagError::Help) => return print_help(&self.help(command)),
            Err(wrong) => {
                let known: Vec<_> = self.flags.iter().map(|flag| &FLAGS[*flag as usize]).collect();
                log::print_text(&help::wrong_flag(self.name, &known, &wrong));
                return WRONG_FLAG;
            }
        };
        let mut context = Context::new(args, Log::new(Level::Info as i64));
        // A configuration that cannot be read is reported and otherwise ignored.
        match configuration(&context) {
            Ok(policy) => context.policy = policy.map(std::sync::Arc::new),
            Err(Failure::Error(error)) => log::print(format_args!("Failed to load config file: {error}")),
            Err(trap @ Failure::Strict(_)) => return context.finish(Err(trap)),
            Err(_) => {}
        }
        let outcome = (command.run)(&context);
        let counts = matches!(outcome, Err(Failure::Strict(_) | Failure::Crash(_)));
        let status = context.finish(outcome);
        if counts { status } else { 0 }
    }

    fn help(&self, command: &Command) -> String {
        let mut about = command.about.chars();
        let first = about.next().map(|first| first.to_ascii_uppercase());
        let flags = help::flags(self.flags);
        format!(
            "Usage:\n  {} {}\n\n{}{}.\n\nFlags:\n{flags}",
            self.name,
            self.usage,
            first.unwrap_or_default(),
            about.as_str()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tool_is_recognized_by_the_file_name() {
        let command = |path: &str| match named(OsStr::new(path)) {
            Some(Tool::Command(command)) => Some(command.command),
            _ => None,
        };
        assert_eq!(command("/usr/bin/cfssl-scan"), Some("scan"));
        assert_eq!(command("cfssl-newkey"), Some("genkey"));
        assert_eq!(command("cfssl-newkey/rcfssl"), None);
        assert_eq!(named(OsStr::new("./mkbundle")), Some(Tool::Mkbundle));
        assert_eq!(named(OsStr::new("rcfssl")), None);
        assert_eq!(named(OsStr::new("")), None);
    }
}
