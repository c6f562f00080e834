//! The tables of cfssl's migrations 001 and 002, which cfssl itself never creates.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rcfssl_go::os::describe;
use sqlx::sqlite::SqliteConnectOptions;

use crate::config::Driver;
use crate::connection::Connection;
use crate::dsn::Target;
use crate::error::{Error, Kind, Result};
use crate::store::{Store, within};

/// The last of cfssl's migrations that was applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// There are no tables.
    None,
    /// 001, as of cfssl before 1.5.
    First,
    /// 002, with `issued_at`, `not_before`, `metadata`, `sans` and `common_name`.
    Second,
}

/// The number of rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Certificates.
    pub certificates: u64,
    /// Revoked certificates.
    pub revoked: u64,
    /// Expired certificates.
    pub expired: u64,
    /// OCSP responses.
    pub ocsp_responses: u64,
}

impl Store {
    /// The version of the tables.
    ///
    /// # Errors
    /// 11000.
    pub async fn version(&self) -> Result<Version> {
        // A missing column is an error even if there are no rows.
        let statement = "SELECT issued_at FROM certificates WHERE 1 = 0".to_owned();
        match self.rows(statement, &[]).await {
            Ok(_) => Ok(Version::Second),
            Err(error) if error.kind == Kind::OldTables => Ok(Version::First),
            Err(error) if error.kind == Kind::NoTables => Ok(Version::None),
            Err(error) => Err(error),
        }
    }

    /// Creates the tables of both migrations if there are none. A missing SQLite file is
    /// created together with its tables or not at all.
    ///
    /// # Errors
    /// 11000.
    pub async fn create(&self) -> Result<()> {
        self.create_file().await?;
        if self.version().await? == Version::None {
            self.script(&TABLES.map(|table| table(self.driver))).await?;
        }
        Ok(())
    }

    /// Creates a missing SQLite file with its tables. Does nothing for other databases and
    /// for an existing file, whatever its contents.
    ///
    /// # Errors
    /// 11000.
    pub async fn create_file(&self) -> Result<()> {
        let Target::Sqlite { file: Some(file), .. } = &self.pool.source.target else {
            return Ok(());
        };
        match fs::symlink_metadata(file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            _ => return Ok(()),
        }
        let unable = |error: io::Error| {
            let sentence = format!("unable to open database file: {}", describe(&error));
            Error::new(Kind::Other, sentence)
        };
        let folder = match file.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let new = tempfile::Builder::new()
            .prefix(".certificates.")
            .suffix(".db")
            // SQLite's own mode for new files, less the umask.
            .permissions(Permissions::from_mode(0o644))
            .tempfile_in(folder)
            .map_err(unable)?;
        let target = Target::Sqlite {
            options: Box::new(SqliteConnectOptions::new().filename(new.path())),
            file: None,
        };
        let mut connection = Connection::open(&target).await?;
        for table in TABLES {
            connection.script(table(Driver::Sqlite)).await?;
        }
        connection.close().await?;
        match new.persist_noclobber(file) {
            Ok(_) => File::open(folder)
                .and_then(|folder| folder.sync_all())
                .map_err(unable),
            // Another process created it first.
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(unable(error.error)),
        }
    }

    /// Adds the columns of 002 to tables of 001. Existing rows get NULL in the new columns,
    /// as with cfssl's own migration.
    ///
    /// # Errors
    /// 11000, also if there are no tables.
    pub async fn migrate(&self) -> Result<()> {
        match self.version().await? {
            Version::Second => return Ok(()),
            Version::First => {}
            Version::None => {
                return Err(Error::new(
                    Kind::NoTables,
                    "the database has no table certificates",
                ));
            }
        }
        let columns = second_columns(self.driver).map(|column| format!("ADD COLUMN {column}"));
        let mut statements = match self.driver {
            // One statement per column, but all in one transaction.
            Driver::Sqlite => columns
                .map(|column| format!("ALTER TABLE certificates {column}"))
                .to_vec(),
            Driver::Postgres | Driver::MySql => {
                vec![format!("ALTER TABLE certificates {}", columns.join(", "))]
            }
        };
        // cfssl's migrations are run by goose, which records the numbers of the ones that
        // it has run.
        let known = "SELECT tstamp FROM goose_db_version WHERE version_id = 2".to_owned();
        if self.rows(known, &[]).await.is_ok_and(|rows| rows.is_empty()) {
            statements
                .push("INSERT INTO goose_db_version (version_id, is_applied) VALUES (2, true)".to_owned());
        }
        self.script(&statements).await
    }

