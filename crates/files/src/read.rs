//! Reads files within limits.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, AsRawFd};
use std::path::Path;

use rcfssl_go::os::describe;
use rustix::fs::{CWD, Mode, OFlags, openat};
use zeroize::Zeroizing;

use crate::folder::{self, Place};

/// The maximum number of bytes read from one file. No document, certificate or CRL is that
/// large, but a device may be endless.
const MOST_READ: u64 = 256 << 20;

/// The same for files that were found in a folder, not named by the user.
const MOST_FOUND: u64 = 16 << 20;

/// Reads a file, or standard input if there is none, whose contents may be secret. A file
/// that the user names may be a pipe.
///
/// # Errors
/// Go's message: `open x: no such file or directory`, `read x: is a directory`; `read x:
/// file too large` above 256 MiB.
pub fn read(path: Option<&OsStr>) -> Result<Zeroizing<Vec<u8>>, String> {
    read_at_most(path, MOST_READ)
}

/// As [`read`], for files that are never longer than `most` bytes.
///
/// # Errors
/// As [`read`], for sizes above `most`.
pub fn read_at_most(path: Option<&OsStr>, most: u64) -> Result<Zeroizing<Vec<u8>>, String> {
    let shown = path.map_or("/dev/stdin".into(), OsStr::to_string_lossy);
    let file = match path {
        // Avoids the standard library's buffer, which would not be wiped.
        None => io::stdin().as_fd().try_clone_to_owned().map(File::from),
        Some(path) => File::open(path),
    };
    let operation = if path.is_some() { "open" } else { "read" };
    let file = file.map_err(|error| format!("{operation} {shown}: {}", describe(&error)))?;
    contents(file, &shown, most)
}

/// A file that was found in a folder, and what users other than ourselves and root can do
/// with it.
#[derive(Debug, Clone)]
pub struct Found {
    /// The bytes, which may be secret.
    pub contents: Zeroizing<Vec<u8>>,
    /// Another user can write to it, or put a file of that name there.
    pub others_may_change: bool,
    /// Another user owns it or can read it.
    pub others_may_read: bool,
}

/// Reads a file that was found in a folder, possibly one of another user. It must be a
/// regular file, and not behind a link that another user can have created.
///
/// # Errors
/// As [`read`], above 16 MiB; `open x: not a regular file` for pipes and devices, without
/// waiting for them.
pub fn find(path: &Path) -> Result<Found, String> {
    let shown = path.to_string_lossy();
    let opened = Place::behind(path).and_then(|place| {
        let file = place.folder.open_file(&place.name, OFlags::RDONLY)?;
        let stat = rustix::fs::fstat(&file)?;
        let others_may_change = folder::others_may_write(&file, &stat) || place.folder.others_may_replace();
        let others_may_read = folder::others_may_read(&file, &stat);
        Ok((file, others_may_change, others_may_read))
    });
    let (file, others_may_change, others_may_read) =
        opened.map_err(|error| format!("open {shown}: {}", describe(&error)))?;
    Ok(Found {
        contents: contents(file, &shown, MOST_FOUND)?,
        others_may_change,
        others_may_read,
    })
}

/// The contents of a file, as [`find`] reads it.
///
/// # Errors
/// As [`find`].
pub fn read_found(path: &Path) -> Result<Zeroizing<Vec<u8>>, String> {
    find(path).map(|found| found.contents)
}

/// Reads a regular file that was found in a folder, through any links: its contents are
/// only looked at.
///
/// # Errors
/// As [`read_found`].
pub fn read_regular(path: &Path) -> Result<Zeroizing<Vec<u8>>, String> {
    let shown = path.to_string_lossy();
    let file = open_regular(path).map_err(|error| format!("open {shown}: {}", describe(&error)))?;
    contents(file, &shown, MOST_FOUND)
}

