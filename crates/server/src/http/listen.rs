//! The listening socket: binding with Go's errors, accepting, reloading, and stopping in
//! order.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use hyper_util::server::graceful::GracefulShutdown;
use rcfssl_core::{Error, Result};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use super::connection::{Serving, Shared};
use super::{Cores, Site, Stop, signals};
use crate::host::State;

/// A listening socket.
pub type Listener = std::net::TcpListener;

/// Joins host and port, with brackets around an IPv6 address.
pub fn joined(host: &str, port: i64) -> String {
    match host.contains(':') {
        true => format!("[{host}]:{port}"),
        false => format!("{host}:{port}"),
    }
}

/// Listens on host and port; an empty host means all addresses of the machine.
///
/// # Errors
/// Go's messages: `listen tcp 127.0.0.1:80: bind: permission denied`, `listen tcp: address
/// 99999: invalid port`, `listen tcp: lookup x: no such host`.
pub fn bind(host: &str, port: i64) -> Result<Listener> {
    let invalid = |_| Error::plain(format!("listen tcp: address {port}: invalid port"));
    let number = u16::try_from(port).map_err(invalid)?;
    let addresses: Vec<SocketAddr> = match host {
        "" => vec![([0_u16; 8], number).into(), ([0_u8; 4], number).into()],
        host => {
            let host = host.trim_start_matches('[').trim_end_matches(']');
            let found = (host, number).to_socket_addrs();
            found.map_or_else(|_| Vec::new(), Iterator::collect)
        }
    };
    let mut refusal = Error::plain(format!("listen tcp: lookup {host}: no such host"));
    for address in addresses {
        match Listener::bind(address) {
            Ok(listener) => {
                let ready = listener.set_nonblocking(true).map(|()| listener);
                return ready.map_err(|error| said(address, &error));
            }
            Err(error) => refusal = said(address, &error),
        }
    }
    Err(refusal)
}

/// Listens on `host:port`.
///
/// # Errors
/// As [`bind`], and `listen tcp: address x: missing port in address`.
pub fn bind_text(address: &str) -> Result<Listener> {
    let missing = || Error::plain(format!("listen tcp: address {address}: missing port in address"));
    let (host, port) = address.rsplit_once(':').ok_or_else(missing)?;
    let unknown = |_| Error::plain(format!("listen tcp: lookup tcp/{port}: unknown port"));
    bind(host, port.parse().map_err(unknown)?)
}

/// Makes a socket ready that was opened by somebody else, systemd for one.
///
/// # Errors
/// What the system says.
pub fn adopt(listener: Listener) -> Result<(Listener, String)> {
    let told = |error: io::Error| Error::plain(rcfssl_go::os::describe(&error));
    listener.set_nonblocking(true).map_err(told)?;
    let address = listener.local_addr().map_err(told)?.to_string();
    Ok((listener, address))
}

fn said(address: SocketAddr, error: &io::Error) -> Error {
    Error::plain(format!(
        "listen tcp {address}: bind: {}",
        rcfssl_go::os::describe(error)
    ))
}

/// What SIGHUP calls: everything read again.
pub type Reload<S> = Arc<dyn Fn() -> Result<Serving<S>> + Send + Sync>;

/// What `multirootca` and the others run beside their own address.
pub type Beside = Option<(Arc<Shared<crate::metrics::Page>>, Listener)>;

