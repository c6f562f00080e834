//! The table of commands. A command's name, help, flags, function and exit status for a
//! wrong flag are defined here and nowhere else.

mod certificates;
mod inspection;
mod own;
mod revocation;
mod servers;

use crate::args::FlagId;
use crate::context::{Context, Outcome};

/// A command.
pub struct Command {
    /// Its name.
    pub name: &'static str,
    /// A one-line description.
    pub about: &'static str,
    /// The ways to call it, one per line.
    pub usage: &'static [&'static str],
    /// Further help.
    pub details: &'static str,
    /// The flags listed in its help, sorted by name. As in cfssl, all other flags of cfssl
    /// are accepted as well.
    pub flags: &'static [FlagId],
    /// The function that runs it.
    pub run: fn(&Context) -> Outcome,
    /// The exit status for a wrong flag.
    pub wrong_flag: u8,
    /// cfssl does not have this command. Things that cfssl ignores, such as a flag after an
    /// argument, are errors here.
    pub is_our_own: bool,
    /// Its first argument is an action, and flags follow it.
    pub has_actions: bool,
}

impl Command {
    /// A command without flags and help. Its exit status for a wrong flag is Go's.
    const fn new(name: &'static str, about: &'static str, run: fn(&Context) -> Outcome) -> Self {
        Command {
            name,
            about,
            usage: &[],
            details: "",
            flags: &[],
            run,
            wrong_flag: 2,
            is_our_own: false,
            has_actions: false,
        }
    }
}

/// All commands, sorted by name.
pub static COMMANDS: &[Command] = &[
    inspection::BUNDLE,
    inspection::CERTINFO,
    own::COMPLETIONS,
    revocation::CRL,
    revocation::DB,
    inspection::EXPIRY,
    certificates::GENCERT,
    revocation::GENCRL,
    certificates::GENCSR,
    certificates::GENKEY,
    own::HELP,
    inspection::INFO,
    own::MAN,
    servers::MULTIROOTCA,
    revocation::OCSPDUMP,
    revocation::OCSPREFRESH,
    servers::OCSPSERVE,
    revocation::OCSPSIGN,
    own::PRINT_DEFAULTS,
    certificates::RENEW,
    revocation::REVOKE,
    inspection::SCAN,
    certificates::SELFSIGN,
    servers::SERVE,
    certificates::SIGN,
    own::VERSION,
];

/// The command with this name.
pub fn find(name: &str) -> Option<&'static Command> {
    COMMANDS.iter().find(|command| command.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::flags::FLAGS;

    #[test]
    fn commands_and_their_flags_are_sorted_and_complete() {
        assert!(COMMANDS.windows(2).all(|pair| pair[0].name < pair[1].name));
        for Command {
            name,
            about,
            usage,
            flags,
            ..
        } in COMMANDS
        {
            assert!(!about.is_empty(), "{name}");
            assert!(usage.iter().all(|line| line.starts_with(name)), "{name}");
            let names: Vec<_> = flags.iter().map(|flag| FLAGS[*flag as usize].name).collect();
            assert!(
                names.windows(2).all(|pair| pair[0] < pair[1]),
                "{name}: {names:?}"
            );
        }
        assert!(find("gencert").is_some());
        assert!(find("").is_none());
    }

    /// The exit status for a wrong flag is Go's, except where 2 has another meaning.
    #[test]
    fn wrong_flags_end_with_2() {
        for command in COMMANDS {
            let status = if command.name == "expiry" { 3 } else { 2 };
            assert_eq!(command.wrong_flag, status, "{}", command.name);
        }
    }

    #[test]
    fn our_own_commands_are_marked() {
        let own = COMMANDS.iter().filter(|command| command.is_our_own);
        let own: Vec<_> = own.map(|command| command.name).collect();
        assert_eq!(
            own,
            [
                "completions",
                "db",
                "expiry",
                "help",
                "man",
                "multirootca",
                "renew"
            ]
        );
    }
}
