//! Temporary files beside the place that they will take.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::sync::Arc;

use crate::folder::{Folder, Place};

/// The suffix of temporary files.
pub(crate) const SUFFIX: &str = ".tmp";
/// How many names are tried if they are taken.
const ATTEMPTS: usize = 100;

/// A file that is removed when the value is dropped, unless it was moved to its place.
#[derive(Debug)]
pub(crate) struct Temporary {
    folder: Arc<Folder>,
    name: OsString,
    is_gone: bool,
}

impl Temporary {
    /// Creates a file with this mode, less the umask. Its name begins with `tag`.
    pub fn create(folder: &Arc<Folder>, tag: &str, mode: u32) -> io::Result<(Self, File)> {
        Self::named(folder, tag, |name| folder.create(name, mode))
    }

    /// Creates a hard link to a file.
    pub fn link(folder: &Arc<Folder>, tag: &str, file: &Place) -> io::Result<Self> {
        let linked = Self::named(folder, tag, |name| file.folder.link(&file.name, folder, name));
        Ok(linked?.0)
    }

    fn named<T>(
        folder: &Arc<Folder>,
        tag: &str,
        make: impl Fn(&OsStr) -> io::Result<T>,
    ) -> io::Result<(Self, T)> {
        // Its keys are random: the names need not be secret, only unlikely to be taken.
        let random = RandomState::new();
        for attempt in 0..ATTEMPTS {
            let mut hasher = random.build_hasher();
            hasher.write_usize(attempt);
            let name = OsString::from(format!("{tag}{:016x}{SUFFIX}", hasher.finish()));
            match make(&name) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
                Ok(made) => {
                    let temporary = Temporary {
                        folder: Arc::clone(folder),
                        name,
                        is_gone: false,
                    };
                    return Ok((temporary, made));
                }
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    pub fn folder(&self) -> &Arc<Folder> {
        &self.folder
    }

    pub fn name(&self) -> &OsStr {
        &self.name
    }

    /// Renames it, replacing any existing file.
    pub fn persist(mut self, name: &OsStr) -> io::Result<()> {
        self.folder.rename(&self.name, name)?;
        self.is_gone = true;
        Ok(())
    }

    /// Leaves the file in place, as a killed process does.
    #[cfg(test)]
    pub fn abandon(mut self) {
        self.is_gone = true;
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.is_gone {
            let _ = self.folder.remove(&self.name);
        }
    }
}
