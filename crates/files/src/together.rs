//! Writes several files one after the other, as cfssljson does. Those that belong together
//! are replaced together even if the process is killed.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::folder::{self, Folder, MAX_LINKS};
use crate::journal::{is_interrupted, recover};
use crate::lock::FolderLock;
use crate::transaction::{Change, Durability, NewFile, commit};
use crate::{WriteError, Written, folder_of, follow, is_descriptor, open_error, write};

/// How long to wait for another process in the folder. cfssljson does not use the lock, so
/// after that the files are written without it.
const PATIENCE: Duration = Duration::from_secs(10);

/// Writes files of one folder as [`write()`] does, in order, up to the first failure. If some
/// of them replace others, all are renamed together, or after a kill by the next run, so
/// that a new certificate is not left with an old key.
pub fn write_all(files: &[NewFile]) -> Vec<Result<Written, WriteError>> {
    let Some(first) = files.first() else {
        return Vec::new();
    };
    let folder = folder_of(&first.path);
    let replaces = |file: &NewFile| file.path.symlink_metadata().is_ok();
    // Held until everything is written.
    let mut lock = None;
    if is_interrupted(folder) || (files.len() > 1 && files.iter().any(replaces)) {
        lock = locked(folder);
    }
    if let Some(lock) = &lock
        && files.len() > 1
        && let Some(written) = change(lock, files)
    {
        return written.into_iter().map(Ok).collect();
    }
    let mut results = Vec::new();
    for file in files {
        let result = write(&file.path, &file.contents, file.mode);
        let failed = result.is_err();
        results.push(result);
        if failed {
            break;
        }
    }
    results
}

/// Locks a folder and completes what an interrupted run had begun; `None` if that is not
/// possible.
fn locked(folder: &Path) -> Option<Arc<FolderLock>> {
    let folder = Folder::open(folder).ok()?;
    let lock = FolderLock::acquire(&folder, PATIENCE).ok()?;
    recover(&lock, None).ok()?;
    Some(Arc::new(lock))
}

/// Changes the files together; `None` if one of them cannot be replaced, in which case
/// nothing was changed.
fn change(lock: &Arc<FolderLock>, files: &[NewFile]) -> Option<Vec<Written>> {
    if !files.iter().all(|file| may_be_replaced(&file.path)) {
        return None;
    }
    let change = Change::stage(lock, files, None).ok()?;
    let modes = change.kept_modes();
    let results = commit(vec![change], Durability::Kill);
    let written = |kept_mode| Written {
        in_place: false,
        kept_mode,
    };
    results
        .iter()
        .all(Result::is_ok)
        .then(|| modes.into_iter().map(written).collect())
}

/// Whether [`write`] would replace the file, rather than write to it in place or reject it.
fn may_be_replaced(path: &Path) -> bool {
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) => return error.kind() == io::ErrorKind::NotFound,
    };
    metadata.is_file()
        && metadata.nlink() == 1
        && follow(path).is_ok_and(|target| !is_descriptor(&target))
        && fs::OpenOptions::new().write(true).open(path).is_ok()
}

/// The owner of an existing file, or of a link that leads to it, if that is neither
/// ourselves nor root: writing there hands the contents to that user.
///
/// # Errors
/// If that cannot be determined.
pub fn stranger(path: &Path) -> Result<Option<u32>, WriteError> {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        let metadata = match path.symlink_metadata() {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(open_error(error)),
        };
        if !metadata.is_file() && !metadata.is_symlink() {
            return Ok(None);
        }
        if !folder::is_trusted(metadata.uid()) {
            return Ok(Some(metadata.uid()));
        }
        if metadata.is_file() || is_descriptor(&path) {
            return Ok(None);
        }
        let next = fs::read_link(&path).map_err(open_error)?;
        path = folder_of(&path).join(next);
    }
    // A loop of links, which is reported when it is written to.
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn pair(folder: &Path, text: &str) -> Vec<NewFile> {
        let file = |name: &str| NewFile {
            path: folder.join(name),
            contents: text.as_bytes().to_vec().into(),
            mode: 0o600,
            backup: None,
        };
        vec![file("a.pem"), file("a-key.pem")]
    }

    fn names(folder: &Path) -> Vec<PathBuf> {
        let mut names: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_pair_is_created_and_replaced() {
        let folder = tempfile::tempdir().unwrap();
        for text in ["one", "two"] {
            let written = write_all(&pair(folder.path(), text));
            assert!(
                written
                    .iter()
                    .all(|written| matches!(written, Ok(written) if !written.in_place))
            );
            let files = names(folder.path());
            assert_eq!(
                files,
                [folder.path().join("a-key.pem"), folder.path().join("a.pem")]
            );
            assert!(files.iter().all(|file| fs::read_to_string(file).unwrap() == text));
        }
    }

    /// An interrupted run is completed beforehand, not afterwards over the new files.
    #[test]
    fn an_interrupted_run_is_completed_first() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path()).unwrap();
        let lock = FolderLock::acquire(&folder, Duration::ZERO).unwrap();
        let name = format!("{}x.tmp", lock.tag());
        drop(lock);
        fs::write(place.path().join(&name), "interrupted").unwrap();
        let journal = format!("rcfssl journal 1\0{name}\0a.pem\0end");
        fs::write(place.path().join(".rcfssl.journal"), journal).unwrap();
        let written = write_all(&pair(place.path(), "new")[..1]);
        assert!(written[0].is_ok());
        assert_eq!(fs::read_to_string(place.path().join("a.pem")).unwrap(), "new");
        assert_eq!(names(place.path()), [place.path().join("a.pem")]);
    }

    #[test]
    fn the_first_stays_where_the_second_cannot_be_written() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("a-key.pem")).unwrap();
        let written = write_all(&pair(folder.path(), "new"));
        assert!(written[0].is_ok() && written[1].is_err());
        assert_eq!(fs::read_to_string(folder.path().join("a.pem")).unwrap(), "new");
    }
}
