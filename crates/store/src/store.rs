//! The operations on the database.

use std::time::Duration;

use futures_util::{FutureExt, StreamExt};
use rcfssl_core::record::{CertificateRecord, OcspRecord, RecordId, Standing};
use tokio::time::{sleep, timeout};

use crate::config::{Config, Driver};
use crate::connection::Row;
use crate::dsn::Source;
use crate::error::{Error, Kind, Result};
use crate::pool::{Lease, Pool};
use crate::rows;
use crate::sql::{PageKey, Table, Value};

/// Rows per `INSERT`; with thirteen values each, this stays below every database's limit.
const CHUNK: usize = 100;

/// How long to let rows accumulate when none is available.
const GATHER: Duration = Duration::from_millis(1);

/// A database with cfssl's tables. Connections are opened when they are needed.
pub struct Store {
    pub(crate) driver: Driver,
    pub(crate) pool: Pool,
}

/// A selection of certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Select {
    /// All recorded ones.
    All,
    /// Those that have not expired by the clock of the database.
    Unexpired,
}

impl Store {
    /// A store with at most `connections` connections. Nothing is connected yet: as in
    /// cfssl, an unreachable database is noticed only when it is used.
    ///
    /// # Errors
    /// For a malformed data source: without a number for MySQL, whose driver parses it at
    /// once in cfssl, 11000 for the others.
    pub fn new(config: &Config, connections: usize) -> rcfssl_core::Result<Self> {
        let source = Source::read(config).map_err(|sentence| match config.driver {
            Driver::MySql => rcfssl_core::Error::plain(sentence),
            _ => Error::new(Kind::Other, sentence).into(),
        })?;
        Ok(Store {
            driver: config.driver,
            pool: Pool::new(source, connections.max(1)),
        })
    }

    /// The kind of database.
    pub fn driver(&self) -> Driver {
        self.driver
    }

    /// Records certificates: all of them, or none. When this returns, they are committed.
    ///
    /// # Errors
    /// 11000, with the database's message; 11100 if it reported success without storing the
    /// rows.
    pub async fn insert(&self, records: &[CertificateRecord]) -> Result<()> {
        let statements = records
            .chunks(CHUNK)
            .map(|chunk| self.driver.insert_certificates(chunk));
        let inserted = self.write(statements).await?;
        if inserted < records.len() as u64 {
            return Err(Error {
                kind: Kind::Other,
                error: rcfssl_core::Code::StoreInsert.into(),
            });
        }
        Ok(())
    }

    /// The certificate with this serial number (decimal) and key identifier
    /// (hexadecimal), compared as text.
    ///
    /// # Errors
    /// 11000, also for a row that cfssl cannot read.
    pub async fn certificate(&self, serial: &str, aki: &str) -> Result<Option<CertificateRecord>> {
        let (statement, values) = self.driver.select_one(Table::Certificates, serial, aki);
        let rows = self.rows(statement, &values).await?;
        rows.into_iter().next().map(rows::certificate).transpose()
    }

    /// The certificates that were recorded last (SQLite) or issued last (the others), the
    /// latest first. SQLite finds them at once; the others read the whole table, so callers
    /// should not ask for this often at once.
    ///
    /// # Errors
    /// 11000; on the others also for tables of cfssl's first version, which do not say when a
    /// certificate was issued.
    pub async fn recent(&self, count: usize) -> Result<Vec<CertificateRecord>> {
        let statement = self.driver.select_recent(count);
        let rows = self.rows(statement, &[]).await?;
        rows.into_iter().map(rows::certificate).collect()
    }

    /// Can certificates be recorded: is the database there, with the table?
    ///
    /// # Errors
    /// 11000.
    pub async fn ping(&self) -> Result<()> {
        let statement = "SELECT 1 FROM certificates WHERE serial_number = ''".to_owned();
        self.rows(statement, &[]).await.map(drop)
    }

    /// Marks a certificate as revoked now, by the clock of the database, even if it was
    /// revoked before. Returns whether the certificate exists.
    ///
    /// # Errors
    /// 11000.
    pub async fn revoke(&self, serial: &str, aki: &str, reason: u8) -> Result<bool> {
        let statement = self.driver.revoke(serial, aki, reason);
        Ok(self.write(std::iter::once(statement)).await? > 0)
    }

