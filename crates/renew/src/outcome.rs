//! What became of a certificate.

use std::path::PathBuf;
use std::sync::Arc;

use rcfssl_core::Serial;
use rcfssl_core::record::RecordId;
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

/// A certificate that was replaced and is to be revoked.
#[derive(Debug)]
pub struct Replaced {
    /// Its row, in the database or at the server that signs.
    pub record: RecordId,
    /// The name of the database's configuration; `None` for a server.
    pub database: Option<String>,
    /// What became of it.
    pub revocation: Revocation,
}

/// Whether a certificate that was replaced is revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Revocation {
    /// It is not its turn yet, or never comes because nothing is changed.
    Due,
    /// It is revoked.
    Done,
    /// It is not recorded, so that nobody would learn of its revocation.
    NotRecorded,
    /// The command that was to put the new certificate into service failed, so the old one
    /// may still be in use.
    CommandFailed,
    /// The database or the server refused.
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
    /// What became of that command, once it has run.
    pub command: Option<Result<(), String>>,
    /// The certificate that was replaced, if it is to be revoked.
    pub replaced: Option<Replaced>,
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
            command: None,
            replaced: None,
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
