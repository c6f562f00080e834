//! Signals: SIGTERM and SIGINT ask the server to stop.

use std::io;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// Tells connections that the server was asked to stop.
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<bool>);

impl Stop {
    /// A stop, and what asks for it.
    pub fn new() -> (watch::Sender<bool>, Self) {
        let (ask, asked) = watch::channel(false);
        (ask, Stop(asked))
    }

    /// Waits until the server is asked to stop.
    pub async fn asked(&self) {
        let mut asked = self.0.clone();
        if asked.wait_for(|asked| *asked).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Waits for a signal that ends the server. What was ignored when the server started
/// stays ignored, as `nohup` and shell scripts expect.
///
/// # Errors
/// Where the system lets no signal be caught.
pub async fn ending() -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = match is_ignored(SignalKind::interrupt()) {
        true => None,
        false => Some(signal(SignalKind::interrupt())?),
    };
    let interrupted = async {
        match &mut interrupt {
            Some(interrupt) => interrupt.recv().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupted => {}
    }
    Ok(())
}

/// Was a signal ignored when the program started? Linux says so in `SigIgn`.
fn is_ignored(kind: SignalKind) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (kind.as_raw_value() - 1) & 1 == 1)
}
