//! Which key belongs to a certificate, how it is kept, and how it is replaced.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use rcfssl_tests::{Organization, openssl};

use crate::{document, logged, organization, refused, renew, renewed, sum};

/// An organization with a server `a`, whose files are renamed.
fn renamed(certificate: &str, key: &str) -> Organization {
    let organization = Organization::new().unwrap();
    organization
        .sign("server", "a", &document("a", &["a.example"]))
        .unwrap();
    let line = format!("mv a-key.pem at; mv a.pem is; rm a.csr; mv at {key}; mv is {certificate}");
    organization.shell(&line).unwrap().ok().unwrap();
    organization
}

#[test]
fn the_key_is_beside_the_certificate() {
    for (certificate, key) in [
        ("a.pem", "a-key.pem"),
        ("a.pem", "a.key"),
        ("tls.crt", "tls.key"),
        ("tls.crt", "tls-key.pem"),
        ("a.b.pem", "a.b-key.pem"),
    ] {
        let organization = renamed(certificate, key);
        let old = organization.certificate(certificate).unwrap();
        for target in [certificate, "."] {
            let step = renewed(&organization, &format!("-force {target}"));
            assert_eq!(sum(&step), [0, 1, 0, 0], "{certificate} {key}");
        }
        let step = renewed(&organization, &format!("-force -rekey {certificate}"));
        assert!(step.out().contains("new key"), "{}", step.out());
        organization.check_pair(certificate, key).unwrap();
        let new = organization.certificate(certificate).unwrap();
        assert_ne!(new.public_key, old.public_key);
        let files: Vec<String> = organization.tree().unwrap().files.into_keys().collect();
        let mut expected = ["ca-config.json", "ca-key.pem", "ca.pem", certificate, key];
        expected.sort();
        assert_eq!(files, expected);
    }
}

#[test]
fn of_two_keys_the_first_is_used() {
    let organization = renamed("a.pem", "a-key.pem");
    organization
        .sign("server", "b", &document("b", &["b.example"]))
        .unwrap();
    organization
        .shell("mv b-key.pem a.key; rm b.*")
        .unwrap()
        .ok()
        .unwrap();
    let before = organization.stamps().unwrap();
    renewed(&organization, "-force -rekey a.pem");
    organization.check_pair("a.pem", "a-key.pem").unwrap();
    assert_eq!(organization.stamps().unwrap()["a.key"], before["a.key"]);
}

/// The order is the same for names with other endings.
#[test]
fn of_two_keys_the_first_is_used_for_a_crt_too() {
    let organization = renamed("a.crt", "a-key.pem");
    organization.write("a.key", "something else").unwrap();
    renewed(&organization, "-force a.crt");
    organization.check_pair("a.crt", "a-key.pem").unwrap();
}

#[test]
fn the_key_may_be_named() {
    let organization = renamed("a.pem", "elsewhere");
    let shown = "a.pem: its key a-key.pem is missing";
    assert_eq!(refused(&organization, "-force a.pem"), shown);
    renewed(&organization, "-force -key elsewhere a.pem");
    organization.check_pair("a.pem", "elsewhere").unwrap();
    renewed(&organization, "-force -rekey -key elsewhere a.pem");
    organization.check_pair("a.pem", "elsewhere").unwrap();
    // In a folder only certificates with a key beside them are processed.
    assert_eq!(sum(&renewed(&organization, "-force .")), [0, 0, 0, 0]);
}

