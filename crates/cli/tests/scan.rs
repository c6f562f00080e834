//! `scan` on servers of our own.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

mod servers;

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use servers::{Made, Outcome, authority, rcfssl, server, tcp_server, tls_server};

fn scan(folder: &Path, arguments: &str) -> Outcome {
    rcfssl(folder, ["scan"].into_iter().chain(arguments.split(' ')))
}

/// The findings for the only host.
fn findings(done: &Outcome) -> Value {
    assert_eq!(done.status, 0, "{done:?}");
    let (_, json) = done.stdout.split_once(" ===\n").unwrap();
    assert!(json.ends_with("}\n\n"), "{done:?}");
    serde_json::from_str(json).unwrap()
}

struct Host {
    folder: tempfile::TempDir,
    address: SocketAddr,
    leaf: Made,
}

fn host(versions: &[&'static rustls::SupportedProtocolVersion]) -> Host {
    let root = Made::root("Root");
    let intermediate = root.sign(authority("Int"));
    let leaf = intermediate.sign(server("localhost"));
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("root.pem"), root.pem()).unwrap();
    let address = tls_server(&[&leaf, &intermediate], versions);
    Host {
        folder,
        address,
        leaf,
    }
}

impl Host {
    fn scan(&self, arguments: &str) -> Value {
        let line = format!(
            "-ca-bundle root.pem {arguments} localhost:{}",
            self.address.port()
        );
        findings(&scan(self.folder.path(), &line))
    }
}

#[test]
fn the_list_has_cfssls_names() {
    let listed = scan(Path::new("/"), "-list");
    assert!(
        listed
            .stdout
            .starts_with("{\n  \"Broad\": {\n    \"description\": \"Large scale")
    );
    assert!(listed.stdout.ends_with("}\n\n"));
    let families = listed.json();
    let names: Vec<(&String, Vec<&String>)> = families
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, family)| (name, family["scanners"].as_object().unwrap().keys().collect()))
        .collect();
    let shown = format!("{names:?}");
    assert_eq!(
        shown,
        r#"[("Broad", ["IntermediateCAs"]), ("Connectivity", ["CloudFlareStatus", "DNSLookup", "TCPDial", "TLSDial"]), ("PKI", ["ChainExpiration", "ChainValidation", "MultipleCerts"]), ("TLSHandshake", ["CertsByCiphers", "CertsBySigAlgs", "CipherSuite", "ECCurves", "SigAlgs"]), ("TLSSession", ["SessionResume"])]"#
    );
    let none = rcfssl(Path::new("/"), ["scan"]);
    assert_eq!(
        (none.status, none.stdout.as_str(), none.stderr.as_str()),
        (0, "", "")
    );
}

#[test]
fn a_good_host_is_good() {
    let host = host(rustls::ALL_VERSIONS);
    let found = host.scan("-ip 127.0.0.1");
    let good = json!({"grade": "Good"});
    let connectivity = &found["Connectivity"];
    assert_eq!(connectivity["TCPDial"], good);
    assert_eq!(connectivity["TLSDial"], good);
    assert_eq!(connectivity["DNSLookup"]["grade"], "Good");
    assert_eq!(connectivity["CloudFlareStatus"]["grade"], "Skipped");
    assert_eq!(found["Broad"]["IntermediateCAs"], json!({"grade": "Skipped"}));
    let end = rcfssl_core::Certificate::read(&host.leaf.der).unwrap().not_after;
    assert_eq!(
        found["PKI"],
        json!({
            "ChainExpiration": {"grade": "Good", "output": rcfssl_core::certinfo::rfc3339(end)},
            "ChainValidation": good,
            "MultipleCerts": good,
        })
    );
    let resumed = json!({"SessionResume": {"grade": "Good", "output": {"127.0.0.1": true}}});
    assert_eq!(found["TLSSession"], resumed);
}

