//! cfssl's smaller programs. Called by the name of one, as through a link, the
//! binary is that program: with its few flags and its exit status, which is 0
//! whatever happens, 2 for a wrong flag, and 1 for a trap where `RCFSSL_STRICT` is set.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use rcfssl_go::flag::FlagError;

use crate::args::commands::CommandId;
use crate::args::{self, FlagId, help};
use crate::commands::{self, mkbundle};
use crate::context::{Context, Failure};
use crate::log::{self, Level, Log};
use crate::{complain, configuration};

/// One of the programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    /// A command of its own.
    Command(&'static Reduced),
    /// `mkbundle`
    Mkbundle,
}

/// A command with fewer flags.
#[derive(Debug, PartialEq, Eq)]
pub struct Reduced {
    name: &'static str,
    command: CommandId,
    usage: &'static str,
    flags: &'static [FlagId],
}

static COMMANDS: [Reduced; 4] = [
    Reduced {
        name: "cfssl-bundle",
        command: CommandId::Bundle,
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
        command: CommandId::Certinfo,
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
        command: CommandId::Genkey,
        usage: "[flags] CSRJSON",
        flags: &[FlagId::InitCa, FlagId::Config],
    },
    Reduced {
        name: "cfssl-scan",
        command: CommandId::Scan,
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

/// The program that this path is a name of.
pub fn named(path: &OsStr) -> Option<Tool> {
    let name = Path::new(path).file_name()?;
    if name == "mkbundle" || name == "cfssl-mkbundle" {
        return Some(Tool::Mkbundle);
    }
    let command = COMMANDS.iter().find(|command| name == command.name);
    command.map(Tool::Command)
}

/// Runs a program; gives its exit status.
pub fn run(tool: Tool, arguments: Vec<OsString>) -> u8 {
    let (done, help) = match tool {
        Tool::Mkbundle => (mkbundle::run(arguments).map(|()| 0), mkbundle::HELP.to_owned()),
        Tool::Command(command) => (command.run(arguments), command.help()),
    };
    done.unwrap_or_else(|error| complain(error, &help))
}

impl Reduced {
    /// Runs it; gives its exit status.
    fn run(&self, arguments: Vec<OsString>) -> Result<u8, FlagError> {
        let args = args::parse_only(self.flags, arguments)?;
        let mut context = Context::new(args, Log::new(Level::Info as i64));
        // A configuration that cannot be read is told of and does not matter.
        match configuration(&context) {
            Ok(policy) => context.policy = policy.map(std::sync::Arc::new),
            Err(Failure::Error(error)) => log::print(format_args!("Failed to load config file: {error}")),
            Err(trap @ Failure::Strict(_)) => return Ok(context.finish(Err(trap))),
            Err(_) => {}
        }
        let outcome = commands::run(self.command, &context);
        let is_trap = matches!(outcome, Err(Failure::Strict(_)));
        let status = context.finish(outcome);
        Ok(if is_trap { status } else { 0 })
    }

    fn help(&self) -> String {
        let about = args::commands::COMMANDS[self.command as usize].about;
        let mut about = about.chars();
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
    fn the_name_is_that_of_the_file() {
        let command = |path: &str| match named(OsStr::new(path)) {
            Some(Tool::Command(command)) => Some(command.command),
            _ => None,
        };
        assert_eq!(command("/usr/bin/cfssl-scan"), Some(CommandId::Scan));
        assert_eq!(command("cfssl-newkey"), Some(CommandId::Genkey));
        assert_eq!(command("cfssl-newkey/rcfssl"), None);
        assert_eq!(named(OsStr::new("./mkbundle")), Some(Tool::Mkbundle));
        assert_eq!(named(OsStr::new("rcfssl")), None);
        assert_eq!(named(OsStr::new("")), None);
    }
}
