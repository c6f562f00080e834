//! Stress tests of SQLite files: many writers, locks, full disks, kills.

use std::process::Stdio;
use std::time::Duration;

use rcfssl_tests::confine::{apart, as_nobody};
use rcfssl_tests::servers::database::{Database, Kind, missing};
use rcfssl_tests::{Result, ensure, needs_root};

use crate::place::{Place, gencert};

/// A workplace with SQLite, if Python is available to read the files.
fn sqlite(name: &str) -> Option<(Database, Place)> {
    if let Some(program) = missing(Kind::Sqlite) {
        rcfssl_tests::skip::skipped(&format!("there is no {program}")).unwrap();
        return None;
    }
    let database = Database::start(Kind::Sqlite).unwrap();
    let place = Place::new(&database, name).unwrap();
    Some((database, place))
}

fn rows(database: &Database, place: &Place) -> Vec<String> {
    let serials = database.ask(&place.name, "SELECT serial_number FROM certificates");
    serials.unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn sixty_four_concurrent_writers_create_sixty_four_rows() {
    let Some((database, place)) = sqlite("many") else {
        return;
    };
    // Not even the file exists.
    let signers: Vec<_> = (0..64)
        .map(|_| {
            let mut command = place.work.command("bash");
            command.args(["-c", &format!("{} csr.json", gencert("ca"))]);
            command.stdout(Stdio::piped()).stderr(Stdio::piped());
            command.spawn().unwrap()
        })
        .collect();
    for signer in signers {
        let output = signer.wait_with_output().unwrap();
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && !output.stdout.is_empty(), "{err}");
    }
    assert_eq!(rows(&database, &place).len(), 64);
    let left: Vec<_> = std::fs::read_dir(database.file("many").parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left, ["many.db"]);
}

