//! Debian's `cfssl serve`, on its own port.

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
    /// Its port on 127.0.0.1.
    pub port: u16,
}

impl Server {
    /// Starts a server in a folder, with these flags.
    ///
    /// # Errors
    /// If it does not listen in time.
    pub fn start(place: &Workplace, flags: &str) -> Result<Self> {
        // If another process takes the port first, the server exits, and the next port is
        // tried.
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