/// Opens a regular file. Anything else is not opened at all, because opening alone has an
/// effect on some devices.
fn open_regular(path: &Path) -> io::Result<File> {
    let looked_at = openat(CWD, path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?;
    folder::check_regular(&looked_at)?;
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let same = format!("/proc/self/fd/{}", looked_at.as_raw_fd());
    let opened = match openat(CWD, same, flags, Mode::empty()) {
        // Without /proc it is opened a second time.
        Err(rustix::io::Errno::NOENT) => openat(CWD, path, flags, Mode::empty()),
        opened => opened,
    }?;
    folder::check_regular(&opened)?;
    Ok(opened.into())
}

fn contents(file: File, shown: &str, most: u64) -> Result<Zeroizing<Vec<u8>>, String> {
    let size = file.metadata().map_or(0, |m| m.len()).clamp(16 << 10, 1 << 20);
    // Reserves space for the whole contents: a growing buffer leaves copies behind.
    let mut contents = Zeroizing::new(Vec::with_capacity(size as usize + 1));
    let read = file.take(most + 1).read_to_end(&mut contents);
    read.map_err(|error| format!("read {shown}: {}", describe(&error)))?;
    if contents.len() as u64 > most {
        return Err(format!("read {shown}: file too large"));
    }
    Ok(contents)
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn what_others_can_do_with_a_file_depends_on_its_modes_and_those_of_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, "x").unwrap();
        let mode = |path: &Path, mode| std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
        for (in_folder, in_file, may_change, may_read) in [
            (0o755, 0o600, false, false),
            (0o755, 0o664, false, true),
            (0o755, 0o606, true, true),
            (0o755, 0o602, true, false),
            (0o777, 0o600, true, false),
            (0o1777, 0o600, false, false),
            (0o1777, 0o602, true, false),
        ] {
            mode(folder.path(), in_folder);
            mode(&path, in_file);
            let found = find(&path).unwrap();
            assert_eq!(
                (found.others_may_change, found.others_may_read),
                (may_change, may_read),
                "{in_folder:o} {in_file:o}"
            );
        }
    }

    #[test]
    fn access_control_lists_count() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let set = |list: &str, path: &Path| {
            let set = std::process::Command::new("setfacl")
                .args(["-m", list])
                .arg(path)
                .status();
            set.is_ok_and(|status| status.success())
        };
        let others = || {
            let found = find(&path).unwrap();
            (found.others_may_change, found.others_may_read)
        };
        for (on_folder, on_file, want) in [
            (None, None, (false, false)),
            (None, Some("u:65534:r"), (false, true)),
            (None, Some("u:65534:rw"), (true, true)),
            (Some("u:65534:rwx"), None, (true, false)),
        ] {
            let _ = std::fs::remove_file(&path);
            std::fs::write(&path, "x").unwrap();
            std::fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
            let lists = [(on_folder, folder.path()), (on_file, &path)];
            let is_set = lists
                .iter()
                .all(|(list, path)| list.is_none_or(|list| set(list, path)));
            if !is_set {
                // Neither every file system nor every machine has them.
                assert!(
                    std::env::var_os("RCFSSL_CI").is_none(),
                    "setfacl does not work here"
                );
                println!("SKIPPED: setfacl does not work here");
                return;
            }
            assert_eq!(others(), want, "{on_folder:?} {on_file:?}");
        }
    }

    #[test]
    fn files_that_are_not_regular_are_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("file"), "x").unwrap();
        symlink("file", path("link")).unwrap();
        symlink("/dev/zero", path("device")).unwrap();
        symlink("fifo", path("far")).unwrap();
        let fifo = rustix::fs::FileType::Fifo;
        rustix::fs::mknodat(CWD, path("fifo"), fifo, 0o600.into(), 0).unwrap();
        std::os::unix::net::UnixListener::bind(path("socket")).unwrap();
        for read in [read_found, read_regular] {
            for name in ["file", "link"] {
                assert_eq!(*read(&path(name)).unwrap(), b"x");
            }
            for name in ["fifo", "far", "device", "socket"] {
                let error = read(&path(name)).unwrap_err();
                assert!(error.ends_with(": not a regular file"), "{name}: {error}");
            }
            let error = read(folder.path()).unwrap_err();
            assert!(error.ends_with(": is a directory"), "{error}");
        }
    }
}
