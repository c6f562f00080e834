//! Isolated hosts on one Ethernet: network namespaces around a bridge in another one. The
//! machine's own interfaces are never touched.

use std::ffi::OsStr;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result, ensure};

/// The namespaces, which are removed when this is dropped, also if a test panics.
#[derive(Debug)]
pub struct Network {
    prefix: String,
    namespaces: Vec<String>,
}

/// A host in it.
#[derive(Debug, Clone)]
pub struct Host {
    namespace: String,
}

impl Network {
    /// A network without hosts.
    ///
    /// # Errors
    /// The error of `ip`, which needs root.
    pub fn new() -> Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let mut network = Network {
            prefix: format!("rcfssl-{}-{count}", std::process::id()),
            namespaces: Vec::new(),
        };
        let bridge = network.namespace("bridge")?;
        ip(&["-n", &bridge, "link", "add", "br0", "type", "bridge"])?;
        ip(&["-n", &bridge, "link", "set", "br0", "up"])?;
        Ok(network)
    }

    /// A host with these addresses, each with its prefix length.
    ///
    /// # Errors
    /// The error of `ip`.
    pub fn host(&mut self, addresses: &[&str]) -> Result<Host> {
        let number = self.namespaces.len();
        let namespace = self.namespace(&format!("host{number}"))?;
        let bridge = format!("{}-bridge", self.prefix);
        let port = format!("port{number}");
        let veth = ["-n", &bridge, "link", "add", &port, "type", "veth"];
        ip(&[&veth[..], &["peer", "name", "eth0", "netns", &namespace]].concat())?;
        ip(&["-n", &bridge, "link", "set", &port, "master", "br0", "up"])?;
        for address in addresses {
            ip(&["-n", &namespace, "address", "add", address, "dev", "eth0"])?;
        }
        for interface in ["lo", "eth0"] {
            ip(&["-n", &namespace, "link", "set", interface, "up"])?;
        }
        Ok(Host { namespace })
    }

    fn namespace(&mut self, name: &str) -> Result<String> {
        let name = format!("{}-{name}", self.prefix);
        ip(&["netns", "add", &name])?;
        self.namespaces.push(name.clone());
        Ok(name)
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        // The interfaces are removed with their namespaces.
        for namespace in self.namespaces.iter().rev() {
            if let Err(error) = ip(&["netns", "delete", namespace]) {
                eprintln!("{error:#}");
            }
        }
    }
}

impl Host {
    /// A program on this host.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.namespace]).arg(program);
        command.stdin(Stdio::null());
        command
    }
}

fn ip(arguments: &[&str]) -> Result<()> {
    let output = Command::new("ip").args(arguments).output().context("ip")?;
    let text = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "ip {}: {}",
        arguments.join(" "),
        text.trim()
    );
    Ok(())
}
