//! Converts rows to records. What cfssl cannot read is rejected with the message of Go's
//! `database/sql`.

use rcfssl_core::record::{CertificateRecord, OcspRecord, Standing, Status};
use time::OffsetDateTime;

use crate::connection::Row;
use crate::error::{Error, Kind, Result};
use crate::moment;
use crate::sql::{STANDING, Table, position};

/// A row and the positions of its columns.
struct Columns<F> {
    row: Row,
    place: F,
}

/// The positions of the columns in a complete row of a table.
fn whole(table: Table, row: Row) -> Columns<impl Fn(&'static str) -> usize> {
    Columns {
        row,
        place: move |name| position(table, name),
    }
}

impl<F: Fn(&'static str) -> usize> Columns<F> {
    fn take(&mut self, name: &'static str) -> Option<Vec<u8>> {
        let place = (self.place)(name);
        self.row.get_mut(place)?.take()
    }

    fn text(&mut self, name: &'static str) -> Option<String> {
        self.take(name).map(text)
    }

    /// A column that must not be NULL.
    fn required(&mut self, table: Table, name: &'static str, go_type: &str) -> Result<String> {
        self.text(name).ok_or_else(|| null(table, name, go_type))
    }

    fn number(&mut self, name: &'static str) -> Result<i32> {
        let text = self.required(Table::Certificates, name, "int")?;
        number(name, &text)
    }

    /// A required time; invalid times become Go's zero time, as in go-sqlite3.
    fn moment(&mut self, table: Table, name: &'static str) -> Result<OffsetDateTime> {
        let text = self.required(table, name, "time")?;
        Ok(moment::parse(&text).unwrap_or(ZERO))
    }

    /// A time that may be NULL.
    fn optional_moment(&mut self, name: &'static str) -> Option<OffsetDateTime> {
        self.text(name).as_deref().and_then(known)
    }
}

/// The error for NULL in a column that must not be NULL. cfssl's message numbers the
/// columns in its own order, which is that of [`position`].
pub(crate) fn null(table: Table, name: &str, go_type: &str) -> Error {
    let place = position(table, name);
    let why = match go_type {
        "time" => "unsupported Scan, storing driver.Value type <nil> into type *time.Time".to_owned(),
        go_type => format!("converting NULL to {go_type} is unsupported"),
    };
    let sentence = format!("sql: Scan error on column index {place}, name \"{name}\": {why}");
    Error::new(Kind::Other, sentence)
}

/// The number in a column of `certificates`.
pub(crate) fn number(name: &str, text: &str) -> Result<i32> {
    text.parse().map_err(|_| {
        let place = position(Table::Certificates, name);
        let text = rcfssl_go::quote(text);
        let sentence = format!(
            "sql: Scan error on column index {place}, name \"{name}\": converting driver.Value type string \
             ({text}) to a int: invalid syntax"
        );
        Error::new(Kind::Other, sentence)
    })
}

/// Go's zero time.
const ZERO: OffsetDateTime = time::macros::datetime!(0001-01-01 0:00 UTC);

/// A time, unless it is invalid or Go's zero time.
pub(crate) fn known(text: &str) -> Option<OffsetDateTime> {
    if moment::is_zero(text) {
        return None;
    }
    moment::parse(text)
}

fn text(octets: Vec<u8>) -> String {
    String::from_utf8(octets).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// A row of [`Driver::select`](crate::config::Driver) of `certificates`.
pub(crate) fn certificate(row: Row) -> Result<CertificateRecord> {
    const TABLE: Table = Table::Certificates;
    let mut row = whole(TABLE, row);
    Ok(CertificateRecord {
        aki: row.required(TABLE, "authority_key_identifier", "string")?,
        ca_label: row.required(TABLE, "ca_label", "string")?,
        common_name: row.text("common_name"),
        expiry: row.moment(TABLE, "expiry")?,
        issued_at: row.optional_moment("issued_at"),
        metadata: row.text("metadata"),
        not_before: row.optional_moment("not_before"),
        pem: row.required(TABLE, "pem", "string")?,
        reason: row.number("reason")?,
        revoked_at: known(&row.required(TABLE, "revoked_at", "time")?),
        sans: row.text("sans"),
        serial: row.required(TABLE, "serial_number", "string")?,
        status: Status::parse(&row.required(TABLE, "status", "string")?),
    })
}

/// A row of `ocsp_responses`.
pub(crate) fn ocsp(row: Row) -> Result<OcspRecord> {
    const TABLE: Table = Table::Ocsp;
    let mut row = whole(TABLE, row);
    Ok(OcspRecord {
        aki: row.required(TABLE, "authority_key_identifier", "string")?,
        expiry: row.moment(TABLE, "expiry")?,
        serial: row.required(TABLE, "serial_number", "string")?,
        body: row.take("body").unwrap_or_default(),
    })
}

/// A row of [`Driver::select_standing`](crate::config::Driver).
pub(crate) fn standing(row: Row) -> Result<Standing> {
    const TABLE: Table = Table::Certificates;
    let place = |name| {
        STANDING
            .iter()
            .position(|column| *column == name)
            .unwrap_or_default()
    };
    let mut row = Columns { row, place };
    Ok(Standing {
        reason: row.number("reason")?,
        revoked_at: known(&row.required(TABLE, "revoked_at", "time")?),
        status: Status::parse(&row.required(TABLE, "status", "string")?),
    })
}
