//! What is to be done: one certificate, and what holds for all of a run.

use std::path::PathBuf;
use std::sync::Arc;

use rcfssl_core::key::KeyFormat;
use rcfssl_core::{Duration, Policy, Request};

/// Settings for every certificate of a run.
#[derive(Default)]
pub struct Options {
    /// Renew when less than this is left (default: a third of the lifetime).
    pub before: Option<Duration>,
    /// Also renew certificates that are not due.
    pub force: bool,
    /// The format of new keys (default: that of the old key).
    pub key_format: Option<KeyFormat>,
    /// Change nothing.
    pub dry_run: bool,
    /// Keep the old files.
    pub backup: bool,
    /// How long to wait for another process.
    pub wait: std::time::Duration,
    /// The command to run after each certificate that changed.
    pub exec: Option<Arc<str>>,
    /// The configuration, instead of those beside the CAs.
    pub policy: Option<Arc<Policy>>,
    /// Servers that sign, as cfssl writes lists of them, instead of what a configuration
    /// says.
    pub remote: Option<String>,
    /// The profile, instead of the one that matches the certificate.
    pub profile: Option<String>,
    /// The key's file, instead of the one beside the certificate.
    pub key: Option<PathBuf>,
    /// The request document, instead of the certificate's contents.
    pub request: Option<Request>,
    /// The hosts, instead of the certificate's.
    pub hostnames: Option<Vec<String>>,
    /// The common name, instead of the certificate's.
    pub cn: Option<String>,
    /// Treat traps as errors.
    pub strict: bool,
    /// The CA's label, for servers with several CAs.
    pub label: String,
}

/// One certificate.
pub struct Task {
    /// Its file.
    pub certificate: PathBuf,
    /// What it should contain.
    pub order: Order,
    /// Overrides the run's.
    pub before: Option<Duration>,
    /// Create a new key.
    pub rekey: bool,
    /// Revoke the certificate that is replaced.
    pub revoke_old: bool,
    /// Allow all alternative names to be dropped.
    pub drop_hosts: bool,
    /// Overrides the run's.
    pub exec: Option<Arc<str>>,
}

/// What a certificate should contain.
pub enum Order {
    /// What it contains now; the user named it.
    Again,
    /// What it contains now; it was found in a folder, and another CA may have issued it.
    Found,
    /// What a request document asks for.
    Document {
        /// The document.
        request: PathBuf,
        /// The profile.
        profile: String,
    },
}
