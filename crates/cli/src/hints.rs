//! Traps that users report, and the hints for them.
//!
//! cfssl silently ignores each of them. Here a line that begins with `hint: ` follows on
//! standard error; with `-strict` the trap is an error.

use std::fmt;

use rcfssl_core::policy::usage;
use rcfssl_go::json::{self, RepeatedKey, UnknownKey};
pub use rcfssljson::complaint::nearest;
use rcfssljson::complaint::nearest_of;

/// Something that is probably not what the user wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trap {
    /// The profile is unknown, and the default one is used.
    UnknownProfile {
        /// The name.
        name: String,
        /// The names of the configuration's profiles.
        known: Vec<String>,
    },
    /// Unknown names among the usages of a profile.
    UnknownUsages {
        /// The names.
        names: Vec<String>,
    },
    /// An unknown key of a document.
    UnknownKey {
        /// The document's name.
        file: String,
        /// Its line, from 1.
        line: usize,
        /// The key, with its enclosing fields.
        key: String,
        /// The known key that is most similar.
        nearest: Option<&'static str>,
    },
    /// A document of another kind.
    OtherDocument {
        /// A sentence that names the file and says what it is.
        what: String,
    },
    /// A key that occurs twice in a document.
    RepeatedKey {
        /// The document's name.
        file: String,
        /// The line of the second one, from 1.
        line: usize,
        /// The key, with its enclosing fields.
        key: String,
    },
    /// The certificate expires more than a day after its CA's.
    OutlivesAuthority {
        /// When it expires.
        end: String,
        /// When the CA's certificate expires.
        authority_end: String,
    },
    /// The signer's certificate is not a CA certificate.
    SignerIsNoCa {
        /// The certificate's file.
        file: String,
    },
    /// The CA's certificate has expired.
    SignerExpired {
        /// The certificate's file.
        file: String,
        /// When it expired.
        end: String,
    },
    /// The CA's certificate is not valid yet.
    SignerNotYetValid {
        /// The certificate's file.
        file: String,
        /// When it becomes valid.
        begin: String,
        /// The time of the clock.
        now: String,
    },
    /// A host that is probably not what was meant.
    OddHost {
        /// A sentence that names the host and says what is odd about it.
        why: String,
    },
    /// A request without CN, names and hosts.
    NamesNobody,
    /// A private key goes to a terminal.
    KeyOnTerminal,
    /// Flags that `-initca` ignores.
    IgnoredByInitca {
        /// The flags, without dashes.
        flags: Vec<&'static str>,
    },
    /// An empty string among the hosts, which becomes an empty DNS name.
    EmptyHost,
    /// Names that a CA certificate does not keep.
    AuthorityLosesNames {
        /// The names.
        names: Vec<String>,
    },
    /// Alternative names of types that are ignored.
    DroppedNames {
        /// The types.
        kinds: Vec<&'static str>,
    },
    /// Keys of a subject that `sign` ignores.
    UnusedBySign {
        /// The file with the subject.
        file: String,
        /// The keys.
        keys: Vec<&'static str>,
    },
    /// A renewed certificate would have no alternative names although the live one does.
    DropsAllNames {
        /// The names of the live certificate.
        names: Vec<String>,
    },
    /// A missing flag that cfssl reports with an error line and status 0.
    MissingAuthority {
        /// The flag, without its dash.
        flag: &'static str,
    },
}

impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trap::UnusedBySign { file, keys } => {
                write!(
                    f,
                    "{file}: sign ignores {}; of a subject it uses CN, SerialNumber and, of names, C, ST, L, O and OU",
                    keys.join(", ")
                )?;
                if keys.contains(&"hosts") {
                    f.write_str("; -hostname sets the hosts")?;
                }
                Ok(())
            }
            Trap::DropsAllNames { names } => write!(
                f,
                "all SANs of the live certificate are dropped: {}; the request has no hosts",
                names.join(", ")
            ),
            Trap::UnknownProfile { name, known } if known.is_empty() => write!(
                f,
                "unknown profile \"{name}\": no configuration defines any; the default profile is used"
            ),
            Trap::UnknownProfile { name, known } => write!(
                f,
                "unknown profile {}: the configuration defines {}; the default profile is used",
                with_nearest(name, nearest_of(name, known)),
                known.join(", ")
            ),
            Trap::UnknownUsages { names } => {
                let nearest: Vec<_> = names.iter().map(|name| known_usage(name)).collect();
                let shown: Vec<String> = names
                    .iter()
                    .zip(&nearest)
                    .map(|(name, nearest)| with_nearest(name, *nearest))
                    .collect();
                write!(f, "unknown usages are ignored: {}", shown.join(", "))?;
                if nearest.contains(&None) {
                    let known: Vec<_> = usage::known_names().collect();
                    write!(f, "; valid are {}", known.join(", "))?;
                }
                Ok(())
            }
            Trap::UnknownKey {
                file,
                line,
                key,
                nearest,
            } => {
                write!(
                    f,
                    "{file}, line {line}: unknown key {} is ignored",
                    with_nearest(key, *nearest)
                )
            }
            Trap::RepeatedKey { file, line, key } => write!(
                f,
                "{file}, line {line}: the key \"{key}\" is given twice; the last one counts"
            ),
            Trap::OutlivesAuthority { end, authority_end } => write!(
                f,
                "the certificate expires at {end}, but its CA already at {authority_end}: use a profile with a \
                 shorter expiry, or renew the CA first (gencert -renewca)"
            ),
            Trap::SignerIsNoCa { file } => {
                write!(f, "{file} is not a CA certificate: clients reject what it signs")
            }
            Trap::SignerExpired { file, end } => write!(
                f,
                "the CA certificate {file} expired at {end}: clients reject what it signs; renew it with gencert \
                 -renewca"
            ),
            Trap::SignerNotYetValid { file, begin, now } => write!(
                f,
                "the CA certificate {file} is not valid before {begin}: is the clock right? It says {now}"
            ),
            Trap::OddHost { why: text } | Trap::OtherDocument { what: text } => f.write_str(text),
            Trap::NamesNobody => {
                f.write_str("the request has no CN, names or hosts: the certificate will not identify anyone")
            }
            Trap::KeyOnTerminal => f.write_str(
                "the private key goes to this terminal: add `| rcfssljson -bare NAME` to write it to a file",
            ),
            Trap::IgnoredByInitca { flags } => {
                let flags: Vec<String> = flags.iter().map(|flag| format!("-{flag}")).collect();
                write!(
                    f,
                    "-initca creates a self-signed CA and ignores {}",
                    flags.join(", ")
                )
            }
            Trap::EmptyHost => f.write_str(
                "an empty string in \"hosts\" becomes an empty DNS name; leave \"hosts\" out for none",
            ),
            Trap::AuthorityLosesNames { names } => write!(
                f,
                "a CA certificate keeps only IP addresses and drops {}",
                names.join(", ")
            ),
            Trap::DroppedNames { kinds } => {
                write!(
                    f,
                    "alternative names of these types are dropped: {}",
                    kinds.join(", ")
                )
            }
            Trap::MissingAuthority { flag } => {
                write!(
                    f,
                    "-{flag} is missing: nothing is signed (cfssl exits with status 0 here)"
                )
            }
        }
    }
}

fn with_nearest(name: &str, nearest: Option<&str>) -> String {
    match nearest {
        Some(nearest) => format!("\"{name}\" (did you mean \"{nearest}\"?)"),
        None => format!("\"{name}\""),
    }
}

fn known_usage(name: &str) -> Option<&'static str> {
    nearest(name, usage::known_names())
}

/// Common mistakes that are not similar to the right key.
const ALIASES: [(&str, &str); 7] = [
    ("S", "ST"),
    ("state", "ST"),
    ("sans", "hosts"),
    ("san", "hosts"),
    ("subjectAltNames", "hosts"),
    ("common_name", "CN"),
    ("algorithm", "algo"),
];

/// The known key that was probably meant.
fn nearest_key(key: &str, known: &[&'static str]) -> Option<&'static str> {
    let alias = ALIASES.iter().find(|(alias, _)| alias.eq_ignore_ascii_case(key));
    let alias = alias.map(|(_, known)| *known);
    alias
        .filter(|alias| known.contains(alias))
        .or_else(|| nearest(key, known.iter().copied()))
}

/// The trap of a key that is given twice.
pub fn repeated_key(file: &str, text: &[u8], repeated: &RepeatedKey) -> Trap {
    let (line, _, _) = json::locate(text, repeated.offset);
    let key = match repeated.path.as_str() {
        "" => repeated.key.clone(),
        path => format!("{path}.{}", repeated.key),
    };
    Trap::RepeatedKey {
        file: file.to_owned(),
        line,
        key,
    }
}

/// The trap of an unknown key.
pub fn unknown_key(file: &str, text: &[u8], unknown: &UnknownKey) -> Trap {
    let (line, _, _) = json::locate(text, unknown.offset);
    let key = match unknown.path.as_str() {
        "" => unknown.key.clone(),
        path => format!("{path}.{}", unknown.key),
    };
    let nearest = nearest_key(&unknown.key, unknown.known);
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
    fn common_mistakes_in_keys_are_recognized() {
        assert_eq!(nearest_key("S", &["C", "ST", "L"]), Some("ST"));
        assert_eq!(nearest_key("sans", &["CN", "hosts", "names"]), Some("hosts"));
        assert_eq!(nearest_key("host", &["CN", "hosts", "names"]), Some("hosts"));
        assert_eq!(nearest_key("sans", &["expiry", "usages"]), None);
    }

    #[test]
    fn misspelt_usages_are_recognized() {
        assert_eq!(known_usage("server-auth"), Some("server auth"));
        assert_eq!(known_usage("content committment"), Some("content commitment"));
        assert_eq!(known_usage("signin"), Some("signing"));
        assert_eq!(known_usage("zzz"), None);
    }
}
