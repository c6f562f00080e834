//! SQL statements in each database's dialect, and values as cfssl's drivers bind them.
//!
//! Times are passed as text, so that no database rounds or shifts them. SQLite does not
//! enforce column types: what go-sqlite3 binds as text must be text here, or cfssl does not
//! find the row.

use rcfssl_core::record::{CertificateRecord, OcspRecord, RecordId};
use time::OffsetDateTime;

use crate::config::Driver;
use crate::moment;

/// A value bound to a statement.
#[derive(Debug, Clone)]
pub(crate) enum Value<'a> {
    Null,
    Int(i64),
    Text(&'a str),
    Owned(String),
    Bytes(&'a [u8]),
}

/// The kind of a column, where it makes a difference.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Plain,
    Moment,
    Json,
    Body,
}

/// The columns of `certificates` in the order in which cfssl reads them.
const CERTIFICATE: [(&str, Kind); 13] = [
    ("authority_key_identifier", Kind::Plain),
    ("ca_label", Kind::Plain),
    ("common_name", Kind::Plain),
    ("expiry", Kind::Moment),
    ("issued_at", Kind::Moment),
    ("metadata", Kind::Json),
    ("not_before", Kind::Moment),
    ("pem", Kind::Plain),
    ("reason", Kind::Plain),
    ("revoked_at", Kind::Moment),
    ("sans", Kind::Json),
    ("serial_number", Kind::Plain),
    ("status", Kind::Plain),
];

const OCSP: [(&str, Kind); 4] = [
    ("authority_key_identifier", Kind::Plain),
    ("body", Kind::Body),
    ("expiry", Kind::Moment),
    ("serial_number", Kind::Plain),
];

/// The position of a column in the rows of [`Driver::select`].
pub(crate) fn position(table: Table, name: &str) -> usize {
    let columns: &[_] = match table {
        Table::Certificates => &CERTIFICATE,
        Table::Ocsp => &OCSP,
    };
    columns
        .iter()
        .position(|(column, _)| *column == name)
        .unwrap_or_default()
}

/// One of the two tables.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Table {
    Certificates,
    Ocsp,
}

impl Driver {
    /// The placeholder of the `n`th value, from 1.
    fn placeholder(self, n: usize, kind: Kind) -> String {
        match (self, kind) {
            (Driver::Postgres, Kind::Moment) => format!("${n}::timestamptz"),
            (Driver::Postgres, Kind::Json) => format!("${n}::jsonb"),
            (Driver::Postgres, _) => format!("${n}"),
            // go-sqlite3 binds the DER as text.
            (Driver::Sqlite, Kind::Body) => "CAST(? AS TEXT)".to_owned(),
            _ => "?".to_owned(),
        }
    }

    /// A column as text or bytes, never as a type of the database.
    fn column(self, (name, kind): (&str, Kind)) -> String {
        match (self, kind) {
            (Driver::Postgres, Kind::Moment) => {
                format!("to_char({name} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')")
            }
            (Driver::Postgres, Kind::Json) => format!("{name}::text"),
            (Driver::Postgres, _) if name == "reason" => format!("{name}::text"),
            (Driver::Sqlite, Kind::Moment) => format!("CAST({name} AS TEXT)"),
            (Driver::MySql, Kind::Moment | Kind::Json) => format!("CAST({name} AS CHAR)"),
            (Driver::MySql, _) if name == "reason" => format!("CAST({name} AS CHAR)"),
            (Driver::Sqlite, _) if name == "reason" => format!("CAST({name} AS TEXT)"),
            _ => name.to_owned(),
        }
    }

    /// A column of `certificates`, as [`Driver::select`] reads it.
    pub(crate) fn certificate_column(self, name: &'static str) -> String {
        self.column((name, CERTIFICATE[position(Table::Certificates, name)].1))
    }

    fn columns(self, columns: &[(&str, Kind)]) -> String {
        let columns: Vec<_> = columns.iter().map(|column| self.column(*column)).collect();
        columns.join(", ")
    }

