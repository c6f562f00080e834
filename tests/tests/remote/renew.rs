//! Renewals that another server signs, without the CA key on the machine.

use std::fs;

use rcfssl_tests::servers::Served;
use rcfssl_tests::{Workplace, debian};

use super::{Server, place, plain};

/// A folder with `ca.pem` and a server certificate, without the CA key.
fn organization() -> (Workplace, Server) {
    let place = place();
    let server = plain(&place);
    let line = format!(
        "rcfssl gencert -remote {} csr.json | rcfssljson -bare leaf && mkdir org && cp ca.pem org && \
         mv leaf.pem leaf-key.pem leaf.csr csr.json org",
        server.address()
    );
    place.shell(&line).unwrap().ok().unwrap();
    (place, server)
}

fn serial(place: &Workplace, file: &str) -> String {
    let line = format!("openssl x509 -in {file} -noout -serial");
    place.shell(&line).unwrap().ok().unwrap().out()
}

fn fits(place: &Workplace, stem: &str) {
    let line = format!(
        "openssl verify -CAfile ca.pem {stem}.pem && test \"$(openssl x509 -in {stem}.pem -noout -pubkey)\" = \
         \"$(openssl pkey -in {stem}-key.pem -pubout)\""
    );
    place.shell(&line).unwrap().ok().unwrap();
}

#[test]
fn a_certificate_is_renewed_without_the_key_of_its_ca() {
    if !debian::is_here().unwrap() {
        return;
    }
    let (place, server) = organization();
    let before = serial(&place, "org/leaf.pem");
    let line = format!(
        "rcfssl renew -remote {} -before 10h org/leaf.pem",
        server.address()
    );
    place.call(&line).unwrap().ok().unwrap();
    assert_eq!(serial(&place, "org/leaf.pem"), before, "it is not due");
    for flags in [
        "-force",
        "-force -rekey",
        "-force -cn other.test -hostname other.test",
    ] {
        let before = serial(&place, "org/leaf.pem");
        let line = format!("rcfssl renew -remote {} {flags} org/leaf.pem", server.address());
        place.call(&line).unwrap().ok().unwrap();
        assert_ne!(serial(&place, "org/leaf.pem"), before, "{flags}");
        fits(&place, "org/leaf");
    }
    let names = "openssl x509 -in org/leaf.pem -noout -subject -ext subjectAltName";
    let names = place.shell(names).unwrap().ok().unwrap().out();
    assert!(
        names.contains("CN = other.test") && names.contains("DNS:other.test"),
        "{names}"
    );
    // A name that the certificate does not have causes a renewal, but only once.
    let line = format!(
        "rcfssl renew -remote {} -hostname third.test org/leaf.pem",
        server.address()
    );
    let mut serials = vec![serial(&place, "org/leaf.pem")];
    for _ in 0..2 {
        place.call(&line).unwrap().ok().unwrap();
        serials.push(serial(&place, "org/leaf.pem"));
    }
    assert!(
        serials[0] != serials[1] && serials[1] == serials[2],
        "{serials:?}"
    );
}

#[test]
fn jobs_are_signed_with_tokens_by_the_servers_of_their_configuration() {
    if !debian::is_here().unwrap() {
        return;
    }
    let (place, server) = organization();
    let config = |key: &str| {
        format!(
            r#"{{"auth_keys":{{"k":{{"type":"standard","key":"{key}"}}}},
                "remotes":{{"r":"http://127.0.0.1:9,http://{}"}},"signing":{{"default":{{"remote":"r"}},
                "profiles":{{"client":{{"auth_remote":{{"remote":"r","auth_key":"k"}}}}}}}}}}"#,
            server.address()
        )
    };
    let jobs = r#"{"organizations":[{"name":"org","folder":"org","certificates":[
        {"request":"csr.json","profile":"client","output":"made","before":"1h"}]}]}"#;
    place.write("jobs.json", jobs).unwrap();
    place.write("org/ca-config.json", config("00")).unwrap();
    let refused = place.call("rcfssl renew -jobs jobs.json").unwrap();
    assert_eq!(refused.status, 1);
    assert!(
        format!("{}{}", refused.out(), refused.err()).contains("invalid token"),
        "{refused}"
    );
    assert!(!place.join("org/made.pem").exists() && !place.join("org/made-key.pem").exists());
    place
        .write("org/ca-config.json", config("0011223344556677"))
        .unwrap();
    place.call("rcfssl renew -jobs jobs.json").unwrap().ok().unwrap();
    fits(&place, "org/made");
    let usages = "openssl x509 -in org/made.pem -noout -ext extendedKeyUsage";
    let usages = place.shell(usages).unwrap().ok().unwrap().out();
    assert!(usages.contains("TLS Web Client Authentication"), "{usages}");
    let made = serial(&place, "org/made.pem");
    place.call("rcfssl renew -jobs jobs.json").unwrap().ok().unwrap();
    assert_eq!(serial(&place, "org/made.pem"), made);
}

