//! `certinfo -domain`: the certificate of a server, whoever signed it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

mod servers;

use std::path::Path;

use servers::{Made, Outcome, rcfssl, server, tcp_server, tls_server};

fn certinfo(domain: &str) -> Outcome {
    rcfssl(Path::new("/"), ["certinfo", "-domain", domain])
}

#[test]
fn any_certificate_is_shown() {
    let root = Made::root("Nobody trusts me");
    let mut gone = server("gone.example");
    gone.not_after = time::OffsetDateTime::now_utc() - time::Duration::hours(1);
    let gone = root.sign(gone);
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let address = tls_server(&[&gone, &root], &[version]);
        let shown = certinfo(&address.to_string());
        assert_eq!(shown.status, 0, "{shown:?}");
        assert_eq!(shown.json()["subject"]["common_name"], "gone.example");
        assert_eq!(shown.json()["pem"], gone.pem());
        assert!(shown.stdout.ends_with("}\n"));
        let by_name = certinfo(&format!("localhost:{}", address.port()));
        assert_eq!(by_name.stdout, shown.stdout);
    }
}

#[test]
fn failures_are_told_in_the_words_of_go() {
    let not_tls = tcp_server(b"HTTP/1.0 400 Bad Request\r\n\r\n");
    let silent = tcp_server(b"");
    // A fatal alert: handshake_failure.
    let alert = tcp_server(&[0x15, 3, 3, 0, 2, 2, 40]);
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
        let failed = certinfo(&domain);
        assert_eq!(
            (failed.status, failed.log()),
            (1, vec![line]),
            "{domain}: {failed:?}"
        );
    }
    let unknown = certinfo("nonexistent.invalid");
    assert_eq!(unknown.status, 1);
    let line = unknown.log()[0];
    assert!(
        line.starts_with("dial tcp: lookup nonexistent.invalid on "),
        "{line}"
    );
}
