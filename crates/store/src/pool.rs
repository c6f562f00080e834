//! A connection pool: a limited number of connections, which are reused, and replaced when
//! they are lost.
//!
//! If a server refuses connections, sqlx's own pool retries for the whole time limit; cfssl
//! fails at once.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

use crate::connection::Connection;
use crate::dsn::Source;
use crate::error::{Error, Kind, Result};

/// A connection that was used this recently is assumed to be alive.
const FRESH: Duration = Duration::from_secs(1);

/// The time limit for closing a connection.
const GOODBYE: Duration = Duration::from_millis(500);

pub(crate) struct Pool {
    pub source: Source,
    idle: Mutex<Vec<(Connection, Instant)>>,
    permits: Semaphore,
}

impl Pool {
    pub fn new(source: Source, connections: usize) -> Self {
        Pool {
            source,
            idle: Mutex::default(),
            permits: Semaphore::new(connections),
        }
    }

    /// Leases a connection, waiting for one if necessary.
    pub async fn lease(&self) -> Result<Lease<'_>> {
        let limit = self.source.connect_timeout;
        let leased = timeout(limit, async {
            let permit = self.permits.acquire().await;
            let permit = permit.map_err(|_| Error::new(Kind::Connection, "sql: database is closed"))?;
            let connection = match self.used().await {
                Some(connection) => connection,
                None => {
                    let opened = Connection::open(&self.source.target).await;
                    opened.map_err(|error| Error::connecting(&self.source.address, error))?
                }
            };
            Ok(Lease {
                pool: self,
                connection,
                _permit: permit,
            })
        });
        leased.await.unwrap_or_else(|_| {
            let sentence = format!("dial {}: no connection within {limit:?}", self.source.address);
            Err(Error::new(Kind::Timeout, sentence))
        })
    }

    /// A used connection that is still alive.
    async fn used(&self) -> Option<Connection> {
        loop {
            let (mut connection, since) = self.lock().pop()?;
            if since.elapsed() < FRESH || connection.ping().await.is_ok() {
                return Some(connection);
            }
        }
    }

    /// Closes all idle connections and leases no more.
    pub async fn close(&self) {
        self.permits.close();
        let idle = std::mem::take(&mut *self.lock());
        for (connection, _) in idle {
            // The server notices anyway.
            drop(timeout(GOODBYE, connection.close()).await);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<(Connection, Instant)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection, returned by [`Lease::release`]. If it is dropped without that, something
/// went wrong: the connection is closed, which rolls back what was not committed.
pub(crate) struct Lease<'a> {
    pool: &'a Pool,
    pub connection: Connection,
    _permit: SemaphorePermit<'a>,
}

impl Lease<'_> {
    pub fn release(self) {
        if !self.pool.permits.is_closed() {
            self.pool.lock().push((self.connection, Instant::now()));
        }
    }
}
