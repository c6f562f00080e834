//! Every request of a connection is read like the first: heads that are wrong, too long or
//! too slow get the same answers after other requests as before them, and no request hides
//! in the body of another.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use rcfssl_tests::servers::{Answer, Served};
use rcfssl_tests::{Result, ensure};

use crate::{start, with_ca};

const HEALTH: &str = "GET /api/v1/cfssl/health HTTP/1.1\r\nHost: x\r\n\r\n";

/// Each request that is right, with its body.
const BEFORE: [&str; 4] = [
    HEALTH,
    "POST /api/v1/cfssl/info HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}",
    "POST /api/v1/cfssl/info HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;a=b\r\n{\r\n1\r\n}\r\n0\r\nT: v\r\n\r\n",
    "POST /api/v1/cfssl/info HTTP/1.1\r\nHost: x\r\nX: a\r\n folded\r\nContent-Length: 2\r\n\r\n{}",
];

/// The statuses of all responses, and the last of them.
fn answers(octets: &[u8]) -> Result<(Vec<u16>, Answer)> {
    let text = String::from_utf8_lossy(octets);
    let begins: Vec<usize> = text.match_indices("HTTP/1.1 ").map(|(at, _)| at).collect();
    let statuses = begins
        .iter()
        .filter_map(|at| text.get(at + 9..at + 12)?.parse().ok());
    let last = begins.last().copied().unwrap_or_default();
    Ok((statuses.collect(), Answer::read(text[last..].as_bytes())?))
}

/// Sends these one after the other, each once the one before was answered.
fn kept_alive(server: &Served, requests: &[&str], last: &str) -> Result<Vec<u8>> {
    let mut stream = TcpStream::connect(server.address)?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    let mut all = Vec::new();
    for request in requests {
        stream.write_all(request.as_bytes())?;
        let mut octets = [0; 16384];
        while !all.ends_with(b"}\n") {
            let length = stream.read(&mut octets)?;
            ensure!(length > 0, "{}", String::from_utf8_lossy(&all));
            all.extend_from_slice(&octets[..length]);
        }
        all.push(b'\n');
    }
    // The server may close the connection before everything was sent.
    let _ = stream.write_all(last.as_bytes());
    let _ = stream.read_to_end(&mut all);
    Ok(all)
}

