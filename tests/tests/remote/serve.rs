//! Debian's `cfssl serve`, at a port of its own for as long as a test wants it.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use rcfssl_tests::Workplace;

/// A server that runs until it is dropped.
#[derive(Debug)]
pub struct Server {
    process: Child,
    /// Its port at 127.0.0.1.
    pub port: u16,
}

impl Server {
    /// Starts one in a folder, with these flags.
    ///
    /// # Errors
    /// Where it does not listen in time.
    pub fn start(place: &Workplace, flags: &str) -> Result<Self> {
        // Another process may take the port in between; then the server ends, and the
        // next port is tried.
        for _ in 0..5 {
            let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
            let process = Command::new("/usr/bin/cfssl")
                .current_dir(place.path())
                .args(["serve", "-address", "127.0.0.1", "-port", &port.to_string()])
                .args(flags.split_whitespace())
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()?;
            let mut server = Server { process, port };
            if server.listens()? {
                return Ok(server);
            }
        }
        bail!("cfssl serve {flags} does not listen")
    }

    fn listens(&mut self) -> Result<bool> {
        let deadline = Instant::now() + Duration::from_secs(20);
        while Instant::now() < deadline {
            if self.process.try_wait()?.is_some() {
                return Ok(false);
            }
            if TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return Ok(true);
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(false)
    }

    /// `127.0.0.1:PORT`
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
