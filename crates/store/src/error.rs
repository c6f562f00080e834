//! Errors of the database: cfssl's error 11000 with the message that the Go driver would
//! print, and a hint.

use std::fmt;
use std::time::Duration;

use rcfssl_core::Code;
use rcfssl_go::os::describe;
use sqlx::mysql::MySqlDatabaseError;
use sqlx::postgres::PgDatabaseError;

/// The result of a database operation.
pub type Result<T> = std::result::Result<T, Error>;

/// The kind of error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The database has none of cfssl's tables.
    NoTables,
    /// The tables are those of cfssl's first version, without the columns of the second.
    OldTables,
    /// A row with this serial number and key identifier already exists.
    Duplicate,
    /// The connection failed or was lost.
    Connection,
    /// The database did not answer in time, or stayed locked. The operation may have been
    /// carried out nevertheless.
    Timeout,
    /// Anything else.
    Other,
}

/// An error of the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// The kind of error.
    pub kind: Kind,
    /// The error as cfssl prints it.
    pub error: rcfssl_core::Error,
}

impl Error {
    pub(crate) fn new(kind: Kind, sentence: impl fmt::Display) -> Self {
        Error {
            kind,
            error: rcfssl_core::Error::wrap(Code::Store, sentence),
        }
    }

    /// An error while connecting to `address`.
    pub(crate) fn connecting(address: &str, error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Io(error) => {
                let network = if address.starts_with('/') { "unix" } else { "tcp" };
                let sentence = format!("dial {network} {address}: connect: {}", describe(&error));
                Error::new(Kind::Connection, sentence)
            }
            other => other.into(),
        }
    }

    pub(crate) fn timeout(limit: Duration) -> Self {
        let sentence = format!("the database did not answer within {limit:?}");
        Error::new(Kind::Timeout, sentence)
    }

    /// A hint that names the command that solves the problem, if there is one.
    pub fn hint(&self) -> Option<&'static str> {
        match self.kind {
            Kind::NoTables => Some("`rcfssl db create -db-config FILE` creates the tables"),
            Kind::OldTables => Some(
                "the tables are of cfssl's first version: `rcfssl db migrate -db-config FILE` adds the columns of \
                 the second",
            ),
            Kind::Timeout => {
                Some("another process may hold a lock on the database, or the server does not answer")
            }
            Kind::Duplicate | Kind::Connection | Kind::Other => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl std::error::Error for Error {}

impl From<Error> for rcfssl_core::Error {
    fn from(error: Error) -> Self {
        error.error
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(error) => {
                let (kind, sentence) = database(&*error);
                Error::new(kind, sentence)
            }
            sqlx::Error::Io(error) => Error::new(Kind::Connection, describe(&error)),
            // The server went away in the middle of a message.
            sqlx::Error::Protocol(sentence) => Error::new(Kind::Connection, sentence),
            sqlx::Error::Tls(error) => match error.to_string() {
                text if text == "server does not support TLS" => {
                    Error::new(Kind::Connection, "pq: SSL is not enabled on the server")
                }
                text => Error::new(Kind::Connection, text),
            },
            other => Error::new(Kind::Other, other),
        }
    }
}

/// The messages of lib/pq, go-sql-driver/mysql and go-sqlite3.
fn database(error: &dyn sqlx::error::DatabaseError) -> (Kind, String) {
    if let Some(error) = error.try_downcast_ref::<PgDatabaseError>() {
        let kind = match error.code() {
            "42P01" => Kind::NoTables,
            "42703" => Kind::OldTables,
            "23505" => Kind::Duplicate,
            _ => Kind::Other,
        };
        return (kind, format!("pq: {}", error.message()));
    }
    if let Some(error) = error.try_downcast_ref::<MySqlDatabaseError>() {
        let kind = match error.number() {
            1146 => Kind::NoTables,
            1054 => Kind::OldTables,
            1062 => Kind::Duplicate,
            _ => Kind::Other,
        };
        let state = error
            .code()
            .map(|state| format!(" ({state})"))
            .unwrap_or_default();
        return (
            kind,
            format!("Error {}{state}: {}", error.number(), error.message()),
        );
    }
    let sentence = error.message();
    let kind = match sentence {
        text if text.starts_with("no such table: ") => Kind::NoTables,
        text if text.contains("has no column named ") || text.starts_with("no such column: ") => {
            Kind::OldTables
        }
        text if text.starts_with("UNIQUE constraint failed: ") => Kind::Duplicate,
        "database is locked" => Kind::Timeout,
        _ => Kind::Other,
    };
    (kind, sentence.to_owned())
}
