//! HTTP/2 with clients that send frames by hand: idle ones, and floods.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rcfssl_tests::openssl;
use rcfssl_tests::servers::Served;
use rcfssl_tests::{Context, Result, Workplace, ensure};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use rustls_pki_types::{CertificateDer, ServerName};

use crate::with_ca;

const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GO_AWAY: u8 = 7;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const CONTINUATION: u8 = 9;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;
const END_STREAM: u8 = 1;

/// `GET /api/v1/cfssl/health`, without the dynamic table (RFC 7541).
fn health() -> Vec<u8> {
    let path = b"/api/v1/cfssl/health";
    let mut block = vec![0x82, 0x87, 0x04, path.len() as u8];
    block.extend_from_slice(path);
    block.extend_from_slice(b"\x01\x01x");
    block
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut frame = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    frame.extend_from_slice(&[kind, flags]);
    frame.extend_from_slice(&stream.to_be_bytes());
    frame.extend_from_slice(payload);
    frame
}

struct Client(StreamOwned<ClientConnection, TcpStream>);

impl Client {
    fn connect(place: &Workplace, server: &Served) -> Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from(openssl::certificate(
            &place.read("ca.pem")?,
        )?))?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec()];
        let name = ServerName::try_from("127.0.0.1")?;
        let stream = TcpStream::connect(server.address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        stream.set_write_timeout(Some(Duration::from_secs(20)))?;
        let connection = ClientConnection::new(Arc::new(config), name)?;
        let mut client = Client(StreamOwned::new(connection, stream));
        client.0.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")?;
        client.0.write_all(&frame(SETTINGS, 0, 0, &[]))?;
        Ok(client)
    }

    /// The next frame: its kind, its flags, its payload. Nothing at the end.
    fn next(&mut self) -> Result<Option<(u8, u8, Vec<u8>)>> {
        let mut head = [0; 9];
        match self.0.read_exact(&mut head) {
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                return Err(error).context("nothing was sent");
            }
            Err(_) => return Ok(None),
            Ok(()) => {}
        }
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; length as usize];
        self.0.read_exact(&mut payload)?;
        Ok(Some((head[3], head[4], payload)))
    }

    /// Acknowledges what is to be acknowledged until the connection is closed; returns
    /// whether a GOAWAY was sent, and its code if it was not orderly.
    fn until_closed(&mut self) -> Result<Option<u32>> {
        let mut code = None;
        while let Some((kind, flags, payload)) = self.next()? {
            match kind {
                SETTINGS | PING if flags & ACK == 0 => {
                    let payload = if kind == PING { payload } else { Vec::new() };
                    if self.0.write_all(&frame(kind, ACK, 0, &payload)).is_err() {
                        break;
                    }
                }
                GO_AWAY => {
                    let number = payload.get(4..8).context("a short GOAWAY")?;
                    code = Some(u32::from_be_bytes(number.try_into()?));
                }
                _ => {}
            }
        }
        Ok(code)
    }

    /// Sends frames until the server has had enough, and returns how many those were.
    fn flood(&mut self, times: u32, frame: impl Fn(u32) -> Vec<u8>) -> usize {
        (0..times)
            .take_while(|number| self.0.write_all(&frame(*number)).is_ok())
            .count()
    }
}

fn with_tls(more: &[&str]) -> Result<(Workplace, Served)> {
    let place = with_ca()?;
    place.write(
        "server.json",
        r#"{"CN":"127.0.0.1","hosts":["127.0.0.1"],"key":{"algo":"ecdsa","size":256}}"#,
    )?;
    place
        .shell("cfssl gencert -ca ca.pem -ca-key ca-key.pem server.json | cfssljson -bare server")?
        .ok()?;
    let tls = [
        "-ca",
        "ca.pem",
        "-ca-key",
        "ca-key.pem",
        "-tls-cert",
        "server.pem",
        "-tls-key",
        "server-key.pem",
    ];
    let server = Served::start(&place, &[&tls[..], more].concat())?;
    Ok((place, server))
}

