//! Many certificates of one organization with `renew -jobs`, compared with a shell loop
//! over real cfssl.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde::Serialize;

use crate::inside::Authority;
use crate::measure::Place;

/// The number of certificates in the slow loop.
const LOOP: usize = 200;

/// The cost of a run.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Taken {
    /// Elapsed time.
    pub seconds: f64,
    /// User and system time of all cores.
    pub cpu_seconds: f64,
    /// The largest resident set.
    pub megabytes: f64,
}

/// The results for renewals.
#[derive(Debug, Serialize)]
pub struct Renewals {
    /// The row's name.
    pub name: &'static str,
    /// The number of certificates.
    pub certificates: usize,
    /// All created, with new keys.
    pub made: Taken,
    /// All renewed, with existing keys.
    pub renewed: Taken,
    /// All still valid.
    pub untouched: Taken,
    /// As many created as by the loop.
    pub few: Taken,
    /// The number of these.
    pub looped: usize,
    /// The loop over real cfssl.
    pub cfssl: Taken,
}

impl Renewals {
    /// The ratio of the times for the same work.
    pub fn ratio(&self) -> f64 {
        self.few.seconds / self.cfssl.seconds
    }
}

/// Its name in the table.
pub fn name(authority: Authority) -> &'static str {
    match authority {
        Authority::P256 => "renew -jobs, P-256 CA",
        Authority::Rsa2048 => "renew -jobs, RSA-2048 CA",
    }
}

/// An organization's folder.
struct Folder<'a> {
    place: &'a Place,
    path: PathBuf,
}

/// Measures a CA with this many certificates.
pub fn measure(place: &Place, authority: Authority, certificates: usize) -> Result<Renewals> {
    let looped = LOOP.min(certificates);
    let folder = Folder::new(place, authority, certificates)?;
    let made = folder.renew(&[], certificates, "made")?;
    let untouched = folder.renew(&[], certificates, "untouched")?;
    let renewed = folder.renew(&["-force"], certificates, "renewed")?;
    folder.remove()?;
    let folder = Folder::new(place, authority, looped)?;
    let few = folder.renew(&[], looped, "made")?;
    folder.remove()?;
    let folder = Folder::new(place, authority, looped)?;
    let cfssl = folder.run_loop(looped)?;
    folder.remove()?;
    Ok(Renewals {
        name: name(authority),
        certificates,
        made,
        renewed,
        untouched,
        few,
        looped,
        cfssl,
    })
}

impl<'a> Folder<'a> {
    /// The CA's files, a request document for each certificate, and the jobs document.
    fn new(place: &'a Place, authority: Authority, certificates: usize) -> Result<Self> {
        let work = place.work();
        let path = work.join("renewals");
        fs::create_dir(&path)?;
        let ca = match authority {
            Authority::P256 => "p256",
            Authority::Rsa2048 => "rsa",
        };
        for (from, to) in [
            (format!("{ca}.pem"), "ca.pem"),
            (format!("{ca}-key.pem"), "ca-key.pem"),
            ("ca-config.json".to_owned(), "ca-config.json"),
        ] {
            fs::copy(work.join(&from), path.join(to)).with_context(|| from)?;
        }
        let mut jobs = String::from(r#"{"organizations":[{"name":"many","folder":".","certificates":["#);
        for number in 0..certificates {
            let request = format!(
                r#"{{"CN":"host-{number}.example","hosts":["host-{number}.example","10.{}.{}.{}"],"key":{{"algo":"ecdsa","size":256}},"names":[{{"C":"US","O":"Org"}}]}}"#,
                number / 65536,
                number / 256 % 256,
                number % 256
            );
            fs::write(path.join(format!("host-{number}.json")), request)?;
            let comma = if number == 0 { "" } else { "," };
            write!(
                jobs,
                "{comma}\n{{\"request\":\"host-{number}.json\",\"profile\":\"server\",\"output\":\"host-{number}\"}}"
            )?;
        }
        jobs.push_str("]}]}\n");
        fs::write(path.join("jobs.json"), jobs)?;
        Ok(Folder { place, path })
    }

    fn remove(self) -> Result<()> {
        Ok(fs::remove_dir_all(self.path)?)
    }

    /// Runs `renew -jobs`, which must count all certificates under one word.
    fn renew(&self, flags: &[&str], certificates: usize, word: &str) -> Result<Taken> {
        let mut command = self.timed(&self.place.rcfssl());
        command.args(["renew", "-loglevel", "3", "-json", "-jobs", "jobs.json"]);
        let (taken, out) = self.run(command.args(flags))?;
        let report: serde_json::Value = serde_json::from_slice(&out)?;
        ensure!(report[word] == certificates, "not all were {word}");
        // OpenSSL confirms the first and the last certificate.
        for number in [0, certificates - 1] {
            self.verify(&format!("host-{number}.pem"))?;
        }
        Ok(taken)
    }

    /// The loop that users of real cfssl write.
    fn run_loop(&self, certificates: usize) -> Result<Taken> {
        let line = format!(
            "n=0; while [ $n -lt {certificates} ]; do \
             cfssl gencert -loglevel=3 -ca=ca.pem -ca-key=ca-key.pem -config=ca-config.json -profile=server \
             host-$n.json | cfssljson -bare host-$n || exit 1; n=$((n + 1)); done"
        );
        let mut command = self.timed(Path::new("/bin/sh"));
        let path = format!("{}:/usr/bin:/bin", self.place.theirs().display());
        let (taken, _) = self.run(command.args(["-c", &line]).env("PATH", path))?;
        self.verify(&format!("host-{}.pem", certificates - 1))?;
        Ok(taken)
    }

    /// A program under GNU time.
    fn timed(&self, program: &Path) -> Command {
        let mut command = Command::new("/usr/bin/time");
        command.args(["-f", "%e %U %S %M", "-o"]).arg(self.peak());
        command.arg(program).current_dir(&self.path).stdin(Stdio::null());
        command
    }

    fn peak(&self) -> PathBuf {
        self.place.work().join("peak")
    }

    fn run(&self, command: &mut Command) -> Result<(Taken, Vec<u8>)> {
        // Earlier writes are flushed first, so that they are not counted here.
        let synced = Command::new("sync").status().context("sync")?;
        ensure!(synced.success(), "sync: {synced}");
        let output = command.output().context("/usr/bin/time (package time)")?;
        let error = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{command:?}: {}: {error}", output.status);
        let text = fs::read_to_string(self.peak())?;
        let figures: Vec<f64> = text
            .split_whitespace()
            .map(str::parse)
            .collect::<Result<_, _>>()?;
        let [seconds, user, system, kilobytes] = figures[..] else {
            anyhow::bail!("{text}");
        };
        let taken = Taken {
            seconds,
            cpu_seconds: user + system,
            megabytes: kilobytes / 1024.0,
        };
        Ok((taken, output.stdout))
    }

    fn verify(&self, certificate: &str) -> Result<()> {
        let mut command = Command::new("openssl");
        command.args(["verify", "-CAfile", "ca.pem", certificate]);
        let output = command.current_dir(&self.path).output().context("openssl")?;
        ensure!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(())
    }
}
