//! The run: certificates are issued in batches on all cores and written batch by batch.
//!
//! While one batch is flushed to disk, the next is being issued. At most two batches are in
//! memory, however many certificates there are.

use std::collections::{HashMap, HashSet, VecDeque};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rcfssl_core::record::CertificateRecord;
use rcfssl_files::{Change, Durability, WriteError, commit};

use crate::by_database::ByDatabase;
use crate::group::Issuing;
use crate::locks::{Lock, Locks};
use crate::look::{self, Finding};
use crate::revoke::{self, Written};
use crate::{
    Caller, Companions, Ending, Group, Listener, Options, Order, Outcome, Refusal, Revocation, Task, make,
};

/// The maximum number of certificates in a batch.
const BATCH: usize = 256;
/// A batch is closed after this time, so that slow keys do not delay the results of others.
const PATIENCE: Duration = Duration::from_millis(400);

/// A certificate on its way through the run.
struct Item {
    task: Task,
    organization: Option<Arc<str>>,
    /// The CA, or why it cannot be used.
    issuing: Arc<Result<Issuing, Refusal>>,
    /// The lock on the folder, or why there is none.
    lock: Lock,
    /// Whether another certificate of the run uses the same key.
    shares_key: bool,
}

/// A result that is ready to be written and reported.
struct Ready {
    outcome: Outcome,
    change: Option<Change>,
    /// The row to be recorded before the files are moved into place.
    record: Option<CertificateRecord>,
    /// The CA, with its database and the servers that sign for it.
    issuing: Option<Arc<Result<Issuing, Refusal>>>,
}

/// Renews the certificates of all groups, in order; `listener` is told of each, on another
/// thread and as soon as its files are in their places.
pub fn run(caller: &dyn Caller, options: &Options, groups: Vec<Group>, listener: &mut dyn Listener) {
    let (send, receive) = sync_channel(1);
    thread::scope(|scope| {
        let writer = scope.spawn(move || write(caller, receive, listener));
        assemble(caller, options, groups, &send);
        drop(send);
        if let Err(panic) = writer.join() {
            std::panic::resume_unwind(panic);
        }
    });
}

/// Processes one group after the other and sends the results on.
fn assemble(caller: &dyn Caller, options: &Options, groups: Vec<Group>, send: &SyncSender<Vec<Ready>>) {
    let mut pending = VecDeque::new();
    let mut locks = Locks::default();
    for mut group in groups {
        let tasks = std::mem::take(&mut group.tasks);
        let issuing = Arc::new(group.load(caller, options, &tasks));
        if let Some(folder) = &group.listed
            && let Some(why) = locks.useless(folder, &tasks, &issuing, options, caller)
        {
            // One message for the folder instead of one for each of its certificates.
            let outcome = Outcome::failed(folder.clone(), None, why);
            send_all(
                send,
                vec![Ready {
                    outcome,
                    change: None,
                    record: None,
                    issuing: None,
                }],
            );
            continue;
        }
        let shared = shared_keys(&tasks);
        for task in tasks {
            let folder = task.certificate.parent().unwrap_or(Path::new(""));
            let lock = match issuing.is_err() {
                true => Lock::NotNeeded,
                false => locks.for_task(folder, options, caller),
            };
            pending.push_back(Item {
                shares_key: !shared.is_empty() && shared.contains(&Companions::of(&task.certificate).key),
                task,
                organization: group.name.clone(),
                issuing: Arc::clone(&issuing),
                lock,
            });
            if pending.len() >= BATCH {
                send_all(send, record(caller, prepare(&mut pending, options)));
            }
        }
    }
    while !pending.is_empty() {
        send_all(send, record(caller, prepare(&mut pending, options)));
    }
}

/// Keys that are shared by several certificates and are to be replaced. Jobs documents with
/// such keys were rejected earlier.
fn shared_keys(tasks: &[Task]) -> HashSet<PathBuf> {
    let mut owners: HashMap<PathBuf, &Path> = HashMap::new();
    let mut shared = HashSet::new();
    for task in tasks {
        if !task.rekey || matches!(task.order, Order::Document { .. }) {
            continue;
        }
        let key = Companions::of(&task.certificate).key;
        match owners.get(&key) {
            Some(other) if *other != task.certificate => drop(shared.insert(key)),
            Some(_) => {}
            None => drop(owners.insert(key, &task.certificate)),
        }
    }
    shared
}

