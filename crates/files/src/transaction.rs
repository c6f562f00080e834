//! Changes files that belong together, all or none.
//!
//! The new files are written beside the old ones and flushed to disk. Then a journal of the
//! renames is written and flushed, and then the files are renamed. Whenever the process or
//! the machine stops, the next run finds either nothing renamed, or a journal with which to
//! complete the renames.
//!
//! Many changes are committed together, because flushing costs as much for one as for
//! hundreds.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::Arc;

use rustix::fs::OFlags;
use zeroize::Zeroizing;

use crate::folder::{self, Folder, Place};
use crate::journal;
use crate::lock::{FolderLock, own_user};
use crate::temporary::Temporary;
use crate::{WriteError, attributes, open_error, write_error};

/// Up to this many files are flushed individually; for more, the whole file system is
/// flushed at once.
const FEW: usize = 8;

/// What a change must survive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// A power failure: everything is flushed to disk, in order.
    PowerLoss,
    /// The process being killed.
    Kill,
}

/// One file of a change.
#[derive(Debug)]
pub struct NewFile {
    /// Its place. Symbolic links are followed, unless another user can have created them.
    pub path: PathBuf,
    /// The contents.
    pub contents: Zeroizing<Vec<u8>>,
    /// The mode of a new file, less the umask.
    pub mode: u32,
    /// Where the old file is kept, if at all.
    pub backup: Option<PathBuf>,
}

/// New files, written but not yet in their places. They are removed if this is dropped
/// without being committed.
#[derive(Debug)]
pub struct Change {
    lock: Arc<FolderLock>,
    files: Vec<Staged>,
    /// A backup copy of a file that stays, and its place.
    copy: Option<(Temporary, Place)>,
}

#[derive(Debug)]
struct Staged {
    /// The new file.
    new: Temporary,
    /// Its place, after following all links.
    target: Place,
    /// The mode of the existing file, if there is one, which is kept.
    kept_mode: Option<u32>,
    /// A hard link to the old file, for rolling back.
    old: Option<Temporary>,
    /// Another hard link to the old file, and the place of the backup.
    backup: Option<(Temporary, Place)>,
}

impl Change {
    /// Writes new files beside their places.
    ///
    /// # Errors
    /// If a file cannot be written, if the owner or mode of the file that it replaces
    /// cannot be preserved, or if that file cannot be replaced at all: it is read-only, not
    /// a regular file, a mount point, or behind a link that another user can have created.
    /// Nothing is left behind.
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
            let copied = || {
                let (from, place) = (Place::behind(from)?, Place::at(to)?);
                Ok((copy_of(lock, &from, &place)?, place))
            };
            copied().map_err(|error| (to.clone(), write_error(error)))
        });
        let change = Change {
            lock: Arc::clone(lock),
            copy: copied.transpose()?,
            files: staged.collect::<Result<_, _>>()?,
        };
        change.check_reach()?;
        Ok(change)
    }

    /// The modes that the new files take over from the files that they replace, in order.
    pub fn kept_modes(&self) -> Vec<Option<u32>> {
        self.files.iter().map(|file| file.kept_mode).collect()
    }

    /// The journal of a folder that others can write to must not name files elsewhere.
    fn check_reach(&self) -> Result<(), (PathBuf, WriteError)> {
        let folder = self.lock.folder();
        let far = self.renames().find(|(new, _)| new.folder().id() != folder.id());
        match far {
            Some((_, target)) if folder.others_may_write() && self.needs_journal() => {
                let shown = folder.path().to_string_lossy();
                let why = format!(
                    "it cannot be changed together with what is in {shown}, where other users may write"
                );
                Err((target.path(), open_error(io::Error::other(why))))
            }
            _ => Ok(()),
        }
    }

    /// The renames in order: backups, then the files.
    fn renames(&self) -> impl Iterator<Item = (&Temporary, &Place)> {
        let backups = self.files.iter().filter_map(|file| file.backup.as_ref());
        let backups = backups.chain(&self.copy);
        let backups = backups.map(|(from, to)| (from, to));
        backups.chain(self.files.iter().map(|file| (&file.new, &file.target)))
    }

    /// A single rename needs no journal: it is atomic.
    fn needs_journal(&self) -> bool {
        self.renames().nth(1).is_some()
    }

    /// Renames everything, or rolls back.
    fn rename(mut self) -> Result<(), (PathBuf, WriteError)> {
        let backups = self.files.iter_mut().filter_map(|file| file.backup.take());
        for (from, to) in backups.chain(self.copy.take()) {
            from.persist(&to.name)
                .map_err(|error| (to.path(), open_error(error)))?;
        }
        let mut done: Vec<(Place, Option<Temporary>)> = Vec::new();
        for Staged { new, target, old, .. } in self.files {
            match new.persist(&target.name) {
                Ok(()) => done.push((target, old)),
                Err(error) => {
                    for (target, old) in done.into_iter().rev() {
                        // If this fails too, nothing more can be done.
                        let _ = match old {
                            Some(old) => old.persist(&target.name),
                            None => target.folder.remove(&target.name),
                        };
                    }
                    return Err((target.path(), open_error(error)));
                }
            }
        }
        Ok(())
    }
}