    /// Marks certificates as revoked now, all of them in one transaction. Those that were
    /// revoked before keep their time and reason. Returns for each whether it is recorded.
    ///
    /// # Errors
    /// 11000.
    pub async fn revoke_all(&self, certificates: &[RecordId], reason: u8) -> Result<Vec<bool>> {
        let statements = certificates
            .chunks(CHUNK)
            .map(|chunk| self.driver.revoke_unrevoked(chunk, reason));
        if self.write(statements).await? >= certificates.len() as u64 {
            return Ok(vec![true; certificates.len()]);
        }
        let mut recorded = Vec::with_capacity(certificates.len());
        for RecordId { serial, aki } in certificates {
            recorded.push(self.standing(serial, aki).await?.is_some());
        }
        Ok(recorded)
    }

    /// Passes each certificate to `take`, in the database's order. `take` must not use this
    /// store: a connection is in use meanwhile.
    ///
    /// # Errors
    /// 11000, or that of `take`.
    pub async fn each_certificate<E: From<Error>>(
        &self,
        select: Select,
        mut take: impl FnMut(CertificateRecord) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        let condition = match select {
            Select::All => "",
            Select::Unexpired => UNEXPIRED,
        };
        let statement = self.driver.select(Table::Certificates, condition);
        self.stream(statement, |row| take(rows::certificate(row)?)).await
    }

    /// The certificates that have not expired, page by page, for work that writes in
    /// between.
    pub fn unexpired(&self, page_size: usize) -> Pages<'_> {
        Pages {
            store: self,
            size: page_size.max(1),
            after: None,
            is_over: false,
        }
    }

    /// Records OCSP responses, replacing those for the same certificates: all of them, or
    /// none.
    ///
    /// # Errors
    /// 11000.
    pub async fn upsert_ocsp(&self, records: &[OcspRecord]) -> Result<()> {
        let statements = records.chunks(CHUNK).map(|chunk| self.driver.upsert_ocsp(chunk));
        self.write(statements).await.map(drop)
    }

    /// The OCSP response for a certificate, looked up as in [`Store::certificate`].
    ///
    /// # Errors
    /// 11000.
    pub async fn ocsp(&self, serial: &str, aki: &str) -> Result<Option<OcspRecord>> {
        let (statement, values) = self.driver.select_one(Table::Ocsp, serial, aki);
        let rows = self.rows(statement, &values).await?;
        rows.into_iter().next().map(rows::ocsp).transpose()
    }

    /// Passes each OCSP response that has not expired to `take`, as
    /// [`Store::each_certificate`] does.
    ///
    /// # Errors
    /// 11000, or that of `take`.
    pub async fn each_ocsp<E: From<Error>>(
        &self,
        mut take: impl FnMut(OcspRecord) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        let statement = self.driver.select(Table::Ocsp, UNEXPIRED);
        self.stream(statement, |row| take(rows::ocsp(row)?)).await
    }

    /// Whether a certificate is good or revoked, looked up as in [`Store::certificate`].
    ///
    /// # Errors
    /// 11000, also for a row that cfssl cannot read.
    pub async fn standing(&self, serial: &str, aki: &str) -> Result<Option<Standing>> {
        let (statement, values) = self.driver.select_standing(serial, aki);
        let rows = self.rows(statement, &values).await?;
        rows.into_iter().next().map(rows::standing).transpose()
    }

    /// The certificates with a common name that have neither expired nor been revoked.
    ///
    /// # Errors
    /// 11000; also for tables of cfssl's first version, which have no names.
    pub async fn named(&self, common_name: &str) -> Result<Vec<CertificateRecord>> {
        let (statement, values) = self.driver.select_named(common_name);
        let rows = self.rows(statement, &values).await?;
        rows.into_iter().map(rows::certificate).collect()
    }

    /// Closes the connections.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// All rows of a statement that returns few.
    pub(crate) async fn rows(&self, statement: String, values: &[Value<'_>]) -> Result<Vec<Row>> {
        let limit = self.pool.source.statement_timeout;
        let mut lease = self.pool.lease().await?;
        let read = lease.connection.rows(statement, values);
        let rows = timeout(limit, read).await.map_err(|_| Error::timeout(limit))?;
        if matches!(&rows, Ok(_) | Err(sqlx::Error::Database(_))) {
            lease.release();
        }
        Ok(rows?)
    }

    /// Passes each row of a statement to `take`.
    async fn stream<E: From<Error>>(
        &self,
        statement: String,
        take: impl FnMut(Row) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        let mut lease = self.pool.lease().await?;
        self.stream_from(&mut lease, statement, &[], take).await?;
        lease.release();
        Ok(())
    }

    /// As [`Store::stream`], on a connection that is already leased.
    pub(crate) async fn stream_from<E: From<Error>>(
        &self,
        lease: &mut Lease<'_>,
        statement: String,
        values: &[Value<'_>],
        mut take: impl FnMut(Row) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        let limit = self.pool.source.statement_timeout;
        let mut stream = lease.connection.fetch(statement, values);
        loop {
            let next = match stream.next().now_or_never() {
                Some(next) => next,
                None => {
                    // Rows accumulate meanwhile. Waking up for each of them costs more than
                    // reading it.
                    sleep(GATHER).await;
                    let next = timeout(limit, stream.next()).await;
                    next.map_err(|_| Error::timeout(limit))?
                }
            };
            match next {
                Some(row) => take(row.map_err(Error::from)?)?,
                None => return Ok(()),
            }
        }
    }

    /// Executes statements, all or none; returns the number of affected rows.
    async fn write<'v>(
        &self,
        mut statements: impl ExactSizeIterator<Item = (String, Vec<Value<'v>>)>,
    ) -> Result<u64> {
        let limit = self.pool.source.statement_timeout;
        let mut lease = self.pool.lease().await?;
        let connection = &mut lease.connection;
        if statements.len() <= 1 {
            let Some((statement, values)) = statements.next() else {
                return Ok(0);
            };
            let done = timeout(limit, connection.execute(statement, &values)).await;
            let done = done.map_err(|_| Error::timeout(limit))?;
            if matches!(&done, Ok(_) | Err(sqlx::Error::Database(_))) {
                lease.release();
            }
            return Ok(done?);
        }
        let mut touched = 0;
        within(limit, connection.script(self.driver.begin().to_owned())).await?;
        for (statement, values) in statements {
            touched += within(limit, connection.execute(statement, &values)).await?;
        }
        within(limit, connection.script("COMMIT".to_owned())).await?;
        lease.release();
        Ok(touched)
    }
}

const UNEXPIRED: &str = "WHERE CURRENT_TIMESTAMP < expiry";

/// Limits the time of a step.
pub(crate) async fn within<T>(limit: Duration, step: impl Future<Output = sqlx::Result<T>>) -> Result<T> {
    let done = timeout(limit, step).await.map_err(|_| Error::timeout(limit))?;
    Ok(done?)
}

impl Driver {
    /// SQLite must acquire the write lock before it reads anything, or two writers wait for
    /// each other.
    pub(crate) fn begin(self) -> &'static str {
        match self {
            Driver::Sqlite => "BEGIN IMMEDIATE",
            Driver::Postgres | Driver::MySql => "BEGIN",
        }
    }
}

