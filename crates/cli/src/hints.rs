//! Traps that users report, and the hints for them.
//!
//! cfssl silently ignores each of them. Here a line that begins with `hint: ` follows on
//! standard error; with `-strict` the trap is an error.

use std::fmt;

use rcfssl_ca::{OddHost, Trap};
use rcfssl_core::policy::usage;
pub use rcfssljson::complaint::nearest;
use rcfssljson::complaint::nearest_of;

/// What a command warns of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Warning {
    /// A trap of documents and certificates.
    Trap(Trap),
    /// A document of another kind.
    OtherDocument {
        /// A sentence that names the file and says what it is.
        what: String,
    },
    /// A private key goes to a terminal.
    KeyOnTerminal,
    /// Flags that `-initca` ignores.
    IgnoredByInitca {
        /// The flags, without dashes.
        flags: Vec<&'static str>,
    },
    /// Keys of a subject that `sign` ignores.
    UnusedBySign {
        /// The file with the subject.
        file: String,
        /// The keys.
        keys: Vec<&'static str>,
    },
    /// A missing flag that cfssl reports with an error line and status 0.
    MissingAuthority {
        /// The flag, without its dash.
        flag: &'static str,
    },
}

impl From<Trap> for Warning {
    fn from(trap: Trap) -> Self {
        Warning::Trap(trap)
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Warning::Trap(trap) => f.write_str(&words(trap)),
            Warning::UnusedBySign { file, keys } => {
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
            Warning::OtherDocument { what } => f.write_str(what),
            Warning::KeyOnTerminal => f.write_str(
                "the private key goes to this terminal: add `| rcfssljson -bare NAME` to write it to a file",
            ),
            Warning::IgnoredByInitca { flags } => {
                let flags: Vec<String> = flags.iter().map(|flag| format!("-{flag}")).collect();
                write!(
                    f,
                    "-initca creates a self-signed CA and ignores {}",
                    flags.join(", ")
                )
            }
            Warning::MissingAuthority { flag } => {
                write!(
                    f,
                    "-{flag} is missing: nothing is signed (cfssl exits with status 0 here)"
                )
            }
        }
    }
}

/// What is said of a trap.
pub fn words(trap: &Trap) -> String {
    match trap {
        Trap::DropsAllNames { names } => format!(
            "all SANs of the live certificate are dropped: {}; the request has no hosts",
            names.join(", ")
        ),
        Trap::UnknownProfile { name, known } if known.is_empty() => {
            format!("unknown profile \"{name}\": no configuration defines any; the default profile is used")
        }
        Trap::UnknownProfile { name, known } => format!(
            "unknown profile {}: the configuration defines {}; the default profile is used",
            with_nearest(name, nearest_of(name, known)),
            known.join(", ")
        ),
        Trap::UnknownUsages { names } => unknown_usages(names),
        Trap::UnknownKey { at, known } => format!(
            "{}, line {}: unknown key {} is ignored",
            at.file,
            at.line,
            with_nearest(&at.full(), nearest_key(&at.key, known))
        ),
        Trap::RepeatedKey { at } => format!(
            "{}, line {}: the key \"{}\" is given twice; the last one counts",
            at.file,
            at.line,
            at.full()
        ),
        Trap::OutlivesAuthority { end, authority_end } => format!(
            "the certificate expires at {end}, but its CA already at {authority_end}: use a profile with a \
             shorter expiry, or renew the CA first (gencert -renewca)"
        ),
        Trap::SignerIsNoCa { file } => {
            format!("{file} is not a CA certificate: clients reject what it signs")
        }
        Trap::SignerExpired { file, end } => format!(
            "the CA certificate {file} expired at {end}: clients reject what it signs; renew it with gencert \
             -renewca"
        ),
        Trap::SignerNotYetValid { file, begin, now } => format!(
            "the CA certificate {file} is not valid before {begin}: is the clock right? It says {now}"
        ),
        Trap::OddHost { host, why } => odd_host(host, why),
        Trap::NamesNobody => {
            "the request has no CN, names or hosts: the certificate will not identify anyone".to_owned()
        }
        Trap::EmptyHost => {
            "an empty string in \"hosts\" becomes an empty DNS name; leave \"hosts\" out for none".to_owned()
        }
        Trap::AuthorityLosesNames { names } => format!(
            "a CA certificate keeps only IP addresses and drops {}",
            names.join(", ")
        ),
        Trap::DroppedNames { kinds } => {
            format!(
                "alternative names of these types are dropped: {}",
                kinds.join(", ")
            )
        }
    }
}

fn unknown_usages(names: &[String]) -> String {
    let nearest: Vec<_> = names.iter().map(|name| known_usage(name)).collect();
    let shown: Vec<String> = names
        .iter()
        .zip(&nearest)
        .map(|(name, nearest)| with_nearest(name, *nearest))
        .collect();
    let mut text = format!("unknown usages are ignored: {}", shown.join(", "));
    if nearest.contains(&None) {
        let known: Vec<_> = usage::known_names().collect();
        text.push_str("; valid are ");
        text.push_str(&known.join(", "));
    }
    text
}

fn odd_host(host: &str, why: &OddHost) -> String {
    match why {
        OddHost::Blanks => format!("the host \"{host}\" contains blanks"),
        OddHost::BlanksAround(better) => {
            format!("the host \"{host}\" has blanks around it: write \"{better}\"")
        }
        OddHost::Url(name) => format!(
            "the host \"{host}\" is a URL, which TLS clients do not compare with the server's name: write \"{name}\""
        ),
        OddHost::Port(name) => format!("the host \"{host}\" has a port: write \"{name}\""),
        OddHost::Brackets(name) => format!("the host \"{host}\" has brackets: write \"{name}\""),
        OddHost::Network => {
            format!("the host \"{host}\" is a network: a certificate can hold single addresses only")
        }
        OddHost::NotAnAddress => {
            format!("the host \"{host}\" is not a valid IP address and becomes a DNS name")
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
