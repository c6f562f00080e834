//! What became of a certificate.

use std::path::PathBuf;
use std::sync::Arc;

use rcfssl_core::Serial;
use time::OffsetDateTime;

use crate::{Refusal, Warning, Why};

/// The outcome for one certificate.
#[derive(Debug)]
pub enum Ending {
    /// Another CA issued it; it is not counted.
    Foreign,
    /// It stays as it is.
    Untouched {
        /// When it expires.
        until: OffsetDateTime,
    },
    /// It would be issued without `-dry-run`.
    Would {
        /// The reason.
        why: Why,
    },
    /// It was issued or renewed.
    Changed {
        /// The reason.
        why: Why,
        /// When it expires.
        until: OffsetDateTime,
        /// Its serial number.
        serial: Serial,
        /// Whether it has a new key.
        new_key: bool,
    },
    /// It could not or must not be issued.
    Failed(Refusal),
}

/// What became of one certificate.
#[derive(Debug)]
pub struct Outcome {
    /// Its file, or its folder if the folder as a whole cannot be used.
    pub certificate: PathBuf,
    /// Its organization in a jobs document.
    pub organization: Option<Arc<str>>,
    /// The outcome.
    pub ending: Ending,
    /// Warnings for its owner.
    pub warnings: Vec<Warning>,
    /// Its profile, if that was determined.
    pub profile: Option<String>,
    /// The key file.
    pub key: PathBuf,
    /// `RCFSSL_NAME` for commands.
    pub name: String,
    /// What is to be run once it has changed.
    pub exec: Option<Arc<str>>,
    /// Whether the cause of the failure concerns its whole organization.
    pub is_common: bool,
}

impl Outcome {
    /// A report without an outcome yet.
    pub(crate) fn new(certificate: PathBuf, organization: Option<Arc<str>>) -> Self {
        Outcome {
            certificate,
            organization,
            ending: Ending::Foreign,
            warnings: Vec::new(),
            profile: None,
            key: PathBuf::new(),
            name: String::new(),
            exec: None,
            is_common: false,
        }
    }

    /// A failure.
    pub(crate) fn failed(certificate: PathBuf, organization: Option<Arc<str>>, why: Refusal) -> Self {
        Outcome {
            ending: Ending::Failed(why),
            ..Outcome::new(certificate, organization)
        }
    }
}
