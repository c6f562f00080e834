//! The files that a jobs document writes, and those that it must not overwrite.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::problem::Mistake;
use crate::{Companions, Group, Source};

/// The files of a document.
#[derive(Default)]
pub struct Places {
    /// The CA files and configurations of all organizations.
    sources: HashSet<PathBuf>,
    /// Every file that is written, with the output that writes it.
    taken: HashMap<PathBuf, String>,
    /// Folders as written in the document, and their real paths.
    folders: HashMap<PathBuf, PathBuf>,
}

impl Places {
    /// Protects an organization's CA files and configurations from being overwritten.
    pub fn protect(&mut self, group: &Group) {
        let sources = [&group.ca, &group.ca_key, &group.config];
        let sources = sources.into_iter().chain(&group.database);
        let files: Vec<PathBuf> = sources.flat_map(Source::files).collect();
        for file in files {
            let file = self.real(&file);
            self.sources.insert(file);
        }
    }

    /// Reserves a certificate's files for an output.
    ///
    /// # Errors
    /// If another output writes one of them, if one is an input, or if the name would not
    /// be found in a folder.
    pub fn take(&mut self, certificate: &Path, request: &Path, output: &str) -> Result<(), Mistake> {
        let name = output.rsplit('/').next().unwrap_or_default();
        if name.is_empty() || name.starts_with('.') {
            return Err(Mistake::NotAName);
        }
        let request = self.real(request);
        let Companions { key, csr, .. } = Companions::of(certificate);
        for path in [certificate, &key, &csr] {
            let file = self.real(path);
            if self.sources.contains(&file) || file == request {
                return Err(Mistake::Overwrites(path.to_owned()));
            }
            if let Some(other) = self.taken.get(&file) {
                return Err(Mistake::SameFile {
                    file: path.to_owned(),
                    other: other.clone(),
                });
            }
            self.taken.insert(file, output.to_owned());
        }
        Ok(())
    }

    /// The same path for the same file: its folder is resolved, the file itself is not,
    /// even if it is a link.
    fn real(&mut self, path: &Path) -> PathBuf {
        let folder = match path.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        let name = path.file_name().unwrap_or_default();
        if let Some(known) = self.folders.get(folder) {
            return known.join(name);
        }
        let real = fs::canonicalize(folder)
            .or_else(|_| std::path::absolute(folder))
            .unwrap_or_else(|_| folder.to_owned());
        let file = real.join(name);
        self.folders.insert(folder.to_owned(), real);
        file
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_spelling_of_a_path_overwrites_a_ca_file() {
        let mut group = Group::of_folders(&[Path::new(".")]);
        group.ca = Source::Named("file:root.pem".into());
        group.ca_key = Source::Named("env:KEY".into());
        let mut places = Places::default();
        places.protect(&group);
        let mut take = |output: &str| {
            let path = PathBuf::from(format!("{output}.pem"));
            places.take(&path, Path::new("./x.csr"), output).err()
        };
        let over = |path: &str| Some(Mistake::Overwrites(path.into()));
        assert_eq!(take("root"), over("root.pem"));
        assert_eq!(take("src/../root"), over("src/../root.pem"));
        assert_eq!(take("x"), over("x.csr"));
        assert_eq!(take("ca"), None);
        assert_eq!(take("ca.b"), None);
        assert_eq!(
            take("src/../ca"),
            Some(Mistake::SameFile {
                file: "src/../ca.pem".into(),
                other: "ca".to_owned(),
            })
        );
        assert_eq!(take("none/../ca.c"), None);
    }

    #[test]
    fn an_output_must_name_a_file() {
        for output in ["", ".", "..", "a/", "a/..", ".pem", "a/.b.pem"] {
            let path = PathBuf::from(format!("{output}.pem"));
            let why = Places::default().take(&path, Path::new("x.json"), output);
            assert_eq!(why, Err(Mistake::NotAName), "{output}");
        }
    }
}
