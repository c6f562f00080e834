//! Signals while many clients are served: no answer is lost, and none is wrong.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rcfssl_tests::servers::{Answer, Served};
use rcfssl_tests::{Context, Result, Workplace, ensure};

use crate::{start, with_ca};

const CLIENTS: usize = 8;

/// A request to sign, on a connection that stays open.
fn request(place: &Workplace) -> Result<String> {
    place
        .shell(
            "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k.pem \
             -subj /CN=x -out x.csr 2> /dev/null",
        )?
        .ok()?;
    let body =
        serde_json::json!({"certificate_request": place.read("x.csr")?, "hostname": "x.test"}).to_string();
    Ok(format!(
        "POST /api/v1/cfssl/sign HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    ))
}

/// How a client's connection ended.
enum End {
    /// Between two requests, or before the server read anything of one.
    Clean,
    /// In the middle of an answer.
    Torn(String),
}

/// Asks again and again; counts what was answered.
fn ask(server: &Served, request: &str, answered: &AtomicUsize, enough: &AtomicBool) -> Result<End> {
    while !enough.load(Ordering::Relaxed) {
        let Ok(mut stream) = TcpStream::connect(server.address) else {
            return Ok(End::Clean);
        };
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        loop {
            if enough.load(Ordering::Relaxed) || stream.write_all(request.as_bytes()).is_err() {
                break;
            }
            let mut octets = Vec::new();
            while !octets.ends_with(b"}\n") {
                let mut room = [0; 8192];
                let length = stream.read(&mut room).unwrap_or(0);
                octets.extend_from_slice(&room[..length]);
                if length == 0 {
                    break;
                }
            }
            if octets.is_empty() {
                break;
            }
            if !octets.ends_with(b"}\n") {
                return Ok(End::Torn(String::from_utf8_lossy(&octets).into_owned()));
            }
            let answer = Answer::read(&octets)?;
            ensure!(
                answer.status == 200 && answer.body.contains("BEGIN CERTIFICATE"),
                "{answer:?}"
            );
            answered.fetch_add(1, Ordering::Relaxed);
        }
    }
    Ok(End::Clean)
}

/// Runs clients while something is done with the server; returns how much was answered.
fn under_load(
    place: &Workplace,
    server: &Served,
    act: impl FnOnce(&AtomicUsize) -> Result<()>,
) -> Result<usize> {
    let request = request(place)?;
    let (answered, enough) = (AtomicUsize::new(0), AtomicBool::new(false));
    let ends = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| scope.spawn(|| ask(server, &request, &answered, &enough)))
            .collect();
        let acted = act(&answered);
        enough.store(true, Ordering::Relaxed);
        let ends = clients
            .into_iter()
            .map(|client| client.join().ok().context("a client panicked")?);
        let ends = ends.collect::<Result<Vec<_>>>();
        acted.and(ends)
    })?;
    for end in ends {
        if let End::Torn(octets) = end {
            rcfssl_tests::bail!("half an answer: {octets}");
        }
    }
    Ok(answered.into_inner())
}

/// Waits until this many more requests were answered.
fn wait_for(answered: &AtomicUsize, more: usize) -> Result<()> {
    let (begun, want) = (Instant::now(), answered.load(Ordering::Relaxed) + more);
    while answered.load(Ordering::Relaxed) < want {
        ensure!(begun.elapsed() < Duration::from_secs(30), "nothing is answered");
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}

#[test]
fn reloads_with_right_and_wrong_files_lose_no_request() -> Result<()> {
    let place = with_ca()?;
    let config = r#"{"signing":{"default":{"usages":["server auth"],"expiry":"1h"}}}"#;
    place.write("config.json", config)?;
    let server = start(&place, &["-config", "config.json"])?;
    let key = place.read("ca-key.pem")?;
    under_load(&place, &server, |answered| {
        wait_for(answered, 50)?;
        for _ in 0..3 {
            for (file, wrong, right) in [
                ("config.json", "{\"signing\":", config),
                ("ca-key.pem", "no key", key.as_str()),
            ] {
                place.write(file, wrong)?;
                server.signal("HUP")?;
                wait_for(answered, 50)?;
                place.write(file, right)?;
                server.signal("HUP")?;
                wait_for(answered, 50)?;
            }
        }
        Ok(())
    })?;
    let log = server.log()?;
    ensure!(
        log.contains("reload complete") && log.contains("reload failed"),
        "{log}"
    );
    Ok(())
}

#[test]
fn an_orderly_stop_answers_what_it_accepted() -> Result<()> {
    let place = with_ca()?;
    place.write("db.json", r#"{"driver":"sqlite3","data_source":"certs.db"}"#)?;
    place.shell("cfssl db create -db-config db.json")?.ok()?;
    let mut server = start(&place, &["-db-config", "db.json"])?;
    let begun = Instant::now();
    let answered = under_load(&place, &server, |answered| {
        wait_for(answered, 50)?;
        server.signal("TERM")?;
        while TcpStream::connect(server.address).is_ok() {
            ensure!(begun.elapsed() < Duration::from_secs(60), "it still listens");
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    })?;
    let status = server.wait()?;
    ensure!(status.code() == Some(0), "{status} {}", server.log()?);
    // No certificate was handed out without a row, and none recorded was lost on the way.
    let rows = place.shell("python3 -c \"import sqlite3; print(sqlite3.connect('certs.db').execute('select count(*) from certificates').fetchone()[0])\"")?;
    let rows: usize = rows.ok()?.out().trim().parse()?;
    ensure!(rows == answered, "{rows} rows, {answered} answers");
    Ok(())
}