#[test]
fn a_wrong_head_gets_the_same_answer_wherever_it_stands() -> Result<()> {
    let place = with_ca()?;
    let server = start(&place, &["-max-header", "20000", "-request-timeout", "1500ms"])?;
    let long = format!("GET / HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "a".repeat(30000));
    let many = format!("GET / HTTP/1.1\r\nHost: x\r\n{}\r\n", "X: a\r\n".repeat(200));
    for wrong in [
        "garbage\r\n\r\n",
        "GET / HTTP/1.1\r\nno colon\r\n\r\n",
        "GET / HTTP/3.0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n",
        &long,
        &many,
        "GET / HTTP/1.1\r\nHo",
    ] {
        let (statuses, first) = answers(&server.raw(wrong.as_bytes())?)?;
        ensure!(statuses.len() == 1 && first.status >= 400, "{first:?}");
        if matches!(first.status, 408 | 431) {
            ensure!(first.error()? == u64::from(first.status), "{first:?}");
        }
        let pipelined = server.raw((BEFORE.concat() + wrong).as_bytes())?;
        let kept = kept_alive(&server, &BEFORE, wrong)?;
        for octets in [pipelined, kept] {
            let (statuses, last) = answers(&octets)?;
            ensure!(
                statuses == [200, 200, 200, 200, first.status],
                "{wrong:?}: {statuses:?}"
            );
            ensure!((&last.head, &last.body) == (&first.head, &first.body), "{last:?}");
        }
    }
    Ok(())
}

#[test]
fn requests_byte_by_byte_are_answered_as_those_at_once() -> Result<()> {
    let place = with_ca()?;
    let server = start(&place, &[])?;
    let all = BEFORE.concat() + "garbage\r\n\r\n";
    let mut stream = TcpStream::connect(server.address)?;
    stream.set_nodelay(true)?;
    for octet in all.as_bytes() {
        stream.write_all(&[*octet])?;
    }
    let mut octets = Vec::new();
    stream.read_to_end(&mut octets)?;
    ensure!(answers(&octets)?.0 == [200, 200, 200, 200, 400]);
    Ok(())
}

#[test]
fn the_answer_to_a_wrong_head_follows_those_before_it() -> Result<()> {
    let place = with_ca()?;
    let server = start(&place, &[])?;
    let body = r#"{"CN":"x","hosts":["x.test"],"key":{"algo":"rsa","size":3072}}"#;
    let slow = format!(
        "POST /api/v1/cfssl/newkey HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let (statuses, last) = answers(&server.raw((slow + "garbage\r\n\r\n").as_bytes())?)?;
    ensure!(statuses == [200, 400], "{statuses:?} {last:?}");
    Ok(())
}

#[test]
fn no_request_hides_in_the_body_of_another() -> Result<()> {
    let place = with_ca()?;
    let server = start(&place, &["-request-timeout", "1s"])?;
    let post =
        |lines: &str, body: &str| format!("POST /api/v1/cfssl/info HTTP/1.1\r\nHost: x\r\n{lines}\r\n{body}");
    let hidden = "GET /hidden HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let chunk = format!("{:x}\r\n{hidden}\r\n0\r\n\r\n", hidden.len());
    for (request, want) in [
        // A length and chunks: the chunks count, and what follows is not read.
        (
            post(
                "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
                &("2\r\n{}\r\n0\r\n\r\n".to_owned() + hidden),
            ),
            vec![200],
        ),
        (
            post(
                "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
                &("2\r\n{}\r\n0\r\n\r\n".to_owned() + hidden),
            ),
            vec![200],
        ),
        (post("Transfer-Encoding: chunked\r\n", &chunk), vec![400]),
        (
            post(&format!("Content-Length: {}\r\n", hidden.len()), hidden),
            vec![400],
        ),
        (
            post(
                "Content-Length: 2\r\nContent-Length: 70\r\n",
                &("{}".to_owned() + hidden),
            ),
            vec![400],
        ),
        (
            post("Content-Length: 2, 2\r\n", &("{}".to_owned() + hidden)),
            vec![400],
        ),
        (
            post("Content-Length : 2\r\n", &("{}".to_owned() + hidden)),
            vec![400],
        ),
        (
            post(
                "Transfer-Encoding:\r\n chunked\r\nContent-Length: 4\r\n",
                &("2\r\n{}\r\n0\r\n\r\n".to_owned() + hidden),
            ),
            vec![200],
        ),
        (
            post(
                "Transfer-Encoding: chunked, identity\r\n",
                &("0\r\n\r\n".to_owned() + hidden),
            ),
            vec![501],
        ),
        // Line feeds alone do not end a chunk's size.
        (
            post(
                "Transfer-Encoding: chunked\r\n",
                &("2\n{}\n0\n\n".to_owned() + hidden),
            ),
            vec![400],
        ),
        (
            post(
                "Transfer-Encoding: chunked\r\n",
                &("2;\n{}\r\n0\r\n\r\n".to_owned() + hidden),
            ),
            vec![400],
        ),
    ] {
        let octets = server.raw(request.as_bytes())?;
        let (statuses, last) = answers(&octets)?;
        ensure!(statuses == want, "{request:?}: {statuses:?} {last:?}");
    }
    Ok(())
}

#[test]
fn idle_connections_are_closed_and_slow_answers_do_not_end_them() -> Result<()> {
    let place = with_ca()?;
    let server = start(&place, &["-request-timeout", "100ms"])?;
    let mut stream = TcpStream::connect(server.address)?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    let body = r#"{"CN":"x","hosts":["x.test"],"key":{"algo":"rsa","size":3072}}"#;
    let slow = format!(
        "POST /api/v1/cfssl/newkey HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    // Two keys, each of which takes longer than a request may.
    for _ in 0..2 {
        stream.write_all(slow.as_bytes())?;
        let mut answer = Vec::new();
        while !answer.ends_with(b"}\n") {
            let mut octets = [0; 16384];
            let length = stream.read(&mut octets)?;
            ensure!(length > 0, "closed after {}", String::from_utf8_lossy(&answer));
            answer.extend_from_slice(&octets[..length]);
        }
        ensure!(Answer::read(&answer)?.status == 200);
    }
    let begun = Instant::now();
    ensure!(stream.read(&mut [0; 10])? == 0);
    ensure!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    Ok(())
}
