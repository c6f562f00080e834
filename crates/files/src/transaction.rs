//! Files that belong together, changed all or none.
//!
//! The new files are written beside the old ones and flushed to disk; then the
//! journal says what is about to be renamed and is flushed itself; then come the
//! renames. Whenever the process or the machine stops, the next run finds either
//! nothing renamed, or a journal to finish by.
//!
//! Many changes are committed together: flushing costs as much for one as for
//! hundreds.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{AtFlags, StatxFlags, statx};
use tempfile::TempPath;
use zeroize::Zeroizing;

use crate::journal::{self, JOURNAL, SUFFIX};
use crate::lock::FolderLock;
use crate::{WriteError, attributes, folder_of, follow, open_error, without_path, write_error};

/// Up to so many files are flushed one by one; for more, the whole file system is
/// asked at once.
const FEW: usize = 8;

/// One file of a change.
#[derive(Debug)]
pub struct NewFile {
    /// Where it goes; symbolic links are written through.
    pub path: PathBuf,
    /// What is in it.
    pub contents: Zeroizing<Vec<u8>>,
    /// Its mode, where there is none yet; less the umask.
    pub mode: u32,
    /// Where the old file is kept, if anywhere.
    pub backup: Option<PathBuf>,
}

/// New files, written beside their places and not yet in them. Dropped without
/// being committed, they are removed.
#[derive(Debug)]
pub struct Change {
    lock: Arc<FolderLock>,
    files: Vec<Staged>,
    /// A copy of a file that stays, and where it goes.
    copy: Option<(TempPath, PathBuf)>,
}

#[derive(Debug)]
struct Staged {
    /// The new file.
    new: TempPath,
    /// Where it goes, behind all links.
    target: PathBuf,
    /// The old file under a second name, to take the change back.
    old: Option<TempPath>,
    /// The old file under a third name, and where that goes.
    backup: Option<(TempPath, PathBuf)>,
}

impl Change {
    /// Writes new files beside their places.
    ///
    /// # Errors
    /// Where a file cannot be written, where the owner or mode of the one it
    /// replaces cannot be kept, or where that one cannot be replaced at all: it is
    /// not writable, no regular file, or mounted by itself. Nothing is left behind.
    pub fn stage(
        lock: &Arc<FolderLock>,
        files: &[NewFile],
        copy: Option<&(PathBuf, PathBuf)>,
    ) -> Result<Self, (PathBuf, WriteError)> {
        let alone = files.len() == 1;
        let staged = files
            .iter()
            .map(|file| Staged::write(lock, file, alone).map_err(|error| (file.path.clone(), error)));
        let copied = copy.map(|(from, to)| {
            let copied = real(to).and_then(|place| Ok((copy_of(lock, from, &place)?, place)));
            copied.map_err(|error| (to.clone(), write_error(error)))
        });
        Ok(Change {
            lock: Arc::clone(lock),
            copy: copied.transpose()?,
            files: staged.collect::<Result<_, _>>()?,
        })
    }

    /// What is renamed where, in order: backups, then the files.
    fn renames(&self) -> impl Iterator<Item = (&TempPath, &PathBuf)> {
        let backups = self.files.iter().filter_map(|file| file.backup.as_ref());
        let backups = backups.chain(&self.copy);
        let backups = backups.map(|(from, to)| (from, to));
        backups.chain(self.files.iter().map(|file| (&file.new, &file.target)))
    }

    /// One rename needs no journal: it is whole or not at all by itself.
    fn needs_journal(&self) -> bool {
        self.renames().nth(1).is_some()
    }

    /// Renames everything, or takes back what it has renamed.
    fn rename(mut self) -> Result<(), (PathBuf, WriteError)> {
        let backups = self.files.iter_mut().filter_map(|file| file.backup.take());
        for (from, to) in backups.chain(self.copy.take()) {
            if let Err(error) = from.persist(&to) {
                return Err((to, open_error(error.error)));
            }
        }
        let mut done: Vec<(PathBuf, Option<TempPath>)> = Vec::new();
        for Staged { new, target, old, .. } in self.files {
            match new.persist(&target) {
                Ok(()) => done.push((target, old)),
                Err(error) => {
                    for (target, old) in done.into_iter().rev() {
                        // Nothing more can be done where even this fails.
                        let _ = match old {
                            Some(old) => old.persist(&target).map_err(|error| error.error),
                            None => fs::remove_file(&target),
                        };
                    }
                    return Err((target, open_error(error.error)));
                }
            }
        }
        Ok(())
    }
}

