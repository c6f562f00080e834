//! Help, from the tables.

use std::fmt::Write;

use rcfssl_go::flag::Kind;

use super::commands::{COMMANDS, Command, CommandId};
use super::flags::{FLAGS, Flag, FlagId};

/// The flag that may stand before a command too.
pub const TOP_FLAG: &str = "loglevel";

/// What `rcfssl -h` prints.
pub fn top() -> String {
    let mut out = String::from(
        "\
Usage: rcfssl COMMAND [flags] [arguments]

Makes and looks at keys, requests and certificates, as cfssl does.
`rcfssl COMMAND -h` tells more.

Commands:
",
    );
    for command in COMMANDS.iter().filter(|command| command.is_here) {
        let _ = writeln!(out, "  {:<16}{}", command.name, command.about);
    }
    out.push_str("\nCommands of cfssl that rcfssl does not have yet:\n");
    for command in COMMANDS.iter().filter(|command| !command.is_here) {
        let _ = writeln!(out, "  {:<16}{}", command.name, command.about);
    }
    out.push_str("\nFlags:\n");
    for flag in FLAGS.iter().filter(|flag| flag.name == TOP_FLAG) {
        write_flag(&mut out, flag);
    }
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
    if !command.is_here {
        out.push_str("\nrcfssl does not have this command yet: cfssl's is still needed for it.\n");
    }
    let flags = listed_flags(command.id);
    if !flags.is_empty() {
        out.push_str("\nFlags:\n");
    }
    flags.iter().for_each(|flag| write_flag(&mut out, flag));
    out
}

/// The flags that matter to a command, sorted by name.
pub fn listed_flags(command: CommandId) -> Vec<&'static Flag> {
    let mut flags: Vec<_> = FLAGS
        .iter()
        .filter(|flag| flag.listed.contains(&command))
        .collect();
    flags.sort_by_key(|flag| flag.name);
    flags
}

/// The lines of these flags.
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
    use crate::args::commands;

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
        let help = command(commands::find("gencert").unwrap());
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
