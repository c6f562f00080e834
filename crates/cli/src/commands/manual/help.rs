//! Help, generated from the tables.

use std::fmt::Write;

use rcfssl_go::flag::{FlagError, Kind};
use rcfssljson::complaint::{complaint, nearest};

use crate::args::FlagId;
use crate::args::flags::{FLAGS, Flag};
use crate::commands::table::{COMMANDS, Command};

/// The flags that are accepted before a command.
pub const TOP_FLAGS: [FlagId; 2] = [FlagId::LogLevel, FlagId::ShowVersion];

/// What `rcfssl -h` prints.
pub fn top() -> String {
    let mut out = String::from(
        "\
Usage: rcfssl COMMAND [flags] [arguments]

Creates, signs and inspects keys, certificate requests and certificates, as cfssl does.
`rcfssl help COMMAND` describes one command.

Commands:
",
    );
    for command in COMMANDS {
        let _ = writeln!(out, "  {:<16}{}", command.name, command.about);
    }
    out.push_str("\nFlags:\n");
    out.push_str(&flags(&TOP_FLAGS));
    out
}

/// What `rcfssl COMMAND -h` prints.
pub fn command(command: &Command) -> String {
    let mut out = String::from("Usage:\n");
    for usage in command.usage {
        let _ = writeln!(out, "  rcfssl {usage}");
    }
    let mut about = command.about.chars();
    if let Some(first) = about.next() {
        let _ = writeln!(out, "\n{}{}.", first.to_uppercase(), about.as_str());
    }
    if !command.details.is_empty() {
        let _ = writeln!(out, "\n{}", command.details);
    }
    let flags = listed_flags(command);
    if !flags.is_empty() {
        out.push_str("\nFlags:\n");
    }
    flags.iter().for_each(|flag| write_flag(&mut out, flag));
    out
}

/// The message for an unknown command.
pub fn undefined_command(name: &str) -> String {
    let meant = nearest(name, COMMANDS.iter().map(|command| command.name));
    complaint(
        "`rcfssl help` lists the commands",
        meant,
        format_args!("Command {name} is not defined."),
    )
}

/// The message for a wrong flag; `call` is the command whose `-h` prints help.
pub fn wrong_flag(call: &str, flags: &[&'static Flag], error: &FlagError) -> String {
    let meant = match error {
        FlagError::Undefined(name) => nearest(name, flags.iter().map(|flag| flag.name)),
        _ => None,
    };
    let meant = meant.map(|name| format!("-{name}"));
    complaint(&format!("`{call} -h` lists the flags"), meant.as_deref(), error)
}

/// The flags that a command's help lists, sorted by name.
pub fn listed_flags(command: &Command) -> Vec<&'static Flag> {
    command.flags.iter().map(|flag| &FLAGS[*flag as usize]).collect()
}

/// The help lines of these flags.
pub fn flags(flags: &[FlagId]) -> String {
    let mut flags: Vec<&Flag> = flags.iter().map(|flag| &FLAGS[*flag as usize]).collect();
    flags.sort_unstable_by_key(|flag| flag.name);
    let mut out = String::new();
    flags.iter().for_each(|flag| write_flag(&mut out, flag));
    out
}

fn write_flag(out: &mut String, flag: &Flag) {
    let head = match flag.kind {
        Kind::Bool => format!("-{}", flag.name),
        _ => format!("-{} {}", flag.name, flag.value),
    };
    let default = match (flag.kind, flag.default) {
        (Kind::Bool, _) | (_, "") => String::new(),
        (_, default) => format!(" (default {default})"),
    };
    if head.chars().count() > 22 {
        let _ = writeln!(out, "  {head}\n{:26}{}{default}", "", flag.help);
    } else {
        let _ = writeln!(out, "  {head:<24}{}{default}", flag.help);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::table;

    #[test]
    fn every_command_is_listed_once_and_sorted() {
        let help = top();
        for command in COMMANDS {
            assert_eq!(
                help.matches(&format!("\n  {} ", command.name)).count(),
                1,
                "{}",
                command.name
            );
        }
    }

    #[test]
    fn a_commands_help_lists_its_flags_in_order() {
        let help = command(table::find("gencert").unwrap());
        let at: Vec<_> = [
            "  -ca FILE",
            "  -ca-key FILE",
            "  -cn NAME",
            "  -initca",
            "  -loglevel LEVEL",
        ]
        .iter()
        .map(|f| help.find(f).unwrap())
        .collect();
        assert!(at.is_sorted());
        assert!(!help.contains("-responder"));
    }
}
