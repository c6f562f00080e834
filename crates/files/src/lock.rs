//! A lock that lets only one process work in a folder.

use std::ffi::OsStr;
use std::fs::{File, TryLockError};
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rcfssl_go::os::describe;
use rustix::fs::OFlags;

use crate::folder::{self, Folder};

/// The lock file (`flock`), which contains the process ID of its holder.
pub(crate) const LOCK: &str = ".rcfssl.lock";
/// The interval between attempts to get a lock that another process holds.
const PAUSE: Duration = Duration::from_millis(25);
/// The maximum number of times that the lock file may be replaced during an attempt.
const CHANGES: usize = 10_000;
/// The maximum size of a lock file, in bytes; it contains only a number.
const LARGEST: u64 = 32;

/// A folder in which no other process changes pairs of files. The lock file is removed when
/// this is dropped; a killed process leaves the file, but not the lock.
#[derive(Debug)]
pub struct FolderLock {
    folder: Arc<Folder>,
    tag: String,
    was_abandoned: bool,
    // Holds the lock until it is closed.
    _file: File,
}

/// Why a folder could not be locked.
#[derive(Debug)]
pub enum LockError {
    /// Another process holds the lock.
    Held {
        /// The ID of that process, if it can be read.
        process: Option<u32>,
    },
    /// The lock's name is taken by something else; the message names the file.
    NotALock(String),
    /// No lock can be created: the folder is missing or not writable.
    Impossible(io::Error),
}

impl From<io::Error> for LockError {
    fn from(error: io::Error) -> Self {
        LockError::Impossible(error)
    }
}

impl FolderLock {
    /// Locks a folder, waiting at most `wait` for another process.
    ///
    /// # Errors
    /// If another process still holds the lock, or if the lock file is invalid or cannot be
    /// created.
    pub fn acquire(folder: &Arc<Folder>, wait: Duration) -> Result<Self, LockError> {
        let deadline = Instant::now() + wait;
        for _ in 0..CHANGES {
            if let Some((file, was_abandoned)) = attempt(folder, deadline)? {
                return Ok(FolderLock {
                    folder: Arc::clone(folder),
                    tag: tag(folder),
                    was_abandoned,
                    _file: file,
                });
            }
        }
        Err(LockError::Held { process: None })
    }

    /// The folder.
    pub fn folder(&self) -> &Arc<Folder> {
        &self.folder
    }

    /// Whether the previous holder ended without releasing it.
    pub(crate) fn was_abandoned(&self) -> bool {
        self.was_abandoned
    }

    /// The prefix of temporary files that belong to this folder, wherever they are.
    pub(crate) fn tag(&self) -> &str {
        &self.tag
    }
}

/// Names of temporary files begin with this and the folder's identity, so that the
/// leftovers of an interrupted run can be recognized.
fn tag(folder: &Folder) -> String {
    let (device, inode) = folder.id();
    format!(".rcfssl-{device:x}-{inode:x}.")
}

/// Opens and locks the file; returns whether a process had abandoned it. `None` if its
/// previous holder removed it in the meantime.
fn attempt(folder: &Folder, deadline: Instant) -> Result<Option<(File, bool)>, LockError> {
    let name = OsStr::new(LOCK);
    let file = match folder.stat(name)? {
        None => match folder.create(name, 0o600) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(None),
            made => made?,
        },
        Some(stat) => {
            check(folder, folder::kind(&stat).is_file(), 1, 0)?;
            let access = match stat.st_uid == own_user() {
                true => OFlags::RDWR,
                false => OFlags::RDONLY,
            };
            match folder.open_file(name, access) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                opened => opened?,
            }
        }
    };
    let ours = file.metadata()?;
    check(folder, ours.is_file(), ours.nlink(), ours.len())?;
    if !wait_for(&file, deadline)? {
        let mut text = String::new();
        let _ = file.take(LARGEST).read_to_string(&mut text);
        let process = text.trim().parse().ok();
        return Err(LockError::Held { process });
    }
    let there = folder.stat(name)?;
    if there.is_none_or(|there| (there.st_dev, there.st_ino) != (ours.dev(), ours.ino())) {
        return Ok(None);
    }
    if ours.uid() != own_user() {
        // Nobody holds it, and leftovers of another user's run cannot be trusted.
        folder.remove(name).map_err(|error| {
            let shown = folder.path().join(name);
            let (shown, user) = (shown.to_string_lossy(), ours.uid());
            LockError::NotALock(format!("{shown} belongs to user {user}: {}", describe(&error)))
        })?;
        return Ok(None);
    }
    let was_abandoned = file.metadata()?.len() > 0;
    // The process ID is only information for others: a full disk does not prevent locking.
    // The file is never empty meanwhile, because its contents show that it was abandoned.
    let text = format!("{}\n", std::process::id());
    let _ = file
        .write_all_at(text.as_bytes(), 0)
        .and_then(|()| file.set_len(text.len() as u64));
    Ok(Some((file, was_abandoned)))
}

