//! The document of `-db-config`: `{"driver":"sqlite3","data_source":"certs.db"}`.

use rcfssl_core::{Code, Error, Result};
use rcfssl_go::json::{self, Report};
use rcfssl_go::{json_object, quote};
use zeroize::Zeroizing;

/// The kind of database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Driver {
    /// `sqlite3`
    Sqlite,
    /// `postgres`
    Postgres,
    /// `mysql`, also for MariaDB.
    MySql,
}

impl Driver {
    /// The name in the document.
    pub fn name(self) -> &'static str {
        match self {
            Driver::Sqlite => "sqlite3",
            Driver::Postgres => "postgres",
            Driver::MySql => "mysql",
        }
    }

    fn named(name: &str) -> Option<Self> {
        let all = [Driver::Sqlite, Driver::Postgres, Driver::MySql];
        all.into_iter().find(|driver| driver.name() == name)
    }
}

/// The kind of database and its location. The data source may contain a password.
pub struct Config {
    /// The kind of database.
    pub driver: Driver,
    /// Its location, in the format of the Go driver for that database.
    pub data_source: Zeroizing<String>,
}

#[derive(Default)]
struct Document {
    driver: String,
    data_source: String,
}
json_object!(Document as "dbconf.DBConfig" {
    "driver" => driver,
    "data_source" => data_source,
});

impl Config {
    /// Parses the document.
    ///
    /// # Errors
    /// 5200 for a malformed document, and Go's message for an unknown driver.
    pub fn read(text: &[u8]) -> Result<(Self, Report)> {
        let mut document = Document::default();
        let report = json::read(text, &mut document).map_err(|error| Error::Json {
            code: Some(Code::InvalidPolicy),
            error: json::Error {
                text: format!("failed to unmarshal configuration: {}", error.text),
                ..error
            },
        })?;
        if document.driver.is_empty() || document.data_source.is_empty() {
            return Err(Error::wrap(Code::InvalidPolicy, "invalid db configuration"));
        }
        let driver = Driver::named(&document.driver).ok_or_else(|| {
            let name = quote(&document.driver);
            Error::plain(format!("sql: unknown driver {name} (forgotten import?)"))
        })?;
        let config = Config {
            driver,
            data_source: document.data_source.into(),
        };
        Ok((config, report))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        Config::read(text.as_bytes()).err().unwrap().to_string()
    }

    #[test]
    fn documents_are_refused_in_cfssls_words() {
        let (config, report) =
            Config::read(br#"{"Driver":"sqlite3","data_source":"certs.db","x":1}"#).unwrap();
        assert_eq!(
            (config.driver, config.data_source.as_str()),
            (Driver::Sqlite, "certs.db")
        );
        assert_eq!(report.unknown_keys[0].key, "x");
        let invalid = r#"{"code":5200,"message":"invalid db configuration"}"#;
        assert_eq!(refused("{}"), invalid);
        assert_eq!(refused(r#"{"driver":"sqlite3"}"#), invalid);
        assert_eq!(
            refused("{"),
            r#"{"code":5200,"message":"failed to unmarshal configuration: unexpected end of JSON input"}"#
        );
        assert_eq!(
            refused(r#"{"driver":"oracle","data_source":"x"}"#),
            r#"sql: unknown driver "oracle" (forgotten import?)"#
        );
    }
}
