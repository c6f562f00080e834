//! Slow or blocking work, kept off the threads that serve requests: a limited number of
//! tasks at a time, each with a deadline.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::answer::Failure;

/// How long a request waits for a worker before it is rejected.
const PATIENCE: Duration = Duration::from_secs(10);

/// The type of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// Generating an RSA key, which takes seconds of processor time.
    RsaKey,
    /// Other slow work: RSA signatures, other servers, files.
    Slow,
}

/// The workers.
#[derive(Debug)]
pub struct Workers {
    rsa_keys: Arc<Semaphore>,
    slow: Arc<Semaphore>,
    patience: Duration,
    rsa_keys_at_once: usize,
    rsa_keys_waiting: AtomicUsize,
}

/// A request that waits to make an RSA key.
struct Waiting<'a>(Option<&'a AtomicUsize>);

impl<'a> Waiting<'a> {
    fn count(counter: Option<&'a AtomicUsize>) -> Self {
        if let Some(counter) = counter {
            counter.fetch_add(1, Ordering::Relaxed);
        }
        Waiting(counter)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if let Some(counter) = self.0 {
            counter.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Workers {
    /// Creates workers for this many RSA keys and other tasks at a time.
    pub fn new(rsa_keys: usize, slow: usize) -> Self {
        Workers {
            rsa_keys: Arc::new(Semaphore::new(rsa_keys.max(1))),
            slow: Arc::new(Semaphore::new(slow.max(1))),
            patience: PATIENCE,
            rsa_keys_at_once: rsa_keys.max(1),
            rsa_keys_waiting: AtomicUsize::new(0),
        }
    }

    /// How many RSA keys are made now, and how many requests wait to make one.
    pub fn rsa_keys(&self) -> (usize, usize) {
        let running = self
            .rsa_keys_at_once
            .saturating_sub(self.rsa_keys.available_permits());
        let waiting = self.rsa_keys_waiting.load(Ordering::Relaxed);
        (running, waiting)
    }

    /// Runs slow work.
    ///
    /// # Errors
    /// Busy if no worker becomes free in time; 503 if the work exceeds `deadline`. It then
    /// continues in the background and occupies its worker until it ends.
    pub async fn run<T: Send + 'static>(
        &self,
        task: Task,
        deadline: Duration,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Failure> {
        let places = match task {
            Task::RsaKey => &self.rsa_keys,
            Task::Slow => &self.slow,
        };
        let waiting = Waiting::count((task == Task::RsaKey).then_some(&self.rsa_keys_waiting));
        let place = timeout(self.patience, Arc::clone(places).acquire_owned()).await;
        drop(waiting);
        let Ok(Ok(place)) = place else {
            return Err(Failure::Busy(5));
        };
        let job = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(place);
            done
        });
        match timeout(deadline, job).await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(_)) => Err(Failure::plain("internal server error")),
            Err(_) => Err(Failure::Busy(30)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        runtime.block_on(future)
    }

    #[test]
    fn a_request_without_a_free_worker_is_rejected_and_the_next_is_served() {
        let workers = Workers {
            patience: Duration::from_millis(20),
            ..Workers::new(1, 1)
        };
        block_on(async {
            let (release, wait) = std::sync::mpsc::channel::<()>();
            let deadline = Duration::from_secs(10);
            let held = workers.run(Task::RsaKey, deadline, move || wait.recv().is_ok());
            let mut held = Box::pin(held);
            assert!(timeout(Duration::from_millis(50), &mut held).await.is_err());
            assert_eq!(workers.rsa_keys(), (1, 0));
            let mut refused = Box::pin(workers.run(Task::RsaKey, deadline, || ()));
            assert!(timeout(Duration::from_millis(1), &mut refused).await.is_err());
            assert_eq!(workers.rsa_keys(), (1, 1));
            assert_eq!(refused.await, Err(Failure::Busy(5)));
            assert_eq!(workers.rsa_keys(), (1, 0));
            assert_eq!(workers.run(Task::Slow, deadline, || 7).await, Ok(7));
            release.send(()).unwrap();
            assert_eq!(held.await, Ok(true));
            assert_eq!(workers.run(Task::RsaKey, deadline, || 8).await, Ok(8));
        });
    }

    #[test]
    fn work_past_its_deadline_is_abandoned_and_a_panic_is_contained() {
        let workers = Workers::new(1, 2);
        block_on(async {
            let late = workers.run(Task::Slow, Duration::from_millis(10), || {
                std::thread::sleep(Duration::from_millis(200));
            });
            assert_eq!(late.await, Err(Failure::Busy(30)));
            let panics = workers.run(Task::Slow, Duration::from_secs(5), || {
                if true {
                    panic!("inside");
                }
            });
            assert!(panics.await.is_err());
            assert_eq!(workers.run(Task::Slow, Duration::from_secs(5), || 1).await, Ok(1));
        });
    }
}
