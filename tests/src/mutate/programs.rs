//! Readers that only the built programs have: `rcfssljson`, `renew`, and a server.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use rcfssl_core::Certificate;
use rcfssl_core::key::{self, SigningKey};
use wait4::Wait4;

use super::calls;
use super::worker::Limits;
use crate::servers::{Answer, Served};
use crate::{Context, Result, ensure, fixtures};

/// How long a server may take to answer; it makes RSA keys, too.
const PATIENCE: Duration = Duration::from_secs(60);

/// The programs, and where they run.
pub struct Programs {
    binaries: PathBuf,
    folder: PathBuf,
    limits: Limits,
    server: Mutex<Option<Server>>,
}

/// A server, and how much of its log was looked at.
struct Server {
    served: Served,
    seen: usize,
    seconds: f64,
    memory: u64,
}

/// The files of the folder that `renew` works on, as the organization's name them.
const FOLDER: [(&str, &str); 6] = [
    ("ca.pem", "ca-ec.pem"),
    ("ca-key.pem", "ca-ec-key.pem"),
    ("svc.pem", "leaf.pem"),
    ("svc-key.pem", "leaf-key.pem"),
    ("other.pem", "leafint.pem"),
    ("other-key.pem", "leafint-key.pem"),
];

/// In a journal, what the names of temporary files in the folder begin with.
pub const TAG: &str = "@TAG@";

/// The temporary files that a journal may name, behind their tag.
pub const TEMPORARY: [&str; 2] = ["0000000000000001.tmp", "0000000000000002.tmp"];

impl Programs {
    /// Those of a folder, which run in another that is theirs alone.
    ///
    /// # Errors
    /// Where that cannot be made.
    pub fn new(binaries: &Path, folder: &Path, limits: Limits) -> Result<Self> {
        fs::create_dir_all(folder)?;
        Ok(Programs {
            binaries: binaries.canonicalize()?,
            folder: folder.canonicalize()?,
            limits,
            server: Mutex::new(None),
        })
    }

    /// A program that ends with this one, however that ends.
    fn command(&self, name: &str) -> Command {
        let mut command = Command::new("setpriv");
        command
            .args(["--pdeathsig", "KILL"])
            .arg(self.binaries.join(name));
        command.current_dir(&self.folder).stdin(Stdio::null());
        for name in ["RUST_BACKTRACE", "RCFSSL_STRICT", "SSL_CERT_FILE", "SSL_CERT_DIR"] {
            command.env_remove(name);
        }
        command
    }

    /// Runs a program, which must end in order and cheaply.
    fn run(&self, name: &str, arguments: &[&str]) -> Result<()> {
        let (out, err) = (self.folder.join("stdout"), self.folder.join("stderr"));
        let child = self
            .command(name)
            .args(arguments)
            .stdout(File::create(&out)?)
            .stderr(File::create(&err)?)
            .spawn()?;
        let done = child.wait4()?;
        let told = String::from_utf8_lossy(&fs::read(&err)?).into_owned();
        let place = told.lines().find(|line| line.contains("panicked"));
        let is_orderly = done.status.code().is_some_and(|code| code < 100) && place.is_none();
        ensure!(is_orderly, "{name} ended with {}: {place:?}", done.status);
        let seconds = (done.rusage.utime + done.rusage.stime).as_secs_f64();
        ensure!(seconds <= self.limits.seconds, "slow: {name} took {seconds:.1} s");
        // The kernel counts what this process had when it started that one.
        let memory = done.rusage.maxrss;
        let own = super::worker::peak(super::worker::OWN)?;
        ensure!(
            memory <= self.limits.memory.max(own),
            "large: {name} took {} MiB",
            memory >> 20
        );
        Ok(())
    }

    /// What `rcfssljson` reads, in each of its forms.
    ///
    /// # Errors
    /// What the program did wrong.
    pub fn output(&self, input: &[u8]) -> Result<()> {
        fs::write(self.folder.join("input"), input)?;
        self.run("rcfssljson", &["-f", "input", "-stdout"])?;
        self.run("rcfssljson", &["-f", "input", "-bare", "-stdout"])?;
        fs::write(self.folder.join("password"), "secret")?;
        let arguments = ["-f", "input", "-bare", "-stdout", "-p12", "password"];
        self.run("rcfssljson", &arguments)
    }

    /// A jobs document, beside the folder of an organization.
    ///
    /// # Errors
    /// What the program did wrong.
    pub fn jobs(&self, input: &[u8]) -> Result<()> {
        let etcd = self.folder.join("etcd");
        if !etcd.exists() {
            fs::create_dir(&etcd)?;
            for entry in fs::read_dir(fixtures().join("jobs/etcd"))? {
                let entry = entry?;
                fs::copy(entry.path(), etcd.join(entry.file_name()))?;
            }
            for (name, recorded) in &FOLDER[..2] {
                fs::copy(calls::folder().join("pki").join(recorded), etcd.join(name))?;
            }
        }
        fs::write(self.folder.join("jobs.json"), input)?;
        self.run("rcfssl", &["renew", "-jobs", "jobs.json", "-dry-run"])
    }

    /// A folder with one file that came from elsewhere.
    ///
    /// # Errors
    /// What the program did wrong; a certificate and a key that do not fit.
    pub fn folder(&self, input: &[u8]) -> Result<()> {
        let (name, contents) = split(input)?;
        let name = FILES.into_iter().find(|known| *known == name).context("a name")?;
        let folder = self.folder.join("folder");
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir(&folder)?;
        for (name, recorded) in FOLDER {
            fs::copy(calls::folder().join("pki").join(recorded), folder.join(name))?;
        }
        let metadata = folder.metadata()?;
        let tag = format!(".rcfssl-{:x}-{:x}.", metadata.dev(), metadata.ino());
        for temporary in TEMPORARY {
            fs::write(folder.join(format!("{tag}{temporary}")), "new")?;
        }
        fs::write(
            folder.join(name),
            replaced(contents, TAG.as_bytes(), tag.as_bytes()),
        )?;
        self.run("rcfssl", &["renew", "-force", "folder"])?;
        if name == JOURNAL {
            return Ok(());
        }
        self.check_pair(&folder, name)
    }

