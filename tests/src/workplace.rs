//! A new folder in which the binaries are called by the names of the programs that they
//! replace.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt;
use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use tempfile::TempDir;

use crate::binaries;
use crate::tree::Tree;

/// The time limit for a shell line.
const PATIENCE: Duration = Duration::from_secs(120);

/// The names under which scripts call the binaries, and the binaries' own names.
const NAMES: [(&str, &str); 10] = [
    ("cfssl", "rcfssl"),
    ("cfssl-bundle", "rcfssl"),
    ("cfssl-certinfo", "rcfssl"),
    ("cfssl-mkbundle", "rcfssl"),
    ("cfssl-newkey", "rcfssl"),
    ("cfssl-scan", "rcfssl"),
    ("cfssljson", "rcfssljson"),
    ("mkbundle", "rcfssl"),
    ("rcfssl", "rcfssl"),
    ("rcfssljson", "rcfssljson"),
];

/// The result of a shell line.
#[derive(Debug, Clone, Default)]
pub struct Step {
    /// The line's exit status; 128 plus the number for a signal.
    pub status: i32,
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: Vec<u8>,
    /// The statuses of the binaries under test, in the order in which they ended; only in a
    /// [watched](Workplace::watched) workplace.
    pub commands: Vec<i32>,
}

impl Step {
    /// Standard output as text.
    pub fn out(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// Standard error as text.
    pub fn err(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }

    /// Standard output as JSON.
    ///
    /// # Errors
    /// The whole step, if it is not JSON.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_slice(&self.stdout).with_context(|| format!("{self}"))
    }

    /// The lines of standard error without time stamps and hints.
    pub fn log(&self) -> Vec<String> {
        let stamped = |line: &str| line.starts_with("20") && line.as_bytes().get(19) == Some(&b' ');
        let body = |line: &str| {
            line.get(20..)
                .filter(|_| stamped(line))
                .unwrap_or(line)
                .to_owned()
        };
        let lines = self.err();
        lines
            .lines()
            .filter(|line| !line.starts_with("hint: "))
            .map(body)
            .collect()
    }

    /// The step itself, if it succeeded.
    ///
    /// # Errors
    /// Its output, if it failed.
    pub fn ok(self) -> Result<Self> {
        ensure!(self.status == 0, "exit status {}: {}", self.status, self.err());
        Ok(self)
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "exit status {}\n{}\n{}", self.status, self.out(), self.err())
    }
}

impl From<Output> for Step {
    fn from(output: Output) -> Self {
        use std::os::unix::process::ExitStatusExt;
        let status = output.status;
        Step {
            status: status
                .code()
                .unwrap_or_else(|| 128 + status.signal().unwrap_or_default()),
            stdout: output.stdout,
            stderr: output.stderr,
            commands: Vec::new(),
        }
    }
}

/// The folder, with `bin/` beside it and first in `PATH`; both are removed when this is
/// dropped.
#[derive(Debug)]
pub struct Workplace {
    root: TempDir,
    environment: BTreeMap<String, String>,
    watched: bool,
}

impl Workplace {
    /// A workplace with links to the binaries.
    ///
    /// # Errors
    /// The error of the system or of cargo.
    pub fn new() -> Result<Self> {
        Self::made(&own_programs()?, false)
    }

    /// A workplace with links to other programs, under the names that lines use.
    ///
    /// # Errors
    /// The system's error.
    pub fn with(programs: &[(&str, PathBuf)]) -> Result<Self> {
        Self::made(programs, false)
    }

    /// A workplace that records the exit status of every call of a binary, including those
    /// that the shell line does not return.
    ///
    /// # Errors
    /// The error of the system or of cargo.
    pub fn watched() -> Result<Self> {
        Self::made(&own_programs()?, true)
    }

    fn made(programs: &[(&str, PathBuf)], watched: bool) -> Result<Self> {
        let root = tempfile::Builder::new().prefix("rcfssl-").tempdir()?;
        // Tests of permissions let other users work here, too.
        fs::set_permissions(root.path(), Permissions::from_mode(0o755))?;
        let bin = root.path().join("bin");
        let watched_links = root.path().join("watched");
        for folder in [&bin, &watched_links, &root.path().join("work")] {
            fs::create_dir(folder)?;
            fs::set_permissions(folder, Permissions::from_mode(0o755))?;
        }
        for (name, binary) in programs {
            let link = bin.join(name);
            if watched {
                // Through a link, because the binary must be called by the same name.
                let inner = watched_links.join(name);
                symlink(binary, inner)?;
                symlink(concat!(env!("CARGO_MANIFEST_DIR"), "/src/watched.sh"), link)?;
            } else {
                symlink(binary, link)?;
            }
        }
        let path = format!("{}:/usr/bin:/bin", bin.display());
        let home = root.path().join("work").display().to_string();
        let environment = [("PATH", &*path), ("HOME", &*home), ("LC_ALL", "C"), ("TZ", "UTC")];
        let environment = environment.map(|(key, value)| (key.to_owned(), value.to_owned()));
        Ok(Workplace {
            environment: environment.into(),
            root,
            watched,
        })
    }

    /// The folder in which lines run.
    pub fn path(&self) -> PathBuf {
        self.root.path().join("work")
    }

