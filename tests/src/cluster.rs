//! An etcd cluster of three members on separate hosts, secured with the certificates of the
//! walk-through: mutual TLS between the members, and for clients the server certificate and
//! a client certificate.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use crate::network::{Host, Network};
use crate::openssl;
use crate::workplace::Step;

/// The programs that the members need.
pub const PROGRAMS: [&str; 4] = ["etcd", "etcdctl", "curl", "ip"];

/// A member's name, its peer address, and its client address, as in the documents of the
/// walk-through.
const MEMBERS: [(&str, &str, &str); 3] = [
    ("member-1", "10.0.1.10", "54.93.140.146"),
    ("member-2", "10.0.1.11", "54.93.140.76"),
    ("member-3", "10.0.1.12", "54.93.140.30"),
];

/// The time limit for electing a leader.
const PATIENCE: Duration = Duration::from_secs(60);

/// The number of log lines shown.
const TAIL: usize = 15;

/// The cluster; its processes and hosts are removed when it is dropped.
#[derive(Debug)]
pub struct Cluster {
    // Fields are dropped in this order: members stop before their hosts are removed.
    members: Vec<Member>,
    client: Host,
    _network: Network,
    certificates: PathBuf,
    _data: TempDir,
}

#[derive(Debug)]
struct Member {
    name: &'static str,
    host: Host,
    arguments: Vec<String>,
    log: PathBuf,
    process: Option<Child>,
}

impl Cluster {
    /// Starts three members with the certificates in a folder (`ca.pem`, `server.pem` and
    /// `member-1.pem` to `member-3.pem` with their keys; `client.pem` for clients) and
    /// waits until the cluster is healthy.
    ///
    /// # Errors
    /// The error of `ip`, or the ends of the members' logs if the cluster does not become
    /// healthy.
    pub fn start(certificates: &Path) -> Result<Self> {
        let certificates = fs::canonicalize(certificates)?;
        let data = tempfile::Builder::new().prefix("rcfssl-etcd-").tempdir()?;
        let mut network = Network::new()?;
        let client = network.host(&["10.0.1.100/24", "54.93.140.1/24"])?;
        let mut members = Vec::new();
        for (name, peer, public) in MEMBERS {
            let host = network.host(&[&format!("{peer}/24"), &format!("{public}/24")])?;
            members.push(Member {
                name,
                host,
                arguments: arguments(&certificates, data.path(), name, peer, public),
                log: data.path().join(format!("{name}.log")),
                process: None,
            });
        }
        let mut cluster = Cluster {
            members,
            client,
            _network: network,
            certificates,
            _data: data,
        };
        cluster.members.iter_mut().try_for_each(Member::start)?;
        cluster.wait_until_healthy()?;
        Ok(cluster)
    }

