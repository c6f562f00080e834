//! `rcfssl serve` in tests, on a free port of 127.0.0.1.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::binaries;
use crate::workplace::Workplace;

/// The time limit for starting or stopping a server.
const PATIENCE: Duration = Duration::from_secs(20);

/// Whoever runs the tests may ignore SIGHUP, as `nohup` does, or SIGINT, as shells let commands
/// in the background do.
const DEFAULT_SIGNALS: &str = "--default-signal=HUP,INT";

/// A running server, which is stopped when this is dropped.
#[derive(Debug)]
pub struct Served {
    child: Child,
    /// Its address.
    pub address: SocketAddr,
    log: PathBuf,
}

/// An HTTP response.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The status line and header lines.
    pub head: String,
    /// The body.
    pub body: String,
}

impl Answer {
    /// The number in the envelope's only error.
    ///
    /// # Errors
    /// If the body is not the envelope of a failure.
    pub fn error(&self) -> Result<u64> {
        let body: Value = serde_json::from_str(&self.body).with_context(|| format!("{self:?}"))?;
        ensure!(body["success"] == false && body["result"].is_null(), "{body}");
        body["errors"][0]["code"]
            .as_u64()
            .with_context(|| format!("{body}"))
    }

    /// Parses an HTTP/1 response.
    ///
    /// # Errors
    /// If it is malformed.
    pub fn read(octets: &[u8]) -> Result<Self> {
        let text = String::from_utf8_lossy(octets);
        let (head, body) = text.split_once("\r\n\r\n").with_context(|| format!("{text:?}"))?;
        let status = head.split(' ').nth(1).context("no status")?.parse()?;
        Ok(Answer {
            status,
            head: head.to_owned(),
            body: body.to_owned(),
        })
    }
}

impl Served {
    /// Starts `rcfssl serve` in the folder of a workplace and waits until it listens.
    ///
    /// # Errors
    /// The error of the system, or of the server if it does not start.
    pub fn start(place: &Workplace, arguments: &[&str]) -> Result<Self> {
        let mut command = Command::new("env");
        command.current_dir(place.path());
        let program = binaries::folder()?.join("rcfssl");
        Served::launch(&place.path(), |port| {
            command.arg(DEFAULT_SIGNALS).arg(program);
            command.args(["serve", "-port", port]).args(arguments);
            command
        })
    }

    /// The same for a line of the shell, which finds the port in `$PORT` and ends with
    /// `exec` of the server.
    ///
    /// # Errors
    /// As [`Served::start`].
    pub fn start_line(place: &Workplace, line: &str) -> Result<Self> {
        let mut command = place.command("env");
        Served::launch(&place.path(), |port| {
            command
                .args([DEFAULT_SIGNALS, "bash", "-c", line])
                .env("PORT", port);
            command
        })
    }

    /// The same for a command that runs `rcfssl`, with the log in a folder.
    ///
    /// # Errors
    /// As [`Served::start`].
    pub fn spawn(mut command: Command, folder: &Path, arguments: &[&str]) -> Result<Self> {
        Served::launch(folder, |port| {
            command.args(["serve", "-port", port]).args(arguments);
            command
        })
    }

    fn launch(folder: &Path, command: impl FnOnce(&str) -> Command) -> Result<Self> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let log = folder.join(format!("serve-{}.log", address.port()));
        let mut command = command(&address.port().to_string());
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let child = command.stderr(File::create(&log)?).spawn()?;
        let mut served = Served { child, address, log };
        let begun = Instant::now();
        while TcpStream::connect(address).is_err() {
            if let Some(status) = served.child.try_wait()? {
                bail!("{status}: {}", served.log()?);
            }
            ensure!(
                begun.elapsed() < PATIENCE,
                "it does not listen: {}",
                served.log()?
            );
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(served)
    }

    /// Its log.
    ///
    /// # Errors
    /// The system's error.
    pub fn log(&self) -> Result<String> {
        Ok(fs::read_to_string(&self.log)?)
    }

    /// Waits for a text in its log.
    ///
    /// # Errors
    /// Where it does not come.
    pub fn logs(&self, text: &str) -> Result<()> {
        let begun = Instant::now();
        while !self.log()?.contains(text) {
            ensure!(begun.elapsed() < PATIENCE, "{text:?} is not in {}", self.log()?);
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    /// Its process ID.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends bytes and reads the response until the server closes the connection.
    ///
    /// # Errors
    /// The system's error.
    pub fn raw(&self, octets: &[u8]) -> Result<Vec<u8>> {
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        // The server may close the connection before everything was sent.
        let _ = stream.write_all(octets);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let _ = stream.shutdown(Shutdown::Both);
        Ok(answer)
    }

    /// A POST to an endpoint.
    ///
    /// # Errors
    /// The system's error, or a malformed response.
    pub fn post(&self, endpoint: &str, body: &str) -> Result<Answer> {
        let head = format!(
            "POST /api/v1/cfssl/{endpoint} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        Answer::read(&self.raw((head + body).as_bytes())?)
    }

    /// A GET of a path.
    ///
    /// # Errors
    /// The system's error, or a malformed response.
    pub fn get(&self, path: &str) -> Result<Answer> {
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        Answer::read(&self.raw(request.as_bytes())?)
    }

    /// Sends a signal by name: HUP, INT, TERM or another, once the server catches the first
    /// three, or ignores them. It listens a moment before it does.
    ///
    /// # Errors
    /// The error of `kill`.
    pub fn signal(&self, name: &str) -> Result<()> {
        let number = ["HUP", "INT", "TERM"]
            .iter()
            .zip([1, 2, 15])
            .find(|(known, _)| **known == name);
        let begun = Instant::now();
        while let Some((_, number)) = number
            && !self.expects(number)?
            && begun.elapsed() < PATIENCE
        {
            std::thread::sleep(Duration::from_millis(5));
        }
        let status = Command::new("kill")
            .arg(format!("-{name}"))
            .arg(self.id().to_string())
            .status()?;
        ensure!(status.success(), "kill: {status}");
        Ok(())
    }

    /// Whether it catches or ignores a signal, as Linux reports.
    fn expects(&self, number: u32) -> Result<bool> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id()))?;
        let masks = status.lines().filter_map(|line| {
            let mask = line.strip_prefix("SigCgt:").or(line.strip_prefix("SigIgn:"))?;
            u64::from_str_radix(mask.trim(), 16).ok()
        });
        Ok(masks.fold(0, |all, mask| all | mask) >> (number - 1) & 1 == 1)
    }

    /// Waits until it ends.
    ///
    /// # Errors
    /// If it does not end in time.
    pub fn wait(&mut self) -> Result<ExitStatus> {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            ensure!(begun.elapsed() < PATIENCE, "it does not end: {}", self.log()?);
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