    /// Text for a binary column, which is text in SQLite but not in PostgreSQL.
    fn octets(self, text: &str) -> Value<'_> {
        match self {
            Driver::Postgres => Value::Bytes(text.as_bytes()),
            Driver::Sqlite | Driver::MySql => Value::Text(text),
        }
    }

    /// Text for a JSON column, which is binary in SQLite.
    fn json(self, text: Option<&str>) -> Value<'_> {
        match (self, text) {
            (_, None) => Value::Null,
            (Driver::Sqlite, Some(text)) => Value::Bytes(text.as_bytes()),
            (_, Some(text)) => Value::Text(text),
        }
    }

    fn moment(self, moment: Option<OffsetDateTime>) -> Value<'static> {
        Value::Owned(match (self, moment) {
            (Driver::MySql, None) => "0000-00-00 00:00:00".to_owned(),
            (Driver::MySql, Some(moment)) => moment::format(moment, 6),
            (_, None) => "0001-01-01 00:00:00+00:00".to_owned(),
            (_, Some(moment)) => moment::format(moment, 9) + "+00:00",
        })
    }

    fn optional_moment(self, moment: Option<OffsetDateTime>) -> Value<'static> {
        match moment {
            None => Value::Null,
            moment => self.moment(moment),
        }
    }

    /// An `INSERT` of this many rows.
    fn insert(self, table: &str, columns: &[(&str, Kind)], rows: usize) -> String {
        let names: Vec<_> = columns.iter().map(|(name, _)| *name).collect();
        let rows: Vec<_> = (0..rows)
            .map(|row| {
                let values = columns.iter().enumerate();
                let values: Vec<_> = values
                    .map(|(i, (_, kind))| self.placeholder(row * columns.len() + i + 1, *kind))
                    .collect();
                format!("({})", values.join(", "))
            })
            .collect();
        format!(
            "INSERT INTO {table} ({}) VALUES {}",
            names.join(", "),
            rows.join(", ")
        )
    }

    /// Inserts certificates.
    pub(crate) fn insert_certificates(self, records: &[CertificateRecord]) -> (String, Vec<Value<'_>>) {
        let mut values = Vec::with_capacity(records.len() * CERTIFICATE.len());
        for record in records {
            values.extend([
                self.octets(&record.aki),
                self.octets(&record.ca_label),
                record.common_name.as_deref().map_or(Value::Null, Value::Text),
                self.moment(Some(record.expiry)),
                self.optional_moment(record.issued_at),
                self.json(record.metadata.as_deref()),
                self.optional_moment(record.not_before),
                self.octets(&record.pem),
                Value::Int(record.reason.into()),
                self.moment(record.revoked_at),
                self.json(record.sans.as_deref()),
                self.octets(&record.serial),
                self.octets(record.status.as_str()),
            ]);
        }
        (self.insert("certificates", &CERTIFICATE, records.len()), values)
    }

    /// Inserts OCSP responses, replacing existing ones.
    pub(crate) fn upsert_ocsp(self, records: &[OcspRecord]) -> (String, Vec<Value<'_>>) {
        let mut values = Vec::with_capacity(records.len() * OCSP.len());
        for record in records {
            values.extend([
                self.octets(&record.aki),
                Value::Bytes(&record.body),
                self.moment(Some(record.expiry)),
                self.octets(&record.serial),
            ]);
        }
        let insert = self.insert("ocsp_responses", &OCSP, records.len());
        let or_update = match self {
            Driver::MySql => "ON DUPLICATE KEY UPDATE body = VALUES(body), expiry = VALUES(expiry)",
            Driver::Sqlite | Driver::Postgres => {
                "ON CONFLICT (serial_number, authority_key_identifier) \
                 DO UPDATE SET body = excluded.body, expiry = excluded.expiry"
            }
        };
        (format!("{insert} {or_update}"), values)
    }

    /// Marks a certificate as revoked, at the current time of the database's clock.
    pub(crate) fn revoke<'a>(self, serial: &'a str, aki: &'a str, reason: u8) -> (String, Vec<Value<'a>>) {
        let [first, second, third] = [1, 2, 3].map(|n| self.placeholder(n, Kind::Plain));
        let statement = format!(
            "UPDATE certificates SET status = 'revoked', revoked_at = CURRENT_TIMESTAMP, reason = {first} \
             WHERE serial_number = {second} AND authority_key_identifier = {third}"
        );
        let values = vec![Value::Int(reason.into()), self.octets(serial), self.octets(aki)];
        (statement, values)
    }

    /// Marks those of these certificates as revoked that are not yet, as
    /// [`Driver::revoke`] does.
    pub(crate) fn revoke_unrevoked<'a>(
        self,
        certificates: &'a [RecordId],
        reason: u8,
    ) -> (String, Vec<Value<'a>>) {
        let mut values = vec![Value::Int(reason.into())];
        let mut these = Vec::with_capacity(certificates.len());
        for certificate in certificates {
            let next = values.len() + 1;
            let [first, second] = [next, next + 1].map(|n| self.placeholder(n, Kind::Plain));
            these.push(format!(
                "serial_number = {first} AND authority_key_identifier = {second}"
            ));
            values.extend([self.octets(&certificate.serial), self.octets(&certificate.aki)]);
        }
        let statement = format!(
            "UPDATE certificates SET status = 'revoked', revoked_at = CURRENT_TIMESTAMP, reason = {} \
             WHERE status <> 'revoked' AND ({})",
            self.placeholder(1, Kind::Plain),
            these.join(" OR ")
        );
        (statement, values)
    }

    /// Selects rows of a table; `condition` is a complete `WHERE …` clause or empty.
    pub(crate) fn select(self, table: Table, condition: &str) -> String {
        let (columns, name) = match table {
            Table::Certificates => (self.columns(&CERTIFICATE), "certificates"),
            Table::Ocsp => (self.columns(&OCSP), "ocsp_responses"),
        };
        format!("SELECT {columns} FROM {name} {condition}")
    }

    /// Selects the latest certificates. cfssl's schema has no index on `issued_at`, but SQLite
    /// numbers its rows.
    pub(crate) fn select_recent(self, count: usize) -> String {
        let order = match self {
            Driver::Sqlite => "rowid",
            Driver::Postgres | Driver::MySql => "issued_at",
        };
        self.select(
            Table::Certificates,
            &format!("ORDER BY {order} DESC LIMIT {count}"),
        )
    }

    /// Selects the row with a serial number and a key identifier.
    pub(crate) fn select_one<'a>(
        self,
        table: Table,
        serial: &'a str,
        aki: &'a str,
    ) -> (String, Vec<Value<'a>>) {
        let [first, second] = [1, 2].map(|n| self.placeholder(n, Kind::Plain));
        let condition = format!("WHERE serial_number = {first} AND authority_key_identifier = {second}");
        (
            self.select(table, &condition),
            vec![self.octets(serial), self.octets(aki)],
        )
    }

    /// Selects reason, time of revocation and status of the row with a serial number and a
    /// key identifier.
    pub(crate) fn select_standing<'a>(self, serial: &'a str, aki: &'a str) -> (String, Vec<Value<'a>>) {
        let [first, second] = [1, 2].map(|n| self.placeholder(n, Kind::Plain));
        let columns = STANDING.map(|name| {
            let kind = CERTIFICATE[position(Table::Certificates, name)].1;
            self.column((name, kind))
        });
        let statement = format!(
            "SELECT {} FROM certificates WHERE serial_number = {first} AND authority_key_identifier = {second}",
            columns.join(", ")
        );
        (statement, vec![self.octets(serial), self.octets(aki)])
    }

    /// Selects the unexpired, unrevoked certificates with a common name.
    pub(crate) fn select_named<'a>(self, name: &'a str) -> (String, Vec<Value<'a>>) {
        let first = self.placeholder(1, Kind::Plain);
        let condition = format!(
            "WHERE common_name = {first} AND status = 'good' AND CURRENT_TIMESTAMP < expiry \
             ORDER BY expiry"
        );
        (
            self.select(Table::Certificates, &condition),
            vec![Value::Text(name)],
        )
    }

    /// Selects one page of the unexpired certificates after a given row, in the order of
    /// the primary key, for which all three databases have an index. Only SQLite numbers
    /// its rows.
    pub(crate) fn page<'a>(self, after: Option<&'a PageKey>, size: usize) -> (String, Vec<Value<'a>>) {
        let mut condition = "WHERE CURRENT_TIMESTAMP < expiry".to_owned();
        let mut values = Vec::new();
        let order = match (self, after) {
            (Driver::Sqlite, after) => {
                if let Some(PageKey::Row(row)) = after {
                    condition.push_str(" AND rowid > ?");
                    values.push(Value::Int(*row));
                }
                "rowid"
            }
            (_, after) => {
                if let Some(PageKey::Key { serial, aki }) = after {
                    let [first, second, third] = [1, 2, 3].map(|n| self.placeholder(n, Kind::Plain));
                    condition.push_str(&format!(
                        " AND serial_number >= {first} AND (serial_number > {second} OR authority_key_identifier > \
                         {third})"
                    ));
                    values.extend([self.octets(serial), self.octets(serial), self.octets(aki)]);
                }
                "serial_number, authority_key_identifier"
            }
        };
        let columns = match self {
            Driver::Sqlite => format!("{}, CAST(rowid AS TEXT)", self.columns(&CERTIFICATE)),
            _ => self.columns(&CERTIFICATE),
        };
        let statement =
            format!("SELECT {columns} FROM certificates {condition} ORDER BY {order} LIMIT {size}");
        (statement, values)
    }
}

/// The last row of a page.
#[derive(Debug, Clone)]
pub(crate) enum PageKey {
    Row(i64),
    Key { serial: String, aki: String },
}

/// The columns of [`Driver::select_standing`].
pub(crate) const STANDING: [&str; 3] = ["reason", "revoked_at", "status"];

impl Table {
    /// The number of columns.
    pub(crate) fn width(self) -> usize {
        match self {
            Table::Certificates => CERTIFICATE.len(),
            Table::Ocsp => OCSP.len(),
        }
    }
}
