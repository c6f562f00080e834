//! Commands for which Debian's `cfssl serve` signs: over TLS with a client certificate,
//! with tokens, and with a first server that is down.

#![allow(clippy::unwrap_used, reason = "functions of tests")]

mod renew;
mod serve;

use rcfssl_tests::Workplace;
use rcfssl_tests::debian;
use rcfssl_tests::made::{Made, authority, server};
use rcfssl_tests::openssl::in_folder;

use serve::Server;

const SERVER_CONFIG: &str = r#"{
  "auth_keys": {"k": {"type": "standard", "key": "0011223344556677"}},
  "signing": {
    "default": {"expiry": "24h", "usages": ["signing", "server auth"]},
    "profiles": {"client": {"expiry": "48h", "usages": ["signing", "client auth"], "auth_key": "k"}}}}"#;

const CSR: &str = r#"{"CN": "leaf.test", "hosts": ["leaf.test"], "key": {"algo": "ecdsa", "size": 256}}"#;

/// A folder with a CA, its configuration, and a request document.
fn place() -> Workplace {
    let place = Workplace::new().unwrap();
    let line = "echo '{\"CN\":\"CA\"}' | rcfssl gencert -initca - | rcfssljson -bare ca";
    place.shell(line).unwrap().ok().unwrap();
    place.write("server.json", SERVER_CONFIG).unwrap();
    place.write("csr.json", CSR).unwrap();
    place
}

fn plain(place: &Workplace) -> Server {
    Server::start(place, "-ca ca.pem -ca-key ca-key.pem -config server.json").unwrap()
}

/// A client's configuration in which a server signs for the profile `client`; `default` is
/// the rest of the default profile.
fn client_config(place: &Workplace, address: &str, key: &str, default: &str) {
    let text = format!(
        r#"{{"auth_keys":{{"k":{{"type":"standard","key":"{key}"}}}},"remotes":{{"r":"{address}"}},"signing":{{
           "default":{{{default}}},
           "profiles":{{"client":{{"auth_remote":{{"remote":"r","auth_key":"k"}}}}}}}}}}"#
    );
    place.write("client.json", text).unwrap();
}

#[test]
fn a_server_signs_for_a_local_key() {
    if !debian::is_here().unwrap() {
        return;
    }
    let place = place();
    let server = plain(&place);
    let line = format!(
        "rcfssl gencert -remote 127.0.0.1:9,http://{} csr.json | rcfssljson -bare leaf",
        server.address()
    );
    place.shell(&line).unwrap().ok().unwrap();
    let verified = in_folder(&place.path(), &["verify", "-CAfile", "ca.pem", "leaf.pem"]).unwrap();
    assert!(verified.contains("leaf.pem: OK"), "{verified}");
    let line = format!(
        "rcfssl sign -remote {} -hostname other.test leaf.csr",
        server.address()
    );
    let signed = place.shell(&line).unwrap().ok().unwrap().json().unwrap();
    place
        .write("other.pem", signed["cert"].as_str().unwrap())
        .unwrap();
    let names = in_folder(
        &place.path(),
        &["x509", "-in", "other.pem", "-noout", "-ext", "subjectAltName"],
    )
    .unwrap();
    assert!(
        names.contains("DNS:other.test") && !names.contains("leaf.test"),
        "{names}"
    );
    let line = format!("rcfssl info -remote {}", server.address());
    let info = place.shell(&line).unwrap().ok().unwrap().json().unwrap();
    assert_eq!(info["certificate"], place.read("ca.pem").unwrap().trim_end());
    assert_eq!(info["expiry"], "24h");
}

