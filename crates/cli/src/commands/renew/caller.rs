//! What a run needs of the command line: configurations judged as every command does it,
//! the flags for other servers, and the log.

use std::ffi::{OsStr, OsString};
use std::sync::{Arc, Mutex, PoisonError};

use rcfssl_core::record::{CertificateRecord, RecordId};
use rcfssl_core::{Event, Policy, Result, ocsp};
use rcfssl_go::json::Report;
use rcfssl_net::client::Client;
use rcfssl_renew::{Note, Refusal, Source};
use rcfssl_store::blocking::Store;

use super::words;
use crate::context::{Context, Failure};
use crate::{database, remote};

/// The command line.
pub struct Caller<'a> {
    context: &'a Context,
    /// The databases that were opened, with the names of their configurations.
    databases: Mutex<Vec<(OsString, Store)>>,
}

impl<'a> Caller<'a> {
    /// Opens nothing yet.
    pub fn new(context: &'a Context) -> Self {
        Caller {
            context,
            databases: Mutex::default(),
        }
    }

    /// Does something in the database of a configuration, which is opened once for all.
    fn at<T>(
        &self,
        database: &Source,
        work: impl FnOnce(&Store) -> rcfssl_store::Result<T>,
    ) -> std::result::Result<T, Refusal> {
        let shown = database.shown();
        let name = OsString::from(&shown);
        let mut databases = self.databases.lock().unwrap_or_else(PoisonError::into_inner);
        let at = match databases.iter().position(|(known, _)| *known == name) {
            Some(at) => at,
            None => {
                let opened = database::open_file(self.context, &name);
                let store = opened.and_then(|store| Ok(store?));
                databases.push((name, store.map_err(|failure| unusable(&shown, failure))?));
                databases.len() - 1
            }
        };
        let done = database::told(self.context, work(&databases[at].1));
        done.map_err(|error| Refusal::Sentence(format!("{shown}: {}", error.message())))
    }
}

/// Why a file named in a document is of no use.
fn unusable(name: &str, failure: Failure) -> Refusal {
    Refusal::Sentence(match failure {
        Failure::Error(error) | Failure::Crash(error) => format!("{name}: {}", error.message()),
        Failure::Strict(warning) => warning.to_string(),
        Failure::Reported | Failure::Status(_) => format!("{name} cannot be used"),
    })
}

impl rcfssl_renew::Caller for Caller<'_> {
    fn configuration(
        &self,
        name: &str,
        text: &[u8],
        read: Result<(Policy, Report)>,
    ) -> std::result::Result<Policy, Refusal> {
        let policy = self.context.read_document(OsStr::new(name), text, read);
        policy.map_err(|failure| unusable(name, failure))
    }

    fn record(&self, database: &Source, records: &[CertificateRecord]) -> std::result::Result<(), Refusal> {
        self.at(database, |store| store.record(records))
    }

    fn supersede(
        &self,
        database: &Source,
        certificates: &[RecordId],
    ) -> std::result::Result<Vec<bool>, Refusal> {
        self.at(database, |store| store.revoke_all(certificates, ocsp::SUPERSEDED))
    }

    fn client(&self) -> Result<Arc<Client>> {
        remote::settings(self.context, false).and_then(remote::client)
    }

    fn event(&self, event: &Event) {
        self.context.event(event);
    }

    fn note(&self, note: &Note) {
        match words::note(note) {
            (Some(level), text) => self.context.log.line(level, text),
            (None, text) => self.context.hint(text),
        }
    }
}
