//! Input: files, standard input, the environment.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use rcfssl_core::policy::Surroundings;
use rcfssl_core::{Error, Result};
use zeroize::Zeroizing;

/// Reads a file, whose contents may be secret.
///
/// # Errors
/// Go's message: `open x: no such file or directory`.
pub fn file(path: &OsStr) -> Result<Zeroizing<Vec<u8>>> {
    rcfssl_files::read(Some(path)).map_err(Error::plain)
}

/// Reads a file that the user has not named, in a folder to which others may be able to
/// write: see [`rcfssl_files::read_found`].
///
/// # Errors
/// As [`file()`].
pub fn found(path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    find(path).map(|found| found.contents)
}

/// The same, and what other users can do with the file.
///
/// # Errors
/// As [`found()`].
pub fn find(path: &Path) -> Result<rcfssl_files::Found> {
    rcfssl_files::find(path).map_err(Error::plain)
}

/// Reads a file, or standard input for `-`.
///
/// # Errors
/// As [`file()`].
pub fn file_or_stdin(path: &OsStr) -> Result<Zeroizing<Vec<u8>>> {
    rcfssl_files::read(Some(path).filter(|path| *path != "-")).map_err(Error::plain)
}

/// Reads a file, or with `env:NAME` an environment variable, or with `file:PATH` a file
/// whose name may contain a colon.
///
/// # Errors
/// As [`file()`], and `unknown prefix: x` for any other prefix before a colon.
pub fn prefixed(value: &OsStr) -> Result<Zeroizing<Vec<u8>>> {
    let bytes = value.as_bytes();
    let Some(colon) = bytes.iter().position(|b| *b == b':') else {
        return file(value);
    };
    let rest = OsStr::from_bytes(&bytes[colon + 1..]);
    match &bytes[..colon] {
        b"env" => Ok(Zeroizing::new(
            std::env::var_os(rest).unwrap_or_default().as_bytes().to_vec(),
        )),
        b"file" => file(rest),
        other => Err(Error::plain(format!(
            "unknown prefix: {}",
            String::from_utf8_lossy(other)
        ))),
    }
}

/// The variable with the password of an encrypted CA key.
const CA_PASSWORD: &str = "CFSSL_CA_PK_PASSWORD";

/// Variables from which configurations have read keys.
static KEY_VARIABLES: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// The variables known so far to hold our secrets. Commands that we run do not inherit
/// them.
pub fn secret_variables() -> Vec<OsString> {
    let known = KEY_VARIABLES.lock().unwrap_or_else(PoisonError::into_inner);
    let known = known.iter().map(String::as_str);
    known.chain([CA_PASSWORD]).map(OsString::from).collect()
}

/// The password of an encrypted CA key, if one is set.
pub fn ca_password() -> Option<Zeroizing<Vec<u8>>> {
    let value = std::env::var_os(CA_PASSWORD).filter(|value| !value.is_empty())?;
    Some(Zeroizing::new(value.as_bytes().to_vec()))
}

/// The maximum size of an authentication key file that is read, in bytes. Such keys usually
/// have 16 hexadecimal digits.
const LONGEST_AUTH_KEY: u64 = 64 << 10;

/// Why the file of an authentication key could not be read; cfssl's error does not say.
static UNREADABLE_KEY: Mutex<Option<String>> = Mutex::new(None);

/// Why the file of the configuration's last authentication key could not be read, if it
/// could not.
pub fn unreadable_key() -> Option<String> {
    UNREADABLE_KEY
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take()
}

/// The environment and the files to which a configuration may refer.
pub struct Process;

impl Surroundings for Process {
    fn variable(&self, name: &str) -> Option<Zeroizing<String>> {
        let mut known = KEY_VARIABLES.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(name.to_owned());
        std::env::var(name).ok().map(Zeroizing::new)
    }

    fn file(&self, path: &str) -> Option<Zeroizing<Vec<u8>>> {
        noted(rcfssl_files::read_at_most(
            Some(OsStr::new(path)),
            LONGEST_AUTH_KEY,
        ))
    }
}

/// The same for a configuration that other users can change: it cannot make us wait for a
/// pipe.
pub struct Careful;

impl Surroundings for Careful {
    fn variable(&self, name: &str) -> Option<Zeroizing<String>> {
        Process.variable(name)
    }

    fn file(&self, path: &str) -> Option<Zeroizing<Vec<u8>>> {
        noted(rcfssl_files::read_found(Path::new(path)))
    }
}

/// Notes why an authentication key could not be read.
fn noted(read: std::result::Result<Zeroizing<Vec<u8>>, String>) -> Option<Zeroizing<Vec<u8>>> {
    let note = |why: &String| {
        *UNREADABLE_KEY.lock().unwrap_or_else(PoisonError::into_inner) = Some(why.clone());
    };
    read.inspect_err(note).ok()
}
