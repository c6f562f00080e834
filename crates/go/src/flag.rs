//! Command lines as parsed by Go's `flag` package: one dash or two, `-x v` or `-x=v`,
//! booleans only with `=`; if a flag is repeated, the last value counts; parsing stops at
//! the first argument that is not a flag.

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::unix::ffi::OsStrExt;

use crate::duration::Duration;
use crate::quote::quote;

/// The type of a flag's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// A file's path; completions offer files.
    File,
    /// A folder's path; completions offer folders.
    Folder,
    /// On or off; the flag alone is on.
    Bool,
    /// An integer in Go's notation.
    Int,
    /// A duration.
    Duration,
}

/// Why a command line is invalid.
#[derive(Debug, PartialEq, Eq)]
pub enum FlagError {
    /// `-h` or `-help`
    Help,
    /// An undefined flag, without its dash.
    Undefined(String),
    /// Any other error, as Go's message.
    Wrong(String),
}

impl fmt::Display for FlagError {
    /// Go's message.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FlagError::Help => f.write_str("flag: help requested"),
            FlagError::Undefined(name) => write!(f, "flag provided but not defined: -{name}"),
            FlagError::Wrong(text) => f.write_str(text),
        }
    }
}

/// The parsed command line: values by flag number, and the remaining arguments.
#[derive(Debug, Default, Clone)]
pub struct Parsed {
    values: Vec<(usize, OsString)>,
    positional: Vec<OsString>,
}

impl Parsed {
    /// The last value of a flag.
    pub fn value(&self, number: usize) -> Option<&OsStr> {
        self.values
            .iter()
            .rev()
            .find(|(n, _)| *n == number)
            .map(|(_, value)| value.as_os_str())
    }

    /// The last value as text, with invalid UTF-8 replaced.
    pub fn text(&self, number: usize) -> Option<Cow<'_, str>> {
        self.value(number).map(OsStr::to_string_lossy)
    }

    /// The arguments from the first one that is not a flag.
    pub fn positional(&self) -> &[OsString] {
        &self.positional
    }

    /// Inserts an argument before the others.
    pub fn insert_first(&mut self, argument: OsString) {
        self.positional.insert(0, argument);
    }

    /// Rejects arguments that begin with a dash. Go does not parse flags after the first
    /// argument, so our own programs would take a late `-dry-run` for a file name and make
    /// changes.
    ///
    /// # Errors
    /// A message that names the first of them; `-` alone is allowed.
    pub fn refuse_late_flags(&self) -> Result<(), String> {
        let is_flag = |argument: &&OsString| argument.len() > 1 && argument.as_bytes().starts_with(b"-");
        match self.positional.iter().find(is_flag) {
            None => Ok(()),
            Some(flag) => {
                let flag = flag.to_string_lossy();
                Err(format!(
                    "{flag} is not read as a flag here: flags come before all other arguments (a file of that name \
                     is ./{flag})"
                ))
            }
        }
    }
}

/// Parses a command line. `find` returns the number and type of a flag by its name.
///
/// # Errors
/// [`FlagError::Help`] for `-h` and `-help` unless they are defined, and otherwise Go's
/// message.
pub fn parse(
    find: impl Fn(&str) -> Option<(usize, Kind)>,
    arguments: impl IntoIterator<Item = OsString>,
) -> Result<Parsed, FlagError> {
    let mut parsed = Parsed::default();
    let mut rest = arguments.into_iter();
    while let Some(argument) = rest.next() {
        let Some(body) = argument
            .as_bytes()
            .strip_prefix(b"-")
            .filter(|body| !body.is_empty())
        else {
            parsed.positional.push(argument);
            break;
        };
        let body = body.strip_prefix(b"-").unwrap_or(body);
        if body.is_empty() {
            break; // `--` ends the flags
        }
        if matches!(body[0], b'-' | b'=') {
            return wrong(format!("bad flag syntax: {}", argument.to_string_lossy()));
        }
        let (name, value) = match body.iter().position(|b| *b == b'=') {
            Some(at) => (&body[..at], Some(OsStr::from_bytes(&body[at + 1..]))),
            None => (body, None),
        };
        let name = String::from_utf8_lossy(name);
        let Some((number, kind)) = find(&name) else {
            if matches!(&*name, "h" | "help") {
                return Err(FlagError::Help);
            }
            return Err(FlagError::Undefined(name.into_owned()));
        };
        let value = match value {
            Some(value) => value.to_owned(),
            None if kind == Kind::Bool => OsString::from("true"),
            None => match rest.next() {
                Some(value) => value,
                None => return wrong(format!("flag needs an argument: -{name}")),
            },
        };
        check(&name, kind, &value.to_string_lossy())?;
        parsed.values.push((number, value));
    }
    parsed.positional.extend(rest);
    Ok(parsed)
}