impl<S: Site> Shared<S> {
    /// Serves until a signal comes, then lets the requests in progress finish.
    ///
    /// # Errors
    /// If the socket or the signal handlers cannot be set up.
    pub async fn run(
        self: Arc<Self>,
        cores: &Cores,
        listener: Listener,
        beside: Beside,
        reload: Reload<S>,
        report: fn(State),
    ) -> Result<()> {
        let told = |error: io::Error| Error::plain(rcfssl_go::os::describe(&error));
        let listener = TcpListener::from_std(listener).map_err(told)?;
        let (ask, stop) = Stop::new();
        let intake = Intake {
            cores,
            stop,
            connections: GracefulShutdown::new(),
        };
        let beside = match beside {
            Some((page, listener)) => Some((page, TcpListener::from_std(listener).map_err(told)?)),
            None => None,
        };
        let beside = async {
            match &beside {
                Some((page, listener)) => intake.accept_all(page, listener).await,
                None => std::future::pending().await,
            }
        };
        let ending = signals::ending().map_err(told)?;
        let hangups = signals::hangups().map_err(told)?;
        report(State::Ready);
        tokio::select! {
            () = intake.accept_all(&self, &listener) => {}
            () = beside => {}
            () = self.reload_at(hangups, reload, report) => {}
            () = ending => {}
        }
        report(State::Stopping);
        drop(listener);
        let _ = ask.send(true);
        // Requests that do not finish in time are cut off.
        let _ = timeout(self.limits.shutdown, intake.connections.shutdown()).await;
        Ok(())
    }

    /// Reads everything again at each SIGHUP. Requests in progress keep what they began
    /// with, and so does everybody where what was read is wrong.
    async fn reload_at(&self, mut hangups: signals::Hangups, reload: Reload<S>, report: fn(State)) {
        loop {
            hangups.next().await;
            report(State::Reloading);
            self.log.info("reloading configuration, certificates and keys");
            let reload = Arc::clone(&reload);
            match tokio::task::spawn_blocking(move || reload()).await {
                Ok(Ok(serving)) => {
                    self.replace(serving);
                    self.log.info("reload complete");
                }
                Ok(Err(error)) => self
                    .log
                    .error(format_args!("reload failed, nothing has changed: {error}")),
                Err(_) => self.log.error("reload failed, nothing has changed"),
            }
            report(State::Ready);
        }
    }
}

/// Where new connections go.
struct Intake<'a> {
    cores: &'a Cores,
    stop: Stop,
    connections: GracefulShutdown,
}

impl Intake<'_> {
    /// Serves whoever connects.
    async fn accept_all<S: Site>(&self, shared: &Arc<Shared<S>>, listener: &TcpListener) {
        let places = Arc::new(Semaphore::new(shared.limits.connections.max(1)));
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else {
                return;
            };
            let (stream, address) = accept(listener).await;
            let (shared, stop) = (Arc::clone(shared), self.stop.clone());
            let watcher = self.connections.watcher();
            self.cores.spawn(async move {
                // Here, because a socket belongs to the runtime that registers it.
                if let Ok(stream) = TcpStream::from_std(stream) {
                    shared.serve(stream, address, stop, watcher).await;
                }
                drop(place);
            });
        }
    }
}

/// The next connection. If the system has run out of file descriptors, it waits for one.
async fn accept(listener: &TcpListener) -> (std::net::TcpStream, SocketAddr) {
    let mut pause = Duration::from_millis(5);
    loop {
        // Another runtime may serve it: this one must forget the socket.
        let accepted = listener.accept().await;
        match accepted.and_then(|(stream, address)| Ok((stream.into_std()?, address))) {
            // IPv4 clients of a dual-stack socket are shown by their IPv4 address.
            Ok((stream, address)) => {
                return (
                    stream,
                    SocketAddr::new(address.ip().to_canonical(), address.port()),
                );
            }
            Err(_) => {
                sleep(pause).await;
                pause = (pause * 2).min(Duration::from_secs(1));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bind_errors_are_worded_as_by_go() {
        let refusal = |host, port| bind(host, port).map(drop).unwrap_err().to_string();
        assert_eq!(
            refusal("127.0.0.1", 99999),
            "listen tcp: address 99999: invalid port"
        );
        assert_eq!(refusal("127.0.0.1", -1), "listen tcp: address -1: invalid port");
        let taken = bind("127.0.0.1", 0).unwrap();
        let address = taken.local_addr().unwrap();
        assert_eq!(
            refusal("127.0.0.1", address.port().into()),
            format!("listen tcp {address}: bind: address already in use")
        );
        assert!(refusal("192.0.2.77", 0).ends_with("bind: cannot assign requested address"));
        assert_eq!(joined("::1", 80), "[::1]:80");
        assert!(bind("", 0).is_ok() && bind("localhost", 0).is_ok());
    }
}
