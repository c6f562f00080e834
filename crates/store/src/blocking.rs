//! The store for commands: each call blocks until it is done. The runtime is created with
//! the store, so commands without a database do not have one.

use rcfssl_core::record::{CertificateRecord, OcspRecord, RecordId};
use tokio::runtime::{Builder, Runtime};

use crate::config::{Config, Driver};
use crate::error::{Error, Kind, Result};
use crate::revoked::Revoked;
use crate::schema::{Counts, Version};
use crate::store::Select;

/// A blocking [`Store`](crate::Store).
pub struct Store {
    runtime: Runtime,
    store: crate::Store,
}

impl Store {
    /// A store with one connection, which is not opened yet.
    ///
    /// # Errors
    /// As [`Store::new`](crate::Store::new), and if the runtime cannot be created.
    pub fn new(config: &Config) -> rcfssl_core::Result<Self> {
        let mut runtime = Builder::new_current_thread();
        let runtime = match config.driver {
            // SQLite has no sockets.
            Driver::Sqlite => runtime.enable_time().build(),
            Driver::Postgres | Driver::MySql => runtime.enable_all().build(),
        };
        let runtime = runtime.map_err(|error| Error::new(Kind::Other, error))?;
        Ok(Store {
            runtime,
            store: crate::Store::new(config, 1)?,
        })
    }

    /// The kind of database.
    pub fn driver(&self) -> Driver {
        self.store.driver()
    }

    /// As [`Store::insert`](crate::Store::insert); a missing SQLite file is created first,
    /// with its tables.
    ///
    /// # Errors
    /// 11000, and 11100 if the database reported success without storing the rows.
    pub fn record(&self, records: &[CertificateRecord]) -> Result<()> {
        self.runtime.block_on(async {
            self.store.create_file().await?;
            self.store.insert(records).await
        })
    }

    /// As [`Store::certificate`](crate::Store::certificate).
    ///
    /// # Errors
    /// 11000.
    pub fn certificate(&self, serial: &str, aki: &str) -> Result<Option<CertificateRecord>> {
        self.runtime.block_on(self.store.certificate(serial, aki))
    }

    /// As [`Store::revoke`](crate::Store::revoke).
    ///
    /// # Errors
    /// 11000.
    pub fn revoke(&self, serial: &str, aki: &str, reason: u8) -> Result<bool> {
        self.runtime.block_on(self.store.revoke(serial, aki, reason))
    }

    /// As [`Store::revoke_all`](crate::Store::revoke_all).
    ///
    /// # Errors
    /// 11000.
    pub fn revoke_all(&self, certificates: &[RecordId], reason: u8) -> Result<Vec<bool>> {
        self.runtime.block_on(self.store.revoke_all(certificates, reason))
    }

    /// As [`Store::named`](crate::Store::named).
    ///
    /// # Errors
    /// 11000.
    pub fn named(&self, common_name: &str) -> Result<Vec<CertificateRecord>> {
        self.runtime.block_on(self.store.named(common_name))
    }

    /// As [`Store::each_certificate`](crate::Store::each_certificate).
    ///
    /// # Errors
    /// 11000, or that of `take`.
    pub fn each_certificate<E: From<Error>>(
        &self,
        select: Select,
        take: impl FnMut(CertificateRecord) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        self.runtime.block_on(self.store.each_certificate(select, take))
    }

    /// As [`Store::each_revoked`](crate::Store::each_revoked).
    ///
    /// # Errors
    /// 11000, or that of `take`.
    pub fn each_revoked<E: From<Error>>(
        &self,
        take: impl FnMut(Revoked<'_>) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        self.runtime.block_on(self.store.each_revoked(take))
    }

    /// As [`Store::unexpired`](crate::Store::unexpired).
    pub fn unexpired(&self, page_size: usize) -> Pages<'_> {
        Pages {
            runtime: &self.runtime,
            pages: self.store.unexpired(page_size),
        }
    }

    /// As [`Store::upsert_ocsp`](crate::Store::upsert_ocsp).
    ///
    /// # Errors
    /// 11000.
    pub fn upsert_ocsp(&self, records: &[OcspRecord]) -> Result<()> {
        self.runtime.block_on(self.store.upsert_ocsp(records))
    }

    /// As [`Store::each_ocsp`](crate::Store::each_ocsp).
    ///
    /// # Errors
    /// 11000, or that of `take`.
    pub fn each_ocsp<E: From<Error>>(
        &self,
        take: impl FnMut(OcspRecord) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        self.runtime.block_on(self.store.each_ocsp(take))
    }

    /// As [`Store::version`](crate::Store::version).
    ///
    /// # Errors
    /// 11000.
    pub fn version(&self) -> Result<Version> {
        self.runtime.block_on(self.store.version())
    }

    /// As [`Store::create`](crate::Store::create).
    ///
    /// # Errors
    /// 11000.
    pub fn create(&self) -> Result<()> {
        self.runtime.block_on(self.store.create())
    }

    /// As [`Store::migrate`](crate::Store::migrate).
    ///
    /// # Errors
    /// 11000.
    pub fn migrate(&self) -> Result<()> {
        self.runtime.block_on(self.store.migrate())
    }

    /// As [`Store::counts`](crate::Store::counts).
    ///
    /// # Errors
    /// 11000.
    pub fn counts(&self) -> Result<Counts> {
        self.runtime.block_on(self.store.counts())
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.runtime.block_on(self.store.close());
    }
}

/// As [`Pages`](crate::Pages).
pub struct Pages<'s> {
    runtime: &'s Runtime,
    pages: crate::Pages<'s>,
}

impl Pages<'_> {
    /// As [`Pages::next`](crate::Pages::next).
    ///
    /// # Errors
    /// 11000.
    #[expect(clippy::should_implement_trait, reason = "a page that fails is not the end")]
    pub fn next(&mut self) -> Result<Vec<CertificateRecord>> {
        self.runtime.block_on(self.pages.next())
    }
}
