//! One trial: shell lines and their input files, run with cfssl and with rcfssl.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::normal::text::escaped;
use crate::suite::{Case, Text};

/// A trial, which is saved as JSON in `fixtures/differential`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Trial {
    /// Its name: `SEED/NUMBER`, or words for a saved trial.
    pub id: String,
    /// What is tested: a command, and how it is used.
    pub kind: String,
    /// Why it was saved.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub about: String,
    /// Files in the folder.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, Text>,
    /// Certificates, keys and requests that are also in the folder.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pki: Vec<String>,
    /// Environment variables.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// Standard input of the lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stdin: Option<Text>,
    /// The lines.
    pub run: Vec<String>,
    /// Alternative lines for Debian's cfssl if it lacks the command and another one gives
    /// an equivalent result.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stand_in: Vec<String>,
    /// Whether a document fixes the expiry date of certificates.
    #[serde(skip_serializing_if = "is_false")]
    pub fixed_end: bool,
    /// Requested features that Debian's cfssl does not support.
    #[serde(skip_serializing_if = "Beyond::is_empty")]
    pub beyond: Beyond,
}

/// What 1.6.5 includes in certificates and requests and Debian's cfssl does not: the rules
/// need to know what was requested.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Beyond {
    /// RDNs after those of the subject in a request document, in normal form.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// The same for the request that is signed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub request_names: Vec<String>,
    /// URIs among the hosts of created requests, as written.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub uris: Vec<String>,
    /// URIs among the alternative names of the request that is signed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub request_uris: Vec<String>,
}

impl Beyond {
    fn is_empty(&self) -> bool {
        *self == Beyond::default()
    }

    /// Adds those of another one.
    pub fn extend(&mut self, other: Beyond) {
        self.names.extend(other.names);
        self.request_names.extend(other.request_names);
        self.uris.extend(other.uris);
        self.request_uris.extend(other.request_uris);
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

impl Trial {
    /// A trial of a kind.
    pub fn new(kind: &str) -> Self {
        Trial {
            kind: kind.to_owned(),
            ..Trial::default()
        }
    }

    /// Adds a file.
    pub fn file(&mut self, name: &str, bytes: impl Into<Vec<u8>>) {
        self.files.insert(name.to_owned(), bytes.into().into());
    }

    /// Adds a file of `pki/`, and returns its name.
    pub fn with_pki(&mut self, name: &str) -> String {
        if !self.pki.iter().any(|known| known == name) {
            self.pki.push(name.to_owned());
        }
        name.to_owned()
    }

    /// Adds a line.
    pub fn line(&mut self, line: impl Into<String>) {
        self.run.push(line.into());
    }

    /// The trial as a case for the test harness, with the alternative lines if there are
    /// any.
    pub fn case(&self, stand_in: bool) -> Case {
        let lines = match stand_in && !self.stand_in.is_empty() {
            true => &self.stand_in,
            false => &self.run,
        };
        Case {
            id: self.id.clone(),
            about: self.about.clone(),
            files: self.files.clone(),
            pki: self.pki.clone(),
            env: self.env.clone(),
            stdin: self.stdin.clone(),
            run: lines.clone(),
            fixed_end: self.fixed_end,
            ..Case::default()
        }
    }

    /// Writes the input files and `trial.sh` to a folder.
    ///
    /// # Errors
    /// The system's error.
    pub fn write(&self, folder: &Path, pki: impl Fn(&str) -> Result<Vec<u8>>) -> Result<()> {
        std::fs::create_dir_all(folder)?;
        for (name, text) in &self.files {
            let path = folder.join(name);
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent)?;
            }
            std::fs::write(path, text.bytes()?)?;
        }
        for name in &self.pki {
            std::fs::write(folder.join(name), pki(name)?)?;
        }
        let mut lines = String::from("# Run with bash in this folder, cfssl and cfssljson on the PATH.\n");
        for (key, value) in &self.env {
            lines += &format!("export {key}={}\n", quote(value));
        }
        let input = match &self.stdin {
            Some(text) => {
                std::fs::write(folder.join("trial.stdin"), text.bytes()?)?;
                "trial.stdin"
            }
            None => "/dev/null",
        };
        for line in &self.run {
            lines += &format!("{{ {line}\n}} < {input}\n");
        }
        std::fs::write(folder.join("trial.sh"), lines)?;
        Ok(())
    }
}

impl fmt::Display for Trial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, text) in &self.files {
            let bytes = text.bytes().unwrap_or_default();
            writeln!(f, "   {name}: {}", escaped(&bytes))?;
        }
        if !self.pki.is_empty() {
            writeln!(f, "   pki: {}", self.pki.join(" "))?;
        }
        for (key, value) in &self.env {
            writeln!(f, "   {key}={}", quote(value))?;
        }
        let shown = |sign: char, lines: &[String]| -> String {
            lines.iter().map(|line| format!("   {sign} {line}\n")).collect()
        };
        write!(f, "{}{}", shown('$', &self.run), shown('=', &self.stand_in))
    }
}

/// Quotes a word for a shell line.
pub fn quote(word: &str) -> String {
    let plain = |char: char| char.is_ascii_alphanumeric() || "-_./=:,@%+".contains(char);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_where_the_shell_would_split_them() {
        assert_eq!(quote("-cn=a.b"), "-cn=a.b");
        assert_eq!(quote(""), "''");
        assert_eq!(quote("it's *"), r"'it'\''s *'");
    }

    #[test]
    fn a_trial_reads_back() {
        let mut trial = Trial::new("sign");
        trial.file("a.json", "{}");
        trial.file("b.json", b"\xff".to_vec());
        trial.line("cfssl version");
        let text = serde_json::to_string(&trial).unwrap();
        assert!(!text.contains("stand-in") && text.contains("base64"), "{text}");
        assert_eq!(serde_json::from_str::<Trial>(&text).unwrap(), trial);
    }
}
