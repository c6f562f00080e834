//! PostgreSQL and MariaDB from Debian's packages, on loopback and with their data in a
//! separate folder, and SQLite files through Python's module: independent access to the
//! same rows.

use std::fs::{self, File};
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;

use crate::skip;

/// The time limit for a server to answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// The kind of database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Files.
    Sqlite,
    /// A server.
    Postgres,
    /// A server.
    MariaDb,
}

/// A running server, or a folder of files. It stops when this is dropped, and when the
/// thread that started it ends.
#[derive(Debug)]
pub struct Database {
    /// The kind.
    pub kind: Kind,
    folder: TempDir,
    port: u16,
    process: Option<Child>,
}

/// The programs of the newest PostgreSQL version.
fn postgres_programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    let folders = versions.filter_map(|entry| Some(entry.ok()?.path().join("bin")));
    let mut folders: Vec<_> = folders.filter(|folder| folder.join("initdb").exists()).collect();
    folders.sort();
    folders.pop()
}

/// What is missing on the machine, if anything.
pub fn missing(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Sqlite => skip::missing(&["python3"]),
        Kind::Postgres if postgres_programs().is_none() => Some("postgresql"),
        Kind::Postgres => None,
        Kind::MariaDb => skip::missing(&["mariadbd", "mariadb-install-db", "mariadb"]),
    }
}

/// A command in a session that ends with this thread.
fn server(program: impl AsRef<Path>, user: Option<&str>) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL"]);
    if let Some(user) = user.filter(|_| skip::is_root()) {
        command.arg(format!("--reuid={user}"));
        command.arg(format!("--regid={user}"));
        command.arg("--init-groups");
    }
    command.arg(program.as_ref());
    command.stdin(Stdio::null()).current_dir("/");
    command
}

/// Runs a command to its end; returns its output.
fn output(mut command: Command, input: &str) -> Result<String> {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().with_context(|| format!("{command:?}"))?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes())?;
    }
    let output = child.wait_with_output()?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "{command:?}: {}: {errors}",
        output.status
    );
    Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
}

impl Database {
    /// Starts a server.
    ///
    /// # Errors
    /// The server's error.
    pub fn start(kind: Kind) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("rcfssl-db-").tempdir()?;
        let mut database = Database {
            kind,
            folder,
            port: free_port()?,
            process: None,
        };
        let data = database.data();
        match kind {
            Kind::Sqlite => return Ok(database),
            Kind::Postgres => {
                fs::create_dir(&data)?;
                if skip::is_root() {
                    let owner = |flag| -> Result<u32> {
                        let mut id = Command::new("id");
                        id.args([flag, "postgres"]);
                        Ok(output(id, "")?.parse()?)
                    };
                    let (user, group) = (owner("-u")?, owner("-g")?);
                    chown(database.folder.path(), Some(user), Some(group))?;
                    chown(&data, Some(user), Some(group))?;
                }
                let mut initdb = server(database.program("initdb")?, Some("postgres"));
                initdb.arg("-D").arg(&data);
                initdb.args([
                    "-U",
                    "postgres",
                    "-A",
                    "trust",
                    "-E",
                    "UTF8",
                    "--locale=C",
                    "--no-sync",
                ]);
                output(initdb, "")?;
            }
            Kind::MariaDb => {
                let mut install = Command::new("mariadb-install-db");
                install.args(["--no-defaults", "--skip-test-db"]);
                install.arg("--auth-root-authentication-method=normal");
                install.arg(format!("--datadir={}", data.display()));
                if skip::is_root() {
                    install.arg("--user=root");
                }
                output(install, "")?;
            }
        }
        database.resume()?;
        Ok(database)
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn program(&self, name: &str) -> Result<PathBuf> {
        let folder = postgres_programs().context("there is no PostgreSQL")?;
        Ok(folder.join(name))
    }