#[test]
fn a_certificate_from_another_ca_is_not_accepted() {
    if !debian::is_here().unwrap() {
        return;
    }
    let (place, _server) = organization();
    let line = "echo '{\"CN\":\"CA\"}' | rcfssl gencert -initca - | rcfssljson -bare ca";
    place.shell(line).unwrap().ok().unwrap();
    let twin = plain(&place);
    let before = fs::read(place.join("org/leaf.pem")).unwrap();
    let line = format!("rcfssl renew -remote {} -force org/leaf.pem", twin.address());
    let refused = place.call(&line).unwrap();
    assert_eq!(refused.status, 1);
    let said = format!("{}{}", refused.out(), refused.err());
    assert!(
        said.contains("that was not issued by the CA given here"),
        "{refused}"
    );
    assert_eq!(fs::read(place.join("org/leaf.pem")).unwrap(), before);
    let dead = place
        .call("rcfssl renew -remote 127.0.0.1:9 -force org/leaf.pem")
        .unwrap();
    let said = format!("{}{}", dead.out(), dead.err());
    assert!(said.contains("connection refused"), "{dead}");
}

/// The JSON report of a renewal.
fn renewed(place: &Workplace, line: &str, status: i32) -> serde_json::Value {
    let step = place.shell(line).unwrap();
    assert_eq!(step.status, status, "{step}");
    step.json().unwrap()
}

#[test]
fn the_server_that_signs_revokes_what_was_replaced() {
    let place = place();
    place
        .write("db.json", r#"{"driver":"sqlite3","data_source":"certs.db"}"#)
        .unwrap();
    place
        .shell("rcfssl db create -db-config db.json")
        .unwrap()
        .ok()
        .unwrap();
    let flags = "-ca ca.pem -ca-key ca-key.pem -config server.json";
    let start = |more: &str| {
        let line = format!("{flags} {more}");
        Served::start(&place, &line.split_whitespace().collect::<Vec<_>>()).unwrap()
    };
    let server = start("-db-config db.json");
    let address = server.address;
    let line = format!(
        "rcfssl gencert -remote {address} csr.json | rcfssljson -bare leaf && mkdir org && cp ca.pem org && \
         mv leaf.pem leaf-key.pem leaf.csr csr.json org"
    );
    place.shell(&line).unwrap().ok().unwrap();
    let standing = |at: usize| {
        let list = "python3 -c 'import sqlite3; [print(b(x), b(y), z) for b in [lambda v: v.decode() if isinstance(v, \
                    bytes) else v] for x, y, z in sqlite3.connect(\"certs.db\").execute(\"SELECT serial_number, status, \
                    reason FROM certificates ORDER BY issued_at\")]'";
        let rows = place.shell(list).unwrap().ok().unwrap().out();
        let row = rows.lines().nth(at).unwrap();
        let (serial, state) = row.split_once(' ').unwrap();
        (serial.to_owned(), state.to_owned())
    };
    let again =
        |servers: &str| format!("rcfssl renew -json -remote {servers} -force -revoke-old org/leaf.pem");
    // The first of the servers is down.
    let report = renewed(&place, &again(&format!("127.0.0.1:9,{address}")), 0);
    let (first, state) = standing(0);
    assert_eq!(state, "revoked 4");
    assert_eq!(report["certificates"][0]["revoked"]["serial"], first);
    assert_eq!(standing(1).1, "good 0");

    // A job, too, and its old certificate is the one that was just made.
    let jobs = r#"{"revoke_old": true, "organizations":[{"name":"org","folder":"org","certificates":[
        {"request":"csr.json","profile":"default","output":"leaf"}]}]}"#;
    place.write("jobs.json", jobs).unwrap();
    let config = format!(r#"{{"remotes":{{"r":"{address}"}},"signing":{{"default":{{"remote":"r"}}}}}}"#);
    place.write("org/ca-config.json", config).unwrap();
    let report = renewed(&place, "rcfssl renew -json -force -jobs jobs.json", 0);
    assert_eq!(report["revoked"], 1, "{report}");
    assert_eq!(
        [standing(0).1, standing(1).1, standing(2).1],
        ["revoked 4", "revoked 4", "good 0"]
    );

    // A server without a database cannot revoke: the files are new, and the report says so.
    let bare = start("");
    let before = serial(&place, "org/leaf.pem");
    let old = standing(2).0;
    let refused = place.shell(&again(&bare.address.to_string())).unwrap();
    assert_eq!(refused.status, 1, "{refused}");
    let report = refused.json().unwrap();
    assert_eq!(report["certificates"][0]["result"], "renewed", "{report}");
    assert_eq!(
        report["certificates"][0]["not_revoked"]["serial"], old,
        "{report}"
    );
    assert_eq!(report["revocations_failed"], 1, "{report}");
    let by_hand = format!("{{\"serial\":\"{old}\",\"authority_key_id\":\"");
    assert!(refused.err().contains(&by_hand), "{refused}");
    assert_ne!(serial(&place, "org/leaf.pem"), before);
    fits(&place, "org/leaf");

    // What no server has recorded is a warning.
    let report = renewed(&place, &again(&address.to_string()), 0);
    assert_eq!(
        report["certificates"][0]["not_revoked"]["reason"], "not recorded",
        "{report}"
    );
}
