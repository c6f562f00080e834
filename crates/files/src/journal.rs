//! The journal of interrupted runs, and their recovery.
//!
//! Before files that belong together are renamed into place, the renames are recorded in
//! `.rcfssl.journal`. If there is a journal, every new file is already on disk, so the
//! remaining renames are done. Without a journal nothing was renamed, and the temporary
//! files are removed.
//!
//! Anyone who can write to the folder can put a journal there. It is trusted only if it is
//! a file that we own with no other hard links, and only for moving temporary files to
//! names beside them: in the folder itself, or, if nobody else can write to the folder, in
//! one that a link in it leads to.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcfssl_go::os::describe;
use rustix::fs::OFlags;

use crate::folder::{self, Folder, Place};
use crate::lock::{FolderLock, own_user};
use crate::temporary::{SUFFIX, Temporary};

/// The name of the journal in the folder.
pub(crate) const JOURNAL: &str = ".rcfssl.journal";
const FRESH: &str = ".rcfssl.journal.new";
const HEADER: &[u8] = b"rcfssl journal 1";
const END: &[u8] = b"end";
/// The maximum size of a journal, in bytes: a few renames for each of the certificates that
/// are committed together, with paths of the maximum length on Linux.
const LARGEST: u64 = 16 << 20;

/// What an interrupted run had left.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Renames that were outstanding and are now done.
    pub finished: usize,
    /// Temporary files of a run that had not changed anything yet.
    pub discarded: usize,
}

/// Whether a run in this folder was interrupted between the renames of a pair.
pub fn is_interrupted(folder: &Path) -> bool {
    folder.join(JOURNAL).symlink_metadata().is_ok()
}

/// Writes the journal of a folder under a temporary name; it takes effect with [`publish`].
pub(crate) fn write<'a>(
    folder: &Folder,
    renames: impl Iterator<Item = (&'a Temporary, &'a OsStr)>,
) -> io::Result<()> {
    let mut text = HEADER.to_vec();
    text.push(0);
    for (temporary, name) in renames {
        for name in [temporary.name(), name] {
            if temporary.folder().id() != folder.id() {
                text.extend_from_slice(temporary.folder().path().as_os_str().as_bytes());
                text.push(b'/');
            }
            text.extend_from_slice(name.as_bytes());
            text.push(0);
        }
    }
    text.extend_from_slice(END);
    let fresh = OsStr::new(FRESH);
    match folder.remove(fresh) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = folder.create(fresh, 0o600)?;
    // No journal is better than half of one.
    file.write_all(&text).inspect_err(|_| withdraw(folder))
}

/// The temporary name of the journal, to be flushed.
pub(crate) fn fresh() -> &'static OsStr {
    OsStr::new(FRESH)
}

/// Makes a journal take effect.
pub(crate) fn publish(folder: &Folder) -> io::Result<()> {
    folder.rename(OsStr::new(FRESH), OsStr::new(JOURNAL))
}

/// Withdraws a journal: either nothing was renamed, or everything.
pub(crate) fn withdraw(folder: &Folder) {
    for name in [FRESH, JOURNAL] {
        let _ = folder.remove(OsStr::new(name));
    }
}

/// Completes or rolls back what an interrupted run left in the folder, in the folders to
/// which links in it lead, and in that of `other`, another file to be changed.
///
/// # Errors
/// If a journal is invalid or cannot be read, or if a rename fails. The message names the
/// file.
pub fn recover(lock: &FolderLock, other: Option<&Path>) -> Result<Recovered, String> {
    let mut recovered = Recovered::default();
    let folder = lock.folder();
    let found = read(folder)?;
    let crashed = found.is_some() || lock.was_abandoned();
    if let Some(text) = found {
        let about = |what: &str, path: &Path, error: &io::Error| {
            format!("{what} {}: {}", path.to_string_lossy(), describe(error))
        };
        let renames = parse(lock, &text).ok_or_else(|| refused(folder, "is not an rcfssl journal"))?;
        let mut folders = vec![Arc::clone(folder)];
        for (from, to) in &renames {
            let failed = |error: io::Error| about("rename to", &to.path(), &error);
            if is_ours_to_move(from, to).map_err(failed)? {
                from.folder.rename(&from.name, &to.name).map_err(failed)?;
                recovered.finished += 1;
            }
            if folders.iter().all(|known| known.id() != to.folder.id()) {
                folders.push(Arc::clone(&to.folder));
            }
        }
        for folder in &folders {
            folder
                .sync()
                .map_err(|error| about("sync", folder.path(), &error))?;
        }
        let journal = OsStr::new(JOURNAL);
        let removed = folder.remove(journal);
        removed.map_err(|error| about("remove", &folder.path().join(journal), &error))?;
    }
    let failed =
        |error: io::Error| format!("clear {}: {}", folder.path().to_string_lossy(), describe(&error));
    recovered.discarded = discard(lock, other, crashed).map_err(failed)?;
    Ok(recovered)
}