    /// Counts the rows.
    ///
    /// # Errors
    /// 11000.
    pub async fn counts(&self) -> Result<Counts> {
        Ok(Counts {
            certificates: self.count("certificates").await?,
            revoked: self.count("certificates WHERE status = 'revoked'").await?,
            expired: self
                .count("certificates WHERE NOT CURRENT_TIMESTAMP < expiry")
                .await?,
            ocsp_responses: self.count("ocsp_responses").await?,
        })
    }

    async fn count(&self, what: &str) -> Result<u64> {
        let text = match self.driver {
            Driver::MySql => "CHAR",
            Driver::Sqlite | Driver::Postgres => "TEXT",
        };
        let statement = format!("SELECT CAST(COUNT(*) AS {text}) FROM {what}");
        let rows = self.rows(statement, &[]).await?;
        let number = rows.first().and_then(|row| row.first()?.as_deref());
        let number = number.and_then(|text| std::str::from_utf8(text).ok()?.parse().ok());
        Ok(number.unwrap_or_default())
    }

    /// Executes statements, all or none if the database supports that for schema changes;
    /// MySQL commits each one separately.
    async fn script(&self, statements: &[String]) -> Result<()> {
        let limit = self.pool.source.statement_timeout;
        let mut lease = self.pool.lease().await?;
        let connection = &mut lease.connection;
        within(limit, connection.script(self.driver.begin().to_owned())).await?;
        for statement in statements {
            // No time limit: a table with many rows takes a while.
            connection.script(statement.clone()).await?;
        }
        within(limit, connection.script("COMMIT".to_owned())).await?;
        lease.release();
        Ok(())
    }
}

const TABLES: [fn(Driver) -> String; 2] = [certificates, ocsp_responses];

/// The types for bytes, keys, times, JSON and text.
struct Types {
    octets: &'static str,
    key: &'static str,
    moment: &'static str,
    json: &'static str,
}

fn types(driver: Driver) -> Types {
    match driver {
        Driver::Sqlite => Types {
            octets: "blob",
            key: "blob",
            moment: "timestamp",
            json: "text",
        },
        Driver::Postgres => Types {
            octets: "bytea",
            key: "bytea",
            moment: "timestamptz",
            json: "jsonb",
        },
        Driver::MySql => Types {
            octets: "varbinary(4096)",
            key: "varbinary(128)",
            moment: "timestamp DEFAULT '0000-00-00 00:00:00'",
            json: "JSON",
        },
    }
}

fn certificates(driver: Driver) -> String {
    let Types {
        octets, key, moment, ..
    } = types(driver);
    format!(
        "CREATE TABLE IF NOT EXISTS certificates (
            serial_number {key} NOT NULL,
            authority_key_identifier {key} NOT NULL,
            ca_label {key},
            status {key} NOT NULL,
            reason int,
            expiry {moment},
            revoked_at {moment},
            pem {octets} NOT NULL,
            {},
            PRIMARY KEY (serial_number, authority_key_identifier)
        )",
        second_columns(driver).join(", ")
    )
}

/// The columns of 002.
fn second_columns(driver: Driver) -> [String; 5] {
    let Types { moment, json, .. } = types(driver);
    [
        format!("issued_at {moment}"),
        format!("not_before {moment}"),
        format!("metadata {json}"),
        format!("sans {json}"),
        "common_name text".to_owned(),
    ]
}

fn ocsp_responses(driver: Driver) -> String {
    let Types {
        octets, key, moment, ..
    } = types(driver);
    let foreign_key = match driver {
        Driver::MySql => "",
        Driver::Sqlite | Driver::Postgres => {
            ", FOREIGN KEY (serial_number, authority_key_identifier) \
             REFERENCES certificates (serial_number, authority_key_identifier)"
        }
    };
    format!(
        "CREATE TABLE IF NOT EXISTS ocsp_responses (
            serial_number {key} NOT NULL,
            authority_key_identifier {key} NOT NULL,
            body {octets} NOT NULL,
            expiry {moment},
            PRIMARY KEY (serial_number, authority_key_identifier){foreign_key}
        )"
    )
}
