//! Manual pages (roff, man macros), generated from the tables.

use std::fmt::Write;

use rcfssl_go::flag::Kind;
use rcfssljson::flags as json;

use super::help::{TOP_FLAGS, listed_flags};
use crate::args::flags::{FLAGS, Flag};
use crate::commands::table::{COMMANDS, Command};

/// A page.
pub struct Page {
    /// `rcfssl-gencert.1`
    pub file: String,
    /// The roff source.
    pub text: String,
}

/// The pages of `rcfssl` and `rcfssljson`, and one for each command.
pub fn pages() -> Vec<Page> {
    let commands = COMMANDS.iter().map(|command| Page {
        file: format!("rcfssl-{}.1", command.name),
        text: command_page(command),
    });
    let programs = [("rcfssl.1", top_page()), ("rcfssljson.1", json_page())];
    let programs = programs.map(|(file, text)| Page {
        file: file.to_owned(),
        text,
    });
    programs.into_iter().chain(commands).collect()
}

fn top_page() -> String {
    let mut out = head(
        "RCFSSL",
        "rcfssl",
        "create, sign and inspect keys, certificate requests and certificates",
    );
    out.push_str(".SH SYNOPSIS\n.B rcfssl\n.I COMMAND\n.RI [ flags ]\n.RI [ arguments ]\n");
    out.push_str(".SH DESCRIPTION\n");
    out.push_str(
        "rcfssl is a drop-in replacement for cfssl 1.6.5: it takes the same commands, reads the same\n\
         files and issues the same certificates. A command prints its result on standard output as\n\
         one line of JSON, which\n.BR rcfssljson (1)\nwrites to files.\n",
    );
    out.push_str(".SH COMMANDS\n");
    for command in COMMANDS {
        let _ = writeln!(
            out,
            ".TP\n.BR rcfssl-{} (1)\n{}",
            escape(command.name),
            escape(command.about)
        );
    }
    out.push_str(".SH FLAGS\nA flag has one dash or two; its value follows a space or an equals sign.\n");
    for flag in TOP_FLAGS {
        write_flag(&mut out, &FLAGS[flag as usize]);
    }
    out.push_str(ENVIRONMENT);
    out.push_str(
        ".SH EXIT STATUS\n0 on success, and where cfssl exits with 0 after an error line; 1 for an error; 2 for a\n\
         wrong flag.\n.SH SEE ALSO\n.BR rcfssljson (1)\n",
    );
    out
}

fn json_page() -> String {
    let mut out = head("RCFSSLJSON", "rcfssljson", json::ABOUT);
    let _ = writeln!(out, ".SH SYNOPSIS\n.B {}", escape(json::SYNOPSIS));
    let _ = writeln!(out, ".SH DESCRIPTION\n{}", escape(json::DETAILS));
    out.push_str(".SH FLAGS\n");
    for flag in json::FLAGS {
        let value = Some(flag.value).filter(|value| !value.is_empty());
        write_entry(&mut out, flag.name, value, flag.help, "");
    }
    out.push_str(
        ".SH EXIT STATUS\n0 on success, even if there was nothing to write; 1 for an error; 2 for a\n\
         wrong flag.\n.SH SEE ALSO\n.BR rcfssl (1)\n",
    );
    out
}

fn command_page(command: &Command) -> String {
    let name = format!("rcfssl-{}", command.name);
    let mut out = head(&name.to_uppercase(), &name, command.about);
    out.push_str(".SH SYNOPSIS\n");
    for (index, usage) in command.usage.iter().enumerate() {
        let line = if index > 0 { ".br\n" } else { "" };
        let _ = writeln!(out, "{line}.B rcfssl {}", escape(usage));
    }
    if !command.details.is_empty() {
        let _ = writeln!(out, ".SH DESCRIPTION\n{}", escape(command.details));
    }
    let flags = listed_flags(command);
    if !flags.is_empty() {
        out.push_str(".SH FLAGS\n");
        flags.iter().for_each(|flag| write_flag(&mut out, flag));
    }
    out.push_str(".SH SEE ALSO\n.BR rcfssl (1),\n.BR rcfssljson (1)\n");
    out
}

const ENVIRONMENT: &str = "\
.SH ENVIRONMENT
.TP
.B CFSSL_CA_PK_PASSWORD
Password of an encrypted CA key.
.TP
.B RCFSSL_STRICT
1 turns on \\-strict for every command.
";

fn head(title: &str, name: &str, about: &str) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let (title, name, about) = (escape(title), escape(name), escape(about));
    format!(".TH {title} 1 \"\" \"rcfssl {version}\" \"rcfssl\"\n.SH NAME\n{name} \\- {about}\n")
}

fn write_flag(out: &mut String, flag: &Flag) {
    let (value, default) = match flag.kind {
        Kind::Bool => (None, ""),
        _ => (Some(flag.value), flag.default),
    };
    write_entry(out, flag.name, value, flag.help, default);
}

fn write_entry(out: &mut String, name: &str, value: Option<&str>, help: &str, default: &str) {
    let value = value.map_or(String::new(), |value| format!(" \\fI{}\\fR", escape(value)));
    let default = match default {
        "" => String::new(),
        default => format!(" Default {}.", escape(default)),
    };
    let mut help = help.chars();
    let help: String = help
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .chain(help)
        .collect();
    let _ = writeln!(
        out,
        ".TP\n\\fB\\-{}\\fR{value}\n{}.{default}",
        escape(name),
        escape(&help)
    );
}

/// Escapes dashes so that they can be copied, and characters that are special in roff.
fn escape(text: &str) -> String {
    let text = text
        .replace('\\', "\\e")
        .replace('-', "\\-")
        .replace('…', "\\&...");
    let line = |line: &str| match line.chars().next() {
        Some('.' | '\'') => format!("\\&{line}"),
        _ => line.to_owned(),
    };
    text.lines()
        .map(line)
        .collect::<Vec<_>>()
        .join("\n")
        .replace('`', "\\(aq")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_and_flag_has_its_place() {
        let pages = pages();
        assert_eq!(pages.len(), COMMANDS.len() + 2);
        for command in COMMANDS {
            let file = format!("rcfssl-{}.1", command.name);
            let page = pages.iter().find(|page| page.file == file).unwrap();
            for flag in listed_flags(command) {
                assert!(
                    page.text.contains(&format!("\\fB\\-{}\\fR", escape(flag.name))),
                    "{file} {}",
                    flag.name
                );
            }
        }
    }

    #[test]
    fn nothing_but_macros_begins_with_a_dot() {
        const MACROS: [&str; 8] = [".TH", ".SH", ".TP", ".B ", ".BR", ".br", ".I ", ".RI"];
        for page in pages() {
            let odd = page
                .text
                .lines()
                .find(|l| l.starts_with('.') && !MACROS.iter().any(|m| l.starts_with(m)));
            assert_eq!(odd, None, "{}", page.file);
        }
    }
}