#[test]
fn what_a_host_takes_is_listed_in_its_order() {
    let host = host(rustls::ALL_VERSIONS);
    let found = &host.scan("-ip 127.0.0.1 -family TLSHandshake")["TLSHandshake"];
    let curves = json!({"TLS 1.2": ["secp384r1", "secp256r1"]});
    assert_eq!(
        found["CipherSuite"],
        json!({"grade": "Good", "output": [
            {"ECDHE-ECDSA-AES256-GCM-SHA384": [curves]},
            {"ECDHE-ECDSA-AES128-GCM-SHA256": [curves]},
        ]})
    );
    assert_eq!(
        found["ECCurves"],
        json!({"grade": "Good", "output": ["secp384r1", "secp256r1"]})
    );
    let signatures = json!([{"signature": "ECDSA", "hash": "SHA256"}]);
    assert_eq!(found["SigAlgs"], json!({"grade": "Good", "output": signatures}));
    let by_signature = json!({"{ECDSA,SHA256}": "ECDSAWithSHA256"});
    assert_eq!(
        found["CertsBySigAlgs"],
        json!({"grade": "Good", "output": by_signature})
    );
    // Without a word of signature algorithms this server takes nothing.
    assert_eq!(
        found["CertsByCiphers"],
        json!({"grade": "Bad", "error": "no cipher supported"})
    );
    let line = format!("-scanner ^CipherSuite$ localhost:{}", host.address.port());
    let aside = scan(host.folder.path(), &line).stderr;
    assert!(
        aside.starts_with("hint: ") && aside.contains("TLS_AES_256_GCM_SHA384"),
        "{aside}"
    );
}

#[test]
fn tls_1_3_alone_is_told_and_not_taken_for_nothing() {
    let host = host(&[&rustls::version::TLS13]);
    let found = host.scan("-ip 127.0.0.1 -family TLS");
    let suites = &found["TLSHandshake"]["CipherSuite"];
    assert_eq!(suites["grade"], "Good");
    let groups = &suites["output"][0]["TLS_AES_256_GCM_SHA384"][0]["TLS 1.3"];
    assert!(
        groups.as_array().unwrap().contains(&json!("secp256r1")),
        "{suites}"
    );
    for scanner in ["CertsByCiphers", "CertsBySigAlgs", "ECCurves", "SigAlgs"] {
        let error = found["TLSHandshake"][scanner]["error"].as_str().unwrap();
        assert!(error.contains("TLS 1.3 only"), "{scanner}: {error}");
    }
    assert_eq!(found["TLSSession"]["SessionResume"]["grade"], "Good");
}

#[test]
fn certificates_that_are_no_good_are_told_apart() {
    let host = host(rustls::ALL_VERSIONS);
    let stranger = Made::root("Stranger");
    fs::write(host.folder.path().join("other.pem"), stranger.pem()).unwrap();
    let dial = |line: String| {
        let found = findings(&scan(host.folder.path(), &format!("-scanner TLSDial {line}")));
        found["Connectivity"]["TLSDial"].clone()
    };
    let port = host.address.port();
    let warning = |why: &str| json!({"grade": "Warning", "error": why});
    assert_eq!(
        dial(format!("-ca-bundle other.pem localhost:{port}")),
        warning("x509: certificate signed by unknown authority")
    );
    assert_eq!(
        dial(format!("-ca-bundle root.pem -ip 127.0.0.1 other.example:{port}")),
        warning("x509: certificate is valid for localhost, not other.example")
    );
    let unsigned = tls_server(&[&host.leaf, &stranger], rustls::ALL_VERSIONS);
    let found = findings(&scan(host.folder.path(), &format!("-family PKI {unsigned}")));
    assert_eq!(
        found["PKI"]["ChainValidation"],
        json!({"grade": "Bad", "error": "localhost AuthorityKeyId differs from Stranger SubjectKeyId"})
    );
    let mut soon = server("localhost");
    soon.not_after = time::OffsetDateTime::now_utc() + time::Duration::days(5);
    let soon = tls_server(&[&stranger.sign(soon)], rustls::ALL_VERSIONS);
    let found = findings(&scan(host.folder.path(), &format!("-scanner Expiration {soon}")));
    assert_eq!(found["PKI"]["ChainExpiration"]["grade"], "Warning");
}