#[test]
fn tokens_open_profiles_that_ask_for_them() {
    if !debian::is_here().unwrap() {
        return;
    }
    let place = place();
    let server = plain(&place);
    let address = format!("http://{}", server.address());
    const REMOTE: &str = r#""remote":"r""#;
    client_config(&place, &address, "0011223344556677", REMOTE);
    let line = "rcfssl gencert -config client.json -profile client csr.json | rcfssljson -bare leaf";
    place.shell(line).unwrap().ok().unwrap();
    let usages = in_folder(
        &place.path(),
        &["x509", "-in", "leaf.pem", "-noout", "-ext", "extendedKeyUsage"],
    )
    .unwrap();
    assert!(usages.contains("TLS Web Client Authentication"), "{usages}");
    client_config(&place, &address, "00", REMOTE);
    let refused = place
        .call("rcfssl sign -config client.json -profile client leaf.csr")
        .unwrap();
    assert_eq!(refused.status, 1);
    assert!(refused.err().contains("invalid token"), "{refused}");
    // If a profile is signed locally, the CA key must be there, as in cfssl.
    const LOCAL: &str = r#""expiry":"1h","usages":["signing","server auth"]"#;
    client_config(&place, &address, "0011223344556677", LOCAL);
    for profile in ["client", ""] {
        let line = format!("rcfssl sign -config client.json -profile={profile}");
        let refused = place.call(&format!("{line} leaf.csr")).unwrap();
        assert!(refused.err().contains(r#""code":2000"#), "{refused}");
        let line = format!("{line} -ca ca.pem -ca-key ca-key.pem leaf.csr");
        place.call(&line).unwrap().ok().unwrap();
    }
    let unknown = "rcfssl sign -config client.json -profile nosuch -ca ca.pem -ca-key ca-key.pem leaf.csr";
    assert!(place.call(unknown).unwrap().err().contains(r#""code":5400"#));
}

#[test]
fn servers_are_verified_with_given_roots_and_a_client_certificate_is_sent() {
    if !debian::is_here().unwrap() {
        return;
    }
    let place = place();
    let root = Made::root("TLS").unwrap();
    let tls = root.sign(server("localhost").unwrap()).unwrap();
    let us = root.sign(server("us").unwrap()).unwrap();
    let wrong = root.sign(server("wrong.test").unwrap()).unwrap();
    let other = Made::root("Other").unwrap().sign(authority("us")).unwrap();
    for (name, made) in [
        ("root", &root),
        ("tls", &tls),
        ("us", &us),
        ("other", &other),
        ("wrong", &wrong),
    ] {
        place.write(&format!("{name}.pem"), made.pem()).unwrap();
        place.write(&format!("{name}-key.pem"), made.key_pem()).unwrap();
    }
    let start = |name: &str| {
        let flags = format!(
            "-ca ca.pem -ca-key ca-key.pem -config server.json -tls-cert {name}.pem -tls-key {name}-key.pem \
             -mutual-tls-ca root.pem"
        );
        Server::start(&place, &flags).unwrap()
    };
    let (server, misnamed) = (start("tls"), start("wrong"));
    let csr = "rcfssl gencert -initca csr.json | rcfssljson -bare leaf";
    place.shell(csr).unwrap().ok().unwrap();
    let by_name = format!("localhost:{}", server.port);
    let misnamed = format!("localhost:{}", misnamed.port);
    let sign = |host: &str, flags: &str| {
        let line = format!("rcfssl sign -remote https://{host} {flags} leaf.csr");
        place.call(&line).unwrap()
    };
    const US: &str = "-mutual-tls-client-cert us.pem -mutual-tls-client-key us-key.pem";
    let signed = sign(&by_name, &format!("-tls-remote-ca root.pem {US}"))
        .ok()
        .unwrap();
    assert_eq!(
        signed.log(),
        [
            "[INFO] Using client auth with mutual-tls-cert: us.pem and mutual-tls-key: us-key.pem",
            "[INFO] Using trusted CA from tls-remote-ca: root.pem"
        ]
    );
    for (host, flags, why) in [
        (
            &by_name,
            US.to_owned(),
            "tls: failed to verify certificate: x509: certificate signed by unknown authority",
        ),
        (
            &misnamed,
            format!("-tls-remote-ca root.pem {US}"),
            "tls: failed to verify certificate: x509: certificate is valid for wrong.test, not localhost",
        ),
        (
            &by_name,
            "-tls-remote-ca root.pem -mutual-tls-client-cert other.pem -mutual-tls-client-key other-key.pem"
                .to_owned(),
            "",
        ),
        (&by_name, "-tls-remote-ca root.pem".to_owned(), ""),
    ] {
        let refused = sign(host, &flags);
        assert_eq!((refused.status, refused.out().as_str()), (1, ""), "{refused}");
        assert!(refused.err().contains(r#""code":7"#), "{refused}");
        assert!(refused.err().contains(why), "{refused}");
        let url = format!("https://{host}/api/v1/cfssl/sign");
        assert!(refused.err().contains(&url), "{refused}");
    }
    let half = sign(&by_name, "-tls-remote-ca root.pem -mutual-tls-client-cert us.pem");
    assert!(half.err().contains("hint: -mutual-tls-client-cert"), "{half}");
    let wrong = sign(
        &by_name,
        "-tls-remote-ca root.pem -mutual-tls-client-cert us.pem -mutual-tls-client-key tls-key.pem",
    );
    assert!(wrong.err().contains(r#""code":2300"#), "{wrong}");
    let plain = sign(&by_name, "-tls-remote-ca csr.json");
    assert!(
        plain.err().contains("csr.json contains no certificates"),
        "{plain}"
    );
}
