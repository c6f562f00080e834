//! The status of certificates, end to end: OCSP responses signed when they are asked for, and
//! CRLs at a URL, judged by openssl, curl and nginx.

#![allow(clippy::panic, clippy::unwrap_used, reason = "functions of tests")]

mod commands;
mod crl;
mod faults;
mod live;
mod many;
mod stapling;

use std::time::{Duration, Instant};

use rcfssl_tests::servers::Served;
use rcfssl_tests::{Context, Result, Workplace, ensure};

const CONFIG: &str = r#"{"signing": {"default": {"expiry": "8760h", "usages": ["server auth", "digital signature"]},
    "profiles": {
        "linked": {"expiry": "8760h", "usages": ["server auth"], "ocsp_url": "URL/ocsp", "crl_url": "URL/crl"},
        "ocsp": {"expiry": "8760h", "usages": ["digital signature", "ocsp signing"], "ocsp_no_check": true}}}}"#;

/// How soon a revocation must show.
const SOON: Duration = Duration::from_secs(1);

/// `ocspserve` with the CA's own key; further flags may follow.
const OCSPSERVE: &str = "exec rcfssl ocspserve -port $PORT -db-config db.json -ca ca.pem -ca-key ca-key.pem";

/// A workplace with the CAs `ca` and `other`, a responder of each, and an SQLite database.
fn place() -> Result<Workplace> {
    let place = Workplace::new()?;
    place.write("db.json", r#"{"driver": "sqlite3", "data_source": "certs.db"}"#)?;
    place.write("config.json", CONFIG)?;
    place.write(
        "leaf.json",
        r#"{"CN": "leaf.test", "hosts": ["leaf.test", "127.0.0.1"]}"#,
    )?;
    place.write("responder.json", r#"{"CN": "responder", "hosts": [""]}"#)?;
    for ca in ["ca", "other"] {
        let request = format!(r#"{{"CN": "{ca}", "key": {{"algo": "ecdsa", "size": 256}}}}"#);
        place.write(&format!("{ca}.json"), request)?;
        let lines = format!(
            "cfssl gencert -initca {ca}.json | cfssljson -bare {ca} && \
             cfssl gencert -ca {ca}.pem -ca-key {ca}-key.pem -config config.json -profile ocsp responder.json \
             | cfssljson -bare {ca}-responder"
        );
        place.shell(&lines)?.ok()?;
    }
    Ok(place)
}

/// Issues and records `NAME.pem`.
fn issue(place: &Workplace, ca: &str, name: &str) -> Result<()> {
    let line = format!(
        "cfssl gencert -ca {ca}.pem -ca-key {ca}-key.pem -config config.json -db-config db.json leaf.json \
         | cfssljson -bare {name}"
    );
    place.shell(&line)?.ok().map(drop)
}

fn revoke(place: &Workplace, name: &str, reason: &str) -> Result<()> {
    let line = format!("rcfssl revoke -db-config db.json -cert {name}.pem -reason {reason}");
    place.shell(&line)?.ok().map(drop)
}

/// What openssl says of `NAME.pem`, once it has verified the response.
fn ask(place: &Workplace, url: &str, ca: &str, name: &str, flags: &str) -> Result<String> {
    let line = format!(
        "openssl ocsp -url {url} -issuer {ca}.pem -CAfile {ca}.pem {flags} -cert {name}.pem -resp_text 2>&1"
    );
    let said = place.shell(&line)?.ok()?.out();
    ensure!(said.contains("Response verify OK"), "{said}");
    ensure!(!said.contains("WARNING"), "{said}");
    Ok(said)
}

/// Asks again until the answer has this text, at most for a second.
fn soon(text: &str, mut said: impl FnMut() -> Result<String>) -> Result<String> {
    let begun = Instant::now();
    loop {
        let began = begun.elapsed();
        let now = said()?;
        if now.contains(text) {
            return Ok(now);
        }
        ensure!(began < SOON, "not {text:?} after {began:?}: {now}");
    }
}

fn url(server: &Served, path: &str) -> String {
    format!("http://{}{path}", server.address)
}

/// The number of a CRL, as openssl prints it.
fn crl_number(text: &str) -> Result<u64> {
    let (_, rest) = text.split_once("X509v3 CRL Number:").context("no CRL number")?;
    let number = rest.split_whitespace().next().context("no number")?;
    match number.strip_prefix("0x") {
        Some(digits) => Ok(u64::from_str_radix(digits, 16)?),
        None => Ok(number.parse()?),
    }
}
