//! `scan` with our own servers.

#![allow(clippy::panic, clippy::unwrap_used, reason = "functions of tests")]

use std::time::{Duration, Instant};

use rcfssl_tests::made::{Made, authority, good_for, server};
use rcfssl_tests::servers::{self, OpensslServer};
use rcfssl_tests::workplace::Step;
use rcfssl_tests::{Workplace, debian};
use rustls::SupportedProtocolVersion;
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;

fn place() -> Workplace {
    Workplace::new().unwrap()
}

fn scan(place: &Workplace, arguments: &str) -> Step {
    place.call(&format!("cfssl scan {arguments}")).unwrap()
}

/// The findings for the only host.
fn findings(done: &Step) -> Value {
    assert_eq!(done.status, 0, "{done}");
    let out = done.out();
    let (_, json) = out.split_once(" ===\n").unwrap();
    assert!(json.ends_with("}\n\n"), "{done}");
    serde_json::from_str(json).unwrap()
}

struct Host {
    place: Workplace,
    port: u16,
    leaf: Made,
    _server: Option<OpensslServer>,
}

/// Root, intermediate and leaf of `localhost`.
fn chain() -> [Made; 3] {
    let root = Made::root("Root").unwrap();
    let int = root.sign(authority("Int")).unwrap();
    let leaf = int.sign(server("localhost").unwrap()).unwrap();
    [root, int, leaf]
}