/// A new key would match only the last of them.
#[test]
fn a_key_shared_by_several_certificates_is_not_replaced() {
    let organization = organization();
    organization
        .shell("cp server.pem server.crt")
        .unwrap()
        .ok()
        .unwrap();
    let before = organization.stamps().unwrap();
    let step = renew(&organization, "-force -rekey .");
    assert_eq!(step.status, 1);
    assert_eq!(sum(&step), [0, 2, 0, 2], "{}", step.err());
    let reason =
        "other certificates use the same key ./server-key.pem, and a new key would match only one of them";
    let shown = ["crt", "pem"].map(|end| format!("./server.{end}: {reason}"));
    assert_eq!(logged(&step, "ERROR"), shown);
    assert_eq!(
        organization.stamps().unwrap()["server-key.pem"],
        before["server-key.pem"]
    );
    renewed(&organization, "-force .");
    for file in ["server.crt", "server.pem"] {
        organization.check_pair(file, "server-key.pem").unwrap();
    }
    // The same certificate named twice counts once.
    let step = renewed(&organization, "-force -rekey client.pem ./client.pem client.pem");
    assert_eq!(sum(&step), [0, 3, 0, 0]);
    organization.check_pair("client.pem", "client-key.pem").unwrap();
}

#[test]
fn a_key_is_named_for_one_certificate_only() {
    let organization = organization();
    let before = organization.stamps().unwrap();
    for arguments in ["server.pem client.pem", "."] {
        for flag in ["-key x", "-csr x", "-hostname x", "-cn x"] {
            let step = renew(&organization, &format!("{flag} {arguments}"));
            assert_eq!(step.status, 1);
            let name = flag.split(' ').next().unwrap();
            assert!(
                step.err()
                    .starts_with(&format!("{name} cannot be combined with ")),
                "{}",
                step.err()
            );
        }
    }
    assert_eq!(organization.stamps().unwrap(), before);
}

#[test]
fn encrypted_keys_are_read_with_the_password() {
    for form in [
        "ec -aes256 -passout pass:secret",
        "pkcs8 -topk8 -v2 aes-256-cbc -passout pass:secret",
        "pkcs8 -topk8 -scrypt -passout pass:secret",
    ] {
        let mut organization = renamed("a.pem", "plain");
        let convert = format!("{form} -in plain -out a-key.pem");
        let convert: Vec<&str> = convert.split(' ').collect();
        openssl::in_folder(&organization.path(), &convert).unwrap();
        assert!(
            organization.read("a-key.pem").unwrap().contains("ENCRYPTED"),
            "{form}"
        );
        let reason = refused(&organization, "-force a.pem");
        assert!(
            reason.starts_with("a-key.pem: ") || reason.contains(": a-key.pem: "),
            "{reason}"
        );
        organization.set("CFSSL_CA_PK_PASSWORD", "wrong");
        refused(&organization, "-force a.pem");
        organization.set("CFSSL_CA_PK_PASSWORD", "secret");
        let key = organization.read("a-key.pem").unwrap();
        let step = renewed(&organization, "-force a.pem");
        assert!(!(step.out() + &step.err()).contains("secret"));
        organization.check_pair("a.pem", "a-key.pem").unwrap();
        assert_eq!(organization.read("a-key.pem").unwrap(), key);
        // Otherwise a new key would be readable by everybody.
        assert_eq!(
            refused(&organization, "-force -rekey a.pem"),
            "a.pem: its key is encrypted and a new one would not be: move the old key away first"
        );
    }
}

#[test]
fn the_ca_key_may_be_encrypted_too() {
    let mut organization = organization();
    let line = "openssl pkcs8 -topk8 -passout pass:secret -in ca-key.pem -out x && mv x ca-key.pem";
    organization.shell(line).unwrap().ok().unwrap();
    assert!(refused(&organization, "-force server.pem").contains("ca-key.pem"));
    organization.set("CFSSL_CA_PK_PASSWORD", "secret");
    renewed(&organization, "-force .");
    organization.check_pair("server.pem", "server-key.pem").unwrap();
}

#[test]
fn the_key_is_kept() {
    let organization = organization();
    let before = organization.stamps().unwrap();
    let step = renewed(&organization, "-force .");
    assert_eq!(step.out().matches("same key").count(), 3, "{}", step.out());
    let after = organization.stamps().unwrap();
    for name in ["server", "client", "member"] {
        for file in [format!("{name}-key.pem"), format!("{name}.csr")] {
            assert_eq!(after[&file], before[&file], "{file}");
        }
        let file = format!("{name}.pem");
        assert_ne!(after[&file], before[&file]);
        organization
            .check_pair(&file, &format!("{name}-key.pem"))
            .unwrap();
    }
}

