//! OCSP responders under load: 64 connections that stay open, by `wrk`. Real cfssl serves
//! what was signed earlier; rcfssl does so too, and signs when it is asked.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde::Serialize;

use crate::measure::Place;

/// The name of these rows.
pub const NAME: &str = "ocsp responders";

const CONNECTIONS: &str = "64";

/// A responder under load; the medians of several rounds.
#[derive(Debug, Clone, Serialize)]
pub struct Load {
    /// What it does.
    pub name: &'static str,
    /// Responses in a second.
    pub rate: f64,
    /// User and system time of the server for a response, in microseconds.
    pub cpu_microseconds: f64,
    /// The time within which 99 of 100 responses came, in milliseconds.
    pub p99_milliseconds: f64,
    /// The rate as a multiple of real cfssl's.
    pub times: f64,
    /// The least multiple that is promised.
    pub at_least: Option<f64>,
}

struct Kind {
    name: &'static str,
    is_cfssl: bool,
    /// The arguments, but for the port.
    arguments: String,
    request: &'static str,
    at_least: Option<f64>,
}

fn kinds() -> Vec<Kind> {
    let stored = "ocspserve -responses responses.txt";
    let live = |ca: &str| format!("ocspserve -db-config ocsp-db.json -ca {ca}.pem -ca-key {ca}-key.pem");
    let kind = |name, arguments, request, at_least| Kind {
        name,
        is_cfssl: false,
        arguments,
        request,
        at_least,
    };
    vec![
        Kind {
            is_cfssl: true,
            ..kind("cfssl, stored", stored.to_owned(), "p256", None)
        },
        kind("stored", stored.to_owned(), "p256", None),
        kind("live, P-256, cached", live("p256"), "p256", Some(3.0)),
        kind("live, P-256, each signed", live("p256"), "p256-nonce", Some(1.0)),
        kind("live, RSA-2048, cached", live("rsa"), "rsa", Some(3.0)),
        kind("live, RSA-2048, each signed", live("rsa"), "rsa-nonce", None),
    ]
}

/// Measures all of them in turn, `rounds` times.
pub fn measure(place: &Place, rounds: usize, seconds: u32) -> Result<Vec<Load>> {
    prepare(place)?;
    let kinds = kinds();
    let mut figures: Vec<Vec<[f64; 3]>> = vec![Vec::new(); kinds.len()];
    for _ in 0..rounds {
        for (kind, figures) in kinds.iter().zip(&mut figures) {
            figures.push(round(place, kind, seconds).with_context(|| kind.name)?);
        }
    }
    let medians: Vec<[f64; 3]> = figures.iter().map(|rounds| medians(rounds)).collect();
    let base = medians.first().map_or(f64::NAN, |[rate, ..]| *rate);
    let loads = kinds.iter().zip(medians).map(|(kind, [rate, cpu, p99])| Load {
        name: kind.name,
        rate,
        cpu_microseconds: cpu,
        p99_milliseconds: p99,
        times: rate / base,
        at_least: kind.at_least,
    });
    Ok(loads.collect())
}

fn medians(rounds: &[[f64; 3]]) -> [f64; 3] {
    [0, 1, 2].map(|at| {
        let mut values: Vec<f64> = rounds.iter().map(|round| round[at]).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    })
}