/// A host by rustls.
fn host(versions: &[&'static SupportedProtocolVersion]) -> Host {
    let [root, int, leaf] = chain();
    let place = place();
    place.write("root.pem", root.pem()).unwrap();
    Host {
        port: servers::tls(&[&leaf, &int], versions).unwrap().port(),
        place,
        leaf,
        _server: None,
    }
}

/// A host by openssl.
fn openssl_host(arguments: &[&str]) -> Host {
    let [root, int, leaf] = chain();
    let place = place();
    place.write("root.pem", root.pem()).unwrap();
    let server = OpensslServer::start(&[&leaf, &int], arguments).unwrap();
    Host {
        port: server.port,
        place,
        leaf,
        _server: Some(server),
    }
}

impl Host {
    fn scan(&self, arguments: &str) -> Value {
        findings(&scan(&self.place, &self.line(arguments)))
    }

    fn line(&self, arguments: &str) -> String {
        format!("-ca-bundle root.pem {arguments} localhost:{}", self.port)
    }
}

#[test]
fn the_list_has_cfssls_names() {
    let listed = debian::alike(&place(), "cfssl scan -list").unwrap();
    let out = listed.out();
    assert!(out.starts_with("{\n  \"Broad\": {\n    \"description\": \"Large scale"));
    assert!(out.ends_with("}\n\n"));
    let families = listed.json().unwrap();
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
    let none = debian::alike(&place(), "cfssl scan").unwrap();
    assert_eq!(
        (none.status, none.out(), none.err()),
        (0, String::new(), String::new())
    );
}

#[test]
fn a_good_host_is_good() {
    let host = host(&[]);
    let found = host.scan("-ip 127.0.0.1");
    let good = json!({"grade": "Good"});
    let connectivity = &found["Connectivity"];
    assert_eq!(connectivity["TCPDial"], good);
    assert_eq!(connectivity["TLSDial"], good);
    assert_eq!(connectivity["DNSLookup"]["grade"], "Good");
    assert_eq!(connectivity["CloudFlareStatus"]["grade"], "Skipped");
    assert_eq!(found["Broad"]["IntermediateCAs"], json!({"grade": "Skipped"}));
    let end = host.leaf.params.not_after.format(&Rfc3339).unwrap();
    assert_eq!(
        found["PKI"],
        json!({
            "ChainExpiration": {"grade": "Good", "output": end},
            "ChainValidation": good,
            "MultipleCerts": good,
        })
    );
    let resumed = json!({"SessionResume": {"grade": "Good", "output": {"127.0.0.1": true}}});
    assert_eq!(found["TLSSession"], resumed);
}

#[test]
fn suites_are_listed_in_the_hosts_order() {
    let host = host(&[]);
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
    // Without the extension for signature algorithms this server accepts nothing.
    assert_eq!(
        found["CertsByCiphers"],
        json!({"grade": "Bad", "error": "no cipher supported"})
    );
    let aside = scan(&host.place, &host.line("-scanner ^CipherSuite$")).err();
    assert!(
        aside.starts_with("hint: ") && aside.contains("TLS_AES_256_GCM_SHA384"),
        "{aside}"
    );
}

#[test]
fn a_host_with_only_tls_1_3_is_reported_as_such() {
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
fn invalid_certificates_are_distinguished() {
    let host = host(&[]);
    let stranger = Made::root("Stranger").unwrap();
    host.place.write("other.pem", stranger.pem()).unwrap();
    let dial = |line: String| {
        let found = findings(&scan(&host.place, &format!("-scanner TLSDial {line}")));
        found["Connectivity"]["TLSDial"].clone()
    };
    let port = host.port;
    let warning = |why: &str| json!({"grade": "Warning", "error": why});
    assert_eq!(
        dial(format!("-ca-bundle other.pem localhost:{port}")),
        warning("x509: certificate signed by unknown authority")
    );
    assert_eq!(
        dial(format!("-ca-bundle root.pem -ip 127.0.0.1 other.example:{port}")),
        warning("x509: certificate is valid for localhost, not other.example")
    );
    let unsigned = servers::tls(&[&host.leaf, &stranger], &[]).unwrap();
    let found = findings(&scan(&host.place, &format!("-family PKI {unsigned}")));
    assert_eq!(
        found["PKI"]["ChainValidation"],
        json!({"grade": "Bad", "error": "localhost AuthorityKeyId differs from Stranger SubjectKeyId"})
    );
    let mut soon = server("localhost").unwrap();
    good_for(&mut soon, -1, 5);
    let soon = servers::tls(&[&stranger.sign(soon).unwrap()], &[]).unwrap();
    let found = findings(&scan(&host.place, &format!("-scanner Expiration {soon}")));
    assert_eq!(found["PKI"]["ChainExpiration"]["grade"], "Warning");
}

#[test]
fn an_unreachable_host_is_bad_with_gos_message() {
    let done = scan(&place(), "-family PKI|TLS|Connectivity 127.0.0.1:1");
    assert!(
        done.out()
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
    let not_tls = servers::tcp(b"HTTP/1.0 400 Bad Request\r\n\r\n").unwrap();
    let found = findings(&scan(
        &place(),
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
fn expressions_select_scanners_and_errors_in_them_are_reported() {
    let chosen = findings(&scan(
        &place(),
        "-family Conn -scanner ^(TCPDial|DNSLookup)$ 127.0.0.1:1",
    ));
    let names: Vec<&String> = chosen["Connectivity"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["DNSLookup", "TCPDial"]);
    assert_eq!(findings(&scan(&place(), "-family ZZZ 127.0.0.1:1")), json!({}));
    let wrong = scan(&place(), "-family ( 127.0.0.1:1");
    assert_eq!(wrong.status, 0);
    assert_eq!(
        wrong.log(),
        ["[ERROR] error parsing regexp: missing closing ): `(`"]
    );
    assert!(wrong.out().ends_with("=== 127.0.0.1:1 ===\n"));
}

#[test]
fn hosts_may_come_from_a_file_up_to_a_maximum() {
    let place = place();
    place
        .write("hosts.csv", "1,127.0.0.1:1\n2,127.0.0.1:2\n3,127.0.0.1:3\n")
        .unwrap();
    let hosts = |arguments: &str| {
        let done = scan(&place, &format!("-scanner TCPDial {arguments}"));
        let count = done.out().matches("Scanning ").count();
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
        (1, vec!["open nope: no such file or directory".to_owned()])
    );
    let no_roots = hosts("-ca-bundle hosts.csv 127.0.0.1:1").1;
    assert_eq!(
        (no_roots.status, no_roots.log()),
        (1, vec!["failed to load cert pool".to_owned()])
    );
}

#[test]
fn a_scan_ends_when_its_time_is_up() {
    // A server that accepts connections and sends nothing.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let begun = Instant::now();
    let done = scan(
        &place(),
        &format!("-timeout 300ms -family TLSSession|Conn {address}"),
    );
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    assert_eq!(done.log(), ["[WARNING] Scan timed out after 300ms"]);
    let found = findings(&done);
    assert_eq!(found["Connectivity"]["TCPDial"]["grade"], "Good");
    assert_eq!(found["TLSSession"], Value::Null);
}

/// What both releases scan alike; neither contacts CloudFlare here.
const COMMON: &str = "-family Broad|Connectivity|PKI|TLSSession -scanner \
                      Intermediate|DNSLookup|TCPDial|TLSDial|Chain|MultipleCerts|SessionResume";

#[test]
fn the_grades_are_those_of_cfssl() {
    // rustls resumes by session ID, which Go's client does not support.
    let host = openssl_host(&["-tls1_2"]);
    let stranger = Made::root("Stranger").unwrap();
    host.place.write("other.pem", stranger.pem()).unwrap();
    for roots in ["root.pem", "other.pem"] {
        for name in ["localhost", "127.0.0.1"] {
            let line = format!("cfssl scan -ca-bundle {roots} {COMMON} {name}:{}", host.port);
            let scanned = debian::alike(&host.place, &line).unwrap();
            assert!(scanned.out().contains(r#""ChainValidation""#), "{scanned}");
        }
    }
    for arguments in [
        "127.0.0.1:1",
        "-family PKI 127.0.0.1:1",
        "-family ZZZ 127.0.0.1:1",
        "-num-workers 1 -max-hosts 1 -family PKI 127.0.0.1:1 127.0.0.1:2",
    ] {
        let line = format!("cfssl scan {COMMON} {arguments}");
        debian::alike(&host.place, &line).unwrap();
    }
}

/// TLS 1.0 and 1.1 are detected; scanners that would need a handshake report that.
#[test]
fn older_tls_is_reported() {
    for (version, name) in [("-tls1", "TLS 1.0"), ("-tls1_1", "TLS 1.1")] {
        let host = openssl_host(&[version, "-cipher", "ALL:@SECLEVEL=0"]);
        let found = host.scan("-family Connectivity|TLS|PKI");
        let suites = found["TLSHandshake"]["CipherSuite"].to_string();
        assert_eq!(found["TLSHandshake"]["CipherSuite"]["grade"], "Good", "{suites}");
        assert!(
            suites.contains("ECDHE-ECDSA-AES128-SHA") && suites.contains(name),
            "{suites}"
        );
        for (family, scanner) in [("Connectivity", "TLSDial"), ("TLSSession", "SessionResume")] {
            let error = found[family][scanner]["error"].as_str().unwrap();
            assert!(
                error.contains("not TLS 1.2 or 1.3"),
                "{version} {scanner}: {error}"
            );
        }
        let curves = &found["TLSHandshake"]["ECCurves"];
        assert_eq!(curves["grade"], "Skipped", "{curves}");
        assert!(curves["error"].as_str().unwrap().contains("TLS 1.2"), "{curves}");
        // The certificates are sent before encryption begins, so no complete handshake is
        // needed.
        assert_eq!(found["PKI"]["ChainValidation"], json!({"grade": "Good"}));
        let end = host.leaf.params.not_after.format(&Rfc3339).unwrap();
        assert_eq!(found["PKI"]["ChainExpiration"]["output"], end);
    }
}

#[test]
fn obsolete_suites_are_detected() {
    let host = openssl_host(&["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA"]);
    let found = host.scan("-family TLSHandshake");
    let suites = found["TLSHandshake"]["CipherSuite"]["output"].to_string();
    assert!(suites.contains("ECDHE-ECDSA-AES128-SHA"), "{suites}");
    assert!(!suites.contains("AES256") && !suites.contains("GCM"), "{suites}");
}
