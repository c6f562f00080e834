//! `-log-format json`, and the time of log lines.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rcfssl_tests::servers::Served;
use rcfssl_tests::{Context, Result, ensure};
use serde_json::Value;

use crate::{start, with_ca};

#[test]
fn every_line_is_an_object() -> Result<()> {
    let place = with_ca()?;
    let server = start(&place, &["-log-format", "json"])?;
    ensure!(server.get("/api/v1/cfssl/health?x=%0ay")?.status == 200);
    ensure!(server.post("sign", "{}")?.status == 400);
    let lines: Vec<Value> = server
        .log()?
        .lines()
        .map(|line| serde_json::from_str(line).with_context(|| line.to_owned()))
        .collect::<Result<_>>()?;
    ensure!(
        lines
            .iter()
            .all(|line| line["time"].is_string() && line["message"].is_string())
    );
    ensure!(lines.iter().any(|line| line["level"] == "WARNING"), "{lines:?}");
    let requests: Vec<&Value> = lines.iter().filter(|line| line["request"].is_object()).collect();
    let [health, sign] = requests[..] else {
        rcfssl_tests::bail!("{lines:?}");
    };
    ensure!(
        health["level"] == "INFO" && health["request"]["method"] == "GET",
        "{health}"
    );
    ensure!(
        health["request"]["url"] == "/api/v1/cfssl/health?x=%0ay",
        "{health}"
    );
    ensure!(
        health["request"]["status"] == 200 && health["request"]["code"] == 200,
        "{health}"
    );
    ensure!(
        health["request"]["seconds"]
            .as_f64()
            .is_some_and(|took| took < 10.0),
        "{health}"
    );
    ensure!(
        health["request"]["client"]
            .as_str()
            .is_some_and(|at| at.starts_with("127.0.0.1:"))
    );
    ensure!(sign["request"]["status"] == 400, "{sign}");
    Ok(())
}

#[test]
fn the_error_that_ends_the_server_is_an_object_too() -> Result<()> {
    let place = with_ca()?;
    let step = place
        .call("cfssl serve -port 99999 -ca ca.pem -ca-key ca-key.pem -tls-cert ca.pem -log-format json")?;
    ensure!(step.status == 1, "{step:?}");
    let (mut last, mut hint) = (Value::Null, Value::Null);
    for line in step.err().lines() {
        let line: Value = serde_json::from_str(line)?;
        match line["level"].as_str() {
            Some("HINT") => hint = line,
            _ => last = line,
        }
    }
    ensure!(
        last["level"] == "FATAL" && last["message"] == "-tls-cert needs -tls-key",
        "{last}"
    );
    ensure!(
        hint["message"]
            .as_str()
            .is_some_and(|hint| hint.contains("-allow-misconfiguration")),
        "{hint}"
    );
    let step = place.call("cfssl serve -log-format xml")?;
    ensure!(
        step.status == 2 && step.err().contains("use text or json"),
        "{step:?}"
    );
    Ok(())
}

/// A zone whose summer begins in a few seconds: lines before and after differ by an hour.
#[test]
fn the_time_of_lines_follows_the_clock_when_summer_begins() -> Result<()> {
    let place = with_ca()?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let change = now + 4;
    // In a zone at UTC the day of the year and the time of the change are those of UTC;
    // POSIX counts days without 29 February from 1.
    let date = place
        .shell(&format!("date -u -d @{change} '+%-m %-d %H:%M:%S'"))?
        .ok()?
        .out();
    let words: Vec<&str> = date.split_whitespace().collect();
    let (month, day): (usize, usize) = (words[0].parse()?, words[1].parse()?);
    let before = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let day = before[month - 1] + day;
    let end = if day < 300 { day + 60 } else { day - 60 };
    let zone = format!("AAA0BBB-1,J{day}/{},J{end}/0", words[2]);
    let server = Served::start_line(
        &place,
        &format!("TZ='{zone}' exec cfssl serve -port $PORT -ca ca.pem -ca-key ca-key.pem"),
    )?;
    server.get("/api/v1/cfssl/health?before")?;
    std::thread::sleep(Duration::from_secs(6));
    server.get("/api/v1/cfssl/health?after")?;
    let log = server.log()?;
    let hour = |what: &str| -> Result<u32> {
        let line = log
            .lines()
            .find(|line| line.contains(what))
            .with_context(|| log.clone())?;
        let (hour, minute) = (&line[11..13], &line[14..16]);
        Ok(hour.parse::<u32>()? * 60 + minute.parse::<u32>()?)
    };
    let passed = (hour("?after")? + 24 * 60 - hour("?before")?) % (24 * 60);
    ensure!((60..=61).contains(&passed), "{zone}: {log}");
    Ok(())
}
