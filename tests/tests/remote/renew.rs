//! Renewals that another server signs, without the CA key on the machine.

use std::fs;

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
