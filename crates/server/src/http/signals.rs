//! Signals: SIGTERM and SIGINT ask the server to stop, SIGHUP to read its files again.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

/// Notifies connections that the server is to stop.
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<bool>);

impl Stop {
    /// A stop and its sender.
    pub fn new() -> (watch::Sender<bool>, Self) {
        let (ask, asked) = watch::channel(false);
        (ask, Stop(asked))
    }

    /// Waits until the server is to stop.
    pub async fn asked(&self) {
        let mut asked = self.0.clone();
        if asked.wait_for(|asked| *asked).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Waits for a signal that ends the server. Signals that were ignored when the server
/// started stay ignored, as `nohup` and shell scripts expect.
///
/// # Errors
/// If the system does not allow signal handlers.
pub fn ending() -> io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = unless_ignored(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            () = next(&mut interrupt) => {}
        }
    })
}

/// SIGHUP, again and again.
pub struct Hangups(Option<Signal>);

/// Catches SIGHUP from now on, unless `nohup` has it ignored.
///
/// # Errors
/// Where the system lets no signal be caught.
pub fn hangups() -> io::Result<Hangups> {
    unless_ignored(SignalKind::hangup()).map(Hangups)
}

impl Hangups {
    /// Waits for the next.
    pub async fn next(&mut self) {
        next(&mut self.0).await;
    }
}

async fn next(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}

fn unless_ignored(kind: SignalKind) -> io::Result<Option<Signal>> {
    match is_ignored(kind) {
        true => Ok(None),
        false => signal(kind).map(Some),
    }
}

/// Whether a signal was ignored when the program started; Linux reports that in `SigIgn`.
fn is_ignored(kind: SignalKind) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (kind.as_raw_value() - 1) & 1 == 1)
}