fn wrong<T>(text: String) -> Result<T, FlagError> {
    Err(FlagError::Wrong(text))
}

fn check(name: &str, kind: Kind, value: &str) -> Result<(), FlagError> {
    let why = match kind {
        Kind::Text | Kind::File | Kind::Folder => None,
        Kind::Bool if parse_bool(value).is_some() => None,
        Kind::Bool => {
            return wrong(format!(
                "invalid boolean value {} for -{name}: parse error",
                quote(value)
            ));
        }
        Kind::Int => parse_int(value).err(),
        Kind::Duration => Duration::parse(value).err().map(|_| "parse error"),
    };
    match why {
        Some(why) => wrong(format!("invalid value {} for flag -{name}: {why}", quote(value))),
        None => Ok(()),
    }
}

/// Parses one of the words that Go accepts as a boolean.
pub fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}

/// Parses a Go integer of base 0: `0x10`, `0o17`, `0b1`, `017`, `1_000`.
///
/// # Errors
/// `parse error` or `value out of range`, which end Go's message.
pub fn parse_int(text: &str) -> Result<i64, &'static str> {
    let (negative, unsigned) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let lower = unsigned.to_ascii_lowercase();
    let (base, digits) = match lower.as_bytes() {
        [b'0', b'x', ..] => (16, &lower[2..]),
        [b'0', b'o', ..] => (8, &lower[2..]),
        [b'0', b'b', ..] => (2, &lower[2..]),
        [b'0', _, ..] => (8, &lower[1..]),
        _ => (10, &lower[..]),
    };
    // An underscore is allowed between digits or after the prefix.
    let misplaced = digits.ends_with('_') || digits.contains("__") || (digits.starts_with('_') && base == 10);
    let plain = digits.replace('_', "");
    if plain.is_empty() || misplaced || !plain.chars().all(|c| c.is_digit(base)) {
        return Err("parse error");
    }
    let magnitude = i128::from_str_radix(&plain, base).map_err(|_| "value out of range")?;
    i64::try_from(if negative { -magnitude } else { magnitude }).map_err(|_| "value out of range")
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLAGS: [(&str, Kind); 5] = [
        ("ca", Kind::File),
        ("initca", Kind::Bool),
        ("port", Kind::Int),
        ("interval", Kind::Duration),
        ("cn", Kind::Text),
    ];

    fn read(line: &str) -> Result<Parsed, FlagError> {
        let find = |name: &str| {
            FLAGS
                .iter()
                .position(|(known, _)| *known == name)
                .map(|at| (at, FLAGS[at].1))
        };
        parse(
            find,
            line.split_whitespace()
                .map(|word| OsString::from(word.replace("''", ""))),
        )
    }

    fn refusal(line: &str) -> String {
        read(line).unwrap_err().to_string()
    }

    fn positional(line: &str) -> Vec<String> {
        read(line)
            .unwrap()
            .positional()
            .iter()
            .map(|p| p.to_string_lossy().into_owned())
            .collect()
    }

    #[test]
    fn flags_come_in_all_of_gos_forms() {
        for line in ["-ca a x", "--ca a x", "-ca=a x", "--ca=a x", "-ca b -ca a x"] {
            assert_eq!(read(line).unwrap().text(0).as_deref(), Some("a"), "{line}");
            assert_eq!(positional(line), ["x"]);
        }
        let parsed = read("-ca -initca -cn=a=b").unwrap();
        assert_eq!(
            (parsed.text(0).as_deref(), parsed.text(4).as_deref()),
            (Some("-initca"), Some("a=b"))
        );
        assert_eq!(parsed.value(1), None);
        assert_eq!(read("-ca=").unwrap().text(0).as_deref(), Some(""));
    }

    #[test]
    fn booleans_take_a_value_only_with_an_equals_sign() {
        assert_eq!(read("-initca=T").unwrap().text(1).as_deref(), Some("T"));
        assert_eq!(positional("-initca false x"), ["false", "x"]);
        assert_eq!(
            refusal("-initca=yes"),
            r#"invalid boolean value "yes" for -initca: parse error"#
        );
        assert_eq!(
            refusal("-initca="),
            r#"invalid boolean value "" for -initca: parse error"#
        );
    }

    #[test]
    fn parsing_stops_at_the_first_argument_that_is_not_a_flag() {
        assert_eq!(positional("-initca x -ca y"), ["x", "-ca", "y"]);
        assert_eq!(positional("-initca -- -x"), ["-x"]);
        assert_eq!(positional("-"), ["-"]);
        assert_eq!(positional("'' -ca"), ["", "-ca"]);
    }

    #[test]
    fn a_flag_after_an_argument_is_found() {
        for (line, late) in [
            ("-initca x -ca y", "-ca"),
            ("x y --ca=z -cn", "--ca=z"),
            ("-- -x", "-x"),
        ] {
            let error = read(line).unwrap().refuse_late_flags().unwrap_err();
            assert!(
                error.starts_with(&format!("{late} is not read as a flag")),
                "{error}"
            );
        }
        for line in ["", "-initca x", "-ca -x y -", "x '' y-z"] {
            assert_eq!(read(line).unwrap().refuse_late_flags(), Ok(()), "{line}");
        }
    }

    #[test]
    fn errors_are_worded_as_in_go() {
        for (line, want) in [
            ("-bogus=1", "flag provided but not defined: -bogus"),
            ("--bogus", "flag provided but not defined: -bogus"),
            ("-ca", "flag needs an argument: -ca"),
            ("---x", "bad flag syntax: ---x"),
            ("-=x", "bad flag syntax: -=x"),
            ("-port abc", r#"invalid value "abc" for flag -port: parse error"#),
            (
                "-port=99999999999999999999",
                r#"invalid value "99999999999999999999" for flag -port: value out of range"#,
            ),
            (
                "-interval 1q",
                r#"invalid value "1q" for flag -interval: parse error"#,
            ),
        ] {
            assert_eq!(refusal(line), want);
        }
        for line in ["-h", "-help", "--help", "-h=1", "-initca -h"] {
            assert_eq!(read(line).unwrap_err(), FlagError::Help);
        }
    }

    #[test]
    fn integers_are_gos() {
        for (text, want) in [
            ("0x10", 16),
            ("0X1f", 31),
            ("0o17", 15),
            ("017", 15),
            ("0b11", 3),
            ("1_000", 1000),
            ("-5", -5),
            ("+5", 5),
            ("0", 0),
            ("0x_f", 15),
            ("0_7", 7),
            ("-9223372036854775808", i64::MIN),
        ] {
            assert_eq!(parse_int(text), Ok(want), "{text}");
        }
        for text in ["", "-", "0x", "1_", "_1", "1__0", "08", "a", "1.0", " 1", "0b2"] {
            assert_eq!(parse_int(text), Err("parse error"), "{text}");
        }
        assert_eq!(parse_int("9223372036854775808"), Err("value out of range"));
    }
}
