//! What an interrupted run was about to do, and finishing it.
//!
//! Before files that belong together are renamed into place, the renames are
//! written down in `.rcfssl.journal`. Where the journal is found, every new file
//! was on the disk already: the renames are done, as far as they were not.
//! Without a journal nothing was renamed, and what lies about is thrown away.

use std::ffi::OsStr;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use tempfile::TempPath;

use crate::lock::FolderLock;
use crate::transaction::sync_folder;
use crate::{folder_of, follow};
use rcfssl_go::os::describe;

/// Its name in the folder.
pub(crate) const JOURNAL: &str = ".rcfssl.journal";
const FRESH: &str = ".rcfssl.journal.new";
const HEADER: &[u8] = b"rcfssl journal 1";
const END: &[u8] = b"end";
/// How the names of temporary files end.
pub(crate) const SUFFIX: &str = ".tmp";

/// What was found of an interrupted run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Renames that were still to be done, and now are.
    pub finished: usize,
    /// Temporary files of a run that had changed nothing yet.
    pub discarded: usize,
}

/// Was a run interrupted in this folder between the renames of a pair?
pub fn is_interrupted(folder: &Path) -> bool {
    folder.join(JOURNAL).exists()
}

/// Writes the journal of a folder beside its place and gives both paths: it
/// counts from the rename on.
pub(crate) fn write<'a>(
    folder: &Path,
    renames: impl Iterator<Item = (&'a TempPath, &'a PathBuf)>,
) -> io::Result<[PathBuf; 2]> {
    let mut text = HEADER.to_vec();
    text.push(0);
    for path in renames.flat_map(|(from, to)| [from.as_ref(), to.as_path()]) {
        let inside = path.parent() == Some(folder);
        let shown = match path.file_name() {
            Some(name) if inside => name,
            _ => path.as_os_str(),
        };
        text.extend_from_slice(shown.as_bytes());
        text.push(0);
    }
    text.extend_from_slice(END);
    let [fresh, journal] = [FRESH, JOURNAL].map(|name| folder.join(name));
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .custom_flags(OFlags::NOFOLLOW.bits() as i32)
        .open(&fresh)?;
    if let Err(error) = file.write_all(&text) {
        // Better nothing than half of it.
        let _ = fs::remove_file(&fresh);
        return Err(error);
    }
    Ok([fresh, journal])
}

/// Finishes or undoes what an interrupted run left in the folder, in those that
/// links in it lead to, and in the one of `other`, a file that was to change too.
///
/// # Errors
/// Where a journal cannot be read or a rename cannot be done; a sentence that
/// names the file.
pub fn recover(lock: &FolderLock, other: Option<&Path>) -> Result<Recovered, String> {
    let mut recovered = Recovered::default();
    let journal = lock.folder().join(JOURNAL);
    let about = |what: &str, path: &Path, error: &io::Error| {
        format!("{what} {}: {}", path.to_string_lossy(), describe(error))
    };
    let opened = OpenOptions::new()
        .read(true)
        .custom_flags(OFlags::NOFOLLOW.bits() as i32)
        .open(&journal);
    let found = match opened {
        Ok(file) => Some(file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(about("open", &journal, &error)),
    };
    let crashed = found.is_some() || lock.was_abandoned();
    if let Some(file) = found {
        let mine = file.metadata().is_ok_and(|m| m.uid() == own_uid());
        let text = io::read_to_string(file).map_err(|error| about("read", &journal, &error))?;
        let renames = parse(lock, text.as_bytes(), mine)
            .ok_or_else(|| format!("{} is no journal of rcfssl", journal.to_string_lossy()))?;
        let mut folders = vec![lock.folder().to_owned()];
        for (from, to) in renames {
            match fs::rename(&from, &to) {
                Ok(()) => recovered.finished += 1,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(about("rename to", &to, &error)),
            }
            folders.extend(to.parent().map(Path::to_owned));
        }
        folders.sort();
        folders.dedup();
        for folder in &folders {
            sync_folder(folder).map_err(|error| about("sync", folder, &error))?;
        }
        fs::remove_file(&journal).map_err(|error| about("remove", &journal, &error))?;
    }
    let discarded = discard(lock, other, crashed).map_err(|error| about("clear", lock.folder(), &error))?;
    recovered.discarded = discarded;
    Ok(recovered)
}

fn own_uid() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// The renames of a journal. Whoever may write to the folder could have put a
/// journal there: outside it only our own word counts, and nothing but temporary
/// files of this folder is ever moved.
fn parse(lock: &FolderLock, text: &[u8], mine: bool) -> Option<Vec<(PathBuf, PathBuf)>> {
    let parts: Vec<&[u8]> = text.split(|b| *b == 0).collect();
    let (head, tail) = (parts.first()?, parts.last()?);
    let paths = parts.get(1..parts.len() - 1)?;
    if *head != HEADER || *tail != END || paths.len() % 2 != 0 {
        return None;
    }
    let place = |path: &[u8]| {
        let path = Path::new(OsStr::from_bytes(path));
        let inside = path.components().count() == 1 && path.file_name().is_some();
        (inside || (mine && path.is_absolute())).then(|| lock.folder().join(path))
    };
    let pairs = paths.chunks_exact(2).map(|pair| {
        let (from, to) = (place(pair[0])?, place(pair[1])?);
        let ours = is_temporary(lock, from.file_name()?) && from.parent() == to.parent();
        ours.then_some((from, to))
    });
    pairs.collect()
}

fn is_temporary(lock: &FolderLock, name: &OsStr) -> bool {
    let name = name.as_bytes();
    name.starts_with(lock.tag().as_bytes()) && name.ends_with(SUFFIX.as_bytes())
}

/// Removes the temporary files of this folder, and with `everywhere` those beside
/// another file and those that symbolic links in it point to.
fn discard(lock: &FolderLock, other: Option<&Path>, everywhere: bool) -> io::Result<usize> {
    let mut discarded = 0;
    let mut elsewhere: Vec<PathBuf> = other.map(Path::to_owned).into_iter().collect();
    for entry in fs::read_dir(lock.folder())? {
        let entry = entry?;
        if is_temporary(lock, &entry.file_name()) || entry.file_name() == FRESH {
            fs::remove_file(entry.path())?;
            discarded += 1;
        } else if entry.file_type().is_ok_and(|kind| kind.is_symlink()) {
            elsewhere.push(entry.path());
        }
    }
    if !everywhere {
        return Ok(discarded);
    }
    let mut folders: Vec<PathBuf> = elsewhere
        .iter()
        .filter_map(|link| follow(link).ok())
        .filter_map(|target| fs::canonicalize(folder_of(&target)).ok())
        .filter(|folder| folder != lock.folder())
        .collect();
    folders.sort();
    folders.dedup();
    for folder in folders {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            if is_temporary(lock, &entry.file_name()) && fs::remove_file(entry.path()).is_ok() {
                discarded += 1;
            }
        }
    }
    Ok(discarded)
}
