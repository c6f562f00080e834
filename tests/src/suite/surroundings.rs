//! The shared files of a suite: its certificates and keys, which no case creates.

use std::collections::{BTreeSet, HashMap};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use crate::normal::{self, pem};
use crate::openssl::Keys;
use crate::tree::Tree;

/// The suite's `pki/` and `inputs/`.
#[derive(Debug, Default)]
pub struct Surroundings {
    /// Blocks of `inputs/`, by their bytes, with their files.
    pub inputs: HashMap<Vec<u8>, String>,
    /// Certificates of `inputs/` and their key identifiers.
    pub key_ids: Vec<(String, String)>,
    /// All certificates.
    pub certificates: Vec<Vec<u8>>,
    /// Blocks that no case creates.
    pub old: BTreeSet<Vec<u8>>,
    /// Public halves of all keys.
    pub old_keys: BTreeSet<Vec<u8>>,
    /// Reads keys, each once.
    pub keys: Keys,
    pki: Tree,
    shared: Option<(TempDir, Tree)>,
}

impl Surroundings {
    /// Reads those of a suite. `inputs/` is copied, so that changes by cases are detected
    /// and do no harm.
    ///
    /// # Errors
    /// The system's error.
    pub fn read(suite: &Path) -> Result<Self> {
        let mut around = Surroundings::default();
        let pki = suite.join("pki");
        if pki.is_dir() {
            around.pki = Tree::read(&pki)?;
        }
        around.learn(&around.pki.clone(), false)?;
        let inputs = suite.join("inputs");
        if inputs.is_dir() {
            let tree = Tree::read(&inputs)?;
            let copy = tempfile::Builder::new().prefix("rcfssl-inputs-").tempdir()?;
            for (name, file) in &tree.files {
                let path = copy.path().join(name);
                fs::write(&path, &file.bytes)?;
                fs::set_permissions(&path, Permissions::from_mode(0o644))?;
            }
            around.learn(&tree, true)?;
            around.key_ids = normal::certificate_ids(&tree);
            let tree = Tree::read(copy.path())?;
            around.shared = Some((copy, tree));
        }
        Ok(around)
    }

    /// Adds another folder like `pki/`.
    ///
    /// # Errors
    /// The system's error.
    pub fn with_pki(mut self, folder: &Path) -> Result<Self> {
        let tree = Tree::read(folder)?;
        self.learn(&tree, false)?;
        self.pki.files.extend(tree.files);
        Ok(self)
    }

    fn learn(&mut self, tree: &Tree, present: bool) -> Result<()> {
        for (name, file) in &tree.files {
            let text = String::from_utf8_lossy(&file.bytes);
            for block in pem::blocks(&text) {
                if block.label.contains("PRIVATE KEY") {
                    let key = self.keys.read(&format!("{}\n", block.text))?;
                    self.old_keys.extend(key.public.clone());
                }
                let Some(der) = block.der() else { continue };
                if block.label == "CERTIFICATE" {
                    self.certificates.push(der.clone());
                }
                if present {
                    self.inputs.insert(der.clone(), name.clone());
                }
                self.old.insert(der);
            }
        }
        Ok(())
    }

    /// The contents of a file of `pki/`.
    ///
    /// # Errors
    /// If there is none with that name.
    pub fn pki(&self, name: &str) -> Result<&[u8]> {
        let file = self.pki.files.get(name);
        Ok(&file.with_context(|| format!("no file {name} in pki/"))?.bytes)
    }

    /// The copy of `inputs/`.
    pub fn shared(&self) -> Option<PathBuf> {
        self.shared.as_ref().map(|(folder, _)| folder.path().to_owned())
    }

    /// Checks that the copy of `inputs/` is unchanged.
    ///
    /// # Errors
    /// If it is not.
    pub fn check_inputs(&self) -> Result<()> {
        if let Some((folder, before)) = &self.shared {
            ensure!(Tree::read(folder.path())? == *before, "the inputs were changed");
        }
        Ok(())
    }
}