#[test]
fn a_file_that_stays_locked_is_reported_after_the_time_limit() {
    let Some((database, place)) = sqlite("locked") else {
        return;
    };
    place.tables().unwrap();
    place
        .work
        .write("db.json", database.document("locked", None, "_busy_timeout=300"))
        .unwrap();
    let mut python = place.work.command("python3");
    python.arg("-c").arg("import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('BEGIN EXCLUSIVE'); print(flush=True); sys.stdin.read()");
    python
        .arg(database.file("locked"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut holder = python.spawn().unwrap();
    let mut ready = [0];
    std::io::Read::read_exact(holder.stdout.as_mut().unwrap(), &mut ready).unwrap();
    let err = place.refused(&format!("{} csr.json", gencert("ca"))).unwrap();
    assert!(
        err.contains(r#"{"code":11000,"message":"database is locked"}"#) && err.contains("\nhint: "),
        "{err}"
    );
    drop(holder.stdin.take());
    holder.wait().unwrap();
    place.sign("ca", "").unwrap();
    assert_eq!(rows(&database, &place).len(), 1);
}

#[test]
fn a_read_only_file_is_reported() {
    needs_root!();
    let Some((database, place)) = sqlite("readonly") else {
        return;
    };
    place.tables().unwrap();
    let folder = database.file("readonly");
    place
        .ok(&format!(
            "chmod 755 {}; chmod 644 ca-key.pem",
            folder.parent().unwrap().display()
        ))
        .unwrap();
    let line = as_nobody(&format!("{} csr.json", gencert("ca")));
    let err = place.refused(&line).unwrap();
    assert!(err.contains("attempt to write a readonly database"), "{err}");
    // A new one cannot be created there either.
    place
        .work
        .write("db.json", database.document("new", None, ""))
        .unwrap();
    let err = place.refused(&line).unwrap();
    assert!(
        err.contains("unable to open database file: permission denied"),
        "{err}"
    );
    assert!(!database.file("new").exists());
}

#[test]
fn a_full_disk_prints_no_certificate_and_breaks_no_row() {
    needs_root!();
    let Some((_database, place)) = sqlite("full") else {
        return;
    };
    place
        .work
        .write("db.json", r#"{"driver":"sqlite3","data_source":"disk/certs.db"}"#)
        .unwrap();
    let sign = format!("{} csr.json", gencert("ca"));
    place.work.write("count.py", "import sqlite3; c = sqlite3.connect('disk/certs.db'); print(c.execute('PRAGMA integrity_check').fetchone()[0], c.execute('SELECT COUNT(*) FROM certificates').fetchone()[0])").unwrap();
    let line = apart(&format!(
        "mkdir disk; mount -t tmpfs -o size=80k none disk; n=0; while {sign} > out 2> err; do n=$((n+1)); done; test -s out && echo printed; \
         cat err >&2; rm -f disk/*-journal; python3 count.py; echo $n"
    ));
    let step = place.ok(&line).unwrap();
    let (out, err) = (step.out(), step.err());
    let lines: Vec<_> = out.lines().collect();
    let signed: usize = lines[1].parse().unwrap();
    assert!(signed > 3, "{step}");
    assert_eq!(lines[0], format!("ok {signed}"), "{step}");
    assert!(err.contains("database or disk is full"), "{err}");
}

#[test]
fn killed_at_any_moment_a_printed_certificate_has_its_row() {
    let Some((database, place)) = sqlite("killed") else {
        return;
    };
    place.tables().unwrap();
    let mut printed = 0;
    for moment in 0..60_u64 {
        let mut command = place.work.command(place.work.aside().join("bin/cfssl"));
        let line = gencert("ca");
        command.args(line.split(' ').skip(1)).arg("csr.json");
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        std::thread::sleep(Duration::from_micros(500 * moment));
        let _ = child.kill();
        let output = child.wait_with_output().unwrap();
        if output.stdout.is_empty() {
            continue;
        }
        printed += 1;
        place.work.write("out.json", &output.stdout).unwrap();
        let info = place
            .ok("cfssljson -f out.json -bare out; cfssl certinfo -cert out.pem")
            .unwrap()
            .json()
            .unwrap();
        let serial = info["serial_number"].as_str().unwrap().to_owned();
        assert!(
            rows(&database, &place).contains(&serial),
            "after {moment}: {serial} is not on record"
        );
    }
    let check = database.ask("killed", "PRAGMA integrity_check").unwrap();
    assert_eq!(check, "ok");
    // A kill that is too late is as useless here as one that is too early.
    assert!(printed > 0 && printed < 60, "{printed}");
}

#[test]
fn an_invalid_document_is_reported_before_anything_is_signed() {
    let Some((_database, place)) = sqlite("wrong") else {
        return;
    };
    check_documents(&place).unwrap();
}

fn check_documents(place: &Place) -> Result<()> {
    for (text, want) in [
        ("{}", r#"{"code":5200,"message":"invalid db configuration"}"#),
        (
            r#"{"driver":"oracle","data_source":"x"}"#,
            r#"sql: unknown driver "oracle" (forgotten import?)"#,
        ),
        (
            r#"{"driver":"mysql","data_source":"root:secret@tcp(h"}"#,
            "invalid DSN: ",
        ),
        (
            r#"{"driver":"postgres","data_source":"host=h password=secret sslmode=maybe"}"#,
            "unsupported sslmode",
        ),
    ] {
        place.work.write("db.json", text)?;
        let err = place.refused(&format!("{} csr.json", gencert("ca")))?;
        ensure!(
            err.contains(want) && !err.contains("secret") && !err.contains("signed certificate"),
            "{text}: {err}"
        );
    }
    // A misspelt key in the document is a trap.
    place.work.write(
        "db.json",
        r#"{"driver":"sqlite3","data_source":"x.db","datasource":1}"#,
    )?;
    let err = place.ok(&format!("{} csr.json", gencert("ca")))?.err();
    ensure!(
        err.contains("hint: ") && err.contains("datasource") && err.contains("data_source"),
        "{err}"
    );
    let err = place.refused(&format!("{} -strict csr.json", gencert("ca")))?;
    ensure!(err.contains("datasource"), "{err}");
    Ok(())
}
