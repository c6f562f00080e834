//! The etcd walk-through, as its script leaves it.

#![allow(clippy::unwrap_used, reason = "functions of tests")]

use std::path::Path;
use std::process::{Command, Stdio};

use rcfssl_tests::openssl::in_folder;
use rcfssl_tests::tree::Tree;
use rcfssl_tests::workplace::Step;
use rcfssl_tests::{binaries, fixtures};

/// Certificates, with the documented subject, profile and hosts.
const CERTIFICATES: [(&str, &str, &str, &str); 5] = [
    (
        "server",
        "C=US,ST=San Francisco,L=CA,CN=etcd-cluster",
        "TLS Web Server Authentication",
        "DNS:domain-name, IP Address:54.93.140.146, IP Address:54.93.140.76, IP Address:54.93.140.30, \
         IP Address:127.0.0.1",
    ),
    (
        "member-1",
        "C=US,ST=San Francisco,L=CA,CN=member-1",
        "TLS Web Server Authentication, TLS Web Client Authentication",
        "DNS:member-1, DNS:member-1.local, IP Address:10.0.1.10, IP Address:10.0.1.11, IP Address:10.0.1.12, \
         IP Address:127.0.0.1",
    ),
    (
        "member-2",
        "C=US,ST=San Francisco,L=CA,CN=member-2",
        "TLS Web Server Authentication, TLS Web Client Authentication",
        "DNS:member-2, DNS:member-2.local, IP Address:10.0.1.10, IP Address:10.0.1.11, IP Address:10.0.1.12, \
         IP Address:127.0.0.1",
    ),
    (
        "member-3",
        "C=US,ST=San Francisco,L=CA,CN=member-3",
        "TLS Web Server Authentication, TLS Web Client Authentication",
        "DNS:member-3, DNS:member-3.local, IP Address:10.0.1.10, IP Address:10.0.1.11, IP Address:10.0.1.12, \
         IP Address:127.0.0.1",
    ),
    (
        "client",
        "C=US,ST=San Francisco,L=CA,CN=client",
        "TLS Web Client Authentication",
        // The document has one host, an empty string.
        "DNS:",
    ),
];

const AUTHORITY: &str = "C=US,ST=San Francisco,L=CA,O=My Company Name,OU=Org Unit 2,CN=My own CA";

/// Five years of 365 days, as configured.
const LIFETIME: &str = "157680000";

fn walk(out: &Path) -> Step {
    let mut command = Command::new(fixtures().join("walkthrough.sh"));
    command
        .arg(out)
        .env("RCFSSL_TEST_BIN", binaries::folder().unwrap());
    Step::from(command.stdin(Stdio::null()).output().unwrap())
}

fn field(folder: &Path, name: &str, option: &[&str]) -> String {
    let file = format!("{name}.pem");
    let arguments = [
        "x509",
        "-noout",
        "-nameopt",
        "RFC2253,-dn_rev,sep_comma_plus",
        "-in",
        &file,
    ];
    in_folder(folder, &[&arguments[..], option].concat())
        .unwrap()
        .trim()
        .to_owned()
}

#[test]
fn the_script_creates_the_files_of_the_walk_through() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("made/for this");
    let step = walk(&out).ok().unwrap();
    files_have_their_modes(&out);
    for name in ["ca", "server", "member-1", "member-2", "member-3", "client"] {
        let key = in_folder(&out, &["pkey", "-pubout", "-in", &format!("{name}-key.pem")]).unwrap();
        assert_eq!(field(&out, name, &["-pubkey"]), key.trim(), "{name}");
        let request = [
            "req",
            "-noout",
            "-verify",
            "-pubkey",
            "-in",
            &format!("{name}.csr"),
        ];
        assert_eq!(in_folder(&out, &request).unwrap(), key, "{name}");
        in_folder(
            &out,
            &[
                "verify",
                "-x509_strict",
                "-CAfile",
                "ca.pem",
                &format!("{name}.pem"),
            ],
        )
        .unwrap();
        assert!(step.out().contains(&format!("\n{name}.pem ")), "{}", step.out());
    }
    assert_eq!(field(&out, "ca", &["-subject"]), format!("subject={AUTHORITY}"));
    for (name, subject, usages, hosts) in CERTIFICATES {
        assert_eq!(field(&out, name, &["-subject"]), format!("subject={subject}"));
        assert_eq!(field(&out, name, &["-issuer"]), format!("issuer={AUTHORITY}"));
        let extensions = field(&out, name, &["-ext", "extendedKeyUsage,subjectAltName,keyUsage"]);
        let expected = ["Digital Signature, Key Encipherment", usages, hosts];
        let shown: Vec<&str> = extensions
            .lines()
            .filter(|line| line.starts_with(' '))
            .map(str::trim)
            .collect();
        assert_eq!(shown, expected, "{name}");
    }
}

fn files_have_their_modes(out: &Path) {
    let tree = Tree::read(out).unwrap();
    let mut expected: Vec<(String, u32)> = Vec::new();
    for name in ["ca", "client", "member-1", "member-2", "member-3", "server"] {
        expected.push((format!("{name}-key.pem"), 0o600));
        expected.push((format!("{name}.csr"), 0o644));
        expected.push((format!("{name}.pem"), 0o644));
    }
    let made = tree.files.iter().filter(|(name, _)| !name.ends_with(".json"));
    let made: Vec<(String, u32)> = made
        .map(|(name, file)| (name.clone(), file.permissions))
        .collect();
    assert_eq!(made, expected);
}

#[test]
fn certificates_are_valid_for_five_years() {
    let folder = tempfile::tempdir().unwrap();
    walk(folder.path()).ok().unwrap();
    for name in ["ca", "server", "member-1", "member-2", "member-3", "client"] {
        let seconds = |option: &str| {
            let text = field(folder.path(), name, &[option]);
            let date = Command::new("date")
                .args(["+%s", "-d", text.split_once('=').unwrap().1])
                .output()
                .unwrap();
            String::from_utf8(date.stdout)
                .unwrap()
                .trim()
                .parse::<i64>()
                .unwrap()
        };
        assert_eq!(
            (seconds("-enddate") - seconds("-startdate")).to_string(),
            LIFETIME,
            "{name}"
        );
    }
}

#[test]
fn the_script_reports_missing_programs() {
    let step = Step::from(Command::new(fixtures().join("walkthrough.sh")).output().unwrap());
    assert_eq!(step.status, 2);
    assert!(step.err().starts_with("usage: "), "{}", step.err());
}
