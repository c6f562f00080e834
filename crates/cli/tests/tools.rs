//! The binary under the names of cfssl's smaller programs.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

mod servers;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use rcfssl_core::crl::{self, CrlContent, SerialNumber};
use rcfssl_core::{Certificate, certinfo, key};
use rcgen::CrlDistributionPoint;
use servers::{Made, Outcome, Web, run, server};

/// Runs the binary by a link of this name.
fn tool(folder: &Path, line: &str) -> Outcome {
    let mut words = line.split(' ');
    let link = folder.join(words.next().unwrap());
    let _ = symlink(env!("CARGO_BIN_EXE_rcfssl"), &link);
    run(Command::new(link).current_dir(folder).args(words))
}

fn folder() -> (tempfile::TempDir, Made) {
    let folder = tempfile::tempdir().unwrap();
    let root = Made::root("Root");
    fs::write(folder.path().join("ca.pem"), root.pem()).unwrap();
    fs::write(folder.path().join("csr.json"), r#"{"CN":"x","hosts":["x"]}"#).unwrap();
    (folder, root)
}

#[test]
fn they_do_what_the_commands_do() {
    let (folder, _) = folder();
    let bundle = tool(folder.path(), "cfssl-bundle -cert ca.pem -flavor force");
    assert_eq!(bundle.json()["subject"], "/CommonName=Root", "{bundle:?}");
    let shown = tool(folder.path(), "cfssl-certinfo -cert ca.pem");
    assert_eq!(shown.json()["subject"]["common_name"], "Root");
    let made = tool(folder.path(), "cfssl-newkey csr.json");
    assert!(made.json()["key"].is_string() && made.json()["csr"].is_string());
    let authority = tool(folder.path(), "cfssl-newkey -initca csr.json");
    assert!(authority.json()["cert"].is_string());
    let unread = tool(folder.path(), "cfssl-newkey -config nope csr.json");
    assert!(
        unread
            .stderr
            .starts_with("Failed to load config file: {\"code\":5200,")
    );
    assert!(unread.json()["key"].is_string());
}

#[test]
fn the_exit_status_is_2_for_wrong_flags_and_else_0() {
    let (folder, _) = folder();
    for (line, status) in [
        ("cfssl-bundle -cert nope -flavor force", 0),
        ("cfssl-certinfo -csr x", 2),
        ("cfssl-certinfo -config x", 2),
        ("cfssl-certinfo", 0),
        ("cfssl-newkey nope", 0),
        ("cfssl-newkey -loglevel 0", 2),
        ("cfssl-bundle -bogus", 2),
        ("cfssl-bundle -h", 0),
        ("mkbundle -bogus", 2),
        ("mkbundle -nw x", 2),
        ("mkbundle -h", 0),
        ("cfssl-mkbundle -f /nowhere/x ca.pem", 0),
    ] {
        let done = tool(folder.path(), line);
        assert_eq!(done.status, status, "{line}: {done:?}");
        assert!(
            done.stdout.is_empty() && !done.stderr.is_empty(),
            "{line}: {done:?}"
        );
    }
    let wrong = tool(folder.path(), "cfssl-certinfo -csr x");
    assert!(
        wrong
            .stderr
            .starts_with("flag provided but not defined: -csr\nUsage:\n  cfssl-certinfo")
    );
}

#[test]
fn mkbundle_collects_what_is_good() {
    let (folder, root) = folder();
    let path = folder.path();
    fs::create_dir(path.join("d")).unwrap();
    let other = Made::root("Other");
    let mut gone = server("gone.example");
    gone.not_after = time::OffsetDateTime::now_utc() - time::Duration::hours(1);
    let gone = root.sign(gone);
    fs::write(path.join("d/a.pem"), root.pem() + &gone.pem() + &other.pem()).unwrap();
    fs::write(path.join("d/b.pem"), root.key_pem()).unwrap();
    fs::write(path.join("d/c.txt"), "no PEM").unwrap();
    for workers in ["1", "7"] {
        let done = tool(path, &format!("mkbundle -f all.pem -nw {workers} d missing"));
        assert_eq!(done.status, 0);
        let written = fs::read_to_string(path.join("all.pem")).unwrap();
        assert_eq!(written, root.pem() + &other.pem());
        let log = done.log();
        assert_eq!(
            log[..6],
            [
                "[INFO] Found d",
                "[INFO] Found d/a.pem",
                "[INFO] Found d/b.pem",
                "[INFO] Found d/c.txt",
                "[INFO] Found missing",
                "[ERROR] Walk failed: lstat missing: no such file or directory",
            ]
        );
        assert_eq!(
            log[6..9],
            [
                "[INFO] Loading d/a.pem",
                "[INFO] Validating CN=Root",
                "[INFO] Validating CN=gone.example"
            ]
        );
        assert!(log[9].starts_with("[INFO] Certificate expired 20") && log[9].ends_with(" +0000 UTC"));
        assert_eq!(
            log[10..],
            [
                "[INFO] Skipping revoked certificate",
                "[INFO] Validating CN=Other",
                "[INFO] Loading d/b.pem",
                "[INFO] Skipping non-certificate",
                "[INFO] Loading d/c.txt",
                "[WARNING] d/c.txt: no PEM data found",
                "[INFO] Wrote 2 certificates.",
            ]
        );
    }
}

#[test]
fn mkbundle_asks_for_revocation_lists() {
    let (folder, root) = folder();
    let web = Web::open();
    let mut params = server("leaf.example");
    params.crl_distribution_points = vec![CrlDistributionPoint {
        uris: vec![web.url("/list")],
    }];
    let leaf = root.sign(params);
    fs::write(folder.path().join("leaf.pem"), leaf.pem()).unwrap();
    let last = |log: Vec<&str>| log[log.len() - 2..].join("\n");
    let missing = tool(folder.path(), "mkbundle leaf.pem");
    assert!(
        missing
            .stderr
            .contains("failed to fetch CRL: failed to retrieve CRL"),
        "{missing:?}"
    );
    assert_eq!(
        last(missing.log()),
        "[WARNING] Failed to verify certificate.\n[INFO] Wrote 0 certificates."
    );
    let certificate = Certificate::read(&root.der).unwrap();
    let issuer_key = key::read(root.key_pem().as_bytes()).unwrap();
    let serial = certinfo::signed_decimal(&Certificate::read(&leaf.der).unwrap().serial);
    let now = time::OffsetDateTime::now_utc();
    for (serials, wrote) in [(vec![], 1), (vec![SerialNumber::parse_prefix(&serial)], 0)] {
        let content = CrlContent {
            serials,
            now,
            next_update: now + time::Duration::days(1),
            number: None,
        };
        web.put("/list", crl::sign(&content, &certificate, &issuer_key).unwrap());
        let done = tool(folder.path(), "mkbundle leaf.pem");
        assert!(
            done.stderr.contains(&format!("Wrote {wrote} certificates.")),
            "{done:?}"
        );
    }
}