/// Certificates on record, the requests for them, a response to store, and what `wrk` sends.
fn prepare(place: &Place) -> Result<()> {
    let folder = place.work();
    let write = |name: &str, text: String| fs::write(folder.join(name), text);
    let database = folder.join("ocsp.db");
    write(
        "ocsp-db.json",
        format!(r#"{{"driver": "sqlite3", "data_source": {database:?}}}"#),
    )?;
    let rcfssl = place.rcfssl();
    let rcfssl = rcfssl.display();
    let line = format!(
        "set -e
         printf '%s' '{{\"CN\": \"a.test\", \"hosts\": [\"a.test\"]}}' > ocsp-leaf.json
         for ca in p256 rsa; do
           {rcfssl} gencert -ca $ca.pem -ca-key $ca-key.pem -db-config ocsp-db.json ocsp-leaf.json > made.json
           python3 -c 'import json,sys; open(sys.argv[1],\"w\").write(json.load(open(\"made.json\"))[\"cert\"])' ocsp-$ca.pem
           openssl ocsp -issuer $ca.pem -cert ocsp-$ca.pem -no_nonce -reqout $ca.request
           openssl ocsp -issuer $ca.pem -cert ocsp-$ca.pem -reqout $ca-nonce.request
         done
         {rcfssl} ocspsign -ca p256.pem -responder p256.pem -responder-key p256-key.pem -cert ocsp-p256.pem > made.json
         python3 -c 'import json; print(json.load(open(\"made.json\"))[\"ocspResponse\"])' > responses.txt
         for name in p256 p256-nonce rsa rsa-nonce; do
           {{ printf 'wrk.method = \"POST\"\\nlocal file = io.open(\"%s.request\", \"rb\")\\n' $name
             printf 'wrk.body = file:read(\"*a\")\\nwrk.headers[\"Content-Type\"] = \"application/ocsp-request\"\\n'
           }} > $name.lua
         done"
    );
    let output = Command::new("bash")
        .args(["-c", &line])
        .current_dir(folder)
        .output()?;
    ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}

struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Rate, processor time for a response, and p99.
fn round(place: &Place, kind: &Kind, seconds: u32) -> Result<[f64; 3]> {
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let program = match kind.is_cfssl {
        true => place.theirs().join("cfssl"),
        false => place.rcfssl(),
    };
    let child = Command::new(program)
        .args(kind.arguments.split(' '))
        .args([
            "-loglevel",
            "3",
            "-address",
            "127.0.0.1",
            "-port",
            &port.to_string(),
        ])
        .current_dir(place.work())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let server = Server(child);
    let begun = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        ensure!(begun.elapsed() < Duration::from_secs(10), "it does not listen");
        sleep(Duration::from_millis(20));
    }
    let before = processor_seconds(server.0.id())?;
    let output = Command::new("wrk")
        .args([
            "-t",
            "1",
            "-c",
            CONNECTIONS,
            "-d",
            &format!("{seconds}s"),
            "--latency",
            "-s",
        ])
        .arg(format!("{}.lua", kind.request))
        .arg(format!("http://127.0.0.1:{port}/"))
        .current_dir(place.work())
        .output()
        .context("wrk, of Debian's package wrk")?;
    let used = processor_seconds(server.0.id())? - before;
    let text = String::from_utf8_lossy(&output.stdout);
    ensure!(!text.contains("Non-2xx"), "{text}");
    let figure = |label: &str| text.lines().find_map(|line| line.trim().strip_prefix(label));
    let rate: f64 = figure("Requests/sec:").context("no rate")?.trim().parse()?;
    let p99 = milliseconds(figure("99%").context("no latency")?.trim())?;
    Ok([rate, used * 1e6 / (rate * f64::from(seconds)), p99])
}

/// `1.23ms`, `850.00us` or `2.00s`
fn milliseconds(text: &str) -> Result<f64> {
    for (unit, factor) in [("us", 1e-3), ("ms", 1.0), ("s", 1e3)] {
        if let Some(number) = text.strip_suffix(unit)
            && let Ok(number) = number.parse::<f64>()
        {
            return Ok(number * factor);
        }
    }
    bail!("{text:?} is no time")
}

/// User and system time of a process (`proc(5)`), in ticks of a hundredth of a second.
fn processor_seconds(id: u32) -> Result<f64> {
    let text = fs::read_to_string(Path::new("/proc").join(id.to_string()).join("stat"))?;
    let (_, fields) = text.rsplit_once(')').context("no name")?;
    let mut ticks = fields.split_whitespace().skip(11);
    let mut next = || -> Result<f64> { Ok(ticks.next().context("no time")?.parse()?) };
    Ok((next()? + next()?) / 100.0)
}
