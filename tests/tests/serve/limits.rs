//! Requests that are too large, too slow or too many are rejected, and other clients are
//! not affected.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use rcfssl_tests::servers::Answer;
use rcfssl_tests::{Result, ensure};

use crate::{start, with_ca};

const HEALTH: &[u8] = b"GET /api/v1/cfssl/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

#[test]
fn a_body_above_the_limit_is_answered_with_413_before_it_is_read() -> Result<()> {
    let place = with_ca()?;
    let server = start(&place, &["-max-body", "1000"])?;
    let fits = server.post("info", &format!(r#"{{"label":"{}"}}"#, "a".repeat(900)))?;
    ensure!(fits.status == 200, "{fits:?}");
    let large = server.post("info", &format!(r#"{{"label":"{}"}}"#, "a".repeat(2000)))?;
    ensure!(large.status == 413 && large.error()? == 413, "{large:?}");
    // Announced, but never sent.
    let head = b"POST /api/v1/cfssl/info HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n";
    let announced = Answer::read(&server.raw(head)?)?;
    ensure!(
        announced.status == 413 && announced.error()? == 413,
        "{announced:?}"
    );
    Ok(())
}

#[test]
fn a_header_above_the_limit_is_answered_with_431() -> Result<()> {
    let place = with_ca()?;
    let server = start(&place, &["-max-header", "20000"])?;
    let request = |length: usize| {
        format!(
            "GET /api/v1/cfssl/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX: {}\r\n\r\n",
            "a".repeat(length)
        )
    };
    let fits = Answer::read(&server.raw(request(10000).as_bytes())?)?;
    ensure!(fits.status == 200, "{fits:?}");
    let large = Answer::read(&server.raw(request(30000).as_bytes())?)?;
    ensure!(large.status == 431 && large.error()? == 431, "{large:?}");
    Ok(())
}

#[test]
fn slow_requests_are_answered_with_408_and_idle_connections_are_closed() -> Result<()> {
    let place = with_ca()?;
    let server = start(&place, &["-request-timeout", "700ms"])?;
    let begun = Instant::now();
    let slow = [
        (&b"GET /api/v1/cfssl/health HTTP/1.1\r\nHost"[..], true),
        (
            b"POST /api/v1/cfssl/info HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{",
            true,
        ),
        (b"", false),
    ];
    for (octets, is_answered) in slow {
        let answer = server.raw(octets)?;
        match is_answered {
            true => {
                let answer = Answer::read(&answer)?;
                ensure!(answer.status == 408 && answer.error()? == 408, "{answer:?}");
            }
            false => ensure!(answer.is_empty(), "{answer:?}"),
        }
    }
    ensure!(begun.elapsed() < Duration::from_secs(12), "{:?}", begun.elapsed());
    Ok(())
}

#[test]
fn slow_clients_at_the_connection_limit_do_not_block_others() -> Result<()> {
    let place = with_ca()?;
    let server = start(&place, &["-max-connections", "50", "-request-timeout", "2s"])?;
    let slow: Vec<_> = (0..49)
        .map(|_| {
            let mut stream = TcpStream::connect(server.address)?;
            stream.write_all(b"POST /api/v1/cfssl/sign HTTP/1.1\r\n")?;
            Ok(stream)
        })
        .collect::<Result<_>>()?;
    let answer = Answer::read(&server.raw(HEALTH)?)?;
    ensure!(answer.status == 200, "{answer:?}");
    // One more than allowed: it is served once the slow ones have been closed.
    let mut more = TcpStream::connect(server.address)?;
    more.write_all(b"POST")?;
    let answer = Answer::read(&server.raw(HEALTH)?)?;
    ensure!(answer.status == 200, "{answer:?}");
    for mut stream in slow {
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        ensure!(Answer::read(&answer)?.status == 408);
    }
    Ok(())
}

#[test]
fn requests_beyond_the_limit_of_rsa_keys_are_told_to_come_again() -> Result<()> {
    let place = with_ca()?;
    let server = start(&place, &["-max-rsa-keys", "1"])?;
    let key = |algorithm: &str, size: u32| {
        format!(r#"{{"CN":"x","hosts":["x.test"],"key":{{"algo":"{algorithm}","size":{size}}}}}"#)
    };
    let head = |body: &str| {
        let length = body.len();
        format!(
            "POST /api/v1/cfssl/newkey HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        )
    };
    // Each key of this size takes longer than a request waits for its turn.
    let mut waiting = Vec::new();
    for _ in 0..5 {
        let mut stream = TcpStream::connect(server.address)?;
        stream.write_all(head(&key("rsa", 8192)).as_bytes())?;
        stream.set_read_timeout(Some(Duration::from_secs(15)))?;
        waiting.push(stream);
    }
    std::thread::sleep(Duration::from_millis(300));
    let begun = Instant::now();
    ensure!(server.post("newkey", &key("ecdsa", 256))?.status == 200);
    ensure!(Answer::read(&server.raw(HEALTH)?)?.status == 200);
    ensure!(
        begun.elapsed() < Duration::from_secs(4),
        "others wait: {:?}",
        begun.elapsed()
    );
    let mut refused = 0;
    for mut stream in waiting {
        let mut octets = Vec::new();
        let _ = stream.read_to_end(&mut octets);
        if octets.is_empty() {
            // The one that is being made.
            continue;
        }
        let answer = Answer::read(&octets)?;
        if answer.status == 200 {
            continue;
        }
        ensure!(answer.status == 503 && answer.error()? == 503, "{answer:?}");
        let seconds = answer.head.to_lowercase();
        let seconds = seconds
            .split("retry-after: ")
            .nth(1)
            .and_then(|rest| rest.lines().next());
        ensure!(
            seconds.is_some_and(|seconds| seconds.parse::<u32>().is_ok_and(|seconds| seconds > 0)),
            "{answer:?}"
        );
        refused += 1;
    }
    ensure!(refused >= 2, "{refused} were refused");
    Ok(())
}

#[test]
fn invalid_limits_are_refused_at_startup() -> Result<()> {
    let place = with_ca()?;
    for line in [
        "cfssl serve -max-body 0",
        "cfssl serve -max-connections -1",
        "cfssl serve -request-timeout 0s",
    ] {
        let step = place.call(line)?;
        ensure!(step.status == 1, "{line}: {step:?}");
        ensure!(step.err().contains("greater than 0"), "{line}: {step:?}");
    }
    Ok(())
}
