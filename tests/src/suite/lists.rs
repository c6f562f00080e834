//! Lists of cases that are expected to differ, each with its reason.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result, ensure};

/// Names and reasons.
#[derive(Debug, Default)]
pub struct List(BTreeMap<String, String>);

impl List {
    /// Reads lines of a name, spaces and a reason; empty lines and those that begin with
    /// `#` are skipped. A missing list is empty.
    ///
    /// # Errors
    /// For a name without a reason, or one that is repeated.
    pub fn read(path: &Path) -> Result<Self> {
        if !path.exists() {
            return Ok(Self::default());
        }
        let text = std::fs::read_to_string(path)?;
        Self::parse(&text).with_context(|| path.display().to_string())
    }

    fn parse(text: &str) -> Result<Self> {
        let mut list = BTreeMap::new();
        for line in text
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
        {
            let (name, reason) = line
                .split_once("  ")
                .with_context(|| format!("no reason: {line}"))?;
            ensure!(!reason.trim().is_empty(), "no reason: {line}");
            let before = list.insert(name.to_owned(), reason.trim().to_owned());
            ensure!(before.is_none(), "twice: {name}");
        }
        Ok(List(list))
    }

    /// Writes the list without some names. Lists only shrink, so nothing else is ever
    /// written.
    ///
    /// # Errors
    /// The system's error.
    pub fn strike(path: &Path, names: &BTreeSet<String>) -> Result<()> {
        if names.is_empty() || !path.exists() {
            return Ok(());
        }
        let text = std::fs::read_to_string(path)?;
        let stays = |line: &&str| {
            !line
                .split_once("  ")
                .is_some_and(|(name, _)| names.contains(name))
        };
        let left: Vec<&str> = text.lines().filter(stays).collect();
        Ok(std::fs::write(path, left.join("\n") + "\n")?)
    }

    /// Whether it contains a case.
    pub fn has(&self, id: &str) -> bool {
        self.0.contains_key(id)
    }

    /// All names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::List;

    #[test]
    fn a_name_needs_a_reason() {
        let list = List::parse("# why\n\na/b  it is so\nrsa -2048  two spaces part them\n").unwrap();
        assert!(list.has("a/b") && list.has("rsa -2048") && !list.has("# why"));
        assert_eq!(list.names().count(), 2);
        assert!(List::parse("a\n").is_err());
        assert!(List::parse("a   \n").is_err());
        assert!(List::parse("a  x\na  y\n").is_err());
    }

    #[test]
    fn names_are_struck_off() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&file, "# why\na  x\nb  y\nc  z\n").unwrap();
        let struck = ["a", "c", "none"].map(str::to_owned).into();
        List::strike(file.path(), &struck).unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "# why\nb  y\n");
    }
}
