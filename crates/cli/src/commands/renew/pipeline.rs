//! The run: certificates are issued in batches on all cores and written batch by batch.
//!
//! While one batch is flushed to disk, the next is being issued. At most two batches are in
//! memory, however many certificates there are.

use std::collections::{HashMap, HashSet, VecDeque};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use rcfssl_files::{Change, Durability, Folder, FolderLock, LockError, commit, is_interrupted, recover};

use super::look::{self, Finding};
use super::make;
use super::report::{Ending, Entry, Reporter};
use super::task::{Companions, Group, Issuing, Options, Order, Task};
use crate::context::Context;
use crate::log::Level;

/// The maximum number of certificates in a batch.
const BATCH: usize = 256;
/// A batch is closed after this time, so that slow keys do not delay the results of others.
const PATIENCE: Duration = Duration::from_millis(400);

/// A certificate on its way through the run.
struct Item {
    task: Task,
    organization: Option<Arc<str>>,
    /// The CA, or why it cannot be used.
    issuing: Arc<Result<Issuing, String>>,
    /// The lock on the folder, or why there is none.
    lock: Lock,
    /// Whether another certificate of the run uses the same key.
    shares_key: bool,
}

/// A lock, or why there is none.
#[derive(Clone)]
enum Lock {
    Taken(Arc<FolderLock>),
    /// Nothing is changed in this run.
    NotNeeded,
    /// The folder is read-only: it can be examined but not changed.
    Impossible(Arc<str>),
    /// Another process is working there.
    Held(Arc<str>),
}

/// A result that is ready to be written and reported.
struct Ready {
    entry: Entry,
    change: Option<Change>,
}

