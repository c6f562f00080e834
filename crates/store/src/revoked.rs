//! The revoked certificates of a database, for a CRL that may have a million entries.
//!
//! sqlx passes each row of SQLite from one thread to another, which takes several times as
//! long as reading it. So thousands of rows are packed into one value there.

use std::borrow::Cow;

use futures_util::future::try_join;
use time::OffsetDateTime;

use crate::config::Driver;
use crate::connection::Row;
use crate::error::{Error, Result};
use crate::pool::Lease;
use crate::rows;
use crate::sql::{Table, Value};
use crate::store::{Store, within};

/// What a CRL needs to know about a revoked certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revoked<'r> {
    /// The serial number in decimal, or whatever the column contains.
    pub serial: Cow<'r, str>,
    /// The issuer's key identifier in hexadecimal, or empty.
    pub aki: Cow<'r, str>,
    /// CRLReason (RFC 5280, section 5.3.1).
    pub reason: i32,
    /// When it was revoked; `None` for Go's zero time.
    pub revoked_at: Option<OffsetDateTime>,
    /// The certificate as PEM if `aki` is empty.
    pub pem: Option<Cow<'r, str>>,
}

/// The columns that are read, in this order.
const COLUMNS: [&str; 5] = [
    "authority_key_identifier",
    "ca_label",
    "reason",
    "revoked_at",
    "serial_number",
];

/// The certificate itself, if there is no key identifier to identify its issuer.
const PEM: &str = "CASE WHEN authority_key_identifier = '' THEN pem END";

/// The columns and the certificate.
const FIELDS: usize = COLUMNS.len() + 1;

const CONDITION: &str = "CURRENT_TIMESTAMP < expiry AND status = 'revoked'";

/// The number of rows per value.
const PAGE: usize = 2048;

type Fields<'r> = [Option<&'r [u8]>; FIELDS];

