//! Data sources in the formats of cfssl's three Go drivers, as options of sqlx.

mod mysql;
mod postgres;
mod sqlite;

use std::path::PathBuf;
use std::time::Duration;

use sqlx::mysql::MySqlConnectOptions;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;

use crate::config::{Config, Driver};

/// The default time limit for a connection.
const CONNECT: Duration = Duration::from_secs(10);

/// The default time limit for a statement.
const STATEMENT: Duration = Duration::from_secs(60);

/// The location of a database and its settings.
pub(crate) struct Source {
    pub target: Target,
    /// `host:port` or the path of a socket, as named in errors.
    pub address: String,
    pub connect_timeout: Duration,
    pub statement_timeout: Duration,
}

/// The connection options.
pub(crate) enum Target {
    Sqlite {
        options: Box<SqliteConnectOptions>,
        /// The file, unless the database is in memory or read-only.
        file: Option<PathBuf>,
    },
    Postgres(Box<PgConnectOptions>),
    MySql {
        options: Box<MySqlConnectOptions>,
        /// The first statement of each session.
        session: String,
    },
}

impl Source {
    /// Parses a data source.
    ///
    /// # Errors
    /// The Go driver's message, which never repeats a password.
    pub fn read(config: &Config) -> Result<Self, String> {
        match config.driver {
            Driver::Sqlite => sqlite::read(&config.data_source),
            Driver::Postgres => postgres::read(&config.data_source),
            Driver::MySql => mysql::read(&config.data_source),
        }
    }
}

/// `a=b&c=d`, percent-decoded, with `+` for a blank.
fn query(text: &str) -> impl Iterator<Item = (String, String)> {
    text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(&key.replace('+', " ")), decode(&value.replace('+', " ")))
    })
}

/// Decodes percent-encoding; invalid sequences are kept.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&first, tail)) = rest.split_first() {
        let octet = (first == b'%')
            .then(|| tail.get(..2))
            .flatten()
            .filter(|hex| hex.iter().all(u8::is_ascii_hexdigit))
            .and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        match octet {
            Some(octet) => {
                out.push(octet);
                rest = tail.get(2..).unwrap_or_default();
            }
            None => {
                out.push(first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Go's `strconv.ParseBool`, and the words of go-sqlite3.
fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "t" | "true" | "yes" | "on" => Some(true),
        "0" | "f" | "false" | "no" | "off" => Some(false),
        _ => None,
    }
}

/// Letters, digits, `-` and `_`, which are safe in a statement.
fn is_word(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

/// The system's roots as PEM, for verifying a server's certificate.
fn system_roots() -> Vec<u8> {
    let pool = rcfssl_net::roots::system();
    let pem: String = pool.iter().map(|root| root.to_pem()).collect();
    pem.into_bytes()
}