fn send_all(send: &SyncSender<Vec<Ready>>, batch: Vec<Ready>) {
    // The receiver disappears only if its thread panics, which is propagated there.
    let _ = send.send(batch);
}

/// Processes certificates from the head of the queue on all cores, until the time for a
/// batch is up.
fn prepare(pending: &mut VecDeque<Item>, options: &Options) -> Vec<Ready> {
    let start = Instant::now();
    let items = pending.make_contiguous();
    let next = AtomicUsize::new(0);
    let ready: Mutex<Vec<(usize, Ready)>> = Mutex::new(Vec::with_capacity(items.len()));
    let work = || {
        // At least one is always processed, so that every batch makes progress.
        while next.load(Ordering::Relaxed) == 0 || start.elapsed() < PATIENCE {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(at) else { break };
            let made = one(item, options);
            ready
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push((at, made));
        }
    };
    let workers = thread::available_parallelism().map_or(1, NonZero::get);
    thread::scope(|scope| {
        for _ in 1..workers.min(items.len()) {
            // If no thread can be started, this one does all the work.
            let _ = thread::Builder::new().spawn_scoped(scope, work);
        }
        work();
    });
    let mut ready = ready.into_inner().unwrap_or_else(PoisonError::into_inner);
    ready.sort_by_key(|(at, _)| *at);
    // The queue is processed in order, so the finished ones are at its head.
    pending.drain(..ready.len());
    ready.into_iter().map(|(_, ready)| ready).collect()
}

/// Records what was signed in a batch, one insertion for each database. A certificate that
/// could not be recorded has failed, and its files stay as they were.
fn record(caller: &dyn Caller, mut batch: Vec<Ready>) -> Vec<Ready> {
    let mut databases = ByDatabase::default();
    for (at, ready) in batch.iter_mut().enumerate() {
        let issuing = ready
            .issuing
            .as_ref()
            .and_then(|issuing| issuing.as_ref().as_ref().ok());
        let database = issuing.and_then(|issuing| issuing.database.as_ref());
        let (Some(database), Some(record)) = (database, ready.record.take()) else {
            continue;
        };
        databases.add(database, record, at);
    }
    for (database, records, places) in databases.0 {
        let Err(why) = caller.record(&database, &records) else {
            continue;
        };
        for at in places {
            batch[at].change = None;
            batch[at].outcome.ending = Ending::Failed(why.clone());
            // The database concerns the whole organization.
            batch[at].outcome.is_common = true;
        }
    }
    batch
}

/// Examines one certificate, issues it if necessary, and writes the new files beside the
/// old ones.
fn one(item: &Item, options: &Options) -> Ready {
    let task = &item.task;
    let mut outcome = Outcome::new(task.certificate.clone(), item.organization.clone());
    let (mut change, mut row) = (None, None);
    let attempted = contained(|| attempt(item, options, &mut outcome, &mut change, &mut row));
    outcome.ending = attempted.unwrap_or_else(Ending::Failed);
    Ready {
        outcome,
        change,
        record: row,
        issuing: Some(Arc::clone(&item.issuing)),
    }
}

/// Runs the work for one certificate. A panic counts as a failure of this certificate only.
fn contained<T>(work: impl FnOnce() -> Result<T, Refusal>) -> Result<T, Refusal> {
    let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
    done.unwrap_or(Err(Refusal::Internal))
}

