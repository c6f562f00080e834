//! Records certificates before they are returned. Those of concurrent requests are
//! committed together.

use std::sync::{Arc, OnceLock};

use rcfssl_core::record::CertificateRecord;
use rcfssl_core::{Code, Error, Result};
use rcfssl_store::Store;
use tokio::sync::{mpsc, oneshot};

/// The maximum number of rows in a transaction.
const MOST: usize = 64;

type Done = oneshot::Sender<Result<()>>;

/// Records certificates.
pub struct Recorder {
    store: Arc<Store>,
    queue: OnceLock<mpsc::Sender<(CertificateRecord, Done)>>,
}

impl Recorder {
    /// Records to a database. Nothing happens before the first certificate.
    pub fn new(store: Arc<Store>) -> Self {
        Recorder {
            store,
            queue: OnceLock::new(),
        }
    }

    /// Records a certificate. When this returns, the row is committed.
    ///
    /// # Errors
    /// 11000, with the database's message.
    pub async fn record(&self, record: CertificateRecord) -> Result<()> {
        let lost = || Error::from(Code::Store);
        let queue = self.queue.get_or_init(|| {
            let (queue, waiting) = mpsc::channel(MOST);
            tokio::spawn(write(Arc::clone(&self.store), waiting));
            queue
        });
        let (done, written) = oneshot::channel();
        queue.send((record, done)).await.map_err(|_| lost())?;
        written.await.map_err(|_| lost())?
    }
}

/// Writes all waiting rows in one transaction at a time.
async fn write(store: Arc<Store>, mut waiting: mpsc::Receiver<(CertificateRecord, Done)>) {
    let mut batch = Vec::with_capacity(MOST);
    while waiting.recv_many(&mut batch, MOST).await > 0 {
        let (records, waits): (Vec<_>, Vec<_>) = batch.drain(..).unzip();
        let written = store.insert(&records).await;
        if written.is_ok() || records.len() == 1 {
            let written = written.map_err(|error| error.error);
            waits
                .into_iter()
                .for_each(|done| drop(done.send(written.clone())));
            continue;
        }
        // If the database rejects one row, the others must still be written.
        for (record, done) in records.into_iter().zip(waits) {
            let written = store.insert(std::slice::from_ref(&record)).await;
            drop(done.send(written.map_err(|error| error.error)));
        }
    }
}
