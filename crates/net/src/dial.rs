//! Connects with the error messages of Go's `net.Dial`.

use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::address::Address;
use crate::error::{Error, Result};
use crate::outgoing::Outgoing;

/// Each of several addresses gets at least this much time.
const LEAST_SHARE: Duration = Duration::from_secs(2);
/// The maximum number of simultaneous lookups: a call of the system's resolver cannot be
/// cancelled.
const MAX_LOOKUPS: usize = 128;

/// Connects over TCP.
///
/// # Errors
/// `dial tcp 192.0.2.1:443: connect: connection refused`, `dial tcp: lookup x on
/// 192.0.2.53:53: no such host`, `dial tcp 192.0.2.1:443: i/o timeout` and the like.
pub fn dial(address: &Address, outgoing: Outgoing, timeout: Duration) -> Result<TcpStream> {
    let deadline = Instant::now() + timeout;
    let failed = |why| Error::Dial(Box::new(why));
    let port = port(&address.port).map_err(failed)?;
    let addresses = lookup(&address.host, outgoing, timeout).map_err(failed)?;
    let mut first = None;
    for (index, ip) in addresses.iter().enumerate() {
        let left = deadline.saturating_duration_since(Instant::now());
        let share = left / (addresses.len() - index) as u32;
        let limit = share.max(left.min(LEAST_SHARE)).max(Duration::from_millis(1));
        let socket = SocketAddr::new(*ip, port);
        match TcpStream::connect_timeout(&socket, limit) {
            Ok(stream) => {
                // Handshakes consist of small messages that wait for each other.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Err(source) => {
                first.get_or_insert(Error::Connect {
                    address: socket.to_string(),
                    source,
                });
            }
        }
    }
    Err(first.unwrap_or_else(|| failed(Error::LookupTimeout(address.host.clone()))))
}

/// A connection with a deadline.
#[derive(Debug)]
pub struct Timed {
    /// The connection itself.
    pub stream: TcpStream,
    /// When it ends, however much data still arrives.
    pub deadline: Instant,
}

impl Timed {
    fn left(&self) -> io::Result<Duration> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        Ok(left)
    }
}

impl Read for Timed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(Some(self.left()?))?;
        self.stream.read(buffer)
    }
}

impl Write for Timed {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(Some(self.left()?))?;
        self.stream.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// A port number, or one of the few names that matter here.
fn port(text: &str) -> Result<u16> {
    let named = match text {
        "" => Some(0),
        "http" => Some(80),
        "https" => Some(443),
        "ldaps" => Some(636),
        "imaps" => Some(993),
        "pop3s" => Some(995),
        "smtps" | "submissions" => Some(465),
        _ => None,
    };
    if let Some(port) = named {
        return Ok(port);
    }
    if let Ok(number) = text.parse::<i64>() {
        return u16::try_from(number).map_err(|_| Error::Port(text.to_owned()));
    }
    Err(Error::Service(text.to_owned()))
}

/// The addresses of a host that may be connected to; at least one.
///
/// # Errors
/// `lookup x on 192.0.2.53:53: no such host` and the like;
/// `connections to x are not allowed (-outgoing)`.
pub fn lookup(host: &str, outgoing: Outgoing, timeout: Duration) -> Result<Vec<IpAddr>> {
    let refused = || Error::NotAllowed(host.to_owned());
    if outgoing == Outgoing::None {
        return Err(refused());
    }
    let mut addresses = all_addresses(host, timeout)?;
    addresses.retain(|address| outgoing.allows(*address));
    match addresses.is_empty() {
        true => Err(refused()),
        false => Ok(addresses),
    }
}

fn all_addresses(host: &str, timeout: Duration) -> Result<Vec<IpAddr>> {
    if host.is_empty() {
        return Ok(vec![IpAddr::from([127, 0, 0, 1])]);
    }
    if let Ok(address) = host.parse() {
        return Ok(vec![address]);
    }
    // The system's resolver has no deadline, so it is called in a separate thread.
    let Some(turn) = Turn::take() else {
        return Err(Error::LookupTimeout(host.to_owned()));
    };
    let (sender, receiver) = mpsc::channel();
    let name = host.to_owned();
    thread::spawn(move || {
        let found = (name.as_str(), 0).to_socket_addrs();
        drop(turn);
        let _ = sender.send(found.map(|addresses| addresses.map(|a| a.ip()).collect::<Vec<_>>()));
    });
    let found = match receiver.recv_timeout(timeout) {
        Ok(Ok(addresses)) if !addresses.is_empty() => return Ok(addresses),
        Ok(Err(error)) => error.to_string(),
        Ok(Ok(_)) => String::new(),
        Err(_) => return Err(Error::LookupTimeout(host.to_owned())),
    };
    Err(Error::Lookup {
        host: host.to_owned(),
        server: name_server(),
        temporary: found.contains("emporary failure") || found.contains("ry again"),
    })
}

/// Permission to call the resolver.
struct Turn;

static LOOKUPS: AtomicUsize = AtomicUsize::new(0);

impl Turn {
    fn take() -> Option<Self> {
        let free = |count: usize| (count < MAX_LOOKUPS).then_some(count + 1);
        let taken = LOOKUPS.fetch_update(Ordering::Relaxed, Ordering::Relaxed, free);
        taken.is_ok().then_some(Turn)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        LOOKUPS.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The first name server of `/etc/resolv.conf`, which Go names in its errors.
fn name_server() -> String {
    let configuration = rcfssl_files::read_at_most(Some("/etc/resolv.conf".as_ref()), 64 << 10);
    let configuration = configuration.unwrap_or_default();
    let configuration = String::from_utf8_lossy(&configuration);
    let mut words = configuration.lines().map(str::split_whitespace);
    let server = words.find_map(|mut line| {
        let keyword = line.next()?;
        (keyword == "nameserver").then(|| line.next()).flatten()
    });
    Address::new(server.unwrap_or("127.0.0.1"), "53").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_numbers_or_names() {
        let port = |text| port(text).map_err(|error| error.to_string());
        assert_eq!(port("443"), Ok(443));
        assert_eq!(port("https"), Ok(443));
        assert_eq!(port("65536"), Err("address 65536: invalid port".to_owned()));
        assert_eq!(port("-1"), Err("address -1: invalid port".to_owned()));
        assert_eq!(port("x"), Err("lookup tcp/x: unknown port".to_owned()));
    }

    #[test]
    fn an_address_that_is_not_allowed_is_not_connected_to_by_whatever_name() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port().to_string();
        for host in ["127.0.0.1", "localhost", "", "::ffff:127.0.0.1"] {
            for outgoing in [Outgoing::Public, Outgoing::None] {
                let address = Address::new(host, &*port);
                let refused = dial(&address, outgoing, Duration::from_secs(5)).unwrap_err();
                let want = format!("dial tcp: connections to {host} are not allowed (-outgoing)");
                assert_eq!(refused.to_string(), want);
            }
        }
        assert!(listener.accept().is_err());
    }

    #[test]
    fn a_closed_port_refuses() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let refused = dial(
            &Address::new("127.0.0.1", port.to_string()),
            Outgoing::Any,
            Duration::from_secs(5),
        );
        assert_eq!(
            refused.unwrap_err().to_string(),
            format!("dial tcp 127.0.0.1:{port}: connect: connection refused")
        );
    }
}
