//! A folder as data: every file with its mode and contents.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use anyhow::Result;

/// A file, or a link to one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// The mode of the entry itself, type and permissions (`lstat`).
    pub mode: u32,
    /// The permissions of the file it leads to.
    pub permissions: u32,
    /// The contents; empty for anything other than a regular file.
    pub bytes: Vec<u8>,
}

/// A folder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tree {
    /// Files by their path relative to the folder.
    pub files: BTreeMap<String, File>,
    /// Empty folders.
    pub empty_folders: Vec<String>,
}

impl Tree {
    /// Reads a folder.
    ///
    /// # Errors
    /// The system's error.
    pub fn read(root: &Path) -> Result<Self> {
        let mut tree = Tree::default();
        tree.add(root, "")?;
        tree.empty_folders.sort();
        Ok(tree)
    }

    fn add(&mut self, folder: &Path, prefix: &str) -> Result<()> {
        let mut empty = true;
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            empty = false;
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if entry.file_type()?.is_dir() {
                self.add(&entry.path(), &format!("{name}/"))?;
                continue;
            }
            let itself = entry.metadata()?;
            let target = fs::metadata(entry.path()).unwrap_or_else(|_| itself.clone());
            let bytes = if target.is_file() {
                fs::read(entry.path())?
            } else {
                Vec::new()
            };
            self.files.insert(
                name,
                File {
                    mode: itself.mode(),
                    permissions: target.mode() & 0o777,
                    bytes,
                },
            );
        }
        if empty && !prefix.is_empty() {
            self.empty_folders.push(prefix.trim_end_matches('/').to_owned());
        }
        Ok(())
    }

    /// The files that are not in an earlier state of the folder.
    pub fn new_since<'a>(&'a self, before: &'a Tree) -> impl Iterator<Item = (&'a String, &'a File)> {
        self.files
            .iter()
            .filter(|(name, _)| !before.files.contains_key(*name))
    }
}