#[test]
fn a_host_that_is_not_there_is_bad_in_the_words_of_go() {
    let done = scan(Path::new("/"), "-family PKI|TLS|Connectivity 127.0.0.1:1");
    assert!(
        done.stdout
            .starts_with("Scanning 127.0.0.1:1...\n=== 127.0.0.1:1 ===\n{\n")
    );
    let found = findings(&done);
    let refused = json!({"grade": "Bad", "error": "dial tcp 127.0.0.1:1: connect: connection refused"});
    for (family, scanner) in [
        ("Connectivity", "TCPDial"),
        ("Connectivity", "TLSDial"),
        ("PKI", "ChainExpiration"),
        ("PKI", "ChainValidation"),
        ("PKI", "MultipleCerts"),
        ("TLSHandshake", "CipherSuite"),
        ("TLSHandshake", "ECCurves"),
        ("TLSSession", "SessionResume"),
    ] {
        assert_eq!(found[family][scanner], refused, "{scanner}");
    }
    let not_tls = tcp_server(b"HTTP/1.0 400 Bad Request\r\n\r\n");
    let found = findings(&scan(
        Path::new("/"),
        &format!("-scanner TLSDial|CipherSuite {not_tls}"),
    ));
    assert_eq!(
        found["Connectivity"]["TLSDial"]["error"],
        "tls: first record does not look like a TLS handshake"
    );
    assert_eq!(
        found["TLSHandshake"]["CipherSuite"]["error"],
        "couldn't negotiate any cipher suites"
    );
}

#[test]
fn expressions_choose_and_mistakes_in_them_are_told() {
    let chosen = findings(&scan(
        Path::new("/"),
        "-family Conn -scanner ^(TCPDial|DNSLookup)$ 127.0.0.1:1",
    ));
    let names: Vec<&String> = chosen["Connectivity"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["DNSLookup", "TCPDial"]);
    assert_eq!(
        findings(&scan(Path::new("/"), "-family ZZZ 127.0.0.1:1")),
        json!({})
    );
    let wrong = scan(Path::new("/"), "-family ( 127.0.0.1:1");
    assert_eq!(wrong.status, 0);
    assert_eq!(
        wrong.log(),
        ["[ERROR] error parsing regexp: missing closing ): `(`"]
    );
    assert!(wrong.stdout.ends_with("=== 127.0.0.1:1 ===\n"));
}

#[test]
fn hosts_may_come_from_a_file_and_not_too_many() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("hosts.csv"),
        "1,127.0.0.1:1\n2,127.0.0.1:2\n3,127.0.0.1:3\n",
    )
    .unwrap();
    let hosts = |arguments: &str| {
        let done = scan(folder.path(), &format!("-scanner TCPDial {arguments}"));
        let count = done.stdout.matches("Scanning ").count();
        (count, done)
    };
    assert_eq!(hosts("-csv hosts.csv").0, 3);
    assert_eq!(hosts("-csv hosts.csv -max-hosts 2 127.0.0.1:9").0, 2);
    let (count, many) = hosts("-max-hosts 2 -num-workers 1 127.0.0.1:1 127.0.0.1:2 127.0.0.1:3");
    assert_eq!(count, 2);
    assert_eq!(
        many.log(),
        ["[WARNING] Only scanning max-hosts=2 out of 3 args given"]
    );
    let missing = hosts("-csv nope").1;
    assert_eq!(
        (missing.status, missing.log()),
        (1, vec!["open nope: no such file or directory"])
    );
    let no_roots = hosts("-ca-bundle hosts.csv 127.0.0.1:1").1;
    assert_eq!(
        (no_roots.status, no_roots.log()),
        (1, vec!["failed to load cert pool"])
    );
}

#[test]
fn a_scan_ends_when_its_time_is_up() {
    // A server that accepts and says nothing.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let begun = Instant::now();
    let done = scan(
        Path::new("/"),
        &format!("-timeout 300ms -family TLSSession|Conn {address}"),
    );
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    assert_eq!(done.log(), ["[WARNING] Scan timed out after 300ms"]);
    let found = findings(&done);
    assert_eq!(found["Connectivity"]["TCPDial"]["grade"], "Good");
    assert_eq!(found["TLSSession"], Value::Null);
}