impl Staged {
    fn write(lock: &FolderLock, file: &NewFile, alone: bool) -> Result<Self, WriteError> {
        let target = follow(&file.path).map_err(open_error)?;
        let target = real(&target).map_err(open_error)?;
        let folder = folder_of(&target);
        let existing = match fs::symlink_metadata(&target) {
            Ok(metadata) => Some(metadata),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(open_error(error)),
        };
        if let Some(existing) = &existing {
            check_replaceable(&target, existing, folder).map_err(open_error)?;
        }
        let mode = Permissions::from_mode(if existing.is_some() { 0o600 } else { file.mode });
        let mut new = beside(lock)
            .permissions(mode)
            .tempfile_in(folder)
            .map_err(|error| open_error(without_path(error)))?;
        if let Some(existing) = &existing {
            attributes::keep(new.as_file(), &target, existing).map_err(open_error)?;
        }
        new.write_all(&file.contents).map_err(write_error)?;
        let link = |place: &Path| link(lock, &target, place).map_err(open_error);
        Ok(Staged {
            old: match existing.is_some() && !alone {
                true => Some(link(&target)?),
                false => None,
            },
            backup: match &file.backup {
                Some(place) if existing.is_some() => {
                    let place = real(place).map_err(open_error)?;
                    Some((link(&place)?, place))
                }
                _ => None,
            },
            new: new.into_temp_path(),
            target,
        })
    }
}

/// The same path without links among its folders, as journals have it.
fn real(path: &Path) -> io::Result<PathBuf> {
    let folder = fs::canonicalize(folder_of(path))?;
    Ok(folder.join(path.file_name().unwrap_or_default()))
}

fn beside<'a>(lock: &'a FolderLock) -> tempfile::Builder<'a, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(lock.tag()).suffix(SUFFIX);
    builder
}

/// A second name for a file, beside the place it is going to; a copy where the
/// file system has no such thing.
fn link(lock: &FolderLock, file: &Path, place: &Path) -> io::Result<TempPath> {
    let linked = beside(lock).make_in(folder_of(place), |name| fs::hard_link(file, name));
    match linked {
        Ok(linked) => Ok(linked.into_temp_path()),
        Err(_) => copy_of(lock, file, place),
    }
}

/// A copy of a file, beside the place it is going to.
fn copy_of(lock: &FolderLock, file: &Path, place: &Path) -> io::Result<TempPath> {
    let copy = beside(lock).tempfile_in(folder_of(place)).map_err(without_path)?;
    attributes::keep(copy.as_file(), file, &fs::metadata(file)?)?;
    io::copy(&mut File::open(file)?, &mut copy.as_file())?;
    Ok(copy.into_temp_path())
}

/// A rename asks only for leave to write to the folder; a file that may not be
/// written is not replaced behind its owner's back. One that is mounted by
/// itself cannot be.
fn check_replaceable(target: &Path, existing: &fs::Metadata, folder: &Path) -> io::Result<()> {
    if !existing.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    if existing.uid() != rustix::process::geteuid().as_raw() {
        OpenOptions::new().write(true).open(target)?;
    }
    let mount = |path: &Path| {
        let found = statx(
            rustix::fs::CWD,
            path,
            AtFlags::SYMLINK_NOFOLLOW,
            StatxFlags::MNT_ID,
        );
        // Kernels before 5.8 do not tell.
        found
            .ok()
            .filter(|found| found.stx_mask & StatxFlags::MNT_ID.bits() != 0)
            .map(|found| found.stx_mnt_id)
    };
    if mount(target) != mount(folder) {
        return Err(io::Error::other(
            "the file is mounted by itself and cannot be replaced as a whole: mount its folder",
        ));
    }
    Ok(())
}

