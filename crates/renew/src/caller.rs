//! What a run needs of its caller, and tells it on the way.

use std::path::PathBuf;
use std::sync::Arc;

use rcfssl_core::record::{CertificateRecord, RecordId};
use rcfssl_core::{Event, Policy};
use rcfssl_go::json::Report;
use rcfssl_net::client::Client;

use crate::{Outcome, Refusal, Source};

/// Who has certificates renewed. Both threads of a run call it.
pub trait Caller: Sync {
    /// Judges how a configuration of this name and text was read.
    ///
    /// # Errors
    /// Why it is not used.
    fn configuration(
        &self,
        name: &str,
        text: &[u8],
        read: rcfssl_core::Result<(Policy, Report)>,
    ) -> Result<Policy, Refusal>;

    /// What speaks to other servers. Asked for only where one is to sign.
    ///
    /// # Errors
    /// What is wrong with its settings.
    fn client(&self) -> rcfssl_core::Result<Arc<Client>>;

    /// Records certificates that were signed, all of them or none, in the database of this
    /// configuration. When this returns, the rows are committed.
    ///
    /// # Errors
    /// Why they are not recorded.
    fn record(&self, database: &Source, records: &[CertificateRecord]) -> Result<(), Refusal>;

    /// Marks certificates as superseded in the database of this configuration, all of them
    /// or none. Returns for each whether it is recorded there.
    ///
    /// # Errors
    /// Why they are not marked.
    fn supersede(&self, database: &Source, certificates: &[RecordId]) -> Result<Vec<bool>, Refusal>;

    /// Something that cfssl logs.
    fn event(&self, event: &Event);

    /// Something that happened to a folder or an organization.
    fn note(&self, note: &Note);
}

/// Who is told of the certificates, in their order and on a thread of its own.
pub trait Listener: Send {
    /// The files of a certificate that changed are in their places. Runs the command that
    /// puts it into service, if there is one.
    fn changed(&mut self, outcome: &Outcome) -> Option<Result<(), String>>;

    /// All is done for a certificate.
    fn tell(&mut self, outcome: Outcome);
}

/// What a caller is told that is not about one certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// An organization has no configuration, so that the built-in default profile is used.
    BuiltinProfile {
        /// The organization.
        organization: Arc<str>,
        /// Where a configuration was looked for.
        missing: Vec<PathBuf>,
    },
    /// An interrupted run was completed.
    Completed(PathBuf),
    /// The temporary files of an interrupted run were removed.
    Discarded(PathBuf),
    /// A run was interrupted here, and a dry run changes nothing about it.
    Interrupted(PathBuf),
}
