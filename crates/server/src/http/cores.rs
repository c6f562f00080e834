//! One single-threaded runtime per core. The first waits for connections and signals; each
//! connection is served by one of them from its first octet to its last.

use std::convert::Infallible;
use std::io;
use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::oneshot;

/// The runtimes. They live as long as this value: a database connection that one of them
/// opened is used by all.
pub struct Cores {
    cores: Vec<Core>,
    /// Where the search for the least busy core begins.
    turn: AtomicUsize,
}

struct Core {
    handle: Handle,
    /// How many connections it serves.
    load: Arc<AtomicUsize>,
    /// The thread of the runtime waits for this to be dropped; the first has none.
    _alive: Option<oneshot::Sender<Infallible>>,
}

/// A connection on a core.
struct Load(Arc<AtomicUsize>);

impl Load {
    fn on(core: &Core) -> Self {
        core.load.fetch_add(1, Ordering::Relaxed);
        Load(Arc::clone(&core.load))
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Cores {
    /// Runs `main` on a runtime of this thread, beside one more for every other core this
    /// process may use. Returns when `main` ends; what runs then is not waited for.
    ///
    /// Each runtime may start `blocking` threads; the limits of
    /// [`Workers`](crate::workers::Workers) apply to all together.
    ///
    /// # Errors
    /// If the system refuses a runtime or a thread.
    pub fn run<T>(blocking: usize, main: impl AsyncFnOnce(&Cores) -> T) -> io::Result<T> {
        let count = thread::available_parallelism().map_or(1, NonZero::get);
        Self::run_on(count, blocking, main)
    }

    fn run_on<T>(count: usize, blocking: usize, main: impl AsyncFnOnce(&Cores) -> T) -> io::Result<T> {
        let first = runtime(blocking)?;
        let own = Core {
            handle: first.handle().clone(),
            load: Arc::default(),
            _alive: None,
        };
        let others = (1..count).map(|_| Core::start(blocking));
        let cores = Cores {
            cores: std::iter::once(Ok(own))
                .chain(others)
                .collect::<io::Result<_>>()?,
            turn: AtomicUsize::new(0),
        };
        let ended = first.block_on(main(&cores));
        first.shutdown_background();
        Ok(ended)
    }

    /// Serves a connection on the core that serves the fewest, in turn where several do.
    /// The future is polled only there, so it may use sockets and timers.
    pub fn spawn(&self, connection: impl Future<Output = ()> + Send + 'static) {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed) % self.cores.len().max(1);
        let (before, from) = self.cores.split_at(turn);
        let least = from
            .iter()
            .chain(before)
            .min_by_key(|core| core.load.load(Ordering::Relaxed));
        if let Some(core) = least {
            let load = Load::on(core);
            core.handle.spawn(async move {
                connection.await;
                drop(load);
            });
        }
    }
}

impl Core {
    /// A runtime on a thread of its own.
    fn start(blocking: usize) -> io::Result<Self> {
        let runtime = runtime(blocking)?;
        let handle = runtime.handle().clone();
        let (alive, ended) = oneshot::channel();
        thread::Builder::new()
            .name("connections".to_owned())
            .spawn(move || {
                let _ = runtime.block_on(ended);
                runtime.shutdown_background();
            })?;
        Ok(Core {
            handle,
            load: Arc::default(),
            _alive: Some(alive),
        })
    }
}

fn runtime(blocking: usize) -> io::Result<Runtime> {
    Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .max_blocking_threads(blocking)
        .build()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::thread::ThreadId;
    use std::time::Duration;

    use tokio::sync::{mpsc, watch};
    use tokio::time::{sleep, timeout};

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(30);

    /// Connections that report their thread and stay until they are told to go.
    struct Clients {
        report: mpsc::UnboundedSender<ThreadId>,
        reports: mpsc::UnboundedReceiver<ThreadId>,
        leave: watch::Sender<usize>,
    }

    impl Clients {
        fn new() -> Self {
            let (report, reports) = mpsc::unbounded_channel();
            let (leave, _) = watch::channel(0);
            Clients {
                report,
                reports,
                leave,
            }
        }

        async fn connect(&mut self, cores: &Cores, number: usize) -> ThreadId {
            let (report, mut leave) = (self.report.clone(), self.leave.subscribe());
            cores.spawn(async move {
                report.send(thread::current().id()).unwrap();
                let _ = leave.wait_for(|until| number < *until).await;
            });
            timeout(PATIENCE, self.reports.recv()).await.unwrap().unwrap()
        }
    }

    fn loads(cores: &Cores) -> Vec<usize> {
        let load = |core: &Core| core.load.load(Ordering::Relaxed);
        cores.cores.iter().map(load).collect()
    }

    #[test]
    fn connections_are_spread_evenly_and_each_stays_on_its_thread() {
        let done = Cores::run_on(3, 1, async |cores: &Cores| {
            let mut clients = Clients::new();
            let mut by_thread = BTreeMap::new();
            for number in 0..9 {
                let thread = format!("{:?}", clients.connect(cores, number).await);
                *by_thread.entry(thread).or_insert(0) += 1;
            }
            assert_eq!(by_thread.into_values().collect::<Vec<_>>(), [3, 3, 3]);
            assert_eq!(loads(cores), [3, 3, 3]);
        });
        done.unwrap();
    }

    #[test]
    fn a_core_whose_clients_left_gets_the_next() {
        let done = Cores::run_on(2, 1, async |cores: &Cores| {
            let mut clients = Clients::new();
            let own = thread::current().id();
            let mut mine = 0;
            for number in 0..4 {
                mine += usize::from(clients.connect(cores, number).await == own);
            }
            assert_eq!((mine, loads(cores)), (2, vec![2, 2]));
            // Numbers 0 and 1 leave: one from each.
            clients.leave.send(2).unwrap();
            while loads(cores) != [1, 1] {
                sleep(Duration::from_millis(1)).await;
            }
            cores.cores[0].load.store(7, Ordering::Relaxed);
            for number in 4..8 {
                assert_ne!(clients.connect(cores, number).await, own);
            }
            assert_eq!(loads(cores), [7, 5]);
        });
        done.unwrap();
    }

    #[test]
    fn a_panic_ends_one_connection_and_frees_its_place() {
        let done = Cores::run_on(2, 1, async |cores: &Cores| {
            for _ in 0..4 {
                cores.spawn(async { panic!("on purpose") });
            }
            let all_free = async {
                while loads(cores) != [0, 0] {
                    sleep(Duration::from_millis(1)).await;
                }
            };
            timeout(PATIENCE, all_free).await.unwrap();
            let mut clients = Clients::new();
            let both = [clients.connect(cores, 0).await, clients.connect(cores, 1).await];
            assert_ne!(both[0], both[1]);
        });
        done.unwrap();
    }

    #[test]
    fn a_blocked_core_does_not_stop_the_others() {
        let done = Cores::run_on(2, 1, async |cores: &Cores| {
            let own = thread::current().id();
            let (free, blocked) = std::sync::mpsc::channel::<()>();
            // The second of these blocks the thread that is not ours.
            cores.spawn(std::future::pending());
            cores.spawn(async move {
                let _ = blocked.recv_timeout(PATIENCE);
            });
            cores.cores[1].load.fetch_add(10, Ordering::Relaxed);
            let mut clients = Clients::new();
            assert_eq!(clients.connect(cores, 0).await, own);
            free.send(()).unwrap();
        });
        done.unwrap();
    }

    #[test]
    fn the_threads_end_with_the_server() {
        let handle = Cores::run_on(2, 1, async |cores: &Cores| cores.cores[1].handle.clone()).unwrap();
        let refused = || {
            let (sent, ran) = std::sync::mpsc::channel();
            handle.spawn(async move {
                let _ = sent.send(());
            });
            ran.recv_timeout(Duration::from_millis(100)).is_err()
        };
        assert!((0..100).any(|_| refused()));
    }
}
