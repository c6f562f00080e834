//! Revokes the certificates that were replaced, once the new ones are in their places.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use rcfssl_core::record::RecordId;

use crate::by_database::ByDatabase;
use crate::group::Issuing;
use crate::look::{Plan, Signing};
use crate::make::Made;
use crate::{Caller, Ending, Outcome, Refusal, Replaced, Revocation, Warning, remote};

/// A certificate of a batch whose files are in their places.
pub struct Written {
    pub outcome: Outcome,
    /// Its CA, with the database and the servers.
    pub issuing: Option<Arc<Result<Issuing, Refusal>>>,
}

impl Written {
    /// Its CA, if the certificate that it replaced is still to be revoked.
    fn due(&self) -> Option<(&Issuing, &Replaced)> {
        let replaced = self.outcome.replaced.as_ref()?;
        let issuing = self.issuing.as_ref()?.as_ref().as_ref().ok()?;
        let is_due =
            matches!(self.outcome.ending, Ending::Changed { .. }) && replaced.revocation == Revocation::Due;
        is_due.then_some((issuing, replaced))
    }

    pub fn is_due(&self) -> bool {
        self.due().is_some()
    }

    fn end(&mut self, revoked: Result<bool, Refusal>) {
        let Some(replaced) = &mut self.outcome.replaced else {
            return;
        };
        replaced.revocation = match revoked {
            Ok(true) => Revocation::Done,
            Ok(false) => {
                let warning = Warning::NotRecorded(replaced.database.clone());
                self.outcome.warnings.push(warning);
                Revocation::NotRecorded
            }
            Err(why) => Revocation::Failed(why),
        };
    }
}

/// The certificate that a plan replaces, which is to be revoked where the new one is
/// recorded.
///
/// # Errors
/// If there is no such place.
pub fn replaced(plan: &Plan, issuing: &Issuing) -> Result<Option<Replaced>, Refusal> {
    let database = match (&plan.signing, &issuing.database) {
        (Signing::Remote(_), _) => None,
        (Signing::Local(_), Some(database)) => Some(database.shown()),
        (Signing::Local(_), None) => return Err(Refusal::NowhereToRevoke),
    };
    let existing = plan.existing.as_ref().map(|existing| &existing.certificate);
    // A copy of the CA's own certificate was not issued in the place of this one.
    let old = existing.filter(|certificate| certificate.der != issuing.certificate.der);
    Ok(old.map(|certificate| Replaced {
        record: RecordId::of(certificate),
        database,
        revocation: Revocation::Due,
    }))
}

impl Replaced {
    /// Whether a new certificate is another one. A server might send the old one again.
    pub(crate) fn is_not(&self, made: &Made) -> bool {
        self.record.serial != made.serial.to_string()
    }
}

/// Revokes what a batch replaced: with one call for each database, and at servers on all
/// cores.
pub fn revoke(caller: &dyn Caller, batch: &mut [Written]) {
    let mut databases = ByDatabase::default();
    let mut at_servers = Vec::new();
    for (at, written) in batch.iter().enumerate() {
        let Some((issuing, replaced)) = written.due() else {
            continue;
        };
        let database = issuing.database.as_ref().filter(|_| replaced.database.is_some());
        let Some(database) = database else {
            at_servers.push(at);
            continue;
        };
        databases.add(database, replaced.record.clone(), at);
    }
    for (database, records, places) in databases.0 {
        let recorded = caller.supersede(&database, &records);
        for (nth, at) in places.into_iter().enumerate() {
            let recorded = recorded.as_ref().map_err(Refusal::clone);
            batch[at].end(recorded.map(|recorded| recorded.get(nth).copied().unwrap_or(false)));
        }
    }
    for (at, revoked) in ask_servers(batch, &at_servers) {
        batch[at].end(revoked);
    }
}

/// The servers' answers for these certificates of a batch.
fn ask_servers(batch: &[Written], places: &[usize]) -> Vec<(usize, Result<bool, Refusal>)> {
    let next = AtomicUsize::new(0);
    let answers = Mutex::new(Vec::with_capacity(places.len()));
    let work = || {
        while let Some(at) = places.get(next.fetch_add(1, Ordering::Relaxed)) {
            let Some((issuing, replaced)) = batch[*at].due() else {
                continue;
            };
            let profile = batch[*at].outcome.profile.as_deref().unwrap_or_default();
            let answer = remote::supersede(issuing, profile, &replaced.record);
            let mut answers = answers.lock().unwrap_or_else(PoisonError::into_inner);
            answers.push((*at, answer));
        }
    };
    let workers = thread::available_parallelism().map_or(1, NonZero::get);
    thread::scope(|scope| {
        for _ in 1..workers.min(places.len()) {
            // If no thread can be started, this one does all the work.
            let _ = thread::Builder::new().spawn_scoped(scope, work);
        }
        work();
    });
    answers.into_inner().unwrap_or_else(PoisonError::into_inner)
}
