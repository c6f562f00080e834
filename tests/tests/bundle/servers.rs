//! `-domain`: the certificates of a server on port 443.

use std::net::TcpListener;

use rcfssl_tests::made::{Made, authority, good_for, server};
use rcfssl_tests::servers::serve_tls;
use rcfssl_tests::skip::skipped;

use crate::{bundle, bundled, place, refused, text};

/// A server on port 443 of its own address, if that is permitted.
fn https(chain: &[&Made], address: &str) -> bool {
    match TcpListener::bind((address, 443)) {
        Ok(listener) => {
            serve_tls(listener, chain, &[]).unwrap();
            true
        }
        Err(error) => {
            skipped(&format!("port 443 of {address} may not be used: {error}")).unwrap();
            false
        }
    }
}

const UNVERIFIED: &str = r#"{"code":1200,"message":"tls: handshake did not verify certificate chain"}"#;

#[test]
fn a_server_that_is_trusted_is_bundled() {
    let root = &Made::root("Root").unwrap();
    let int = &root.sign(authority("Int")).unwrap();
    let leaf = &int.sign(server("leaf.example").unwrap()).unwrap();
    let other = &Made::root("Other").unwrap();
    if !https(&[leaf, int], "127.0.0.71") {
        return;
    }
    let place = place(&[("root.pem", &[root]), ("other.pem", &[other])]);
    let at = "-ip 127.0.0.71";
    for flavor in ["ubiquitous", "optimal"] {
        let json = bundled(
            &place,
            &format!("-domain leaf.example {at} -ca-bundle root.pem -flavor {flavor}"),
        );
        assert_eq!(json["bundle"], text(&[leaf, int]));
        assert_eq!(json["status"]["rebundled"], false);
        assert_eq!(json["key"], "");
    }
    for arguments in [
        "-domain other.example -ca-bundle root.pem",
        "-domain leaf.example -ca-bundle other.pem",
        // With force no roots are read, and the system's do not include this one.
        "-domain leaf.example -ca-bundle root.pem -flavor force",
    ] {
        assert_eq!(refused(&place, &format!("{arguments} {at}")), UNVERIFIED);
    }
    let none = refused(&place, &format!("-domain leaf.example {at} -ca-bundle no"));
    assert!(none.starts_with(r#"{"code":4001,"#), "{none}");
}

#[test]
fn a_server_with_an_expired_certificate_is_not() {
    let root = &Made::root("Root").unwrap();
    let mut params = server("gone.example").unwrap();
    good_for(&mut params, -9, -1);
    let gone = &root.sign(params).unwrap();
    if !https(&[gone], "127.0.0.72") {
        return;
    }
    let place = place(&[("root.pem", &[root])]);
    let step = place
        .call("cfssl bundle -domain gone.example -ip 127.0.0.72 -ca-bundle root.pem")
        .unwrap();
    assert_eq!(step.log().pop().unwrap(), UNVERIFIED, "{step}");
    assert!(
        step.err().contains("hint: x509: certificate has expired"),
        "{step}"
    );
}

#[test]
fn a_server_that_is_not_there_cannot_be_dialled() {
    let place = place(&[]);
    assert_eq!(
        refused(&place, "-domain leaf.example -ip 127.0.0.73"),
        r#"{"code":6000,"message":"dial tcp 127.0.0.73:443: connect: connection refused"}"#
    );
    // The message contains the name server.
    let step = bundle(&place, "-domain nonexistent.invalid");
    let line = step.log().pop().unwrap();
    assert!(
        line.starts_with(r#"{"code":6000,"message":"dial tcp: lookup nonexistent.invalid"#),
        "{line}"
    );
}