    /// Starts the server again, or for the first time.
    ///
    /// # Errors
    /// The server's error.
    pub fn resume(&mut self) -> Result<()> {
        let data = self.data();
        let mut command = match self.kind {
            Kind::Sqlite => return Ok(()),
            Kind::Postgres => {
                let mut postgres = server(self.program("postgres")?, Some("postgres"));
                postgres.arg("-D").arg(&data);
                for setting in [
                    &format!("port={}", self.port),
                    "listen_addresses=127.0.0.1",
                    "unix_socket_directories=",
                    "max_connections=200",
                    "fsync=off",
                    "timezone=UTC",
                ] {
                    postgres.args(["-c", setting]);
                }
                postgres
            }
            Kind::MariaDb => {
                let mut mariadb = server("mariadbd", None);
                mariadb.args(["--no-defaults", "--bind-address=127.0.0.1", "--skip-name-resolve"]);
                mariadb.args(["--skip-log-bin", "--innodb-flush-log-at-trx-commit=0"]);
                mariadb.args(["--max-connections=300", "--default-time-zone=+00:00"]);
                mariadb.arg(format!("--port={}", self.port));
                mariadb.arg(format!("--datadir={}", data.display()));
                mariadb.arg(format!(
                    "--socket={}",
                    self.folder.path().join("socket").display()
                ));
                mariadb.arg(format!("--pid-file={}", self.folder.path().join("pid").display()));
                if skip::is_root() {
                    mariadb.arg("--user=root");
                }
                mariadb
            }
        };
        let log = File::create(self.folder.path().join("log"))?;
        command.stdout(log.try_clone()?).stderr(log);
        self.process = Some(command.spawn()?);
        let started = Instant::now();
        while self.ask("", "SELECT 1").is_err() {
            let ended = self.process.as_mut().and_then(|child| child.try_wait().ok()?);
            if ended.is_some() || started.elapsed() > PATIENCE {
                let log = fs::read_to_string(self.folder.path().join("log"))?;
                bail!("the server does not answer: {log}");
            }
            sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    /// Stops the server at once.
    pub fn stop(&mut self) {
        let Some(mut process) = self.process.take() else {
            return;
        };
        // SIGQUIT ends all of PostgreSQL's processes together; SIGKILL might not.
        let _ = Command::new("kill")
            .args(["-QUIT", &process.id().to_string()])
            .status();
        let started = Instant::now();
        while started.elapsed() < Duration::from_secs(5) {
            if let Ok(Some(_)) = process.try_wait() {
                return;
            }
            sleep(Duration::from_millis(20));
            if self.kind == Kind::MariaDb {
                let _ = process.kill();
            }
        }
        let _ = process.kill();
        let _ = process.wait();
    }

    /// Creates an empty database with this name; for SQLite nothing needs to be done.
    ///
    /// # Errors
    /// The server's error.
    pub fn create(&self, name: &str) -> Result<()> {
        if self.kind != Kind::Sqlite {
            self.ask("", &format!("CREATE DATABASE {name}"))?;
        }
        Ok(())
    }

    /// The document for `-db-config`, with another port if one is given.
    pub fn document(&self, name: &str, port: Option<u16>, parameters: &str) -> String {
        let port = port.unwrap_or(self.port);
        let source = match self.kind {
            Kind::Sqlite => format!("{}?{parameters}", self.file(name).display()),
            Kind::Postgres => {
                format!("postgres://postgres@127.0.0.1:{port}/{name}?sslmode=disable&{parameters}")
            }
            Kind::MariaDb => format!("root@tcp(127.0.0.1:{port})/{name}?parseTime=true&{parameters}"),
        };
        let driver = match self.kind {
            Kind::Sqlite => "sqlite3",
            Kind::Postgres => "postgres",
            Kind::MariaDb => "mysql",
        };
        serde_json::json!({ "driver": driver, "data_source": source }).to_string()
    }

    /// The file of an SQLite database.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(format!("{name}.db"))
    }

    /// The server's port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Runs statements with the database's own client, or with Python for SQLite; returns
    /// the rows, with `|` between columns.
    ///
    /// # Errors
    /// The database's error.
    pub fn ask(&self, name: &str, statements: &str) -> Result<String> {
        let port = self.port.to_string();
        match self.kind {
            Kind::Sqlite => {
                let mut python = Command::new("python3");
                python.args(["-c", PYTHON]).arg(self.file(name));
                output(python, statements)
            }
            Kind::Postgres => {
                let mut psql = Command::new(self.program("psql")?);
                psql.args([
                    "-X",
                    "-q",
                    "-At",
                    "-v",
                    "ON_ERROR_STOP=1",
                    "-h",
                    "127.0.0.1",
                    "-p",
                ]);
                psql.args([&port, "-U", "postgres", "-d"]);
                psql.arg(if name.is_empty() { "postgres" } else { name });
                psql.env("PGTZ", "UTC");
                output(psql, statements)
            }
            Kind::MariaDb => {
                let mut mariadb = Command::new("mariadb");
                mariadb.args([
                    "--no-defaults",
                    "--protocol=tcp",
                    "-h127.0.0.1",
                    "-uroot",
                    "-N",
                    "-B",
                    "-r",
                ]);
                mariadb.args(["-P", &port]);
                if !name.is_empty() {
                    mariadb.arg(name);
                }
                Ok(output(mariadb, statements)?.replace('\t', "|"))
            }
        }
    }
}

/// Runs statements and prints the rows of the last one.
const PYTHON: &str = "
import sqlite3, sys
con = sqlite3.connect(sys.argv[1])
con.text_factory = lambda b: b.decode('latin-1')
parts = [s for s in sys.stdin.read().split(';') if s.strip()]
for s in parts[:-1]: con.execute(s)
for row in con.execute(parts[-1]):
    print('|'.join(v.decode('latin-1') if isinstance(v, bytes) else str(v) for v in row))
con.commit()
";

impl Drop for Database {
    fn drop(&mut self) {
        self.stop();
    }
}

/// An unused port.
fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}