impl Staged {
    fn write(lock: &FolderLock, file: &NewFile, alone: bool) -> Result<Self, WriteError> {
        let target = Place::behind(&file.path).map_err(open_error)?;
        let existing = replaceable(&target).map_err(open_error)?;
        let mode = if existing.is_some() { 0o600 } else { file.mode };
        let (new, mut written) = Temporary::create(&target.folder, lock.tag(), mode).map_err(open_error)?;
        let mut kept_mode = None;
        if let Some(existing) = &existing {
            attributes::keep(&written, existing).map_err(open_error)?;
            kept_mode = Some(existing.metadata().map_err(open_error)?.mode() & 0o777);
        }
        written.write_all(&file.contents).map_err(write_error)?;
        let second = |folder: &Arc<Folder>| second_name(lock, &target, folder).map_err(open_error);
        Ok(Staged {
            old: match existing.is_some() && !alone {
                true => Some(second(&target.folder)?),
                false => None,
            },
            backup: match &file.backup {
                Some(place) if existing.is_some() => {
                    let place = Place::at(place).map_err(open_error)?;
                    Some((second(&place.folder)?, place))
                }
                _ => None,
            },
            new,
            target,
            kept_mode,
        })
    }
}

/// A hard link to a file, in the folder of its future place, or a copy if the file system
/// does not support hard links.
fn second_name(lock: &FolderLock, file: &Place, folder: &Arc<Folder>) -> io::Result<Temporary> {
    match Temporary::link(folder, lock.tag(), file) {
        Ok(linked) => Ok(linked),
        Err(_) => copy_into(lock, file, folder),
    }
}

/// A copy of a file, beside its future place.
fn copy_of(lock: &FolderLock, file: &Place, place: &Place) -> io::Result<Temporary> {
    copy_into(lock, file, &place.folder)
}

fn copy_into(lock: &FolderLock, file: &Place, folder: &Arc<Folder>) -> io::Result<Temporary> {
    let mut old = file.folder.open_file(&file.name, OFlags::RDONLY)?;
    let (copy, mut new) = Temporary::create(folder, lock.tag(), 0o600)?;
    attributes::keep(&new, &old)?;
    io::copy(&mut old, &mut new)?;
    Ok(copy)
}

/// Opens the file at a place, if there is one, and checks that it may be replaced. A rename
/// requires only write permission for the folder; a read-only file is nevertheless not
/// replaced. A mount point cannot be.
fn replaceable(target: &Place) -> io::Result<Option<File>> {
    let Place { folder, name } = target;
    let Some(stat) = folder.stat(name)? else {
        return Ok(None);
    };
    if !folder::kind(&stat).is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    if stat.st_uid != own_user() {
        folder.open_file(name, OFlags::WRONLY)?;
    }
    if folder.is_mounted(name) {
        return Err(io::Error::other(
            "the file is mounted by itself and cannot be replaced as a whole: mount its folder",
        ));
    }
    folder.open_file(name, OFlags::RDONLY).map(Some)
}

