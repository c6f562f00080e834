//! Other programs verify rcfssl's certificates, and rcfssl uses theirs.

#![allow(clippy::panic, clippy::unwrap_used, reason = "functions of tests")]

mod authorities;
mod chains;
mod signatures;

use rcfssl_tests::Workplace;
use rcfssl_tests::openssl::certificate;
use rcfssl_tests::workplace::Step;
use serde_json::{Value, json};

/// A configuration with the profiles of the walk-through, and one for CAs.
const CONFIG: &str = r#"{"signing":{"default":{"expiry":"24h"},"profiles":{
    "server":{"expiry":"48h","usages":["signing","key encipherment","server auth"]},
    "client":{"expiry":"48h","usages":["signing","key encipherment","client auth"]},
    "peer":{"expiry":"48h","usages":["signing","key encipherment","server auth","client auth"]},
    "authority":{"expiry":"96h","usages":["cert sign","crl sign"],
        "ca_constraint":{"is_ca":true,"max_path_len":0,"max_path_len_zero":true}}}}}"#;

/// A workplace with the configuration.
fn place() -> Workplace {
    let place = Workplace::new().unwrap();
    place.write("config.json", CONFIG).unwrap();
    place
}

/// A request document.
fn request(name: &str, key: (&str, u32), hosts: &[&str]) -> String {
    let (algorithm, size) = key;
    json!({ "CN": name, "key": { "algo": algorithm, "size": size }, "hosts": hosts, "names": [{ "O": "Org" }] })
        .to_string()
}

/// Runs a command and writes its output to files.
fn issue(place: &Workplace, command: &str, document: &str, base: &str) -> Step {
    place.write("request.json", document).unwrap();
    place
        .shell(&format!(
            "rcfssl {command} request.json | rcfssljson -bare {base}"
        ))
        .unwrap()
        .ok()
        .unwrap()
}

/// Creates a separate CA.
fn root(place: &Workplace, key: (&str, u32), base: &str) {
    issue(place, "gencert -initca", &request(base, key, &[]), base);
}

/// Signs a certificate under a CA.
fn sign(place: &Workplace, authority: &str, profile: &str, document: &str, base: &str) -> Step {
    let command = format!(
        "gencert -ca {authority}.pem -ca-key {authority}-key.pem -config config.json -profile {profile}"
    );
    issue(place, &command, document, base)
}

/// The certificate in a file.
fn der(place: &Workplace, base: &str) -> Vec<u8> {
    certificate(&place.read(&format!("{base}.pem")).unwrap()).unwrap()
}

/// The request in what a command printed.
fn csr(step: &Step) -> Vec<u8> {
    let document: Value = serde_json::from_slice(&step.stdout).unwrap();
    let text = document["csr"].as_str().unwrap().to_owned();
    rcfssl_tests::normal::pem::blocks(&text)[0].der().unwrap()
}
