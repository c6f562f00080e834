//! `rcfssljson` and existing files.

use std::os::unix::fs::PermissionsExt;

use super::place;

const GENKEY: &str = "rcfssl genkey leaf.json 2> /dev/null | rcfssljson -bare";

#[test]
fn a_replaced_key_is_named() {
    let place = place();
    let first = place.shell(&format!("{GENKEY} x")).unwrap().ok().unwrap();
    assert_eq!(first.err(), "");
    let old = place.read("x-key.pem").unwrap();
    place
        .shell("rcfssl gencsr -key x-key.pem leaf.json > same.json")
        .unwrap()
        .ok()
        .unwrap();
    let same = place
        .call("rcfssljson -bare -f same.json x")
        .unwrap()
        .ok()
        .unwrap();
    assert_eq!(same.err(), "");
    // With -strict it is an error, and nothing is written.
    for strict in [
        GENKEY.replace("-bare", "-strict -bare x"),
        format!("export RCFSSL_STRICT=1; {GENKEY} x"),
    ] {
        let step = place.shell(&strict).unwrap();
        assert_eq!(step.status, 1, "{step}");
        assert_eq!(
            step.err(),
            "x-key.pem holds a different private key: -backup keeps it\n"
        );
        assert_eq!(place.read("x-key.pem").unwrap(), old);
    }
    let step = place.shell(&format!("{GENKEY} x")).unwrap().ok().unwrap();
    assert_eq!(
        step.err(),
        "hint: x-key.pem held a different private key, which is replaced; -backup keeps the old one, and \
         -no-clobber replaces nothing\n"
    );
    assert_ne!(place.read("x-key.pem").unwrap(), old);
}

#[test]
fn backup_keeps_the_old_file_and_no_clobber_replaces_nothing() {
    let place = place();
    place.shell(&format!("{GENKEY} x")).unwrap().ok().unwrap();
    let old = place.read("x-key.pem").unwrap();
    let before = place.tree().unwrap();
    let step = place
        .shell(&GENKEY.replace("-bare", "-no-clobber -bare x"))
        .unwrap();
    assert_eq!(step.status, 1, "{step}");
    assert_eq!(
        step.err(),
        "x-key.pem exists already, and -no-clobber replaces nothing\n"
    );
    assert!(place.tree().unwrap() == before);
    // A file that others can read already has the name of the backup.
    place
        .shell("echo > x-key.pem.bak; chmod 644 x-key.pem.bak")
        .unwrap();
    let line = GENKEY.replace("-bare", "-strict -backup -bare x");
    let step = place.shell(&line).unwrap().ok().unwrap();
    assert_eq!(step.err(), "");
    assert_eq!(place.read("x-key.pem.bak").unwrap(), old);
    assert_ne!(place.read("x-key.pem").unwrap(), old);
    let kept = place.join("x-key.pem.bak").metadata().unwrap().permissions();
    assert_eq!(kept.mode() & 0o777, 0o600);
}
