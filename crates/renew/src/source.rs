//! Where a CA and its configuration are read from.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rcfssl_ca::input;
use rcfssl_core::{Error, Result};
use rcfssl_files::Found;
use zeroize::Zeroizing;

use crate::Refusal;

/// A file or an environment variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// As the user names it: any kind of file, `file:PATH`, or `env:NAME`.
    Named(OsString),
    /// The first path at which a file exists, out of these; there is at least one.
    Found(PathBuf, Vec<PathBuf>),
}

impl Source {
    /// A file of this name, in the first of these folders that contains it.
    pub fn in_one_of(folders: &[&Path], name: &str) -> Self {
        let mut paths: Vec<PathBuf> = Vec::new();
        for path in folders.iter().map(|folder| folder.join(name)) {
            if !paths.contains(&path) {
                paths.push(path);
            }
        }
        let mut paths = paths.into_iter();
        Source::Found(paths.next().unwrap_or_else(|| name.into()), paths.collect())
    }

    /// Reads it.
    ///
    /// # Errors
    /// Go's message. If there is no such file, it lists the paths that were tried.
    pub fn read(&self) -> Result<Zeroizing<Vec<u8>>> {
        self.find().map(|found| found.contents)
    }

    /// The same, and what other users can do with a file that was found. What the user
    /// names is the user's own decision.
    ///
    /// # Errors
    /// As [`Source::read`].
    pub(crate) fn find(&self) -> Result<Found> {
        match self {
            Source::Named(value) => Ok(Found {
                contents: input::prefixed(value)?,
                others_may_change: false,
                others_may_read: false,
            }),
            Source::Found(_, others) => input::find(self.path()).map_err(|error| {
                if self.is_there() || others.is_empty() {
                    return error;
                }
                let others = others.iter().map(|path| path.to_string_lossy());
                let others = others.collect::<Vec<_>>().join(", ");
                Error::plain(format!("{} (also tried {others})", error.message()))
            }),
        }
    }

    /// The same file even if one that has precedence appears later.
    pub(crate) fn settled(&self) -> Self {
        match self {
            Source::Named(_) => self.clone(),
            Source::Found(..) => Source::Found(self.path().to_owned(), Vec::new()),
        }
    }

    /// Whether the file exists.
    pub fn is_there(&self) -> bool {
        match self {
            Source::Named(_) => true,
            Source::Found(..) => exists(self.path()),
        }
    }

    /// The file that exists, or the one that should.
    fn path(&self) -> &Path {
        match self {
            Source::Named(value) => Path::new(value),
            Source::Found(first, others) => {
                let mut all = std::iter::once(first).chain(others);
                all.find(|path| exists(path)).unwrap_or(first)
            }
        }
    }

    /// The name shown in errors.
    pub fn shown(&self) -> String {
        let shown = self.path().to_string_lossy();
        match self {
            Source::Named(_) => shown.strip_prefix("file:").unwrap_or(&shown).to_owned(),
            Source::Found(..) => shown.into_owned(),
        }
    }

    /// An error's message with the file's name.
    pub(crate) fn refusal(&self, error: &Error) -> Refusal {
        let (shown, message) = (self.shown(), error.message());
        Refusal::Sentence(match message.contains(&shown) {
            true => message.into_owned(),
            false => format!("{shown}: {message}"),
        })
    }

    /// The environment variable that it names.
    pub fn variable(&self) -> Option<OsString> {
        match self {
            Source::Named(value) => {
                let name = value.as_bytes().strip_prefix(b"env:")?;
                Some(OsStr::from_bytes(name).to_owned())
            }
            Source::Found(..) => None,
        }
    }

    /// The files that it may refer to.
    pub fn files(&self) -> Vec<PathBuf> {
        match self {
            Source::Named(value) => {
                let value = value.as_bytes();
                let path = value.strip_prefix(b"file:").unwrap_or(value);
                let is_file = !value.starts_with(b"env:");
                is_file
                    .then(|| OsStr::from_bytes(path).into())
                    .into_iter()
                    .collect()
            }
            Source::Found(first, others) => std::iter::once(first).chain(others).cloned().collect(),
        }
    }
}

/// A dangling link counts as existing, so that it is not silently skipped.
fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_folder_with_the_file_counts_and_an_error_names_all() {
        let place = tempfile::tempdir().unwrap();
        let (one, two) = (place.path().join("one"), place.path().join("two"));
        std::fs::create_dir(&two).unwrap();
        let source = Source::in_one_of(&[&one, &two, &one], "x");
        let error = source.read().unwrap_err();
        let told = format!(
            "x: no such file or directory (also tried {})",
            two.join("x").display()
        );
        assert!(error.message().ends_with(&told), "{error}");
        std::fs::write(two.join("x"), "two").unwrap();
        assert_eq!(*source.read().unwrap(), b"two");
        std::fs::create_dir(&one).unwrap();
        std::fs::write(one.join("x"), "one").unwrap();
        assert_eq!(*source.read().unwrap(), b"one");
        assert_eq!(source.files(), [one.join("x"), two.join("x")]);
    }
}
