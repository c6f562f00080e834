//! Existing files with the names to be written. cfssljson silently replaces them, even the
//! only copy of a private key.

use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rcfssl_core::key::PrivateKeyInfo;
use rcfssl_files::NewFile;
use rcfssl_go::os::describe;

/// Refuses to replace existing files, for `-no-clobber`.
///
/// # Errors
/// The first file that exists.
pub fn refuse(files: &[NewFile]) -> Result<(), String> {
    match files.iter().find(|file| file.path.symlink_metadata().is_ok()) {
        Some(file) => Err(format!(
            "{} exists already, and -no-clobber replaces nothing",
            file.path.display()
        )),
        None => Ok(()),
    }
}

/// Whether a private key would be replaced by a different one. A file that does not contain
/// a key does not count.
pub fn is_other_key(file: &NewFile) -> bool {
    let read = |text: &[u8]| PrivateKeyInfo::read_pem(text).ok();
    let Some(old) = rcfssl_files::read_regular(&file.path)
        .ok()
        .and_then(|text| read(&text))
    else {
        return false;
    };
    read(&file.contents).is_none_or(|new| new.der() != old.der())
}

/// Keeps existing files as `NAME.bak`, with their modes, for `-backup`.
///
/// # Errors
/// The lines to print, if a copy cannot be written; nothing has been replaced then.
pub fn keep(files: &[NewFile]) -> Result<(), String> {
    for path in files.iter().map(|file| &file.path) {
        let Ok(metadata) = path.metadata() else { continue };
        if !metadata.is_file() {
            continue;
        }
        let contents = rcfssl_files::read_regular(path)?;
        let kept = backup_of(path);
        let mode = metadata.permissions().mode() & 0o777;
        narrow(&kept, mode).map_err(|error| format!("open {}: {}", kept.display(), describe(&error)))?;
        rcfssl_files::write(&kept, &contents, mode).map_err(|error| {
            format!(
                "{} {}: {}",
                error.operation,
                kept.display(),
                describe(&error.source)
            )
        })?;
    }
    Ok(())
}

/// Restricts the mode of an earlier backup before a key is written to it, because an
/// existing file keeps its mode.
fn narrow(kept: &Path, mode: u32) -> io::Result<()> {
    match kept.metadata() {
        Ok(metadata) if metadata.is_file() && metadata.permissions().mode() & 0o777 & !mode != 0 => {
            let narrowed = metadata.permissions().mode() & mode;
            fs::set_permissions(kept, Permissions::from_mode(narrowed))
        }
        _ => Ok(()),
    }
}

fn backup_of(path: &Path) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(".bak");
    name.into()
}
