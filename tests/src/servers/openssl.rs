//! TLS servers run by openssl, which supports versions and suites that rustls does not.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::made::Made;

/// `openssl s_server`, until it is dropped.
#[derive(Debug)]
pub struct OpensslServer {
    child: Child,
    /// Its port on 127.0.0.1.
    pub port: u16,
    _files: TempDir,
}

impl OpensslServer {
    /// Starts a server that presents these certificates, with further arguments.
    ///
    /// # Errors
    /// The error of openssl.
    pub fn start(chain: &[&Made], arguments: &[&str]) -> Result<Self> {
        let files = tempfile::tempdir()?;
        let path = |name: &str| files.path().join(name);
        std::fs::write(path("leaf.pem"), chain[0].pem())?;
        std::fs::write(path("key.pem"), chain[0].key_pem())?;
        let others: String = chain[1..].iter().map(|made| made.pem()).collect();
        std::fs::write(path("chain.pem"), others)?;
        let mut command = Command::new("openssl");
        command
            .current_dir(files.path())
            // It ends with its standard input, unless it serves web pages.
            .args(["s_server", "-www", "-accept", "127.0.0.1:0"])
            .args(["-cert", "leaf.pem", "-key", "key.pem"]);
        if chain.len() > 1 {
            command.args(["-cert_chain", "chain.pem"]);
        }
        let mut child = command
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("openssl")?;
        let out = child.stdout.take().context("openssl prints nothing")?;
        let mut server = OpensslServer {
            child,
            port: 0,
            _files: files,
        };
        let mut lines = BufReader::new(out).lines();
        server.port = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("ACCEPT 127.0.0.1:")?.parse().ok())
            .with_context(|| format!("openssl s_server {arguments:?} does not start"))?;
        // Unread output would fill the pipe and stop the server.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        Ok(server)
    }
}

impl Drop for OpensslServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