/// Runs everything and returns the reporter with its counts.
pub fn run<'a>(
    context: &Context,
    options: &Options,
    groups: Vec<Group>,
    reporter: Reporter<'a>,
) -> Reporter<'a> {
    let (send, receive) = sync_channel(1);
    thread::scope(|scope| {
        let writer = scope.spawn(move || write(receive, reporter));
        assemble(context, options, groups, &send);
        drop(send);
        match writer.join() {
            Ok(reporter) => reporter,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

/// Processes one group after the other and sends the results on.
fn assemble(context: &Context, options: &Options, groups: Vec<Group>, send: &SyncSender<Vec<Ready>>) {
    let mut pending = VecDeque::new();
    let mut locks = Locks::default();
    for mut group in groups {
        let tasks = std::mem::take(&mut group.tasks);
        let issuing = Arc::new(group.load(context, &tasks));
        if let Some(folder) = &group.listed
            && let Some(why) = locks.useless(folder, &tasks, &issuing, options, context)
        {
            // One message for the folder instead of one for each of its certificates.
            let entry = Entry::failed(folder.clone(), None, why);
            send_all(send, vec![Ready { entry, change: None }]);
            continue;
        }
        let shared = shared_keys(&tasks);
        for task in tasks {
            let folder = task.certificate.parent().unwrap_or(Path::new(""));
            let lock = match issuing.is_err() {
                true => Lock::NotNeeded,
                false => locks.for_task(folder, options, context),
            };
            pending.push_back(Item {
                shares_key: !shared.is_empty() && shared.contains(&Companions::of(&task.certificate).key),
                task,
                organization: group.name.clone(),
                issuing: Arc::clone(&issuing),
                lock,
            });
            if pending.len() >= BATCH {
                send_all(send, prepare(&mut pending, options));
            }
        }
    }
    while !pending.is_empty() {
        send_all(send, prepare(&mut pending, options));
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

/// Examines one certificate, issues it if necessary, and writes the new files beside the
/// old ones.
fn one(item: &Item, options: &Options) -> Ready {
    let task = &item.task;
    let mut entry = Entry::new(task.certificate.clone(), item.organization.clone());
    let mut change = None;
    let attempted = contained(|| attempt(item, options, &mut entry, &mut change));
    entry.ending = attempted.unwrap_or_else(Ending::Failed);
    Ready { entry, change }
}

/// Runs the work for one certificate. A panic counts as a failure of this certificate only.
fn contained<T>(work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
    done.unwrap_or_else(|_| Err("an internal error: please report it".to_owned()))
}

fn attempt(
    item: &Item,
    options: &Options,
    entry: &mut Entry,
    change: &mut Option<Change>,
) -> Result<Ending, String> {
    let task = &item.task;
    // Errors before the certificate itself is examined concern the whole organization.
    entry.is_common = true;
    let issuing = item.issuing.as_ref().as_ref().map_err(String::clone)?;
    if let Lock::Held(why) = &item.lock {
        return Err(why.to_string());
    }
    entry.is_common = false;
    let mut companions = Companions::of(&task.certificate);
    if let Some(key) = &options.key {
        companions.key.clone_from(key);
    }
    let plan = match look::look(task, issuing, options, &companions)? {
        Finding::Foreign => return Ok(Ending::Foreign),
        Finding::Untouched { until, warning } => {
            entry.warnings.extend(warning);
            return Ok(Ending::Untouched { until });
        }
        Finding::Wanting(plan) => plan,
    };
    entry.warnings.clone_from(&plan.warnings);
    entry.profile = Some(plan.profile.clone());
    entry.key = companions.key.clone();
    entry.name = companions.name.clone();
    entry.exec = task.exec.clone().or_else(|| options.exec.clone());
    if item.shares_key && options.key.is_none() {
        let key = companions.key.to_string_lossy();
        return Err(format!(
            "other certificates use the same key {key}, and a new key would match only one of them"
        ));
    }
    if options.dry_run {
        return Ok(Ending::Would { why: plan.why });
    }
    let lock = match &item.lock {
        Lock::Taken(lock) => lock,
        Lock::Impossible(why) | Lock::Held(why) => {
            entry.is_common = true;
            return Err(why.to_string());
        }
        Lock::NotNeeded => return Err("its folder is not locked".to_owned()),
    };
    let made = make::make(&plan, task, issuing, options, &companions)?;
    let staged = Change::stage(lock, &made.files, made.copied_key.as_ref())
        .map_err(|(path, error)| error.about(&path.to_string_lossy()))?;
    *change = Some(staged);
    Ok(Ending::Changed {
        why: plan.why,
        until: made.until,
        serial: made.serial,
        new_key: made.new_key,
    })
}

/// Moves the new files into place and reports them.
fn write(receive: Receiver<Vec<Ready>>, mut reporter: Reporter<'_>) -> Reporter<'_> {
    for batch in receive {
        let mut entries = Vec::with_capacity(batch.len());
        let mut changes = Vec::new();
        let mut places = Vec::new();
        for (at, ready) in batch.into_iter().enumerate() {
            entries.push(ready.entry);
            if let Some(change) = ready.change {
                changes.push(change);
                places.push(at);
            }
        }
        for (at, result) in places.into_iter().zip(commit(changes, Durability::PowerLoss)) {
            if let Err((path, error)) = result {
                entries[at].ending = Ending::Failed(error.about(&path.to_string_lossy()));
            }
        }
        entries.into_iter().for_each(|entry| reporter.tell(entry));
    }
    reporter
}

/// The locks of the folders in use.
#[derive(Default)]
struct Locks {
    /// Certificates of one folder usually follow one another.
    last: Option<(PathBuf, Lock)>,
    /// Later ones may be in a folder whose lock is still held.
    in_use: Vec<Weak<FolderLock>>,
}

impl Locks {
    /// Why nothing can be done in a folder, if that is the case.
    fn useless(
        &mut self,
        folder: &Path,
        tasks: &[Task],
        issuing: &Result<Issuing, String>,
        options: &Options,
        context: &Context,
    ) -> Option<String> {
        if let Err(why) = issuing {
            return Some(why.clone());
        }
        // An interrupted run may have left something that does not look like a certificate
        // yet.
        if tasks.is_empty() && !is_interrupted(folder) {
            return None;
        }
        match self.for_task(folder, options, context) {
            Lock::Held(why) => Some(why.to_string()),
            _ => None,
        }
    }

    fn for_task(&mut self, folder: &Path, options: &Options, context: &Context) -> Lock {
        let folder = match folder {
            empty if empty == Path::new("") => Path::new("."),
            folder => folder,
        };
        if let Some((last, lock)) = &self.last
            && last == folder
        {
            return lock.clone();
        }
        self.last = None;
        let lock = match options.dry_run {
            true => look_at(folder, context),
            false => self.take(folder, options, context),
        };
        self.last = Some((folder.to_owned(), lock.clone()));
        lock
    }

    fn take(&mut self, folder: &Path, options: &Options, context: &Context) -> Lock {
        let shown = folder.to_string_lossy();
        let impossible = |why: String| Lock::Impossible(why.into());
        let opened = match Folder::open(folder) {
            Ok(opened) => opened,
            Err(error) => return impossible(format!("open {shown}: {}", rcfssl_go::os::describe(&error))),
        };
        self.in_use.retain(|lock| lock.strong_count() > 0);
        let mut in_use = self.in_use.iter().filter_map(Weak::upgrade);
        if let Some(lock) = in_use.find(|lock| lock.folder().id() == opened.id()) {
            return Lock::Taken(lock);
        }
        let lock = match FolderLock::acquire(&opened, options.wait) {
            Ok(lock) => Arc::new(lock),
            Err(LockError::NotALock(why)) => return Lock::Held(why.into()),
            Err(LockError::Impossible(error)) => {
                return impossible(format!("lock {shown}: {}", rcfssl_go::os::describe(&error)));
            }
            Err(LockError::Held { process }) => {
                let process = process.map_or("another process".to_owned(), |id| format!("process {id}"));
                return Lock::Held(format!("{process} is already working in {shown}").into());
            }
        };
        match recover(&lock, options.key.as_deref()) {
            Ok(recovered) if recovered.finished > 0 => context
                .log
                .line(Level::Info, format_args!("{shown}: completed an interrupted run")),
            Ok(recovered) if recovered.discarded > 0 => context.log.line(
                Level::Info,
                format_args!("{shown}: removed the temporary files of an interrupted run"),
            ),
            Ok(_) => {}
            Err(why) => return Lock::Held(why.into()),
        }
        self.in_use.push(Arc::downgrade(&lock));
        Lock::Taken(lock)
    }
}

/// A dry run takes no lock and cleans up nothing.
fn look_at(folder: &Path, context: &Context) -> Lock {
    if is_interrupted(folder) {
        let shown = folder.to_string_lossy();
        let text = "a run was interrupted here; the next one without -dry-run completes it first";
        context.log.line(Level::Warning, format_args!("{shown}: {text}"));
    }
    Lock::NotNeeded
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
            drop_hosts: false,
            exec: None,
        }
    }

    #[test]
    fn a_panic_fails_only_one_certificate() {
        let failure = contained(|| -> Result<(), String> { panic!("on purpose") });
        assert_eq!(failure.unwrap_err(), "an internal error: please report it");
        assert_eq!(contained(|| Ok(1)), Ok(1));
        assert_eq!(contained(|| Err::<(), _>("x".to_owned())), Err("x".to_owned()));
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
