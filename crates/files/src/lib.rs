//! Files written whole or not at all.
//!
//! A file is written under a temporary name and renamed, so that a full disk or a kill
//! leaves the previous contents. Some writable files cannot be replaced and are written in
//! place: bind-mounted files, files in a folder without write permission, files with other
//! hard links, and files whose owner we cannot set.
//!
//! Files that belong together, such as a certificate and its key, are changed in a
//! [`Change`]: all of them or none, even if power fails halfway.

mod attributes;
mod folder;
mod journal;
mod limits;
mod lock;
mod read;
mod temporary;
mod together;
mod transaction;

pub use folder::Folder;
pub use journal::{Recovered, is_interrupted, recover};
pub use limits::{check_stdout, survive_size_limit};
pub use lock::{FolderLock, LockError};
pub use read::{Found, find, read, read_at_most, read_found, read_regular};
pub use together::{stranger, write_all};
pub use transaction::{Change, Durability, NewFile, commit};

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rcfssl_go::os::describe;

use folder::MAX_LINKS;

/// The modes of new files, less the umask, as in cfssljson.
pub mod mode {
    /// Certificates.
    pub const CERTIFICATE: u32 = 0o664;
    /// Private keys.
    pub const KEY: u32 = 0o600;
    /// Requests.
    pub const CSR: u32 = 0o644;
}

/// The result of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// The file could not be replaced and was written in place, which is not safe against a
    /// full disk or a kill.
    pub in_place: bool,
    /// The mode of the existing file, which it keeps.
    pub kept_mode: Option<u32>,
}

/// Why a file was not written.
#[derive(Debug)]
pub struct WriteError {
    /// The operation that failed, as Go's errors name it: `open` or `write`.
    pub operation: &'static str,
    /// The error of the system.
    pub source: io::Error,
}

impl std::fmt::Display for WriteError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.operation, describe(&self.source))
    }
}

impl std::error::Error for WriteError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

impl WriteError {
    /// Go's message for the error: `open x: no such file or directory`.
    pub fn about(&self, path: &str) -> String {
        format!("{} {path}: {}", self.operation, describe(&self.source))
    }
}

fn open_error(source: io::Error) -> WriteError {
    WriteError {
        operation: "open",
        source,
    }
}

fn write_error(source: io::Error) -> WriteError {
    WriteError {
        operation: "write",
        source,
    }
}

/// Disables core dumps of this process, whose memory may hold private keys, and access to
/// its memory by other processes of the same user.
pub fn forbid_core_dumps() {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        // If the system refuses, the process runs without this protection.
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}

/// Writes a file. A new file gets `mode` less the umask; an existing one keeps its mode and
/// owner. Symbolic links are followed; anything other than a regular file (a pipe,
/// `/dev/stdout`) is written to directly.
///
/// # Errors
/// If the file cannot be opened or not completely written. The previous contents remain,
/// unless the file had to be written in place.
pub fn write(path: &Path, contents: &[u8], mode: u32) -> Result<Written, WriteError> {
    let existing = match fs::metadata(path) {
        Ok(metadata) => Some(metadata),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(open_error(error)),
    };
    let target = follow(path).map_err(open_error)?;
    let Some(existing) = existing else {
        replace(&target, contents, Some(mode), None)?;
        return Ok(Written {
            in_place: false,
            kept_mode: None,
        });
    };
    // Only a writable file may be replaced, although a rename would not require that.
    let file = OpenOptions::new().write(true).open(path).map_err(open_error)?;
    let kept_mode = Some(existing.mode() & 0o777);
    if existing.is_file() && existing.nlink() == 1 && !is_descriptor(&target) {
        match replace(&target, contents, None, Some(&file)) {
            Ok(()) => {
                return Ok(Written {
                    in_place: false,
                    kept_mode,
                });
            }
            Err(error) if !is_forbidden(&error.source) => return Err(error),
            Err(_) => {}
        }
    }
    overwrite(file, existing.is_file(), contents).map_err(write_error)?;
    Ok(Written {
        in_place: existing.is_file(),
        kept_mode,
    })
}

/// Writes a temporary file and renames it.
fn replace(
    target: &Path,
    contents: &[u8],
    mode: Option<u32>,
    existing: Option<&File>,
) -> Result<(), WriteError> {
    let folder = folder_of(target);
    let mut builder = tempfile::Builder::new();
    builder
        .prefix(".rcfssl-")
        .suffix(".tmp")
        .permissions(Permissions::from_mode(mode.unwrap_or(0o600)));
    let mut temporary = builder
        .tempfile_in(folder)
        .map_err(|error| open_error(without_path(error)))?;
    if let Some(existing) = existing {
        attributes::keep(temporary.as_file(), existing).map_err(open_error)?;
    }
    temporary.write_all(contents).map_err(write_error)?;
    temporary
        .persist(target)
        .map_err(|error| open_error(error.error))?;
    Ok(())
}

