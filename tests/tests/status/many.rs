//! One responder for several CAs.

use rcfssl_tests::servers::Served;

use super::{ask, issue, place, revoke, soon, url};

const ROOTS: &str = "[ one ]
private = file://ca-key.pem
certificate = ca.pem
config = config.json
dbconfig = db.json

[ two ]
private = file://other-key.pem
certificate = other.pem
ocsp_responder = other-responder.pem
ocsp_responder_key = other-responder-key.pem
";

#[test]
fn each_ca_is_answered_by_its_own_responder() {
    let place = place().unwrap();
    place.write("roots.txt", ROOTS).unwrap();
    for (ca, name) in [("ca", "leaf"), ("other", "foreign")] {
        issue(&place, ca, name).unwrap();
    }
    let server = Served::start_line(
        &place,
        "exec rcfssl ocspserve -port $PORT -db-config db.json -roots roots.txt -crl-path /crl",
    )
    .unwrap();
    for (ca, name, label) in [("ca", "leaf", "one"), ("other", "foreign", "two")] {
        let said = || ask(&place, &url(&server, ""), ca, name, "-no_nonce");
        assert!(said().unwrap().contains(&format!("{name}.pem: good")));
        revoke(&place, name, "superseded").unwrap();
        let said = soon(&format!("{name}.pem: revoked"), said).unwrap();
        assert_eq!(said.contains("OCSP No Check"), ca == "other", "{said}");
        let line = format!(
            "curl -sf {} | openssl crl -noout -text -CAfile {ca}.pem 2>&1",
            url(&server, &format!("/crl/{label}.pem"))
        );
        let list = soon("Superseded", || Ok(place.shell(&line)?.ok()?.out())).unwrap();
        assert!(list.contains("verify OK"), "{list}");
        assert_eq!(list.matches("Serial Number:").count(), 1, "{list}");
    }
    for path in ["/crl/three", "/crl"] {
        assert_ne!(server.get(path).unwrap().status, 200, "{path}");
    }
}

#[test]
fn a_responder_that_may_not_sign_is_refused_at_the_start() {
    let place = place().unwrap();
    issue(&place, "ca", "leaf").unwrap();
    let start = |flags: &str| {
        let line = format!("timeout 10 rcfssl ocspserve -port 0 -db-config db.json {flags}");
        let step = place.shell(&line).unwrap();
        assert_eq!(step.status, 1, "{flags}: {step}");
        step.err()
    };
    for (flags, why) in [
        (
            "-ca ca.pem -responder leaf.pem -responder-key leaf-key.pem",
            "lacks the usage \"ocsp signing\"",
        ),
        (
            "-ca ca.pem -responder other-responder.pem -responder-key other-responder-key.pem",
            "was not issued by the CA",
        ),
        (
            "-ca ca.pem -responder ca-responder.pem -responder-key leaf-key.pem",
            "does not match its certificate",
        ),
        (
            "-ca ca.pem -ca-key other-key.pem",
            "does not match its certificate",
        ),
        (
            "-ca ca.pem -ca-key ca-key.pem -interval 0s",
            "-interval must be at least one second",
        ),
        (
            "-ca ca.pem -ca-key ca-key.pem -crl-path crl",
            "-crl-path must begin with a slash",
        ),
        ("-crl-path /crl", "-crl-path needs"),
    ] {
        let said = start(flags);
        assert!(said.contains(why), "{flags}: {said}");
    }
    let sections = ROOTS.replace("dbconfig = db.json\n", "");
    place.write("roots.txt", sections).unwrap();
    let step = place
        .shell("timeout 10 rcfssl ocspserve -port 0 -roots roots.txt")
        .unwrap();
    assert!(
        step.status == 1
            && step
                .err()
                .contains("[one]: there is neither dbconfig nor -db-config"),
        "{step}"
    );
    let serve = "timeout 10 rcfssl serve -port 0 -ca ca.pem -ca-key ca-key.pem -ocsp-path /ocsp";
    let step = place.shell(serve).unwrap();
    assert!(
        step.status == 1 && step.err().contains("need -db-config"),
        "{step}"
    );
}
