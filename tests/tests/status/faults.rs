//! Hostile requests, and a database that fails.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use rcfssl_tests::servers::Served;
use rcfssl_tests::{Context, Result, ensure};

use super::{OCSPSERVE, ask, issue, place, revoke, url};

/// Sends a POST on a connection that stays open; gives the status.
fn post(stream: &mut TcpStream, body: &[u8]) -> Result<u16> {
    let head = format!(
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(&[head.as_bytes(), body].concat())?;
    let mut answer = Vec::new();
    let mut octets = [0; 4096];
    loop {
        let read = stream.read(&mut octets)?;
        ensure!(read > 0, "closed after {answer:?}");
        answer.extend_from_slice(&octets[..read]);
        let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") else {
            continue;
        };
        let head = String::from_utf8_lossy(&answer[..end]).to_lowercase();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.unwrap_or("0").parse()?;
        if answer.len() >= end + 4 + length {
            return Ok(head.split(' ').nth(1).context("no status")?.parse()?);
        }
    }
}

/// A small generator, so that each run sends the same requests.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }
}

#[test]
fn ten_thousand_malformed_requests_stop_nothing() {
    let place = place().unwrap();
    issue(&place, "ca", "leaf").unwrap();
    let server = Served::start_line(&place, &format!("{OCSPSERVE} -crl-path /crl")).unwrap();
    place
        .shell(
            "openssl ocsp -issuer ca.pem -cert leaf.pem -reqout 1.der; openssl ocsp -sha256 -no_nonce -issuer ca.pem \
             -cert leaf.pem -serial 7 -serial 0x1234567890123456789012345678901234567890 -reqout 2.der",
        )
        .unwrap()
        .ok()
        .unwrap();
    let seeds: Vec<Vec<u8>> = ["1.der", "2.der"]
        .iter()
        .map(|name| fs::read(place.join(name)).unwrap())
        .collect();
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.set_nodelay(true).unwrap();
    let mut numbers = Numbers(0x5eed);
    let mut counts = [0_usize; 3];
    for _ in 0..10_000 {
        let mut body = seeds[numbers.below(2)].clone();
        for _ in 0..=numbers.below(3) {
            let at = numbers.below(body.len());
            match numbers.below(4) {
                0 => body[at] = numbers.below(256) as u8,
                1 => body[at] ^= 1 << numbers.below(8),
                2 => body.truncate(at),
                _ => body.insert(at, numbers.below(256) as u8),
            }
            if body.is_empty() {
                break;
            }
        }
        match post(&mut stream, &body).unwrap() {
            200 => counts[0] += 1,
            400 => counts[1] += 1,
            status => panic!("{status}: {body:02x?}"),
        }
    }
    assert!(counts[0] > 100 && counts[1] > 1000, "{counts:?}");
    assert!(
        ask(&place, &url(&server, ""), "ca", "leaf", "")
            .unwrap()
            .contains("leaf.pem: good")
    );
    let memory = fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
    let peak = memory
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    let kilobytes: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(kilobytes < 150_000, "{peak}");
    assert!(
        !server.log().unwrap().contains("panic"),
        "{}",
        server.log().unwrap()
    );
}

#[test]
fn large_requests_are_refused() {
    let place = place().unwrap();
    issue(&place, "ca", "leaf").unwrap();
    let server = Served::start_line(&place, OCSPSERVE).unwrap();
    let status = |length: usize, sent: usize| {
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let head = format!("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n");
        let _ = stream.write_all(head.as_bytes());
        let _ = stream.write_all(&vec![0x30; sent]);
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).unwrap();
        String::from_utf8_lossy(&answer[9..]).into_owned()
    };
    assert_eq!(status(64 << 10, 64 << 10), "400");
    assert_eq!(status(100 << 20, 1 << 20), "413");
    // More certificates than a request may name.
    let many = "openssl ocsp -no_nonce -issuer ca.pem $(seq -f '-serial %.0f' 101) -reqout many.der; \
                openssl ocsp -no_nonce -issuer ca.pem $(seq -f '-serial %.0f' 100) -reqout most.der";
    place.shell(many).unwrap().ok().unwrap();
    for (file, status) in [("many.der", 400), ("most.der", 200)] {
        let mut stream = TcpStream::connect(server.address).unwrap();
        let body = fs::read(place.join(file)).unwrap();
        assert_eq!(post(&mut stream, &body).unwrap(), status, "{file}");
    }
}

#[test]
fn a_database_that_fails_is_an_internal_error_and_no_good_status() {
    let place = place().unwrap();
    issue(&place, "ca", "leaf").unwrap();
    revoke(&place, "leaf", "superseded").unwrap();
    let server = Served::start_line(&place, &format!("{OCSPSERVE} -crl-path /crl")).unwrap();
    let said = ask(&place, &url(&server, ""), "ca", "leaf", "-no_nonce").unwrap();
    assert!(said.contains("leaf.pem: revoked"), "{said}");
    let list = server.get("/crl.pem").unwrap().body;
    let rename = |from: &str, to: &str| {
        let line = format!(
            "python3 -c \"import sqlite3; d=sqlite3.connect('certs.db'); d.execute('alter table {from} rename to {to}'); d.commit()\""
        );
        place.shell(&line).unwrap().ok().unwrap();
    };
    rename("certificates", "gone");
    std::thread::sleep(Duration::from_millis(1100));
    let asked = |expected: &str| {
        let line = format!(
            "openssl ocsp -url {} -issuer ca.pem -CAfile ca.pem -cert leaf.pem 2>&1",
            url(&server, "")
        );
        let begun = Instant::now();
        loop {
            let said = place.shell(&line).unwrap().out();
            if said.contains(expected) {
                return said;
            }
            assert!(!said.contains("good"), "{said}");
            assert!(begun.elapsed() < Duration::from_secs(10), "{said}");
        }
    };
    // HTTP says 500, as cfssl does.
    let said = asked("500");
    assert!(!said.contains("leaf.pem:"), "{said}");
    // The last list is good until its nextUpdate.
    assert_eq!(server.get("/crl.pem").unwrap().body, list);
    assert!(
        server.log().unwrap().contains("the last one is sent"),
        "{}",
        server.log().unwrap()
    );
    rename("gone", "certificates");
    asked("leaf.pem: revoked");
}