/// The folder that contains a path.
fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

fn overwrite(mut file: File, regular: bool, contents: &[u8]) -> io::Result<()> {
    if regular {
        file.set_len(0)?;
    }
    file.write_all(contents)
}

/// The path after following symbolic links; the file need not exist.
fn follow(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        // Links of descriptors do not lead to paths that could be renamed.
        if is_descriptor(&path) {
            return Ok(path);
        }
        match fs::read_link(&path) {
            Ok(next) => path = path.parent().unwrap_or(Path::new("")).join(next),
            Err(_) => return Ok(path),
        }
    }
    Err(io::Error::from_raw_os_error(40)) // ELOOP
}

/// `/dev/stdout`, `/dev/fd/1`, `/proc/self/fd/1`: their targets may have a path, but
/// writing must go to the open file.
fn is_descriptor(path: &Path) -> bool {
    let standard = ["/dev/stdin", "/dev/stdout", "/dev/stderr"];
    let in_process = || {
        let folder = path.parent().and_then(Path::file_name);
        path.starts_with("/proc") && folder.is_some_and(|name| name == "fd")
    };
    standard.iter().any(|name| path == Path::new(name)) || path.starts_with("/dev/fd") || in_process()
}

/// Errors that mean that a file cannot be replaced, not that it cannot be written.
fn is_forbidden(error: &io::Error) -> bool {
    use io::ErrorKind::{CrossesDevices, PermissionDenied, ReadOnlyFilesystem, ResourceBusy};
    matches!(
        error.kind(),
        PermissionDenied | ReadOnlyFilesystem | ResourceBusy | CrossesDevices
    )
}

/// tempfile wraps the system's error to add the temporary path, which means nothing to the
/// user; the error number restores the system's message.
fn without_path(error: io::Error) -> io::Error {
    let number = match error.kind() {
        io::ErrorKind::NotFound => 2,
        io::ErrorKind::PermissionDenied => 13,
        io::ErrorKind::NotADirectory => 20,
        io::ErrorKind::StorageFull => 28,
        io::ErrorKind::ReadOnlyFilesystem => 30,
        io::ErrorKind::InvalidFilename => 36,
        io::ErrorKind::QuotaExceeded => 122,
        _ => return error,
    };
    io::Error::from_raw_os_error(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o7777
    }

    #[test]
    fn a_new_file_has_its_mode_and_an_old_one_keeps_its_own() {
        let folder = folder();
        let path = folder.path().join("x-key.pem");
        assert_eq!(
            write(&path, b"one", 0o600).unwrap(),
            Written {
                in_place: false,
                kept_mode: None
            }
        );
        assert_eq!(mode(&path), 0o600);
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        assert_eq!(
            write(&path, b"two", 0o600).unwrap(),
            Written {
                in_place: false,
                kept_mode: Some(0o640)
            }
        );
        assert_eq!((fs::read(&path).unwrap(), mode(&path)), (b"two".to_vec(), 0o640));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn links_are_written_through() {
        let folder = folder();
        let (real, link, dangling) = (
            folder.path().join("real"),
            folder.path().join("link"),
            folder.path().join("dangling"),
        );
        fs::write(&real, "old").unwrap();
        std::os::unix::fs::symlink("real", &link).unwrap();
        std::os::unix::fs::symlink("made", &dangling).unwrap();
        write(&link, b"new", 0o644).unwrap();
        write(&dangling, b"made", 0o644).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&real).unwrap(), b"new");
        assert_eq!(fs::read(folder.path().join("made")).unwrap(), b"made");
        std::os::unix::fs::symlink("loop", folder.path().join("loop")).unwrap();
        assert!(write(&folder.path().join("loop"), b"x", 0o644).is_err());
    }

    #[test]
    fn a_file_with_other_links_is_written_in_place() {
        let folder = folder();
        let (one, two) = (folder.path().join("one"), folder.path().join("two"));
        fs::write(&one, "a longer text").unwrap();
        fs::hard_link(&one, &two).unwrap();
        assert!(write(&one, b"short", 0o644).unwrap().in_place);
        assert_eq!(fs::read(&two).unwrap(), b"short");
    }

    #[test]
    fn errors_repeat_the_systems_message() {
        let folder = folder();
        let error = write(&folder.path().join("none/x"), b"", 0o644).unwrap_err();
        assert_eq!(error.to_string(), "open: no such file or directory");
        let error = write(folder.path(), b"", 0o644).unwrap_err();
        assert_eq!(error.to_string(), "open: is a directory");
    }

    #[test]
    fn a_full_device_is_reported() {
        let error = write(Path::new("/dev/full"), b"x", 0o644).unwrap_err();
        assert_eq!(
            (error.operation, describe(&error.source).as_str()),
            ("write", "no space left on device")
        );
    }
}