/// Commits changes, each of them completely or not at all; returns their results in order,
/// with the file that caused a failure. A change that fails leaves everything as it was and
/// does not affect the others.
pub fn commit(changes: Vec<Change>, durability: Durability) -> Vec<Result<(), (PathBuf, WriteError)>> {
    // The locks are held until the journals are gone.
    let _locks: Vec<_> = changes.iter().map(|change| Arc::clone(&change.lock)).collect();
    let folders = changed_folders(&changes);
    let flush = |files: &[Flushed<'_>]| match durability {
        Durability::PowerLoss => sync(files).map_err(|(path, error)| (path, write_error(error))),
        Durability::Kill => Ok(()),
    };
    let prepared = {
        let files = changes.iter().flat_map(Change::renames);
        let files = files.map(|(new, _)| (new.folder().as_ref(), Some(new.name())));
        let all: Vec<Flushed<'_>> = files.chain(whole(&folders)).collect();
        flush(&all)
    };
    let journals = match prepared.and_then(|()| write_journals(&changes, flush)) {
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
    // The renames are done: from here on nothing can be rolled back, and a journal that
    // stays does no harm.
    if flush(&whole(&folders).collect::<Vec<_>>()).is_ok() {
        journals.iter().for_each(|folder| journal::withdraw(folder));
    }
    results
}

fn changed_folders(changes: &[Change]) -> Vec<Arc<Folder>> {
    let mut folders: Vec<Arc<Folder>> = Vec::new();
    for (_, to) in changes.iter().flat_map(Change::renames) {
        // The folders are usually those of the previous certificate.
        if folders.iter().rev().all(|known| known.id() != to.folder.id()) {
            folders.push(Arc::clone(&to.folder));
        }
    }
    folders
}

/// Writes a journal to every folder that needs one; returns those folders.
fn write_journals(
    changes: &[Change],
    flush: impl Fn(&[Flushed<'_>]) -> Result<(), (PathBuf, WriteError)>,
) -> Result<Vec<Arc<Folder>>, (PathBuf, WriteError)> {
    let mut by_folder: Vec<(Arc<Folder>, Vec<&Change>)> = Vec::new();
    for change in changes.iter().filter(|change| change.needs_journal()) {
        let folder = change.lock.folder();
        match by_folder
            .iter_mut()
            .rev()
            .find(|(known, _)| known.id() == folder.id())
        {
            Some((_, changes)) => changes.push(change),
            None => by_folder.push((Arc::clone(folder), vec![change])),
        }
    }
    let result = (|| {
        let about = |folder: &Folder, error| (folder.path().join(journal::JOURNAL), write_error(error));
        for (folder, changes) in &by_folder {
            let renames = changes.iter().flat_map(|change| change.renames());
            journal::write(folder, renames.map(|(new, to)| (new, to.name.as_os_str())))
                .map_err(|error| about(folder, error))?;
        }
        let folders = || by_folder.iter().map(|(folder, _)| folder.as_ref());
        flush(
            &folders()
                .map(|folder| (folder, Some(journal::fresh())))
                .collect::<Vec<_>>(),
        )?;
        for folder in folders() {
            journal::publish(folder).map_err(|error| about(folder, error))?;
        }
        flush(&folders().map(|folder| (folder, None)).collect::<Vec<_>>())
    })();
    let folders = by_folder.into_iter().map(|(folder, _)| folder);
    match result {
        Ok(()) => Ok(folders.collect()),
        Err(error) => {
            // Without the journals nothing has happened.
            folders.for_each(|folder| journal::withdraw(&folder));
            Err(error)
        }
    }
}

/// An item to flush: a file of a folder, or the entries of the folder itself.
type Flushed<'a> = (&'a Folder, Option<&'a std::ffi::OsStr>);

fn whole(folders: &[Arc<Folder>]) -> impl Iterator<Item = Flushed<'_>> {
    folders.iter().map(|folder| (folder.as_ref(), None))
}

/// Flushes files and folders to disk.
fn sync(files: &[Flushed<'_>]) -> Result<(), (PathBuf, io::Error)> {
    let mut seen = Vec::new();
    for (folder, name) in files {
        let device = folder.id().0;
        let flushed = match name {
            _ if files.len() > FEW => match seen.contains(&device) {
                true => Ok(()),
                false => folder.sync_all(),
            },
            Some(name) => folder
                .open_file(name, OFlags::RDONLY)
                .and_then(|file| file.sync_all()),
            None => folder.sync(),
        };
        let path = || match name {
            Some(name) => folder.path().join(name),
            None => folder.path().to_owned(),
        };
        flushed.map_err(|error| (path(), error))?;
        seen.push(device);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
