//! The folder of the binaries under test; they are built unless `RCFSSL_TEST_BIN` (a path
//! relative to the top of the repository) names it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context, Result, anyhow, ensure};

/// The folder with `rcfssl` and `rcfssljson`.
///
/// # Errors
/// The error of cargo or the environment, the same for every call.
pub fn folder() -> Result<&'static Path> {
    static FOLDER: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    match FOLDER.get_or_init(|| find().map_err(|error| format!("{error:#}"))) {
        Ok(folder) => Ok(folder),
        Err(error) => Err(anyhow!("{error}")),
    }
}

fn find() -> Result<PathBuf> {
    let folder = match std::env::var_os("RCFSSL_TEST_BIN") {
        Some(given) => {
            // cargo runs tests in the folder of their package.
            let given = crate::repository().join(given);
            std::fs::canonicalize(&given).with_context(|| format!("RCFSSL_TEST_BIN {}", given.display()))?
        }
        None => build(&std::env::current_exe()?)?,
    };
    for name in ["rcfssl", "rcfssljson"] {
        ensure!(
            folder.join(name).is_file(),
            "there is no {name} in {}",
            folder.display()
        );
    }
    Ok(folder)
}

/// Builds both in the profile and for the target of this test.
fn build(test: &Path) -> Result<PathBuf> {
    let place = Place::of(test).with_context(|| format!("{} is in no target folder", test.display()))?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(crate::repository());
    command.args(["build", "--quiet", "--locked", "-p", "rcfssl", "-p", "rcfssljson"]);
    command.arg("--profile").arg(place.profile());
    command.arg("--target-dir").arg(&place.target);
    if let Some(triple) = &place.triple {
        command.arg("--target").arg(triple);
    }
    let status = command.status().context("cargo")?;
    ensure!(status.success(), "cargo build: {status}");
    Ok(place.folder)
}

/// `TARGET/[TRIPLE/]PROFILE/deps/test-0123`, or one of our programs without `deps/`, in
/// parts.
struct Place {
    target: PathBuf,
    triple: Option<String>,
    folder: PathBuf,
}

impl Place {
    fn of(test: &Path) -> Option<Self> {
        let mut folder = test.parent()?;
        if folder.ends_with("deps") {
            folder = folder.parent()?;
        }
        let above = folder.parent()?;
        let is_target = |path: &Path| path.join("CACHEDIR.TAG").is_file();
        let (target, triple) = if is_target(above) {
            (above, None)
        } else {
            let triple = above.file_name()?.to_str()?.to_owned();
            (above.parent().filter(|path| is_target(path))?, Some(triple))
        };
        Some(Place {
            target: target.to_owned(),
            triple,
            folder: folder.to_owned(),
        })
    }

    /// The profile's name, which differs from its folder's only for `dev`.
    fn profile(&self) -> &str {
        match self.folder.file_name().and_then(|name| name.to_str()) {
            Some("debug") | None => "dev",
            Some(name) => name,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_profile_is_read_from_the_path_of_the_test() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("CACHEDIR.TAG"), "").unwrap();
        let place = Place::of(&folder.path().join("debug/deps/x-1")).unwrap();
        assert_eq!((place.profile(), place.triple.as_deref()), ("dev", None));
        let place = Place::of(&folder.path().join("release/x")).unwrap();
        assert_eq!((place.profile(), place.triple.as_deref()), ("release", None));
        let place = Place::of(&folder.path().join("x86_64-unknown-linux-musl/release/deps/x-1")).unwrap();
        assert_eq!(
            (place.profile(), place.triple.as_deref()),
            ("release", Some("x86_64-unknown-linux-musl"))
        );
        assert_eq!(place.target, folder.path());
        assert!(Place::of(Path::new("/usr/bin/x")).is_none());
    }
}
