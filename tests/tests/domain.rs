//! `certinfo -domain`: the certificate of a server, without verification.

#![allow(clippy::panic, clippy::unwrap_used, reason = "functions of tests")]

use rcfssl_tests::made::{Made, good_for, server};
use rcfssl_tests::servers::{self, OpensslServer};
use rcfssl_tests::workplace::Step;
use rcfssl_tests::{Workplace, debian};

fn certinfo(domain: &str) -> Step {
    let place = Workplace::new().unwrap();
    place.call(&format!("cfssl certinfo -domain {domain}")).unwrap()
}

/// Runs it and compares with Debian's cfssl.
fn alike(domain: &str) -> Step {
    let place = Workplace::new().unwrap();
    debian::alike(&place, &format!("cfssl certinfo -domain {domain}")).unwrap()
}

#[test]
fn any_certificate_is_shown() {
    let root = Made::root("Nobody trusts me").unwrap();
    let mut params = server("gone.example").unwrap();
    good_for(&mut params, -9, -1);
    let gone = root.sign(params).unwrap();
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let address = servers::tls(&[&gone, &root], &[version]).unwrap();
        let shown = alike(&address.to_string()).ok().unwrap();
        let json = shown.json().unwrap();
        assert_eq!(json["subject"]["common_name"], "gone.example");
        assert_eq!(json["pem"], gone.pem());
        assert!(shown.out().ends_with("}\n"));
        let by_name = alike(&format!("localhost:{}", address.port()));
        assert_eq!(by_name.stdout, shown.stdout);
    }
}

/// Go supports nothing newer than TLS 1.3, and rustls nothing older than 1.2.
#[test]
fn servers_run_by_openssl_are_supported_too() {
    let root = Made::root("Root").unwrap();
    let leaf = root.sign(server("leaf.example").unwrap()).unwrap();
    let rsa = root
        .sign_for(server("leaf.example").unwrap(), &rcgen::PKCS_RSA_SHA256)
        .unwrap();
    for (leaf, arguments) in [
        (&leaf, &["-tls1_2"][..]),
        (&leaf, &["-tls1_3"]),
        (&rsa, &["-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256"]),
        (
            &rsa,
            &["-tls1_3", "-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256"],
        ),
    ] {
        let server = OpensslServer::start(&[leaf], arguments).unwrap();
        let shown = alike(&format!("127.0.0.1:{}", server.port));
        assert_eq!(
            shown.ok().unwrap().json().unwrap()["pem"],
            leaf.pem(),
            "{arguments:?}"
        );
    }
    // With versions and suites that rustls does not support, the certificate is still
    // shown, or the error explains the problem.
    for (leaf, arguments) in [
        (&leaf, &["-tls1", "-cipher", "ALL:@SECLEVEL=0"][..]),
        (&leaf, &["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"]),
        (&rsa, &["-tls1_2", "-cipher", "AES128-SHA"]),
    ] {
        let server = OpensslServer::start(&[leaf], arguments).unwrap();
        let shown = certinfo(&format!("127.0.0.1:{}", server.port));
        assert_eq!(
            shown.ok().unwrap().json().unwrap()["pem"],
            leaf.pem(),
            "{arguments:?}"
        );
    }
}

#[test]
fn failures_are_worded_as_by_go() {
    let not_tls = servers::tcp(b"HTTP/1.0 400 Bad Request\r\n\r\n").unwrap();
    let silent = servers::tcp(b"").unwrap();
    // A fatal alert: handshake_failure.
    let alert = servers::tcp(&[0x15, 3, 3, 0, 2, 2, 40]).unwrap();
    for (domain, line) in [
        (
            "127.0.0.1:1".to_owned(),
            "dial tcp 127.0.0.1:1: connect: connection refused",
        ),
        (
            "a.example:nope".to_owned(),
            "dial tcp: lookup tcp/nope: unknown port",
        ),
        (
            "a.example:70000".to_owned(),
            "dial tcp: address 70000: invalid port",
        ),
        (
            not_tls.to_string(),
            "tls: first record does not look like a TLS handshake",
        ),
        (silent.to_string(), "EOF"),
        (alert.to_string(), "remote error: tls: handshake failure"),
    ] {
        let failed = alike(&domain);
        assert_eq!(
            (failed.status, failed.log()),
            (1, vec![line.to_owned()]),
            "{domain}: {failed}"
        );
    }
    let unknown = certinfo("nonexistent.invalid");
    assert_eq!(unknown.status, 1);
    let line = unknown.log().remove(0);
    assert!(line.starts_with("dial tcp: lookup nonexistent.invalid"), "{line}");
}