fn attempt(
    item: &Item,
    options: &Options,
    outcome: &mut Outcome,
    change: &mut Option<Change>,
    row: &mut Option<CertificateRecord>,
) -> Result<Ending, Refusal> {
    let task = &item.task;
    // Errors before the certificate itself is examined concern the whole organization.
    outcome.is_common = true;
    let issuing = item.issuing.as_ref().as_ref().map_err(Refusal::clone)?;
    if let Lock::Held(why) = &item.lock {
        return Err(why.clone());
    }
    outcome.is_common = false;
    let mut companions = Companions::of(&task.certificate);
    if let Some(key) = &options.key {
        companions.key.clone_from(key);
    }
    let plan = match look::look(task, issuing, options, &companions)? {
        Finding::Foreign => return Ok(Ending::Foreign),
        Finding::Untouched { until, warning } => {
            outcome.warnings.extend(warning);
            return Ok(Ending::Untouched { until });
        }
        Finding::Wanting(plan) => plan,
    };
    outcome.warnings.clone_from(&plan.warnings);
    outcome.profile = Some(plan.profile.clone());
    outcome.key = companions.key.clone();
    outcome.name = companions.name.clone();
    outcome.exec = task.exec.clone().or_else(|| options.exec.clone());
    if item.shares_key && options.key.is_none() {
        return Err(Refusal::KeyShared(companions.key));
    }
    if task.revoke_old {
        outcome.replaced = revoke::replaced(&plan, issuing)?;
    }
    if options.dry_run {
        return Ok(Ending::Would { why: plan.why });
    }
    let lock = match &item.lock {
        Lock::Taken(lock) => lock,
        Lock::Impossible(why) | Lock::Held(why) => {
            outcome.is_common = true;
            return Err(why.clone());
        }
        Lock::NotNeeded => return Err(Refusal::Internal),
    };
    let made = make::make(&plan, task, issuing, options, &companions)?;
    outcome.replaced = outcome.replaced.take().filter(|old| old.is_not(&made));
    let staged = Change::stage(lock, &made.files, made.copied_key.as_ref()).map_err(unwritten)?;
    *change = Some(staged);
    *row = made.record;
    Ok(Ending::Changed {
        why: plan.why,
        until: made.until,
        serial: made.serial,
        new_key: made.new_key,
    })
}

/// Moves the new files into place, has the certificates that they replaced revoked, and
/// reports them.
fn write(caller: &dyn Caller, receive: Receiver<Vec<Ready>>, listener: &mut dyn Listener) {
    for batch in receive {
        let mut all = Vec::with_capacity(batch.len());
        let mut changes = Vec::new();
        let mut places = Vec::new();
        for (at, ready) in batch.into_iter().enumerate() {
            all.push(Written {
                outcome: ready.outcome,
                issuing: ready.issuing,
            });
            if let Some(change) = ready.change {
                changes.push(change);
                places.push(at);
            }
        }
        for (at, result) in places.into_iter().zip(commit(changes, Durability::PowerLoss)) {
            if let Err(why) = result {
                all[at].outcome.ending = Ending::Failed(unwritten(why));
            }
        }
        put_into_service(caller, all, listener);
    }
}

/// Runs the commands and only then revokes, so that nothing that is reloaded presents a
/// revoked certificate.
fn put_into_service(caller: &dyn Caller, all: Vec<Written>, listener: &mut dyn Listener) {
    let mut held: Vec<Written> = Vec::new();
    for mut written in all {
        let outcome = &mut written.outcome;
        if matches!(outcome.ending, Ending::Changed { .. }) {
            outcome.command = listener.changed(outcome);
        }
        if let (Some(Err(_)), Some(replaced)) = (&outcome.command, &mut outcome.replaced) {
            replaced.revocation = Revocation::CommandFailed;
        }
        match held.is_empty() && !written.is_due() {
            true => listener.tell(written.outcome),
            false => held.push(written),
        }
    }
    revoke::revoke(caller, &mut held);
    held.into_iter()
        .for_each(|written| listener.tell(written.outcome));
}

fn unwritten((path, error): (PathBuf, WriteError)) -> Refusal {
    Refusal::Sentence(error.about(&path.to_string_lossy()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(certificate: &str, rekey: bool) -> Task {
        Task {
            certificate: certificate.into(),
            order: Order::Found,
            before: None,
            rekey,
            revoke_old: false,
            drop_hosts: false,
            exec: None,
        }
    }

    #[test]
    fn a_panic_fails_only_one_certificate() {
        let failure = contained(|| -> Result<(), Refusal> { panic!("on purpose") });
        assert_eq!(failure, Err(Refusal::Internal));
        assert_eq!(contained(|| Ok(1)), Ok(1));
        assert_eq!(
            contained(|| Err::<(), _>(Refusal::OtherCa)),
            Err(Refusal::OtherCa)
        );
    }

    #[test]
    fn shared_keys_are_found() {
        let shared = |certificates: &[&str], rekey| {
            let tasks: Vec<Task> = certificates.iter().map(|name| task(name, rekey)).collect();
            shared_keys(&tasks)
        };
        assert!(shared(&["f/a.pem", "f/b.pem", "g/a.pem", "f/a.pem", "f/./b.pem"], true).is_empty());
        let keys = shared(&["f/a.cert", "f/a.pem", "f/b.pem"], true);
        assert_eq!(keys, HashSet::from([PathBuf::from("f/a-key.pem")]));
        assert!(shared(&["f/a.cert", "f/a.pem"], false).is_empty());
    }
}