/// The most memory that the server has held, in MiB.
fn most(server: &Served) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.id()))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.trim().split(' ').next());
    Ok(number.context("no VmHWM")?.parse::<u64>()? >> 10)
}

fn is_well(place: &Workplace, server: &Served) -> Result<()> {
    let line = format!(
        "curl -sSf -m 10 --http2 --cacert ca.pem https://{}/api/v1/cfssl/health",
        server.address
    );
    ensure!(place.shell(&line)?.ok()?.out().contains(r#""healthy":true"#));
    Ok(())
}

#[test]
fn a_client_that_asks_for_nothing_is_disconnected_though_it_answers_pings() -> Result<()> {
    let (place, server) = with_tls(&["-request-timeout", "1s"])?;
    let begun = Instant::now();
    let mut client = Client::connect(&place, &server)?;
    client
        .0
        .write_all(&frame(HEADERS, END_HEADERS | END_STREAM, 1, &health()))?;
    ensure!(client.until_closed()? == Some(0), "an orderly end");
    ensure!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    // Neither does one that sends nothing at all, or half a request, stay.
    for octets in [vec![], frame(HEADERS, END_STREAM, 1, &health())] {
        let begun = Instant::now();
        let mut client = Client::connect(&place, &server)?;
        client.0.write_all(&octets)?;
        client.until_closed()?;
        ensure!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    }
    Ok(())
}

#[test]
fn an_idle_connection_does_not_delay_the_end() -> Result<()> {
    let (place, mut server) = with_tls(&[])?;
    let _without_handshake = TcpStream::connect(server.address)?;
    let mut client = Client::connect(&place, &server)?;
    client
        .0
        .write_all(&frame(HEADERS, END_HEADERS | END_STREAM, 1, &health()))?;
    while client.next()?.is_some_and(|(kind, _, _)| kind != HEADERS) {}
    let begun = Instant::now();
    server.signal("TERM")?;
    client.until_closed()?;
    ensure!(server.wait()?.code() == Some(0));
    ensure!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    Ok(())
}

#[test]
fn floods_end_their_own_connection_and_nothing_else() -> Result<()> {
    let (place, server) = with_tls(&["-request-timeout", "3s"])?;
    is_well(&place, &server)?;
    let before = most(&server)?;
    type Flood = (&'static str, u32, fn(u32) -> Vec<u8>);
    let floods: [Flood; 5] = [
        // CVE-2023-44487: requests that are given up at once.
        ("reset", 100_000, |i| {
            let mut frames = frame(HEADERS, END_HEADERS | END_STREAM, 2 * i + 1, &health());
            frames.extend(frame(RST_STREAM, 0, 2 * i + 1, &8_u32.to_be_bytes()));
            frames
        }),
        // More requests than may run.
        ("streams", 20_000, |i| {
            frame(HEADERS, END_HEADERS, 2 * i + 1, &health())
        }),
        // A header without an end.
        ("continuation", 2_000, |i| match i {
            0 => frame(HEADERS, 0, 1, &health()),
            _ => frame(
                CONTINUATION,
                0,
                1,
                &[[0x00, 0x01, b'x', 0x7f, 0x80, 0x7e].as_slice(), &[b'a'; 16255]].concat(),
            ),
        }),
        // What the server must acknowledge, to a client that does not read.
        ("settings", 300_000, |_| frame(SETTINGS, 0, 0, &[])),
        ("ping", 300_000, |_| frame(PING, 0, 0, &[0; 8])),
    ];
    for (name, times, flood) in floods {
        let mut client = Client::connect(&place, &server)?;
        let sent = client.flood(times, flood);
        is_well(&place, &server)?;
        let _ = client.until_closed();
        println!("{name}: {sent} of {times} frames, {} MiB", most(&server)?);
        is_well(&place, &server)?;
    }
    let after = most(&server)?;
    ensure!(after < before + 30, "{before} MiB before, {after} MiB after");
    Ok(())
}
