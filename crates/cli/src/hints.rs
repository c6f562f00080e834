//! Traps that users report, and what to say of them.
//!
//! cfssl passes over each of them in silence. Here a line that begins with
//! `hint: ` follows on standard error; with `-strict` the trap is an error.

use std::fmt;

use rcfssl_go::json::{self, UnknownKey};
pub use rcfssljson::complaint::nearest;

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
    /// Names among the usages of a profile that mean nothing.
    UnknownUsages {
        /// The names.
        names: Vec<String>,
    },
    /// A key of a document that nobody knows.
    UnknownKey {
        /// The document's name.
        file: String,
        /// The line it stands in, from 1.
        line: usize,
        /// The key, with the fields around it.
        key: String,
        /// The known key that looks most like it.
        nearest: Option<&'static str>,
    },
    /// The certificate ends after its authority's.
    OutlivesAuthority {
        /// When it ends.
        end: String,
        /// When the authority's certificate ends.
        authority_end: String,
    },
    /// Flags that `-initca` does not look at.
    IgnoredByInitca {
        /// The flags, without dashes.
        flags: Vec<&'static str>,
    },
    /// An empty string among the hosts: a DNS name of no length.
    EmptyHost,
    /// Names that an authority's certificate does not keep.
    AuthorityLosesNames {
        /// The names.
        names: Vec<String>,
    },
    /// Alternative names of kinds that are passed over.
    DroppedNames {
        /// The kinds.
        kinds: Vec<&'static str>,
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
            Trap::UnknownProfile { name, known } if known.is_empty() => write!(
                f,
                "there is no profile \"{name}\", since no configuration names any: the default profile is used"
            ),
            Trap::UnknownProfile { name, known } => write!(
                f,
                "there is no profile \"{name}\" in the configuration, which has {}: the default profile is used",
                known.join(", ")
            ),
            Trap::UnknownUsages { names } => {
                write!(f, "usages that mean nothing are ignored: ")?;
                let shown: Vec<String> = names
                    .iter()
                    .map(|name| with_nearest(name, known_usage(name)))
                    .collect();
                f.write_str(&shown.join(", "))
            }
            Trap::UnknownKey {
                file,
                line,
                key,
                nearest,
            } => {
                write!(
                    f,
                    "{file}, line {line}: the key {} is not known and ignored",
                    with_nearest(key, *nearest)
                )
            }
            Trap::OutlivesAuthority { end, authority_end } => {
                write!(
                    f,
                    "the certificate ends at {end}, after its authority's, which ends at {authority_end}"
                )
            }
            Trap::IgnoredByInitca { flags } => {
                let flags: Vec<String> = flags.iter().map(|flag| format!("-{flag}")).collect();
                write!(
                    f,
                    "-initca makes a self-signed authority and does not look at {}",
                    flags.join(", ")
                )
            }
            Trap::EmptyHost => f.write_str(
                "an empty string among the hosts makes a DNS name of no length; leave hosts out for none",
            ),
            Trap::AuthorityLosesNames { names } => write!(
                f,
                "the certificate of an authority keeps IP addresses only, and loses {}",
                names.join(", ")
            ),
            Trap::DroppedNames { kinds } => {
                write!(
                    f,
                    "alternative names of these kinds are left out: {}",
                    kinds.join(", ")
                )
            }
            Trap::MissingAuthority { flag } => {
                write!(
                    f,
                    "-{flag} is missing: nothing is signed, which cfssl ends with status 0"
                )
            }
        }
    }
}

fn with_nearest(name: &str, nearest: Option<&str>) -> String {
    match nearest {
        Some(nearest) => format!("\"{name}\" (\"{nearest}\"?)"),
        None => format!("\"{name}\""),
    }
}

fn known_usage(name: &str) -> Option<&'static str> {
    nearest(name, rcfssl_core::policy::usage::known_names())
}

/// The trap of a key that nobody knows.
pub fn unknown_key(file: &str, text: &[u8], unknown: &UnknownKey) -> Trap {
    let (line, _, _) = json::locate(text, unknown.offset);
    let key = match unknown.path.as_str() {
        "" => unknown.key.clone(),
        path => format!("{path}.{}", unknown.key),
    };
    let nearest = nearest(&unknown.key, unknown.known.iter().copied());
    Trap::UnknownKey {
        file: file.to_owned(),
        line,
        key,
        nearest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelt_usages_are_recognized() {
        assert_eq!(known_usage("server-auth"), Some("server auth"));
        assert_eq!(known_usage("content committment"), Some("content commitment"));
        assert_eq!(known_usage("signin"), Some("signing"));
        assert_eq!(known_usage("zzz"), None);
    }
}
