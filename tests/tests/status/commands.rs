//! `revoke` by file and by name.

use super::{issue, place};

fn status(place: &rcfssl_tests::Workplace, name: &str) -> String {
    let line = format!(
        "sqlite=$(rcfssl certinfo -cert {name}.pem | jq -r .serial_number); python3 -c \"import sqlite3,sys; \
         print(*sqlite3.connect('certs.db').execute('select status, reason from certificates where \
         serial_number=?', sys.argv[1:]).fetchone())\" $sqlite"
    );
    place.shell(&line).unwrap().ok().unwrap().out().trim().to_owned()
}

#[test]
fn a_certificate_is_revoked_by_its_file() {
    let place = place().unwrap();
    for name in ["one", "two", "third"] {
        issue(&place, "ca", name).unwrap();
    }
    place
        .shell("openssl x509 -in two.pem -outform der -out two.der")
        .unwrap()
        .ok()
        .unwrap();
    let revoke = "rcfssl revoke -db-config db.json";
    place
        .shell(&format!("{revoke} -cert one.pem -reason 4"))
        .unwrap()
        .ok()
        .unwrap();
    place
        .shell(&format!("{revoke} -cert two.der"))
        .unwrap()
        .ok()
        .unwrap();
    assert_eq!(status(&place, "one"), "revoked 4");
    assert_eq!(status(&place, "two"), "revoked 0");
    assert_eq!(status(&place, "third"), "good 0");
    for (flags, said) in [
        ("-cert ca.pem", "11200"),
        ("-cert missing.pem", "missing.pem"),
        ("-cert one-key.pem", "1003"),
        ("-cert third.pem -reason bogus", "bogus"),
        ("-cert third.pem -cn leaf.test", "give only one of"),
        ("-cert third.pem -serial 5", "give only one of"),
    ] {
        let step = place.shell(&format!("{revoke} {flags}")).unwrap();
        assert_eq!(step.status, 1, "{flags}: {step}");
        assert!(step.err().contains(said), "{flags}: {step}");
    }
    assert_eq!(status(&place, "third"), "good 0");
}

#[test]
fn certificates_are_revoked_by_name_once_that_is_confirmed() {
    let place = place().unwrap();
    for name in ["one", "two"] {
        issue(&place, "ca", name).unwrap();
    }
    place
        .write(
            "leaf.json",
            r#"{"CN": "different.test", "hosts": ["different.test"]}"#,
        )
        .unwrap();
    issue(&place, "ca", "different").unwrap();
    let revoke = "rcfssl revoke -db-config db.json -cn leaf.test -reason superseded";
    let step = place.shell(&format!("{revoke} </dev/null")).unwrap();
    assert!(step.status == 1 && step.err().contains("-yes"), "{step}");
    assert_eq!(
        step.err().matches("leaf.test, serial number").count(),
        2,
        "{step}"
    );
    let on_terminal = |answer: &str| {
        let line = format!("echo {answer} | script -qec '{revoke}' /dev/null");
        place.shell(&line).unwrap()
    };
    let step = on_terminal("n");
    assert!(
        step.status == 1 && step.out().contains("Revoke these 2 certificates?"),
        "{step}"
    );
    assert_eq!(status(&place, "one"), "good 0");
    on_terminal("y").ok().unwrap();
    assert_eq!(status(&place, "one"), "revoked 4");
    assert_eq!(status(&place, "two"), "revoked 4");
    let step = place.shell(&format!("{revoke} -yes")).unwrap();
    assert!(step.status == 1 && step.err().contains("11200"), "{step}");
    assert_eq!(status(&place, "different"), "good 0");
    place
        .shell("rcfssl revoke -db-config db.json -cn different.test -yes")
        .unwrap()
        .ok()
        .unwrap();
    assert_eq!(status(&place, "different"), "revoked 0");
}
