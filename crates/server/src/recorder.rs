//! Certificates go on record before they are given out. Those of requests at the same
//! time go to the database together.

use std::sync::{Arc, OnceLock};

use rcfssl_core::record::CertificateRecord;
use rcfssl_core::{Code, Error, Result};
use rcfssl_store::Store;
use tokio::sync::{mpsc, oneshot};

/// Rows that go together at most.
const MOST: usize = 64;

type Done = oneshot::Sender<Result<()>>;

/// Records certificates.
pub struct Recorder {
    store: Arc<Store>,
    queue: OnceLock<mpsc::Sender<(CertificateRecord, Done)>>,
}

impl Recorder {
    /// Of a database. Nothing is begun before the first certificate comes.
    pub fn new(store: Arc<Store>) -> Self {
        Recorder {
            store,
            queue: OnceLock::new(),
        }
    }

    /// Records a certificate. When this returns, its row is there to stay.
    ///
    /// # Errors
    /// 11000, in the words of the database.
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

/// Writes what waits, all of it at a time.
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
        // One row that the database refuses must not take the others with it.
        for (record, done) in records.into_iter().zip(waits) {
            let written = store.insert(std::slice::from_ref(&record)).await;
            drop(done.send(written.map_err(|error| error.error)));
        }
    }
}
