//! The store for commands: each call waits until it is done. The runtime is built when
//! the store is, so that a command without a database has none.

use rcfssl_core::record::{CertificateRecord, OcspRecord};
use tokio::runtime::{Builder, Runtime};

use crate::config::{Config, Driver};
use crate::error::{Error, Kind, Result};
use crate::rows::Revoked;
use crate::schema::{Counts, Version};
use crate::store::Select;

/// A [`Store`](crate::Store) that waits.
pub struct Store {
    runtime: Runtime,
    store: crate::Store,
}

impl Store {
    /// A store with one connection. Nothing is connected yet.
    ///
    /// # Errors
    /// As [`Store::new`](crate::Store::new), and where the system gives no runtime.
    pub fn new(config: &Config) -> rcfssl_core::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| Error::new(Kind::Other, error))?;
        Ok(Store {
            runtime,
            store: crate::Store::new(config, 1)?,
        })
    }

    /// Which database it is.
    pub fn driver(&self) -> Driver {
        self.store.driver()
    }

    /// As [`Store::insert`](crate::Store::insert); before that an SQLite file that is not
    /// there is made, with its tables.
    ///
    /// # Errors
    /// 11000, and 11100 where the database took the rows and has them not.
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
        take: impl FnMut(Revoked) -> std::result::Result<(), E>,
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