    /// A path in the folder.
    pub fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        self.path().join(name)
    }

    /// A folder beside it, for files that the lines must not find.
    pub fn aside(&self) -> &Path {
        self.root.path()
    }

    /// Sets a variable for all later lines.
    pub fn set(&mut self, key: &str, value: &str) {
        self.environment.insert(key.to_owned(), value.to_owned());
    }

    /// Writes a file with mode 0644, creating its folders.
    ///
    /// # Errors
    /// The system's error.
    pub fn write(&self, name: &str, contents: impl AsRef<[u8]>) -> Result<()> {
        let path = self.join(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&path, contents).with_context(|| path.display().to_string())?;
        fs::set_permissions(&path, Permissions::from_mode(0o644))?;
        Ok(())
    }

    /// Reads a file as text.
    ///
    /// # Errors
    /// The system's error.
    pub fn read(&self, name: &str) -> Result<String> {
        fs::read_to_string(self.join(name)).with_context(|| name.to_owned())
    }

    /// The files in it.
    ///
    /// # Errors
    /// The system's error.
    pub fn tree(&self) -> Result<Tree> {
        Tree::read(&self.path())
    }

    /// A program with a clean environment, in the folder, with empty standard input.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .envs(&self.environment)
            .current_dir(self.path());
        command.stdin(Stdio::null());
        command
    }

    /// Runs a program with the words of a line, split at spaces, without a shell. A name
    /// without a slash is that of a binary under test.
    ///
    /// # Errors
    /// If it cannot be started or takes too long.
    pub fn call(&self, line: &str) -> Result<Step> {
        self.call_in(&self.path(), line)
    }

    /// The same in another folder.
    ///
    /// # Errors
    /// As above.
    pub fn call_in(&self, folder: &Path, line: &str) -> Result<Step> {
        let mut words = line.split(' ');
        let program = words.next().unwrap_or_default();
        let program = match program.contains('/') {
            true => PathBuf::from(program),
            false => self.root.path().join("bin").join(program),
        };
        let mut command = self.command("timeout");
        command
            .args(["--kill-after=5", &PATIENCE.as_secs().to_string()])
            .arg(program)
            .args(words.filter(|word| !word.is_empty()))
            .current_dir(folder);
        let started = Instant::now();
        let step = Step::from(run(command, None)?);
        ensure!(started.elapsed() < PATIENCE, "still not done: {line}");
        Ok(step)
    }

    /// Runs a shell line as a script would, with umask 022 and `pipefail`.
    ///
    /// # Errors
    /// If it takes too long.
    pub fn shell(&self, line: &str) -> Result<Step> {
        self.feed(line, None)
    }

    /// Runs a shell line with `input` from a pipe as standard input.
    ///
    /// # Errors
    /// If it takes too long.
    pub fn feed(&self, line: &str, input: Option<&[u8]>) -> Result<Step> {
        let statuses = self.root.path().join("statuses");
        if self.watched {
            fs::write(&statuses, "")?;
        }
        let mut command = self.command("timeout");
        let patience = PATIENCE.as_secs().to_string();
        command.args(["--kill-after=5", &patience, "bash", "-o", "pipefail", "-c"]);
        command.arg(format!("umask 022; {line}"));
        let started = Instant::now();
        let mut step = Step::from(run(command, input)?);
        if started.elapsed() >= PATIENCE {
            bail!("still not done after {patience} seconds: {line}");
        }
        if self.watched {
            let noted = fs::read_to_string(&statuses)?;
            step.commands = noted.lines().filter_map(|line| line.parse().ok()).collect();
        }
        Ok(step)
    }
}

fn own_programs() -> Result<[(&'static str, PathBuf); NAMES.len()]> {
    let folder = binaries::folder()?;
    Ok(NAMES.map(|(name, binary)| (name, folder.join(binary))))
}

/// Runs a command with `input` on its standard input, and captures both outputs.
///
/// # Errors
/// If it cannot be started.
pub fn run(mut command: Command, input: Option<&[u8]>) -> Result<Output> {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let Some(input) = input else {
        return Ok(command.output()?);
    };
    let mut child = command.stdin(Stdio::piped()).spawn()?;
    let pipe = child.stdin.take();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            // A program that does not read all of its input closes the pipe, which is not
            // an error.
            if let Some(mut pipe) = pipe {
                let _ = pipe.write_all(input);
            }
        });
        Ok(child.wait_with_output()?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_run_in_a_clean_place() {
        let mut place = Workplace::new().unwrap();
        place.set("EXTRA", "yes");
        let step = place
            .shell("umask; env | cut -d= -f1 | sort | tr '\\n' ' '; cat; cfssl version >&2; false | true")
            .unwrap();
        assert_eq!(step.out(), "0022\nEXTRA HOME LC_ALL PATH PWD SHLVL TZ _ ");
        assert!(step.err().starts_with("Version: "), "{}", step.err());
        assert_eq!(step.status, 1);
        let step = place.feed("tr a-z A-Z > out; exit 7", Some(b"abc")).unwrap();
        assert_eq!((step.status, place.read("out").unwrap().as_str()), (7, "ABC"));
        assert_eq!(place.tree().unwrap().files["out"].permissions, 0o644);
    }

    #[test]
    fn a_watched_workplace_records_statuses_that_a_line_hides() {
        let place = Workplace::watched().unwrap();
        let step = place.shell("cfssl nonsense; test $? -ne 0").unwrap();
        assert_eq!((step.status, step.commands), (0, vec![1]));
        let step = place.shell("echo '{}' | cfssljson -bare x").unwrap();
        assert_eq!((step.status, step.commands), (0, vec![0]));
    }
}