    /// What was renewed belongs together.
    fn check_pair(&self, folder: &Path, name: &str) -> Result<()> {
        let certificate = fs::read(folder.join("svc.pem"))?;
        let was_renewed = name != "svc.pem" && certificate != fs::read(calls::folder().join("pki/leaf.pem"))?;
        if !was_renewed {
            return Ok(());
        }
        let certificate = Certificate::read_pem(&certificate)
            .ok()
            .context("svc.pem is no certificate")?;
        let key = key::read(&fs::read(folder.join("svc-key.pem"))?);
        let key = key.ok().context("svc-key.pem is no key")?;
        ensure!(
            certificate.public_key.is_same_key(key.public_key()),
            "certificate and key do not fit"
        );
        Ok(())
    }

    /// A request to the API.
    ///
    /// # Errors
    /// What the server did wrong.
    pub fn call(&self, input: &[u8]) -> Result<()> {
        let (path, body) = split(input)?;
        let mut place = self.server.lock().ok().context("a server")?;
        let mut server = match place.take() {
            Some(server) => server,
            None => self.start()?,
        };
        // A server that did something wrong is not kept.
        server.ask(path, body, self.limits)?;
        *place = Some(server);
        Ok(())
    }

    fn start(&self) -> Result<Server> {
        let folder = self.folder.join("server");
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir(&folder)?;
        for entry in fs::read_dir(calls::folder().join("pki"))? {
            let entry = entry?;
            fs::copy(entry.path(), folder.join(entry.file_name()))?;
        }
        fs::write(folder.join("cfg.json"), calls::configuration()?)?;
        let database = r#"{"driver":"sqlite3","data_source":"certs.db"}"#;
        fs::write(folder.join("db.json"), database)?;
        let created = self
            .command("rcfssl")
            .current_dir(&folder)
            .args(["db", "create", "-db-config", "db.json"])
            .stderr(Stdio::null())
            .stdout(Stdio::null())
            .status()?;
        ensure!(created.success(), "db create: {created}");
        let mut command = self.command("rcfssl");
        command.current_dir(&folder).env("CONF_KEY3", "aabbccdd");
        let arguments = "-ca ca-ec.pem -ca-key ca-ec-key.pem -config cfg.json -responder ocsp.pem \
                         -responder-key ocsp-key.pem -ca-bundle roots.pem -int-bundle int.pem \
                         -db-config db.json";
        let arguments: Vec<&str> = arguments.split_whitespace().collect();
        let served = Served::spawn(command, &folder, &arguments)?;
        let (seconds, memory) = used(served.id())?;
        Ok(Server {
            served,
            seen: 0,
            seconds,
            memory,
        })
    }
}

/// The name of a journal.
const JOURNAL: &str = ".rcfssl.journal";

/// What a case may be in the folder.
pub const FILES: [&str; 7] = [
    JOURNAL,
    ".rcfssl.lock",
    "svc.pem",
    "svc-key.pem",
    "svc.csr",
    "ca.pem",
    "ca-config.json",
];

impl Server {
    fn ask(&mut self, path: &str, body: &[u8], limits: Limits) -> Result<()> {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        let mut stream = TcpStream::connect(self.served.address).context("the server is gone")?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(head.as_bytes())?;
        // Who has heard enough may hang up before all was sent.
        let _ = stream.write_all(body);
        let mut octets = Vec::new();
        let _ = stream.read_to_end(&mut octets);
        let answer = Answer::read(&octets).context("no answer")?;
        ensure!(
            !answer.body.contains("internal server error"),
            "a request panicked: {}",
            self.served
                .log()?
                .lines()
                .find(|line| line.contains("panicked"))
                .unwrap_or_default()
        );
        let log = self.served.log()?;
        let fresh = log.get(self.seen..).unwrap_or_default();
        ensure!(!fresh.contains("panicked"), "something panicked: {fresh}");
        self.seen = log.len();
        let (seconds, memory) = used(self.served.id())?;
        let (took, more) = (seconds - self.seconds, memory.saturating_sub(self.memory));
        (self.seconds, self.memory) = (seconds, memory);
        ensure!(took <= limits.seconds, "slow: the server took {took:.1} s");
        ensure!(more <= limits.memory, "large: the server took {} MiB", more >> 20);
        Ok(())
    }
}

/// What a process has computed, in seconds, and the most memory that it had, in bytes.
fn used(id: u32) -> Result<(f64, u64)> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat"))?;
    let behind = stat.rsplit(')').next().unwrap_or_default();
    let ticks: u64 = behind
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<u64>().ok())
        .sum();
    let memory = super::worker::peak(&format!("/proc/{id}/status"))?;
    // USER_HZ is 100 wherever Linux runs.
    Ok((ticks as f64 / 100.0, memory))
}

fn split(input: &[u8]) -> Result<(&str, &[u8])> {
    let end = input.iter().position(|octet| *octet == b'\n').context("a line")?;
    let (name, rest) = input.split_at(end);
    Ok((str::from_utf8(name)?, &rest[1..]))
}

fn replaced(text: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.windows(from.len()).position(|window| window == from) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(to);
        rest = &rest[at + from.len()..];
    }
    out.extend_from_slice(rest);
    out
}