    /// Waits until all members are running and agree.
    ///
    /// # Errors
    /// The ends of the members' logs if they do not.
    pub fn wait_until_healthy(&mut self) -> Result<()> {
        let started = Instant::now();
        loop {
            let health = self.etcdctl(&["endpoint", "health"])?;
            if health.status == 0 {
                return Ok(());
            }
            let ended = self.members.iter_mut().find_map(Member::has_ended);
            if ended.is_some() || started.elapsed() > PATIENCE {
                let why = ended.map_or_else(|| health.err(), |name| format!("{name} has ended"));
                bail!("the cluster is not healthy: {why}\n{}", self.log_tails());
            }
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// The first member's answer to `/health`, for a client that uses the name in its
    /// certificate.
    ///
    /// # Errors
    /// If curl does not run.
    pub fn health(&self) -> Result<Step> {
        let path = |name: &str| self.certificates.join(name).display().to_string();
        self.curl(&[
            "--cacert",
            &path("ca.pem"),
            "--cert",
            &path("client.pem"),
            "--key",
            &path("client-key.pem"),
            "https://domain-name:2379/health",
        ])
    }

    /// Runs curl on the clients' host, where `domain-name` is the first member.
    ///
    /// # Errors
    /// If it does not run.
    pub fn curl(&self, arguments: &[&str]) -> Result<Step> {
        let mut command = self.client.command("curl");
        command.args(["--silent", "--show-error", "--max-time", "10"]);
        command.args(["--resolve", &format!("domain-name:2379:{}", MEMBERS[0].1)]);
        Ok(command.args(arguments).output().context("curl")?.into())
    }

    /// Runs etcdctl on the clients' host, with the client's certificate and all
    /// members as endpoints.
    ///
    /// # Errors
    /// If it does not run.
    pub fn etcdctl(&self, arguments: &[&str]) -> Result<Step> {
        let endpoints = MEMBERS.map(|(_, _, public)| format!("https://{public}:2379"));
        let mut command = self.client.command("etcdctl");
        command.env("ETCDCTL_API", "3");
        command.arg("--endpoints").arg(endpoints.join(","));
        for (flag, file) in [
            ("--cacert", "ca.pem"),
            ("--cert", "client.pem"),
            ("--key", "client-key.pem"),
        ] {
            command.arg(flag).arg(self.certificates.join(file));
        }
        Ok(command.args(arguments).output().context("etcdctl")?.into())
    }

    /// The certificate presented to clients at an address.
    ///
    /// # Errors
    /// If nothing listens there, or no certificate is presented.
    pub fn served(&self, address: &str) -> Result<Vec<u8>> {
        let mut command = self.client.command("openssl");
        command.args(["s_client", "-connect", address]);
        for (flag, file) in [
            ("-CAfile", "ca.pem"),
            ("-cert", "client.pem"),
            ("-key", "client-key.pem"),
        ] {
            command.arg(flag).arg(self.certificates.join(file));
        }
        let output = command.output().context("openssl")?;
        openssl::certificate(&String::from_utf8_lossy(&output.stdout))
            .with_context(|| String::from_utf8_lossy(&output.stderr).into_owned())
    }

    /// The addresses at which members serve each other and clients, with the file of the
    /// certificate that is presented.
    pub fn addresses() -> Vec<(String, String)> {
        let both = |(name, peer, public): (&str, &str, &str)| {
            [
                (format!("{peer}:2380"), format!("{name}.pem")),
                (format!("{public}:2379"), "server.pem".to_owned()),
            ]
        };
        MEMBERS.into_iter().flat_map(both).collect()
    }

    /// Restarts the member with this index, from 0 to 2.
    ///
    /// # Errors
    /// If it does not start.
    pub fn restart(&mut self, member: usize) -> Result<()> {
        let member = self.members.get_mut(member).context("no such member")?;
        member.stop();
        member.start()
    }

    /// The folder of the certificates, which etcd rereads for each connection.
    pub fn certificates(&self) -> &Path {
        &self.certificates
    }

    /// The end of each member's log.
    pub fn log_tails(&self) -> String {
        let tails = self
            .members
            .iter()
            .map(|member| format!("--- {}\n{}\n", member.name, member.log_tail()));
        tails.collect()
    }
}

impl Member {
    fn start(&mut self) -> Result<()> {
        let log = File::options().create(true).append(true).open(&self.log)?;
        let mut command: Command = self.host.command("etcd");
        command.args(&self.arguments).stdout(log.try_clone()?).stderr(log);
        self.process = Some(command.spawn().context("etcd")?);
        Ok(())
    }

    fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            // It may have ended already.
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    /// Its name, if it has ended.
    fn has_ended(&mut self) -> Option<&'static str> {
        let status = self.process.as_mut()?.try_wait().ok()?;
        status.map(|_| self.name)
    }

    fn log_tail(&self) -> String {
        let text = fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(TAIL)..].join("\n")
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.stop();
        if std::thread::panicking() {
            eprintln!("--- {}\n{}", self.name, self.log_tail());
        }
    }
}

fn arguments(certificates: &Path, data: &Path, name: &str, peer: &str, public: &str) -> Vec<String> {
    let file = |name: &str| certificates.join(name).display().to_string();
    let peers = MEMBERS.map(|(name, peer, _)| format!("{name}=https://{peer}:2380"));
    let clients = [peer, public, "127.0.0.1"].map(|address| format!("https://{address}:2379"));
    let flags = [
        ("name", name.to_owned()),
        ("data-dir", data.join(name).display().to_string()),
        ("initial-cluster", peers.join(",")),
        ("initial-cluster-state", "new".to_owned()),
        ("listen-peer-urls", format!("https://{peer}:2380")),
        ("initial-advertise-peer-urls", format!("https://{peer}:2380")),
        ("peer-client-cert-auth", "true".to_owned()),
        ("peer-trusted-ca-file", file("ca.pem")),
        ("peer-cert-file", file(&format!("{name}.pem"))),
        ("peer-key-file", file(&format!("{name}-key.pem"))),
        ("listen-client-urls", clients.join(",")),
        ("advertise-client-urls", format!("https://{public}:2379")),
        ("client-cert-auth", "true".to_owned()),
        ("trusted-ca-file", file("ca.pem")),
        ("cert-file", file("server.pem")),
        ("key-file", file("server-key.pem")),
        // The gateway is a client of its own server and uses the server certificate, which
        // is not valid for clients.
        ("enable-grpc-gateway", "false".to_owned()),
    ];
    flags.map(|(flag, value)| format!("--{flag}={value}")).into()
}