/// Certificates, page by page. No connection is in use between two pages.
pub struct Pages<'s> {
    store: &'s Store,
    size: usize,
    after: Option<PageKey>,
    is_over: bool,
}

impl Pages<'_> {
    /// The next page; empty at the end.
    ///
    /// # Errors
    /// 11000, also for a row that cfssl cannot read.
    pub async fn next(&mut self) -> Result<Vec<CertificateRecord>> {
        if self.is_over {
            return Ok(Vec::new());
        }
        let (statement, values) = self.store.driver.page(self.after.as_ref(), self.size);
        let rows = self.store.rows(statement, &values).await?;
        self.is_over = rows.len() < self.size;
        let last = rows.last().and_then(row_number);
        let records: Vec<_> = rows.into_iter().map(rows::certificate).collect::<Result<_>>()?;
        self.after = last.or_else(|| {
            let last = records.last()?;
            Some(PageKey::Key {
                serial: last.serial.clone(),
                aki: last.aki.clone(),
            })
        });
        Ok(records)
    }
}

/// SQLite's row number, which follows the columns.
fn row_number(row: &Row) -> Option<PageKey> {
    let text = row.get(Table::Certificates.width())?.as_deref()?;
    let number = std::str::from_utf8(text).ok()?.parse().ok()?;
    Some(PageKey::Row(number))
}

/// Ensures that a server can move these futures between its runtime's threads.
#[cfg(test)]
mod tests {
    use super::*;

    fn sends<T: Send>(_: T) {}

    #[test]
    fn futures_may_move_between_threads() {
        let config = Config::read(br#"{"driver":"sqlite3","data_source":":memory:"}"#)
            .unwrap()
            .0;
        let store = Store::new(&config, 1).unwrap();
        sends(store.insert(&[]));
        sends(store.certificate("1", ""));
        sends(store.revoke("1", "", 1));
        sends(store.each_revoked::<Error>(|_| Ok(())));
        sends(store.unexpired(1).next());
        sends(store.upsert_ocsp(&[]));
        sends(store.create());
    }
}
