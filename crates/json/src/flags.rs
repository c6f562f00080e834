//! The table of all flags, used for parsing, help, the manual page and completions. To add
//! a flag, add a line.

use std::fmt::Write;

use rcfssl_go::flag::Kind;

/// One flag.
#[derive(Debug)]
pub struct Flag {
    /// The name without a dash.
    pub name: &'static str,
    /// The type of its value.
    pub kind: Kind,
    /// The placeholder for the value in help; empty if it has none.
    pub value: &'static str,
    /// A one-line description.
    pub help: &'static str,
}

macro_rules! flags {
    ($($id:ident $name:literal $kind:ident $value:literal $help:literal;)*) => {
        /// A flag, as an index into [`FLAGS`].
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum FlagId {
            $(
                #[doc = concat!("`-", $name, "`")]
                $id,
            )*
        }

        /// All flags, sorted by name.
        pub static FLAGS: &[Flag] = &[$(Flag {
            name: $name,
            kind: Kind::$kind,
            value: $value,
            help: $help,
        },)*];
    };
}

flags! {
    Backup "backup" Bool ""
        "keep files that are replaced, as NAME.bak";
    Bare "bare" Bool ""
        "the input is the output of a command, not a response of the API";
    File "f" File "FILE"
        "read FILE instead of standard input (-)";
    NoClobber "no-clobber" Bool ""
        "write nothing if one of the files exists already";
    P12 "p12" File "PASSWORDFILE"
        "also write BASENAME.p12 (PKCS#12) with key, certificate and chain; its password is the first line of PASSWORDFILE";
    Stdout "stdout" Bool ""
        "print the contents instead of writing files";
    Strict "strict" Bool ""
        "treat hints about private keys as errors, before anything is written; RCFSSL_STRICT=1 does the same";
    Version "version" Bool ""
        "print the version";
}

/// A one-line description of the program.
pub const ABOUT: &str = "write the output of rcfssl to files";

/// The synopsis.
pub const SYNOPSIS: &str = "rcfssljson [flags] [BASENAME]";

/// The description.
pub const DETAILS: &str = "\
Reads the JSON that rcfssl prints and writes its parts to BASENAME.pem,
BASENAME-key.pem, BASENAME.csr and so on. The default BASENAME is cert. New keys
are readable only by their owner; a file that exists keeps its mode. Each file is
written completely or not at all.";

/// What `-h` prints.
pub fn help() -> String {
    let mut out = format!("Usage: {SYNOPSIS}\n\n{DETAILS}\n\nFlags:\n");
    for flag in FLAGS {
        let head = format!("-{} {}", flag.name, flag.value);
        let head = head.trim_end();
        let _ = match head.len() {
            ..11 => writeln!(out, "  {head:<12}{}", flag.help),
            _ => writeln!(out, "  {head}\n{:14}{}", "", flag.help),
        };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_help_has_all_of_it() {
        assert!(FLAGS.windows(2).all(|pair| pair[0].name < pair[1].name));
        let help = help();
        for flag in FLAGS {
            let line = help.lines().find(|line| {
                line.trim_start()
                    .split(' ')
                    .next()
                    .is_some_and(|word| word.strip_prefix('-') == Some(flag.name))
            });
            assert!(line.unwrap().contains(flag.value), "{}", flag.name);
            assert!(help.contains(flag.help), "{}", flag.name);
        }
    }
}