impl Store {
    /// Passes each revoked certificate that has not expired to `take`, in the order of one
    /// snapshot of the database. `take` must not use this store: a connection is in use
    /// meanwhile.
    ///
    /// # Errors
    /// 11000, or that of `take`.
    pub async fn each_revoked<E: From<Error>>(
        &self,
        mut take: impl FnMut(Revoked<'_>) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        let mut lease = self.pool.lease().await?;
        if self.driver == Driver::Sqlite && self.is_utf8(&mut lease).await? {
            self.each_packed(&mut lease, &mut take).await?;
        } else {
            let statement = self.driver.select_revoked();
            let read = self.stream_from(&mut lease, statement, &[], |row| take(revoked(fields(&row))?));
            read.await?;
        }
        lease.release();
        Ok(())
    }

    /// Passes on page after page; the next one is read meanwhile.
    async fn each_packed<E: From<Error>>(
        &self,
        lease: &mut Lease<'_>,
        take: &mut impl FnMut(Revoked<'_>) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        let limit = self.pool.source.statement_timeout;
        // One snapshot for all pages.
        within(limit, lease.connection.script("BEGIN".to_owned())).await?;
        let mut next = self.page(lease, Some(i64::MIN)).await?;
        while let Some(page) = next {
            let Some(rows) = page.unpack() else {
                let values = [Value::Int(page.first), Value::Int(page.last)];
                let row = |row: Row| take(revoked(fields(&row))?);
                self.stream_from(lease, singly(), &values, row).await?;
                next = self.page(lease, page.next()).await?;
                continue;
            };
            let pass = async { rows.into_iter().try_for_each(|row| take(revoked(row)?)) };
            let read = async { Ok(self.page(lease, page.next()).await?) };
            // The first is polled first, which starts the work of SQLite's thread.
            next = try_join(read, pass).await?.0;
        }
        within(limit, lease.connection.script("COMMIT".to_owned())).await?;
        Ok(())
    }

    /// The page that begins at this row number, unless there are no more rows.
    async fn page(&self, lease: &mut Lease<'_>, first: Option<i64>) -> Result<Option<Page>> {
        let Some(first) = first else { return Ok(None) };
        let limit = self.pool.source.statement_timeout;
        let values = [Value::Int(first)];
        let rows = within(limit, lease.connection.rows(packed(), &values)).await?;
        Ok(rows.into_iter().next().and_then(|row| Page::of(first, row)))
    }

    /// Lengths are counted in octets of the stored text. SQLite can also store UTF-16,
    /// which it converts.
    async fn is_utf8(&self, lease: &mut Lease<'_>) -> Result<bool> {
        let limit = self.pool.source.statement_timeout;
        let rows = lease.connection.rows("PRAGMA encoding".to_owned(), &[]);
        let rows = within(limit, rows).await?;
        Ok(matches!(rows.first().map(Vec::as_slice), Some([Some(name)]) if name == b"UTF-8"))
    }
}

impl Driver {
    fn select_revoked(self) -> String {
        let columns = COLUMNS.map(|name| self.certificate_column(name)).join(", ");
        // cfssl fails for tables of the first version, which lack `common_name`.
        format!("SELECT {columns}, {PEM}, common_name FROM certificates WHERE {CONDITION}")
    }
}

/// The rows between two row numbers.
fn singly() -> String {
    format!("{} AND rowid BETWEEN ? AND ?", Driver::Sqlite.select_revoked())
}

/// The rows from a row number on, in one value; the last row number; how many there are.
///
/// Each row is a character for each field, whose code is the field's length plus one or 0
/// for NULL, and then the fields.
fn packed() -> String {
    let fields: [String; FIELDS] = std::array::from_fn(|at| format!("f{at}"));
    let columns = COLUMNS.into_iter().chain([PEM]).zip(&fields);
    let columns: Vec<_> = columns
        .map(|(column, field)| format!("{column} AS {field}"))
        .collect();
    let lengths = fields
        .each_ref()
        .map(|field| format!("ifnull(octet_length({field}) + 1, 0)"));
    format!(
        "SELECT group_concat(concat(char({}), {}), ''), CAST(max(r) AS TEXT), CAST(count(*) AS TEXT) \
         FROM (SELECT rowid AS r, {}, common_name FROM certificates WHERE rowid >= ? AND {CONDITION} \
         ORDER BY rowid LIMIT {PAGE})",
        lengths.join(", "),
        fields.join(", "),
        columns.join(", "),
    )
}

/// Some rows in one value.
struct Page {
    first: i64,
    last: i64,
    is_full: bool,
    rows: Vec<u8>,
}

impl Page {
    fn of(first: i64, row: Row) -> Option<Self> {
        let [rows, last, count] = <[_; 3]>::try_from(row).ok()?;
        let number = |text: Option<Vec<u8>>| std::str::from_utf8(&text?).ok()?.parse().ok();
        Some(Page {
            first,
            last: number(last)?,
            is_full: number(count)? == PAGE as i64,
            rows: rows?,
        })
    }

    /// Where the next page begins.
    fn next(&self) -> Option<i64> {
        self.is_full.then(|| self.last.checked_add(1)).flatten()
    }

    /// The fields of each row, unless one is so long that no character stands for its
    /// length.
    fn unpack(&self) -> Option<Vec<Fields<'_>>> {
        let mut rest = &self.rows[..];
        let mut rows = Vec::with_capacity(PAGE);
        while !rest.is_empty() {
            let mut lengths = [0; FIELDS];
            for length in &mut lengths {
                *length = character(&mut rest)?;
            }
            let mut row = Fields::default();
            for (field, length) in row.iter_mut().zip(lengths) {
                if let Some(length) = length.checked_sub(1) {
                    let (value, after) = rest.split_at_checked(length)?;
                    *field = Some(value);
                    rest = after;
                }
            }
            rows.push(row);
        }
        Some(rows)
    }
}

/// Takes the code of the first character. SQLite's `char` writes U+FFFD for a number that
/// is too large, and does not avoid surrogates.
fn character(rest: &mut &[u8]) -> Option<usize> {
    let length = match rest.first()? {
        ..0x80 => 1,
        ..0xe0 => 2,
        ..0xf0 => 3,
        _ => 4,
    };
    let (first, after) = rest.split_at_checked(length)?;
    let character = std::str::from_utf8(first).ok()?.chars().next()?;
    *rest = after;
    (character != char::REPLACEMENT_CHARACTER).then_some(character as usize)
}

fn fields(row: &Row) -> Fields<'_> {
    std::array::from_fn(|at| row.get(at)?.as_deref())
}

fn revoked(fields: Fields<'_>) -> Result<Revoked<'_>> {
    let [aki, label, reason, revoked_at, serial, pem] = fields;
    let required = |field: Option<_>, name, go_type| {
        let field = field.map(String::from_utf8_lossy);
        field.ok_or_else(|| rows::null(Table::Certificates, name, go_type))
    };
    let aki = required(aki, "authority_key_identifier", "string")?;
    required(label, "ca_label", "string")?;
    Ok(Revoked {
        aki,
        reason: rows::number("reason", &required(reason, "reason", "int")?)?,
        revoked_at: rows::known(&required(revoked_at, "revoked_at", "time")?),
        serial: required(serial, "serial_number", "string")?,
        pem: pem.map(String::from_utf8_lossy),
    })
}
