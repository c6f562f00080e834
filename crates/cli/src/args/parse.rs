//! The flags and arguments of one command.

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};

use rcfssl_core::Duration;
use rcfssl_go::flag::{self, FlagError, Parsed};

use super::flags::{FLAGS, FlagId, Origin};

/// The parsed command line; flags that are not given have the defaults of the table.
#[derive(Debug, Clone)]
pub struct Args(Parsed);

impl Args {
    /// Whether the flag was given with a value that is not empty.
    pub fn is_set(&self, flag: FlagId) -> bool {
        self.0.value(flag as usize).is_some_and(|value| !value.is_empty())
    }

    /// The value as text, or the default.
    pub fn text(&self, flag: FlagId) -> Cow<'_, str> {
        self.0
            .text(flag as usize)
            .unwrap_or(Cow::Borrowed(FLAGS[flag as usize].default))
    }

    /// The value as a path, or the default.
    pub fn path(&self, flag: FlagId) -> &OsStr {
        self.0
            .value(flag as usize)
            .unwrap_or_else(|| OsStr::new(FLAGS[flag as usize].default))
    }

    /// The value of a boolean flag.
    pub fn bool(&self, flag: FlagId) -> bool {
        flag::parse_bool(&self.text(flag)).unwrap_or(false)
    }

    /// The value of an integer flag.
    pub fn int(&self, flag: FlagId) -> i64 {
        flag::parse_int(&self.text(flag)).unwrap_or(0)
    }

    /// The value of a duration.
    pub fn duration(&self, flag: FlagId) -> Duration {
        Duration::parse(&self.text(flag)).unwrap_or_default()
    }

    /// The arguments that are not flags.
    pub fn positional(&self) -> &[OsString] {
        self.0.positional()
    }

    /// Puts an argument before the others, if there is one.
    pub fn with_first(mut self, argument: Option<OsString>) -> Self {
        if let Some(argument) = argument {
            self.0.insert_first(argument);
        }
        self
    }

    /// Rejects flags after an argument, which cfssl's commands ignore.
    ///
    /// # Errors
    /// As [`Parsed::refuse_late_flags`].
    pub fn refuse_late_flags(self) -> Result<Self, FlagError> {
        self.0.refuse_late_flags().map_err(FlagError::Wrong)?;
        Ok(self)
    }
}

/// Parses the arguments after a command's name. `own` are the flags that the command lists;
/// all of cfssl's flags are accepted as well.
///
/// # Errors
/// As [`flag::parse`].
pub fn parse(own: &[FlagId], arguments: impl IntoIterator<Item = OsString>) -> Result<Args, FlagError> {
    let find = |name: &str| {
        let number = FLAGS.iter().position(|flag| flag.name == name)?;
        let flag = &FLAGS[number];
        let known = flag.origin == Origin::Cfssl || own.iter().any(|flag| *flag as usize == number);
        known.then_some((number, flag.kind))
    };
    let args = flag::parse(find, arguments).map(Args)?;
    check_choices(&args).map_err(FlagError::Wrong)?;
    Ok(args)
}

/// Parses the arguments of a program that has only these flags.
///
/// # Errors
/// As [`flag::parse`].
pub fn parse_only(
    known: &[FlagId],
    arguments: impl IntoIterator<Item = OsString>,
) -> Result<Args, FlagError> {
    let find = |name: &str| {
        let number = known.iter().find(|flag| FLAGS[**flag as usize].name == name)?;
        Some((*number as usize, FLAGS[*number as usize].kind))
    };
    let args = flag::parse(find, arguments).map(Args)?;
    check_choices(&args).map_err(FlagError::Wrong)?;
    Ok(args)
}

/// Refuses a value that is none of a flag's choices. cfssl's own flags accept anything.
fn check_choices(args: &Args) -> Result<(), String> {
    for (number, flag) in FLAGS.iter().enumerate() {
        // Few flags are given, and this happens at every start.
        let Some(value) = args.0.text(number).filter(|_| flag.origin != Origin::Cfssl) else {
            continue;
        };
        let choices: Vec<&str> = flag.value.split('|').collect();
        if choices.len() > 1 && !choices.contains(&&*value) {
            let last = choices.len() - 1;
            let (others, last) = (choices[..last].join(", "), choices[last]);
            return Err(format!(
                "invalid value {value:?} for flag -{}: use {others} or {last}",
                flag.name
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_takes_every_flag_of_cfssl() {
        let args = parse(&[], ["-ca", "x", "-initca", "y"].map(OsString::from)).unwrap();
        assert!(args.is_set(FlagId::Ca) && args.bool(FlagId::InitCa));
        assert_eq!(args.text(FlagId::Address), "127.0.0.1");
        assert_eq!(args.int(FlagId::Port), 8888);
        assert_eq!(args.duration(FlagId::Interval), Duration::hours(96));
    }

    #[test]
    fn a_value_is_one_of_the_choices_of_our_own_flags() {
        let parsed = |text: &str| parse(&[FlagId::Outgoing, FlagId::KeyFormat], [text].map(OsString::from));
        assert!(parsed("-outgoing=none").is_ok() && parsed("-flavor=x").is_ok());
        for (text, want) in [
            (
                "-outgoing=x",
                "invalid value \"x\" for flag -outgoing: use any, public or none",
            ),
            (
                "-key-format=",
                "invalid value \"\" for flag -key-format: use traditional or pkcs8",
            ),
        ] {
            assert_eq!(parsed(text).unwrap_err(), FlagError::Wrong(want.to_owned()));
        }
    }

    #[test]
    fn our_own_flags_belong_to_the_commands_that_list_them() {
        let backup = || ["-backup"].map(OsString::from);
        assert!(parse(&[FlagId::Backup], backup()).is_ok());
        assert!(parse(&[FlagId::Pem], backup()).is_err());
        assert!(parse_only(&[FlagId::LogLevel], ["-ca"].map(OsString::from)).is_err());
    }
}