/// The algorithm, openssl's name for it, and the PEM label.
///
/// Ed25519 has its own test, because openssl does not know cfssl's label for it.
const KINDS: [(&str, &str, &str); 6] = [
    (
        r#"{"algo": "rsa", "size": 2048}"#,
        "Private-Key: (2048 bit",
        "RSA PRIVATE KEY",
    ),
    (
        r#"{"algo": "rsa", "size": 3072}"#,
        "Private-Key: (3072 bit",
        "RSA PRIVATE KEY",
    ),
    (
        r#"{"algo": "rsa", "size": 4096}"#,
        "Private-Key: (4096 bit",
        "RSA PRIVATE KEY",
    ),
    (
        r#"{"algo": "ecdsa", "size": 256}"#,
        "NIST CURVE: P-256",
        "EC PRIVATE KEY",
    ),
    (
        r#"{"algo": "ecdsa", "size": 384}"#,
        "NIST CURVE: P-384",
        "EC PRIVATE KEY",
    ),
    (
        r#"{"algo": "ecdsa", "size": 521}"#,
        "NIST CURVE: P-521",
        "EC PRIVATE KEY",
    ),
];

#[test]
fn a_new_key_has_the_same_type_and_format() {
    let organization = Organization::new().unwrap();
    for (at, (key, _, _)) in KINDS.iter().enumerate() {
        let document = format!(r#"{{"CN": "{at}", "hosts": ["{at}.example"], "key": {key}}}"#);
        organization.sign("server", &format!("k{at}"), &document).unwrap();
        let line = format!(
            "cp k{at}.pem p{at}.pem; cp k{at}.csr p{at}.csr; openssl pkcs8 -topk8 -nocrypt -in k{at}-key.pem -out p{at}-key.pem"
        );
        organization.shell(&line).unwrap().ok().unwrap();
    }
    let old = organization.tree().unwrap();
    let step = renewed(&organization, "-force -rekey .");
    assert_eq!(step.out().matches("new key").count(), 2 * KINDS.len());
    for (at, (_, kind, label)) in KINDS.iter().enumerate() {
        for (name, label) in [(format!("k{at}"), *label), (format!("p{at}"), "PRIVATE KEY")] {
            let [file, key, csr] = ["", "-key", ".csr"].map(|end| match end {
                ".csr" => format!("{name}.csr"),
                end => format!("{name}{end}.pem"),
            });
            organization.check_pair(&file, &key).unwrap();
            let text = organization.read(&key).unwrap();
            assert!(text.starts_with(&format!("-----BEGIN {label}-----\n")), "{name}");
            assert_ne!(text.as_bytes(), old.files[&key].bytes);
            let folder = organization.path();
            let shown = openssl::in_folder(&folder, &["pkey", "-noout", "-text", "-in", &key]).unwrap();
            assert!(shown.contains(kind), "{name}: {shown}");
            // The request is for the new certificate: it verifies with its key.
            let public = ["req", "-noout", "-verify", "-pubkey", "-in", &csr];
            assert_eq!(
                openssl::in_folder(&folder, &public).unwrap(),
                openssl::in_folder(&folder, &["pkey", "-pubout", "-in", &key]).unwrap()
            );
            let names = openssl::in_folder(&folder, &["req", "-noout", "-text", "-in", &csr]).unwrap();
            assert!(names.contains(&format!("CN = {at}\n")), "{names}");
            assert!(names.contains(&format!("DNS:{at}.example")), "{names}");
        }
    }
}

#[test]
fn a_new_ed25519_key_has_the_label_of_the_old_one() {
    let organization = Organization::new().unwrap();
    let document = r#"{"CN": "e", "hosts": ["e.example"], "key": {"algo": "ed25519"}}"#;
    for (name, label) in [("cfssl", "Ed25519 PRIVATE KEY"), ("pkcs8", "PRIVATE KEY")] {
        organization.sign("server", name, document).unwrap();
        let file = format!("{name}-key.pem");
        let with = |text: &str, label: &str| {
            let text = text.replace("Ed25519 PRIVATE KEY", "PRIVATE KEY");
            text.replace("PRIVATE KEY", label)
        };
        let old = with(&organization.read(&file).unwrap(), label);
        organization.write(&file, &old).unwrap();
        renewed(&organization, &format!("-force -rekey {name}.pem"));
        let new = organization.read(&file).unwrap();
        assert!(new.starts_with(&format!("-----BEGIN {label}-----\n")), "{name}");
        assert_ne!(new, old);
        organization.write(&file, with(&new, "PRIVATE KEY")).unwrap();
        organization.check_pair(&format!("{name}.pem"), &file).unwrap();
    }
}

#[test]
fn the_format_of_a_new_key_may_be_chosen() {
    let organization = organization();
    renewed(&organization, "-force -rekey -key-format pkcs8 server.pem");
    let first_line = |file: &str| {
        organization
            .read(file)
            .unwrap()
            .lines()
            .next()
            .unwrap()
            .to_owned()
    };
    assert_eq!(first_line("server-key.pem"), "-----BEGIN PRIVATE KEY-----");
    renewed(&organization, "-force -rekey -key-format traditional server.pem");
    assert_eq!(first_line("server-key.pem"), "-----BEGIN EC PRIVATE KEY-----");
    organization.check_pair("server.pem", "server-key.pem").unwrap();
}

#[test]
fn a_new_key_is_as_the_document_says() {
    let organization = organization();
    let document = r#"{"CN": "server", "hosts": ["x.example"], "key": {"algo": "ecdsa", "size": 384}}"#;
    organization.write("server.json", document).unwrap();
    // The existing key is kept, whatever key the document asks for.
    renewed(&organization, "-csr server.json server.pem");
    let folder = organization.path();
    let shown =
        || openssl::in_folder(&folder, &["pkey", "-noout", "-text", "-in", "server-key.pem"]).unwrap();
    assert!(shown().contains("P-256"));
    renewed(&organization, "-force -rekey -csr server.json server.pem");
    assert!(shown().contains("P-384"));
    organization.check_pair("server.pem", "server-key.pem").unwrap();
}

#[test]
fn a_request_is_written_only_where_there_was_one() {
    let organization = organization();
    organization.shell("rm client.csr").unwrap().ok().unwrap();
    renewed(&organization, "-force -rekey .");
    assert!(!organization.join("client.csr").exists());
}

#[test]
fn a_file_that_also_contains_the_key_gets_no_new_key() {
    let organization = organization();
    organization
        .shell("cat server-key.pem >> server.pem")
        .unwrap()
        .ok()
        .unwrap();
    assert_eq!(
        organization
            .renew("-force -rekey server.pem")
            .map(|step| logged(&step, "ERROR"))
            .unwrap_or_default(),
        ["server.pem: its file also holds its private key, which would no longer match"]
    );
    renewed(&organization, "-force server.pem");
    assert!(organization.read("server.pem").unwrap().contains("PRIVATE KEY"));
}

#[test]
fn modes_are_kept_and_new_keys_are_secret() {
    let organization = organization();
    let mode = |file: &str| {
        fs::metadata(organization.join(file))
            .unwrap()
            .permissions()
            .mode()
            & 0o7777
    };
    for (file, mode) in [
        ("server.pem", 0o444),
        ("server-key.pem", 0o440),
        ("client.csr", 0o640),
    ] {
        fs::set_permissions(organization.join(file), fs::Permissions::from_mode(mode)).unwrap();
    }
    renewed(&organization, "-force -rekey .");
    let modes = [
        "server.pem",
        "server-key.pem",
        "server.csr",
        "client.pem",
        "client-key.pem",
        "client.csr",
    ]
    .map(mode);
    assert_eq!(modes, [0o444, 0o440, 0o644, 0o644, 0o600, 0o640]);
}
