//! Errors are reported in cfssl's order and words.

use rcfssl_tests::made::{Made, server};

use crate::{bundle, place, refused};

#[test]
fn files_are_read_in_cfssls_order() {
    let root = &Made::root("Root").unwrap();
    let leaf = &root.sign(server("leaf.example").unwrap()).unwrap();
    let place = place(&[("root.pem", &[root]), ("leaf.pem", &[leaf])]);
    place.write("leaf-key.pem", leaf.key_pem()).unwrap();
    place.write("root-key.pem", root.key_pem()).unwrap();
    place.write("empty", "").unwrap();
    place.write("text", "no PEM").unwrap();
    let open = |code| format!(r#"{{"code":{code},"message":"open no: no such file or directory"}}"#);
    let told = |code, message| format!(r#"{{"code":{code},"message":"{message}"}}"#);
    for (arguments, line) in [
        ("-ca-bundle no -int-bundle no -cert no", open(4001)),
        ("-int-bundle no -cert no", open(3001)),
        (
            "-ca-bundle leaf-key.pem -cert no",
            told(4003, "Failed to parse root certificate"),
        ),
        (
            "-ca-bundle text -cert no",
            told(4003, "Failed to parse root certificate"),
        ),
        (
            "-int-bundle leaf-key.pem -cert no",
            told(3003, "Failed to parse intermediate certificate"),
        ),
        ("-cert no", open(1001)),
        ("-cert leaf.pem -key no", open(2001)),
        (
            "-cert leaf.pem -key text -flavor force",
            told(2002, "Failed to decode private key"),
        ),
        (
            "-cert leaf.pem -key leaf.pem -flavor force",
            told(2003, "Failed to parse private key"),
        ),
        (
            "-cert leaf.pem -key root-key.pem -flavor force",
            told(2300, "Private key does not match public key"),
        ),
        ("-cert empty", told(1002, "Failed to decode certificate")),
        ("-cert text", told(1002, "Failed to decode certificate")),
        (
            "-cert root.pem -ca-bundle root.pem",
            told(1100, "Certificate is self signed"),
        ),
        (
            "-cert leaf.pem -ca-bundle empty",
            told(1220, "x509: certificate signed by unknown authority"),
        ),
    ] {
        assert_eq!(refused(&place, arguments), line, "{arguments}");
    }
    let step = bundle(&place, "");
    assert_eq!((step.status, step.log().len()), (1, 1), "{step}");
}

#[test]
fn an_empty_key_file_is_an_error_where_cfssl_crashes() {
    let root = &Made::root("Root").unwrap();
    let leaf = &root.sign(server("leaf.example").unwrap()).unwrap();
    let place = place(&[("leaf.pem", &[leaf])]);
    place.write("empty", "").unwrap();
    let step = place
        .call("cfssl bundle -cert leaf.pem -key empty -flavor force")
        .unwrap();
    assert_eq!(step.status, 1);
    assert_eq!(
        step.log(),
        [r#"{"code":2002,"message":"Failed to decode private key"}"#]
    );
}

#[test]
fn the_system_roots_may_be_elsewhere() {
    let root = &Made::root("Root").unwrap();
    let leaf = &root.sign(server("leaf.example").unwrap()).unwrap();
    let mut place = place(&[
        ("root.pem", &[root]),
        ("roots/any.name", &[root]),
        ("leaf.pem", &[leaf]),
    ]);
    for (file, folder, status) in [
        ("/nowhere", "/nowhere", 1),
        ("root.pem", "/nowhere", 0),
        ("/nowhere", "roots", 0),
        ("/nowhere", "/nowhere:roots", 0),
    ] {
        place.set("SSL_CERT_FILE", file);
        place.set("SSL_CERT_DIR", folder);
        let step = bundle(&place, "-cert leaf.pem");
        assert_eq!(step.status, status, "{file} {folder}: {step}");
        assert_eq!(step.err().contains(r#"{"code":1220,"#), status == 1, "{step}");
    }
}
