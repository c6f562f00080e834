//! SIGHUP: everything is read again, or stays as it was.

use std::io::{Read, Write};
use std::net::TcpStream;

use rcfssl_tests::servers::{Answer, Served};
use rcfssl_tests::{Result, Workplace, ensure, skip};

use crate::{start, with_ca};

/// Another CA, `other.pem` and `other-key.pem`.
fn add_other(place: &Workplace) -> Result<()> {
    place.write(
        "other.json",
        r#"{"CN":"Other CA","key":{"algo":"ecdsa","size":256}}"#,
    )?;
    place
        .shell("cfssl gencert -initca other.json | cfssljson -bare other")?
        .ok()?;
    Ok(())
}

fn lifetime(server: &Served) -> Result<String> {
    let info = server.post("info", "{}")?;
    ensure!(info.status == 200, "{info:?}");
    let body: serde_json::Value = serde_json::from_str(&info.body)?;
    Ok(format!(
        "{} {}",
        body["result"]["expiry"],
        body["result"]["certificate"].as_str().unwrap_or_default().len() > 100
    ))
}

fn certificate(answer: &Answer) -> Result<String> {
    let body: serde_json::Value = serde_json::from_str(&answer.body)?;
    Ok(body["result"]["certificate"]
        .as_str()
        .unwrap_or_default()
        .trim()
        .to_owned())
}

