//! The locks of the folders in which a run works.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};

use rcfssl_files::{Folder, FolderLock, LockError, is_interrupted, recover};

use crate::group::Issuing;
use crate::{Caller, Note, Options, Refusal, Task};

/// A lock, or why there is none.
#[derive(Clone)]
pub(crate) enum Lock {
    Taken(Arc<FolderLock>),
    /// Nothing is changed in this run.
    NotNeeded,
    /// The folder is read-only: it can be examined but not changed.
    Impossible(Refusal),
    /// Another process is working there.
    Held(Refusal),
}

/// The locks of the folders in use.
#[derive(Default)]
pub(crate) struct Locks {
    /// Certificates of one folder usually follow one another.
    last: Option<(PathBuf, Lock)>,
    /// Later ones may be in a folder whose lock is still held.
    in_use: Vec<Weak<FolderLock>>,
}

impl Locks {
    /// Why nothing can be done in a folder, if that is the case.
    pub(crate) fn useless(
        &mut self,
        folder: &Path,
        tasks: &[Task],
        issuing: &Result<Issuing, Refusal>,
        options: &Options,
        caller: &dyn Caller,
    ) -> Option<Refusal> {
        if let Err(why) = issuing {
            return Some(why.clone());
        }
        // An interrupted run may have left something that does not look like a certificate
        // yet.
        if tasks.is_empty() && !is_interrupted(folder) {
            return None;
        }
        match self.for_task(folder, options, caller) {
            Lock::Held(why) => Some(why),
            _ => None,
        }
    }

    pub(crate) fn for_task(&mut self, folder: &Path, options: &Options, caller: &dyn Caller) -> Lock {
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
            true => look_at(folder, caller),
            false => self.take(folder, options, caller),
        };
        self.last = Some((folder.to_owned(), lock.clone()));
        lock
    }

    fn take(&mut self, folder: &Path, options: &Options, caller: &dyn Caller) -> Lock {
        let shown = folder.to_string_lossy();
        let impossible = |what, error| Lock::Impossible(Refusal::system(what, &shown, &error));
        let opened = match Folder::open(folder) {
            Ok(opened) => opened,
            Err(error) => return impossible("open", error),
        };
        self.in_use.retain(|lock| lock.strong_count() > 0);
        let mut in_use = self.in_use.iter().filter_map(Weak::upgrade);
        if let Some(lock) = in_use.find(|lock| lock.folder().id() == opened.id()) {
            return Lock::Taken(lock);
        }
        let lock = match FolderLock::acquire(&opened, options.wait) {
            Ok(lock) => Arc::new(lock),
            Err(LockError::NotALock(why)) => return Lock::Held(Refusal::Sentence(why)),
            Err(LockError::Impossible(error)) => return impossible("lock", error),
            Err(LockError::Held { process }) => {
                let folder = folder.to_owned();
                return Lock::Held(Refusal::Busy { folder, process });
            }
        };
        match recover(&lock, options.key.as_deref()) {
            Ok(recovered) if recovered.finished > 0 => caller.note(&Note::Completed(folder.to_owned())),
            Ok(recovered) if recovered.discarded > 0 => caller.note(&Note::Discarded(folder.to_owned())),
            Ok(_) => {}
            Err(why) => return Lock::Held(Refusal::Sentence(why)),
        }
        self.in_use.push(Arc::downgrade(&lock));
        Lock::Taken(lock)
    }
}

/// A dry run takes no lock and cleans up nothing.
fn look_at(folder: &Path, caller: &dyn Caller) -> Lock {
    if is_interrupted(folder) {
        caller.note(&Note::Interrupted(folder.to_owned()));
    }
    Lock::NotNeeded
}
