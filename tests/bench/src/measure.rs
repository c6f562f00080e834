//! Runs both programs alternately.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use serde::Serialize;
use tempfile::TempDir;
use wait4::Wait4;

use crate::rows::{self, Kind, Row};
use crate::statistics::Quartiles;

/// A folder with documents and CAs, and two folders with programs called `cfssl` and
/// `cfssljson`.
pub struct Place {
    work: TempDir,
    ours: PathBuf,
    theirs: PathBuf,
}

/// The figures of both programs.
#[derive(Debug, Serialize)]
pub struct Measured {
    /// The number of runs of each.
    pub runs: usize,
    /// rcfssl: milliseconds, or megabytes.
    pub ours: Quartiles,
    /// cfssl.
    pub theirs: Quartiles,
    /// The ratio of the medians.
    pub ratio: f64,
}

impl Place {
    /// Creates the folder; our own binaries create the CAs and other input.
    pub fn new(binaries: &Path, cfssl: &Path) -> Result<Self> {
        let work = tempfile::Builder::new().prefix("rcfssl-bench-").tempdir()?;
        let [ours, theirs] = ["ours", "theirs"].map(|name| work.path().join(name));
        let binaries = fs::canonicalize(binaries).with_context(|| binaries.display().to_string())?;
        for (folder, from, names) in [
            (&ours, binaries.as_path(), ["rcfssl", "rcfssljson"]),
            (&theirs, cfssl, ["cfssl", "cfssljson"]),
        ] {
            fs::create_dir(folder)?;
            for (name, target) in ["cfssl", "cfssljson"].iter().zip(names) {
                ensure!(
                    from.join(target).is_file(),
                    "there is no {target} in {}",
                    from.display()
                );
                symlink(from.join(target), folder.join(name))?;
            }
        }
        let documents = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/documents");
        for entry in fs::read_dir(&documents).with_context(|| documents.display().to_string())? {
            let entry = entry?;
            fs::copy(entry.path(), work.path().join(entry.file_name()))?;
        }
        for (name, algorithm, size) in [
            ("p256", "ecdsa", 256),
            ("rsa-2048", "rsa", 2048),
            ("rsa-4096", "rsa", 4096),
        ] {
            let document = format!(
                r#"{{"CN":"My own CA","key":{{"algo":"{algorithm}","size":{size}}},"names":[{{"C":"US","O":"Org"}}]}}"#
            );
            fs::write(work.path().join(format!("{name}.json")), document)?;
        }
        fs::create_dir(work.path().join("out"))?;
        let place = Place { work, ours, theirs };
        let made = "cfssl gencert -initca p256.json | cfssljson -bare p256 &&
            cfssl gencert -initca rsa-2048.json | cfssljson -bare rsa &&
            cfssl gencert -ca=p256.pem -ca-key=p256-key.pem -config=ca-config.json -profile=server server.json \
            > made.json && cfssljson -bare leaf < made.json";
        let mut shell = place.command(&place.ours, rows::Command::Shell(made))?;
        ensure!(shell.status()?.success(), "the CAs could not be created");
        Ok(place)
    }

    /// The folder.
    pub fn work(&self) -> &Path {
        self.work.path()
    }

    /// The folder of real cfssl.
    pub fn theirs(&self) -> &Path {
        &self.theirs
    }

    /// The binary under test.
    pub fn rcfssl(&self) -> PathBuf {
        self.ours.join("cfssl")
    }

    fn command(&self, programs: &Path, what: rows::Command) -> Result<Command> {
        let mut command = match what {
            rows::Command::Cfssl(arguments) => {
                let mut command = Command::new(programs.join("cfssl"));
                command.args(arguments).stdin(Stdio::null());
                command
            }
            rows::Command::Cfssljson(arguments, input) => {
                let mut command = Command::new(programs.join("cfssljson"));
                let input = File::open(self.work.path().join(input))?;
                command.args(arguments).stdin(input);
                command
            }
            rows::Command::Shell(line) => {
                let mut command = Command::new("/bin/sh");
                command.args(["-c", line]).stdin(Stdio::null());
                let path = format!("{}:/usr/bin:/bin", programs.display());
                command.env("PATH", path);
                command
            }
        };
        command
            .current_dir(self.work.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        Ok(command)
    }

    /// Removes the output of a run, so that the next one starts in the same state.
    fn clean(&self) -> Result<()> {
        for folder in ["out", "walk"] {
            let folder = self.work.path().join(folder);
            if folder.exists() {
                fs::remove_dir_all(&folder)?;
            }
        }
        fs::create_dir(self.work.path().join("out"))?;
        Ok(())
    }

    fn run(&self, programs: &Path, row: &Row) -> Result<f64> {
        self.clean()?;
        if row.kind == Kind::Memory {
            return self.run_for_memory(programs, row);
        }
        let mut command = self.command(programs, row.command)?;
        let start = Instant::now();
        let used = command.spawn()?.wait4()?;
        let wall = start.elapsed();
        ensure!(used.status.success(), "{command:?}: {}", used.status);
        let counted = match row.kind {
            Kind::Cpu => used.rusage.utime + used.rusage.stime,
            _ => wall,
        };
        Ok(counted.as_secs_f64() * 1000.0)
    }

    /// A process inherits the peak memory of its parent, which must therefore be small: GNU
    /// time.
    fn run_for_memory(&self, programs: &Path, row: &Row) -> Result<f64> {
        let inner = self.command(programs, row.command)?;
        let mut command = Command::new("/usr/bin/time");
        let peak = self.work.path().join("peak");
        command.args(["-f", "%M", "-o"]).arg(&peak);
        command.arg(inner.get_program()).args(inner.get_args());
        command.current_dir(self.work.path());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        match row.command {
            rows::Command::Cfssljson(_, input) => command.stdin(File::open(self.work.path().join(input))?),
            _ => command.stdin(Stdio::null()),
        };
        let status = command.status().context("/usr/bin/time (package time)")?;
        ensure!(status.success(), "{command:?}: {status}");
        let kilobytes: f64 = fs::read_to_string(&peak)?.trim().parse()?;
        Ok(kilobytes / 1024.0)
    }
}

/// Runs both this many times, in alternating order.
pub fn measure(place: &Place, row: &Row, runs: usize) -> Result<Measured> {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for run in 0..=runs {
        let mut pair = [(&place.ours, &mut ours), (&place.theirs, &mut theirs)];
        if run % 2 == 1 {
            pair.reverse();
        }
        for (programs, sample) in pair {
            sample.push(place.run(programs, row)?);
        }
    }
    // The first run of each only filled the caches.
    let (ours, theirs) = (Quartiles::of(&mut ours[1..]), Quartiles::of(&mut theirs[1..]));
    Ok(Measured {
        runs,
        ours,
        theirs,
        ratio: ours.median / theirs.median,
    })
}
