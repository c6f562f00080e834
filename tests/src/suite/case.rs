//! A recorded case: shell lines and their input.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use data_encoding::BASE64;
use serde::{Deserialize, Serialize};

/// Shell lines, run one after the other in a new folder.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Case {
    /// Its name.
    pub id: String,
    /// A description.
    pub about: String,
    /// Files in the folder.
    pub files: BTreeMap<String, Text>,
    /// Files of the suite's `pki/` that are also there.
    pub pki: Vec<String>,
    /// Environment variables.
    pub env: BTreeMap<String, String>,
    /// Standard input of the lines; empty if not given.
    pub stdin: Option<Text>,
    /// The lines.
    pub run: Vec<String>,
    /// Outputs whose contents are not compared, only whether they are empty.
    pub loose: Vec<Stream>,
    /// Why rcfssl may accept what cfssl rejects: either result is right.
    pub beyond: Option<String>,
    /// Whether a document fixes the expiry date of certificates.
    pub fixed_end: bool,
    /// Whether the result was recorded as root and is different for other users.
    pub root: bool,
}

/// An output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// A file's contents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Text {
    /// Plain text.
    Plain(String),
    /// For contents that are not UTF-8.
    Encoded {
        /// In base64.
        base64: String,
    },
}

impl From<Vec<u8>> for Text {
    fn from(bytes: Vec<u8>) -> Self {
        String::from_utf8(bytes).map_or_else(
            |error| Text::Encoded {
                base64: BASE64.encode(error.as_bytes()),
            },
            Text::Plain,
        )
    }
}

impl Text {
    /// The bytes.
    ///
    /// # Errors
    /// If it is not base64.
    pub fn bytes(&self) -> Result<Vec<u8>> {
        match self {
            Text::Plain(text) => Ok(text.clone().into_bytes()),
            Text::Encoded { base64 } => BASE64.decode(base64.as_bytes()).context("base64"),
        }
    }
}