fn config(expiry: &str) -> String {
    format!(r#"{{"signing":{{"default":{{"usages":["server auth"],"expiry":"{expiry}"}}}}}}"#)
}

fn reload(server: &Served, outcome: &str, count: usize) -> Result<()> {
    server.signal("HUP")?;
    for _ in 0..2000 {
        if server.log()?.matches(outcome).count() >= count {
            return Ok(());
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    ensure!(false, "no {outcome:?}: {}", server.log()?);
    Ok(())
}

#[test]
fn new_requests_get_the_new_files_and_those_in_progress_the_old() -> Result<()> {
    let place = with_ca()?;
    add_other(&place)?;
    place.write("config.json", config("1h"))?;
    let server = start(&place, &["-config", "config.json"])?;
    ensure!(lifetime(&server)? == "\"1h\" true");
    let (old, new) = (place.read("ca.pem")?, place.read("other.pem")?);
    let mut begun = TcpStream::connect(server.address)?;
    begun.write_all(b"POST /api/v1/cfssl/info HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{")?;
    std::thread::sleep(std::time::Duration::from_millis(200));
    place.write("config.json", config("2h"))?;
    place
        .shell("mv other.pem ca.pem; mv other-key.pem ca-key.pem")?
        .ok()?;
    reload(&server, "reload complete", 1)?;
    ensure!(lifetime(&server)? == "\"2h\" true");
    ensure!(certificate(&server.post("info", "{}")?)? == new.trim());
    // The connection stays open for more, so its answer is read in pieces.
    begun.write_all(b"}")?;
    begun.set_read_timeout(Some(std::time::Duration::from_secs(10)))?;
    let mut answer = vec![0; 8192];
    let length = begun.read(&mut answer)?;
    let answer = Answer::read(&answer[..length])?;
    ensure!(answer.body.contains(r#""expiry":"1h""#), "{answer:?}");
    ensure!(certificate(&answer)? == old.trim());
    // The next request on the same connection is a new one.
    begun.write_all(
        b"POST /api/v1/cfssl/info HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}",
    )?;
    let mut answer = Vec::new();
    begun.read_to_end(&mut answer)?;
    ensure!(certificate(&Answer::read(&answer)?)? == new.trim());
    Ok(())
}

#[test]
fn what_is_wrong_changes_nothing() -> Result<()> {
    let place = with_ca()?;
    add_other(&place)?;
    place
        .shell("mkdir good; cp ca.pem ca-key.pem good; cp good/* .")?
        .ok()?;
    place.write("config.json", config("1h"))?;
    place
        .shell("cp config.json good; cp ca.pem tls.pem; cp ca-key.pem tls-key.pem; cp tls*.pem good")?
        .ok()?;
    let flags = [
        "-config",
        "config.json",
        "-tls-cert",
        "tls.pem",
        "-tls-key",
        "tls-key.pem",
    ];
    let server = start(&place, &flags)?;
    let port = server.address.port();
    let health =
        format!("curl -sS --cacert good/tls.pem -k https://127.0.0.1:{port}/api/v1/cfssl/info -d '{{}}'");
    let before = place.shell(&health)?.ok()?.out();
    ensure!(before.contains(r#""expiry":"1h""#), "{before}");
    for (count, (spoil, why)) in [
        ("echo '{' > config.json", "unexpected end of JSON input"),
        ("rm config.json", "could not read configuration file"),
        ("echo nonsense > ca-key.pem", "couldn't initialize signer"),
        ("cp other-key.pem ca-key.pem", "does not match"),
        ("rm ca.pem", "ca.pem: no such file or directory"),
        ("cp other.pem tls.pem", "private key does not match public key"),
        ("rm tls-key.pem", "tls-key.pem: no such file or directory"),
    ]
    .into_iter()
    .enumerate()
    {
        place.shell(spoil)?.ok()?;
        reload(&server, "[ERROR] reload failed, nothing has changed: ", count + 1)?;
        let log = server.log()?;
        ensure!(log.contains(why), "{why}: {log}");
        ensure!(place.shell(&health)?.ok()?.out() == before, "{spoil}");
        place.shell("cp good/* .")?.ok()?;
    }
    let log = server.log()?;
    ensure!(!log.contains("reload complete"), "{log}");
    ensure!(
        log.contains("hint: -allow-misconfiguration"),
        "the hints of a reload are printed, too: {log}"
    );
    reload(&server, "reload complete", 1)?;
    Ok(())
}

#[test]
fn new_connections_get_the_new_certificate_of_the_server() -> Result<()> {
    if skip::missing(&["openssl"]).is_some() {
        return skip::skipped("there is no openssl");
    }
    let place = with_ca()?;
    add_other(&place)?;
    place
        .shell("cp ca.pem tls.pem; cp ca-key.pem tls-key.pem")?
        .ok()?;
    let server = start(&place, &["-tls-cert", "tls.pem", "-tls-key", "tls-key.pem"])?;
    let look = format!(
        "openssl s_client -connect 127.0.0.1:{} < /dev/null 2> /dev/null | openssl x509 -noout -subject",
        server.address.port()
    );
    ensure!(place.shell(&look)?.ok()?.out().contains("Test CA"));
    place
        .shell("cp other.pem tls.pem; cp other-key.pem tls-key.pem")?
        .ok()?;
    reload(&server, "reload complete", 1)?;
    ensure!(place.shell(&look)?.ok()?.out().contains("Other CA"));
    Ok(())
}

/// `nohup` has the signal ignored, and it stays ignored.
#[test]
fn an_ignored_signal_stays_ignored() -> Result<()> {
    let place = with_ca()?;
    let server = Served::start_line(
        &place,
        "trap '' HUP; exec cfssl serve -port $PORT -ca ca.pem -ca-key ca-key.pem",
    )?;
    server.signal("HUP")?;
    std::thread::sleep(std::time::Duration::from_millis(300));
    ensure!(server.get("/api/v1/cfssl/health")?.status == 200);
    ensure!(!server.log()?.contains("reload"), "{}", server.log()?);
    Ok(())
}

#[test]
fn ocsp_responses_are_read_again() -> Result<()> {
    let place = with_ca()?;
    place.write("empty", "")?;
    let server = Served::start_line(
        &place,
        "exec cfssl ocspserve -address 127.0.0.1 -port $PORT -responses responses",
    );
    // Without the file it does not start; without it later it goes on.
    ensure!(server.is_err());
    place.write("responses", "")?;
    let server = Served::start_line(
        &place,
        "exec cfssl ocspserve -address 127.0.0.1 -port $PORT -responses responses",
    )?;
    reload(&server, "reload complete", 1)?;
    ensure!(server.log()?.matches("Read 0 OCSP responses").count() == 2);
    place.shell("rm responses")?.ok()?;
    reload(
        &server,
        "reload failed, nothing has changed: unable to read response file",
        1,
    )?;
    Ok(())
}
