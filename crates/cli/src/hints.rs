//! Traps that users report, and what to say of them.
//!
//! cfssl passes over each of them in silence. Here a line that begins with
//! `hint: ` follows on standard error; with `-strict` the trap is an error.

use std::fmt;

/// Something that is probably not what the user wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trap {
    /// The profile is not known, and the default one stands in.
    UnknownProfile {
        /// The name.
        name: String,
        /// The names that are known.
        known: Vec<String>,
    },
    /// A flag is missing that cfssl asks for with an error line and status 0.
    MissingAuthority {
        /// The flag, without its dash.
        flag: &'static str,
    },
}

impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trap::UnknownProfile { name, known } if known.is_empty() => {
                write!(
                    f,
                    "there is no profile \"{name}\": the default profile was used (no configuration with profiles was given)"
                )
            }
            Trap::UnknownProfile { name, known } => {
                write!(
                    f,
                    "there is no profile \"{name}\" in the configuration, so the default profile was used; it has {}",
                    known.join(", ")
                )
            }
            Trap::MissingAuthority { flag } => {
                write!(
                    f,
                    "-{flag} is missing, so nothing was signed; the exit status is 0 all the same, as in cfssl"
                )
            }
        }
    }
}
