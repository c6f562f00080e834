//! A recorded case: what is run, and what it finds.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use data_encoding::BASE64;
use serde::{Deserialize, Serialize};

/// Shell lines, run one after the other in a folder of their own.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Case {
    /// Its name.
    pub id: String,
    /// What it is about.
    pub about: String,
    /// Files in the folder.
    pub files: BTreeMap<String, Text>,
    /// Files of the suite's `pki/` that lie there too.
    pub pki: Vec<String>,
    /// Variables of the environment.
    pub env: BTreeMap<String, String>,
    /// What the lines read; nothing where it is not given.
    pub stdin: Option<Text>,
    /// The lines.
    pub run: Vec<String>,
    /// Outputs that only have to be there or not.
    pub loose: Vec<Stream>,
    /// What rcfssl may accept though cfssl refuses it: either is right.
    pub beyond: Option<String>,
    /// A document fixes the end of the certificates.
    pub fixed_end: bool,
    /// It comes out so for root alone.
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
    /// As they are.
    Plain(String),
    /// Where they are no UTF-8.
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
    /// For what is no base64.
    pub fn bytes(&self) -> Result<Vec<u8>> {
        match self {
            Text::Plain(text) => Ok(text.clone().into_bytes()),
            Text::Encoded { base64 } => BASE64.decode(base64.as_bytes()).context("base64"),
        }
    }
}