/// Waits for the lock on a file; false if another process still holds it.
fn wait_for(file: &File, deadline: Instant) -> io::Result<bool> {
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(true),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => std::thread::sleep(PAUSE),
            Err(TryLockError::WouldBlock) => return Ok(false),
        }
    }
}

/// Anyone who can write to the folder can put a file there, or a hard link to a file
/// elsewhere. Only a small file without other hard links is written to.
fn check(folder: &Folder, is_file: bool, names: u64, size: u64) -> Result<(), LockError> {
    let why = match () {
        () if !is_file => "is not a regular file",
        () if names > 1 => "is a hard link to another file",
        () if size > LARGEST => "is too large for a lock",
        () => return Ok(()),
    };
    let shown = folder.path().join(LOCK);
    let shown = shown.to_string_lossy();
    Err(LockError::NotALock(format!(
        "{shown} {why}, but has the name of rcfssl's lock: check what it is, and remove it"
    )))
}

pub(crate) fn own_user() -> u32 {
    rustix::process::geteuid().as_raw()
}

impl Drop for FolderLock {
    fn drop(&mut self) {
        // It must still be locked: nobody else can have taken it over.
        let _ = self.folder.remove(OsStr::new(LOCK));
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn acquire(folder: &tempfile::TempDir, wait: Duration) -> Result<FolderLock, LockError> {
        FolderLock::acquire(&Folder::open(folder.path()).unwrap(), wait)
    }

    #[test]
    fn the_second_waits_and_learns_who_holds_the_lock() {
        let folder = tempfile::tempdir().unwrap();
        let first = acquire(&folder, Duration::ZERO).unwrap();
        match acquire(&folder, Duration::from_millis(60)) {
            Err(LockError::Held { process }) => assert_eq!(process, Some(std::process::id())),
            other => panic!("{other:?}"),
        }
        drop(first);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        drop(acquire(&folder, Duration::ZERO).unwrap());
    }

    #[test]
    fn many_take_turns() {
        let folder = tempfile::tempdir().unwrap();
        let counter = folder.path().join("counter");
        fs::write(&counter, "0").unwrap();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..25 {
                        let _lock = acquire(&folder, Duration::from_secs(30)).unwrap();
                        let count: u32 = fs::read_to_string(&counter).unwrap().parse().unwrap();
                        fs::write(&counter, (count + 1).to_string()).unwrap();
                    }
                });
            }
        });
        assert_eq!(fs::read_to_string(&counter).unwrap(), "100");
    }

    #[test]
    fn the_lock_file_of_a_killed_process_is_not_a_lock() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(LOCK), "4194304\n").unwrap();
        let lock = acquire(&folder, Duration::ZERO).unwrap();
        assert!(lock.was_abandoned());
        drop(lock);
        let lock = acquire(&folder, Duration::ZERO).unwrap();
        assert!(!lock.was_abandoned());
    }

    /// What has the lock's name may have been planted so that we write to it or wait for
    /// it.
    #[test]
    fn anything_else_with_the_locks_name_is_reported_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (lock, other) = (folder.path().join(LOCK), folder.path().join("other"));
        fs::write(&other, "keep").unwrap();
        let put: [(&str, &dyn Fn() -> io::Result<()>); 5] = [
            ("is not a regular file", &|| {
                std::os::unix::fs::symlink(&other, &lock)
            }),
            ("is a hard link to another file", &|| fs::hard_link(&other, &lock)),
            ("is not a regular file", &|| fs::create_dir(&lock)),
            ("is not a regular file", &|| {
                let place = (rustix::fs::CWD, lock.as_path());
                Ok(rustix::fs::mknodat(
                    place.0,
                    place.1,
                    rustix::fs::FileType::Fifo,
                    0o600.into(),
                    0,
                )?)
            }),
            ("is too large for a lock", &|| fs::write(&lock, "7".repeat(33))),
        ];
        for (why, put) in put {
            put().unwrap();
            match acquire(&folder, Duration::ZERO) {
                Err(LockError::NotALock(told)) => assert!(told.contains(why), "{told}"),
                other => panic!("{why}: {other:?}"),
            }
            assert_eq!(fs::read(&other).unwrap(), b"keep");
            let removed = fs::remove_file(&lock).or_else(|_| fs::remove_dir(&lock));
            removed.unwrap();
        }
    }
}
