//! One process at a time in a folder.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::OFlags;

/// The file that is locked (`flock`), with the number of the process in it.
pub(crate) const LOCK: &str = ".rcfssl.lock";
/// How often a lock that another process holds is tried again.
const PAUSE: Duration = Duration::from_millis(25);

/// A folder in which no other process changes pairs of files. Its lock file is
/// removed when it is dropped; a killed process leaves the file, not the lock.
#[derive(Debug)]
pub struct FolderLock {
    folder: PathBuf,
    tag: String,
    was_abandoned: bool,
    // Keeps the lock until it is closed.
    _file: File,
}

/// Why a folder was not locked.
#[derive(Debug)]
pub enum LockError {
    /// Another process has it.
    Held {
        /// The number of that process, where it can be read.
        process: Option<u32>,
    },
    /// No lock can be made there: the folder is missing or cannot be written.
    Impossible(io::Error),
}

impl FolderLock {
    /// Locks a folder, waiting at most `wait` for another process.
    ///
    /// # Errors
    /// Where another process still has it, and where the lock file cannot be made.
    pub fn acquire(folder: &Path, wait: Duration) -> Result<Self, LockError> {
        let folder = fs::canonicalize(folder).map_err(LockError::Impossible)?;
        let deadline = Instant::now() + wait;
        loop {
            if let Some((file, was_abandoned)) = attempt(&folder, deadline)? {
                let tag = tag(&folder).map_err(LockError::Impossible)?;
                return Ok(FolderLock {
                    folder,
                    tag,
                    was_abandoned,
                    _file: file,
                });
            }
        }
    }

    /// The folder, without symbolic links.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Did the process that had it before end without giving it back?
    pub(crate) fn was_abandoned(&self) -> bool {
        self.was_abandoned
    }

    /// How the names of temporary files begin that belong to this folder, where
    /// ever they lie.
    pub(crate) fn tag(&self) -> &str {
        &self.tag
    }
}

/// Names of files beside their place begin with this and the folder's identity:
/// what an interrupted run left is known by it.
fn tag(folder: &Path) -> io::Result<String> {
    let metadata = fs::metadata(folder)?;
    Ok(format!(".rcfssl-{:x}-{:x}.", metadata.dev(), metadata.ino()))
}

/// Opens and locks the file; tells whether a process had left it behind. None
/// where it was removed in between, by the process that had it.
fn attempt(folder: &Path, deadline: Instant) -> Result<Option<(File, bool)>, LockError> {
    let path = folder.join(LOCK);
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(OFlags::NOFOLLOW.bits() as i32)
        .open(&path)
        .map_err(LockError::Impossible)?;
    loop {
        match file.try_lock() {
            Ok(()) => break,
            Err(TryLockError::Error(error)) => return Err(LockError::Impossible(error)),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => std::thread::sleep(PAUSE),
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                let _ = file.read_to_string(&mut text);
                return Err(LockError::Held {
                    process: text.trim().parse().ok(),
                });
            }
        }
    }
    let ours = file.metadata().map_err(LockError::Impossible)?;
    let there = fs::symlink_metadata(&path).ok();
    if there.is_none_or(|there| (there.dev(), there.ino()) != (ours.dev(), ours.ino())) {
        return Ok(None);
    }
    let was_abandoned = ours.len() > 0;
    // Who holds it is a courtesy to others: a full disk does not stop the lock.
    // The file is never empty in between: that it was left is known by what is in it.
    let text = format!("{}\n", std::process::id());
    let _ = file
        .write_all_at(text.as_bytes(), 0)
        .and_then(|()| file.set_len(text.len() as u64));
    Ok(Some((file, was_abandoned)))
}

impl Drop for FolderLock {
    fn drop(&mut self) {
        // While it is locked still: nobody else can have made it theirs.
        let _ = fs::remove_file(self.folder.join(LOCK));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_waits_and_is_told_who_has_it() {
        let folder = tempfile::tempdir().unwrap();
        let first = FolderLock::acquire(folder.path(), Duration::ZERO).unwrap();
        match FolderLock::acquire(folder.path(), Duration::from_millis(60)) {
            Err(LockError::Held { process }) => assert_eq!(process, Some(std::process::id())),
            other => panic!("{other:?}"),
        }
        drop(first);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        drop(FolderLock::acquire(folder.path(), Duration::ZERO).unwrap());
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
                        let _lock = FolderLock::acquire(folder.path(), Duration::from_secs(30)).unwrap();
                        let count: u32 = fs::read_to_string(&counter).unwrap().parse().unwrap();
                        fs::write(&counter, (count + 1).to_string()).unwrap();
                    }
                });
            }
        });
        assert_eq!(fs::read_to_string(&counter).unwrap(), "100");
    }

    #[test]
    fn what_a_killed_process_left_is_no_lock() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(LOCK), "4194304\n").unwrap();
        let lock = FolderLock::acquire(folder.path(), Duration::ZERO).unwrap();
        assert!(lock.was_abandoned());
        drop(lock);
        let lock = FolderLock::acquire(folder.path(), Duration::ZERO).unwrap();
        assert!(!lock.was_abandoned());
    }

    #[test]
    fn a_link_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let other = folder.path().join("other");
        fs::write(&other, "keep").unwrap();
        std::os::unix::fs::symlink(&other, folder.path().join(LOCK)).unwrap();
        assert!(matches!(
            FolderLock::acquire(folder.path(), Duration::ZERO),
            Err(LockError::Impossible(_))
        ));
        assert_eq!(fs::read(&other).unwrap(), b"keep");
    }
}