/// The text of the journal, if there is one.
fn read(folder: &Folder) -> Result<Option<Vec<u8>>, String> {
    let name = OsStr::new(JOURNAL);
    let failed = |error: io::Error| {
        let path = folder.path().join(name);
        format!("open {}: {}", path.to_string_lossy(), describe(&error))
    };
    let Some(stat) = folder.stat(name).map_err(failed)? else {
        return Ok(None);
    };
    if !folder::kind(&stat).is_file() {
        return Err(refused(
            folder,
            "is not a regular file, but has the name of rcfssl's journal",
        ));
    }
    let file = folder.open_file(name, OFlags::RDONLY).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if metadata.uid() != own_user() {
        let why = format!(
            "is a journal of user {}, who must complete that run",
            metadata.uid()
        );
        return Err(refused(folder, &why));
    }
    if metadata.nlink() != 1 || metadata.len() > LARGEST {
        return Err(refused(folder, "is not an rcfssl journal"));
    }
    contents(file).map(Some).map_err(failed)
}

fn contents(file: File) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    file.take(LARGEST).read_to_end(&mut text)?;
    Ok(text)
}

fn refused(folder: &Folder, why: &str) -> String {
    let path = folder.path().join(JOURNAL);
    format!(
        "{} {why}: check what it is, and remove it",
        path.to_string_lossy()
    )
}

/// The renames of a journal; `None` if it does not consist of renames that we could have
/// written.
fn parse(lock: &FolderLock, text: &[u8]) -> Option<Vec<(Place, Place)>> {
    let parts: Vec<&[u8]> = text.split(|b| *b == 0).collect();
    let (head, tail) = (parts.first()?, parts.last()?);
    let paths = parts.get(1..parts.len() - 1)?;
    if *head != HEADER || *tail != END || paths.len() % 2 != 0 {
        return None;
    }
    let pairs = paths.chunks_exact(2).map(|pair| {
        let [from, to] = [pair[0], pair[1]].map(|path| Path::new(OsStr::from_bytes(path)));
        let (name, new_name) = (from.file_name()?, to.file_name()?);
        if !is_temporary(lock, name) || from.parent() != to.parent() {
            return None;
        }
        let folder = match from.parent()? {
            here if here == Path::new("") => Arc::clone(lock.folder()),
            far if far.is_absolute() && !lock.folder().others_may_write() => Folder::open(far).ok()?,
            _ => return None,
        };
        let place = |name: &OsStr| Place {
            folder: Arc::clone(&folder),
            name: name.to_owned(),
        };
        Some((place(name), place(new_name)))
    });
    pairs.collect()
}

/// Whether this is the temporary file that was to be renamed. After the rename it no longer
/// exists. If others can add files to the folder, one of them may have taken its name.
///
/// # Errors
/// For a file that another user has put there.
fn is_ours_to_move(from: &Place, to: &Place) -> io::Result<bool> {
    let Some(found) = from.folder.stat(&from.name)? else {
        return Ok(false);
    };
    let replaced = to.folder.stat(&to.name)?;
    let owner_stays = replaced.is_some_and(|replaced| replaced.st_uid == found.st_uid);
    let is_safe = !from.folder.others_may_write() || found.st_uid == own_user() || owner_stays;
    if folder::kind(&found).is_file() && is_safe {
        return Ok(true);
    }
    Err(io::Error::other("another file has taken its place"))
}

fn is_temporary(lock: &FolderLock, name: &OsStr) -> bool {
    let name = name.as_bytes();
    name.starts_with(lock.tag().as_bytes()) && name.ends_with(SUFFIX.as_bytes())
}

/// Removes the temporary files of this folder, and with `everywhere` also those beside
/// another file and those beside the targets of symbolic links in it.
fn discard(lock: &FolderLock, other: Option<&Path>, everywhere: bool) -> io::Result<usize> {
    let folder = lock.folder();
    let mut discarded = 0;
    let mut elsewhere: Vec<PathBuf> = other.map(Path::to_owned).into_iter().collect();
    for (name, is_link) in folder.names()? {
        if is_temporary(lock, &name) || name == FRESH {
            folder.remove(&name)?;
            discarded += 1;
        } else if is_link {
            elsewhere.push(folder.path().join(&name));
        }
    }
    if !everywhere {
        return Ok(discarded);
    }
    let mut folders: Vec<Arc<Folder>> = Vec::new();
    for place in elsewhere.iter().filter_map(|link| Place::behind(link).ok()) {
        let known = |known: &Arc<Folder>| known.id() == place.folder.id();
        if !known(folder) && !folders.iter().any(known) {
            folders.push(place.folder);
        }
    }
    for folder in folders {
        let names: Vec<(OsString, bool)> = folder.names().unwrap_or_default();
        for (name, _) in names.iter().filter(|(name, _)| is_temporary(lock, name)) {
            discarded += usize::from(folder.remove(name).is_ok());
        }
    }
    Ok(discarded)
}
