//! The commands about rcfssl itself.

use super::Command;
use crate::args::FlagId::*;
use crate::commands::{completions, help, man, print_defaults, version};

pub const COMPLETIONS: Command = Command {
    usage: &["completions bash|zsh|fish"],
    details: "\
For bash: rcfssl completions bash > /etc/bash_completion.d/rcfssl. The completions
also work for links named cfssl and cfssljson.",
    is_our_own: true,
    ..Command::new("completions", "print shell completions", completions::run)
};

pub const HELP: Command = Command {
    usage: &["help [COMMAND]"],
    is_our_own: true,
    ..Command::new("help", "show help for rcfssl or for one command", help::run)
};

pub const MAN: Command = Command {
    usage: &["man -dir FOLDER", "man FOLDER"],
    details: "\
There is a page for rcfssl, one for rcfssljson and one for each command. View a page
with man -l FILE, or by its name if FOLDER is called man1 and its parent folder is in
MANPATH.",
    flags: &[Dir],
    is_our_own: true,
    ..Command::new("man", "write the manual pages", man::run)
};

pub const PRINT_DEFAULTS: Command = Command {
    usage: &["print-defaults config|csr|list"],
    details: "list prints the names of the other two.",
    flags: &[LogLevel],
    ..Command::new(
        "print-defaults",
        "print an example configuration or request",
        print_defaults::run,
    )
};

pub const VERSION: Command = Command {
    usage: &["version"],
    flags: &[LogLevel],
    ..Command::new("version", "print the version", version::run)
};