/// Puts changes in place, each of them whole or not at all; gives their results
/// in order, and where something failed the file. A change that fails leaves
/// everything as it was, and does not stop the others.
pub fn commit(changes: Vec<Change>) -> Vec<Result<(), (PathBuf, WriteError)>> {
    // Nobody else comes in before the journals are gone.
    let _locks: Vec<_> = changes.iter().map(|change| Arc::clone(&change.lock)).collect();
    let all = || changes.iter().flat_map(Change::renames);
    let mut temporary: Vec<&Path> = all().map(|(from, _)| -> &Path { from }).collect();
    let mut folders: Vec<PathBuf> = all().map(|(_, to)| folder_of(to).to_owned()).collect();
    folders.sort();
    folders.dedup();
    temporary.extend(folders.iter().map(PathBuf::as_path));
    let prepared = sync(&temporary).map_err(|(path, error)| (path, write_error(error)));
    drop(temporary);
    let journals = match prepared.and_then(|()| write_journals(&changes)) {
        Ok(journals) => journals,
        Err((path, error)) => {
            let again = || WriteError {
                operation: error.operation,
                source: io::Error::new(error.source.kind(), error.source.to_string()),
            };
            return changes.iter().map(|_| Err((path.clone(), again()))).collect();
        }
    };
    let results = changes.into_iter().map(Change::rename).collect();
    // The renames are done: from here on nothing can be undone, and a journal that
    // stays does no harm.
    if sync(&folders).is_ok() {
        journals.iter().for_each(|journal| drop(fs::remove_file(journal)));
    }
    results
}

/// Writes a journal into every folder that needs one.
fn write_journals(changes: &[Change]) -> Result<Vec<PathBuf>, (PathBuf, WriteError)> {
    let mut by_folder: BTreeMap<&Path, Vec<&Change>> = BTreeMap::new();
    for change in changes.iter().filter(|change| change.needs_journal()) {
        by_folder.entry(change.lock.folder()).or_default().push(change);
    }
    let mut fresh = Vec::new();
    let mut journals = Vec::new();
    let result = (|| {
        for (folder, changes) in &by_folder {
            let renames = changes.iter().flat_map(|change| change.renames());
            let about = |error| (folder.join(JOURNAL), write_error(error));
            let [new, journal] = journal::write(folder, renames).map_err(about)?;
            fresh.push(new);
            journals.push(journal);
        }
        let failed = |(path, error)| (path, write_error(error));
        sync(&fresh).map_err(failed)?;
        for (new, journal) in fresh.iter().zip(&journals) {
            fs::rename(new, journal).map_err(|error| (journal.clone(), write_error(error)))?;
        }
        let folders: Vec<&Path> = by_folder.keys().copied().collect();
        sync(&folders).map_err(failed)
    })();
    match result {
        Ok(()) => Ok(journals),
        Err(error) => {
            // Without the journals nothing has happened.
            for path in fresh.iter().chain(&journals) {
                let _ = fs::remove_file(path);
            }
            Err(error)
        }
    }
}

/// Flushes files and folders to disk.
fn sync<P: AsRef<Path>>(paths: &[P]) -> Result<(), (PathBuf, io::Error)> {
    let about = |path: &Path, error: io::Error| (path.to_owned(), error);
    let mut seen = Vec::new();
    for path in paths.iter().map(AsRef::as_ref) {
        let open = || File::open(path);
        if paths.len() <= FEW {
            open()
                .and_then(|file| file.sync_all())
                .map_err(|error| about(path, error))?;
            continue;
        }
        let device = fs::metadata(path).map_err(|error| about(path, error))?.dev();
        if !seen.contains(&device) {
            let synced = open().and_then(|file| Ok(rustix::fs::syncfs(file)?));
            synced.map_err(|error| about(path, error))?;
            seen.push(device);
        }
    }
    Ok(())
}

/// Flushes a folder: the names in it.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests;
