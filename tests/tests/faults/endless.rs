//! Files without end, or larger than any should be: a clear error, bounded memory, and
//! nothing changed.

use std::fs::{self, File};

use rcfssl_tests::organization::stamps;
use rcfssl_tests::workplace::Step;
use rcfssl_tests::{Organization, needs};

/// The most memory that a command may take, in KiB, if it reads files of up to 256 MiB.
const LARGE: u64 = 320 << 10;

/// The same for files of up to 16 MiB.
const SMALL: u64 = 64 << 10;

fn organization() -> Organization {
    let organization = Organization::new().unwrap();
    let document = r#"{"CN":"a","key":{"algo":"ecdsa","size":256}}"#;
    organization.sign("server", "a", document).unwrap();
    let document = r#"{"CN":"x","hosts":["x.example"]}"#;
    organization.write("x.json", document).unwrap();
    organization
}

/// Runs a line within this much memory; it fails, prints nothing and changes nothing in
/// the folder. Returns what it says, without hints.
fn fails(organization: &Organization, line: &str, most: u64) -> Step {
    let (step, is_changed) = measured(organization, line, most);
    assert!(!is_changed, "{line}");
    assert_eq!(step.status, 1, "{line}: {}", step.err());
    assert_eq!(step.out(), "", "{line}");
    step
}

/// Runs a line within this much memory; also returns whether it changed anything.
fn measured(organization: &Organization, line: &str, most: u64) -> (Step, bool) {
    let before = stamps(&organization.path()).unwrap();
    let line = format!("/usr/bin/time -f %M -o ../peak timeout 100 {line}");
    let step = organization.shell(&line).unwrap();
    let mut after = stamps(&organization.path()).unwrap();
    // The lock of a folder comes and goes.
    after.insert(".".to_owned(), before["."].clone());
    let peak = fs::read_to_string(organization.aside().join("peak")).unwrap();
    let peak: u64 = peak.lines().last().unwrap().parse().unwrap();
    assert!(peak < most, "{line} took {} MiB", peak >> 10);
    assert!(!step.err().contains("panicked"), "{line}: {}", step.err());
    (step, before != after)
}

#[test]
fn a_file_without_end_is_refused() {
    needs!("/usr/bin/time");
    let organization = organization();
    for line in [
        "rcfssl genkey /dev/zero",
        "rcfssl genkey - < /dev/zero",
        "rcfssl certinfo -cert /dev/zero",
        "rcfssl bundle -cert a.pem -ca-bundle /dev/zero -int-bundle ca.pem",
        "rcfssl sign -ca ca.pem -ca-key ca-key.pem /dev/zero",
        "rcfssl gencert -ca ca.pem -ca-key /dev/zero x.json",
        "rcfssl gencert -ca ca.pem -ca-key ca-key.pem -config /dev/zero x.json",
        "rcfssl ocspdump -db-config /dev/zero",
        "rcfssl renew -jobs /dev/zero",
        "rcfssl serve -tls-cert /dev/zero -tls-key ca-key.pem -port 0",
        "rcfssljson -f /dev/zero y",
        "rcfssljson -bare y < /dev/zero",
    ] {
        let step = fails(&organization, line, LARGE);
        assert!(step.err().contains(": file too large"), "{line}: {}", step.err());
    }
}

#[test]
fn keys_roots_and_passwords_are_small_files() {
    needs!("/usr/bin/time");
    let organization = organization();
    let configuration = r#"{"auth_keys":{"k":{"type":"standard","key":"file:/dev/zero"}},
        "signing":{"default":{"usages":["server auth"],"expiry":"1h","auth_key":"k"}}}"#;
    organization.write("auth.json", configuration).unwrap();
    organization
        .write("in.json", r#"{"cert":"c","key":"k"}"#)
        .unwrap();
    let sign = "rcfssl gencert -ca ca.pem -ca-key ca-key.pem";
    for (line, why) in [
        (
            format!("{sign} -config auth.json x.json"),
            "read /dev/zero: file too large",
        ),
        (
            "rcfssl renew -config auth.json -force a.pem".to_owned(),
            "read /dev/zero: file too large",
        ),
        (
            "rcfssljson -bare -p12 /dev/zero -f in.json y".to_owned(),
            "read /dev/zero: file too large",
        ),
        (
            "env SSL_CERT_FILE=/dev/zero SSL_CERT_DIR=/nowhere rcfssl bundle -cert a.pem".to_owned(),
            "certificate signed by unknown authority",
        ),
    ] {
        let step = fails(&organization, &line, SMALL);
        assert!(step.err().contains(why), "{line}: {}", step.err());
    }
}

#[test]
fn a_folder_of_roots_may_hold_pipes_and_devices() {
    needs!("/usr/bin/time");
    let organization = organization();
    let make = "mkdir roots; mkfifo roots/pipe; ln -s /dev/zero roots/zero; ln -s ../ca.pem roots/ca.pem";
    organization.shell(make).unwrap().ok().unwrap();
    let line =
        "env SSL_CERT_FILE=/nowhere SSL_CERT_DIR=$PWD/roots timeout 30 rcfssl bundle -cert a.pem > ../out";
    let (step, is_changed) = measured(&organization, line, SMALL);
    assert_eq!((step.status, is_changed), (0, false), "{}", step.err());
}

#[test]
fn what_is_found_in_a_folder_is_read_up_to_16_mebibytes() {
    needs!("/usr/bin/time");
    for (name, why) in [
        (".rcfssl.journal", ".rcfssl.journal is not an rcfssl journal"),
        (".rcfssl.lock", ".rcfssl.lock is too large for a lock"),
        ("a.pem", "a.pem: file too large"),
        ("a-key.pem", "a-key.pem: file too large"),
        ("ca.pem", "ca.pem: file too large"),
        ("ca-config.json", "ca-config.json: file too large"),
    ] {
        let organization = organization();
        let file = File::create(organization.join(name)).unwrap();
        file.set_len(300 << 20).unwrap();
        let (step, is_changed) = measured(&organization, "rcfssl renew -force .", SMALL);
        assert_eq!((step.status, is_changed), (1, false), "{name}: {}", step.err());
        assert!(step.err().contains(why), "{name}: {}", step.err());
        // This only looks at certificates.
        let (step, is_changed) = measured(&organization, "rcfssl expiry .", SMALL);
        let is_certificate = matches!(name, "a.pem" | "ca.pem");
        let status = if is_certificate { 3 } else { 0 };
        assert_eq!(
            (step.status, is_changed),
            (status, false),
            "{name}: {}",
            step.err()
        );
        assert_eq!(step.err().contains(why), is_certificate, "{name}: {}", step.err());
    }
}

/// Each name in a list takes a hundred times the two octets of its `{}`.
#[test]
fn a_document_has_an_end() {
    needs!("/usr/bin/time");
    let organization = organization();
    let names = |count| format!(r#"{{"CN":"x","names":[{}{{}}]}}"#, "{},".repeat(count));
    organization.write("large.json", names(3 << 20)).unwrap();
    for command in ["genkey", "genkey -initca", "selfsign x.example"] {
        let step = fails(&organization, &format!("rcfssl {command} large.json"), 96 << 10);
        assert!(step.err().contains("elements"), "{}", step.err());
    }
    // What follows the last element that is read takes neither time nor memory.
    organization.write("large.json", names(33 << 20)).unwrap();
    let step = fails(&organization, "rcfssl genkey large.json", 208 << 10);
    assert!(step.err().contains("elements"), "{}", step.err());
}