/// What happens to a connection when the certificate is transmitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// The server never receives it.
    Before,
    /// The server receives it, but its response is lost.
    After,
    /// Data stops flowing, but the connection stays open.
    Hang,
}

/// Relays between a command and the server until the certificate is transmitted. Returns
/// the port.
///
/// # Errors
/// The system's error.
pub fn interfering(server: u16, cut: Cut) -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = listener.local_addr()?.port();
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let server = SocketAddr::from((Ipv4Addr::LOCALHOST, server));
            if let Ok(server) = TcpStream::connect(server) {
                std::thread::spawn(move || interfere(client, server, cut));
            }
        }
    });
    Ok(port)
}

fn interfere(client: TcpStream, server: TcpStream, cut: Cut) -> Result<()> {
    use std::io::Read;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    let deaf = Arc::new(AtomicBool::new(false));
    let (mut from, mut to) = (server.try_clone()?, client.try_clone()?);
    let answers = Arc::clone(&deaf);
    std::thread::spawn(move || -> Result<()> {
        let mut buffer = [0; 8192];
        loop {
            let read = from.read(&mut buffer)?;
            if answers.load(Ordering::SeqCst) {
                // The connection ends in place of the response to the certificate.
                if cut == Cut::After {
                    to.shutdown(std::net::Shutdown::Both)?;
                }
                return Ok(());
            }
            to.write_all(&buffer[..read])?;
            if read == 0 {
                return Ok(());
            }
        }
    });
    let (mut from, mut to) = (client, server);
    let mut buffer = [0; 65536];
    loop {
        let read = from.read(&mut buffer)?;
        if read == 0 {
            return Ok(to.shutdown(std::net::Shutdown::Both)?);
        }
        let mark = b"-----BEGIN CERTIFICATE";
        if buffer[..read].windows(mark.len()).any(|window| window == mark) {
            match cut {
                Cut::Before => return Ok(from.shutdown(std::net::Shutdown::Both)?),
                Cut::After => deaf.store(true, Ordering::SeqCst),
                Cut::Hang => {
                    sleep(Duration::from_secs(30));
                    return Ok(());
                }
            }
        }
        to.write_all(&buffer[..read])?;
    }
}
