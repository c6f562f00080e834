//! CRLs at a URL, and in files.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use rcfssl_tests::servers::Served;
use rcfssl_tests::skip::is_root;

use super::{CONFIG, OCSPSERVE, crl_number, issue, place, revoke, soon, url};

const WRITE: &str = "rcfssl crl -db-config db.json -ca ca.pem -ca-key ca-key.pem -out ca.crl";

#[test]
fn issued_revoked_and_seen_by_openssl_alone() {
    let place = place().unwrap();
    let server = Served::start_line(
        &place,
        "exec rcfssl serve -port $PORT -db-config db.json -ca ca.pem -ca-key ca-key.pem -config config.json \
         -ocsp-path /ocsp -crl-path /crl",
    )
    .unwrap();
    // The profile's URLs are this server's.
    place
        .write("linked.json", CONFIG.replace("URL", &url(&server, "")))
        .unwrap();
    let gencert = "cfssl gencert -ca ca.pem -ca-key ca-key.pem -config linked.json -profile linked -db-config db.json \
                   leaf.json | cfssljson -bare leaf";
    place.shell(gencert).unwrap().ok().unwrap();
    let verify = "openssl verify -crl_check -crl_download -CAfile ca.pem leaf.pem 2>&1";
    let ocsp = "openssl ocsp -issuer ca.pem -CAfile ca.pem -cert leaf.pem \
                -url $(openssl x509 -in leaf.pem -noout -ocsp_uri) 2>&1";
    assert!(
        place
            .shell(verify)
            .unwrap()
            .ok()
            .unwrap()
            .out()
            .contains("leaf.pem: OK")
    );
    assert!(
        place
            .shell(ocsp)
            .unwrap()
            .ok()
            .unwrap()
            .out()
            .contains("leaf.pem: good")
    );
    // Through the API of the same server, as cfssl's clients do.
    let serial = "$(rcfssl certinfo -cert leaf.pem | jq -r .serial_number)";
    let aki = "$(rcfssl certinfo -cert leaf.pem | jq -r .authority_key_id | tr -d : | tr A-F a-f)";
    let body = format!(
        "curl -sf {} -d \"{{\\\"serial\\\":\\\"{serial}\\\",\\\"authority_key_id\\\":\\\"{aki}\\\",\\\"reason\\\":\\\"superseded\\\"}}\"",
        url(&server, "/api/v1/cfssl/revoke")
    );
    place.shell(&body).unwrap().ok().unwrap();
    soon("certificate revoked", || Ok(place.shell(verify)?.out())).unwrap();
    soon("leaf.pem: revoked", || Ok(place.shell(ocsp)?.out())).unwrap();
    // The API's path is untouched, and so is the page.
    assert_eq!(server.get("/").unwrap().status, 200);
    assert_eq!(server.get("/crl/").unwrap().status, 404);
    assert_eq!(server.get("/ocspx").unwrap().status, 404);
}

#[test]
fn a_list_is_made_again_only_when_something_changed() {
    let place = place().unwrap();
    for name in ["one", "two", "third"] {
        issue(&place, "ca", name).unwrap();
    }
    issue(&place, "other", "foreign").unwrap();
    revoke(&place, "foreign", "superseded").unwrap();
    let server = Served::start_line(&place, &format!("{OCSPSERVE} -crl-path /lists/ca.crl")).unwrap();
    let address = url(&server, "/lists/ca.crl");
    let text = |tail: &str, form: &str| {
        let line =
            format!("curl -sf {address}{tail} | openssl crl -inform {form} -noout -text -CAfile ca.pem 2>&1");
        place.shell(&line)?.ok().map(|step| step.out())
    };
    let empty = text("", "der").unwrap();
    assert!(
        empty.contains("verify OK") && empty.contains("No Revoked Certificates"),
        "{empty}"
    );
    assert!(empty.contains("X509v3 Authority Key Identifier"), "{empty}");
    assert_eq!(text(".pem", "pem").unwrap(), empty);
    std::thread::sleep(std::time::Duration::from_millis(1200));
    assert_eq!(text("", "der").unwrap(), empty, "nothing was revoked");
    let mut number = crl_number(&empty).unwrap();
    for (name, reason, shown) in [
        ("one", "keyCompromise", "Key Compromise"),
        ("two", "0", "one"),
        ("third", "removeFromCRL", "one"),
    ] {
        revoke(&place, name, reason).unwrap();
        let line = format!("openssl x509 -in {name}.pem -noout -serial");
        let serial = place.shell(&line).unwrap().ok().unwrap().out();
        let serial = serial
            .trim()
            .trim_start_matches("serial=")
            .trim_start_matches('0')
            .to_owned();
        let list = soon(&serial, || text("", "der")).unwrap();
        assert!(shown == "one" || list.contains(shown), "{list}");
        // Neither "unspecified" nor "remove from CRL" may be named.
        assert_eq!(list.matches("CRL Reason Code").count(), 1, "{list}");
        let next = crl_number(&list).unwrap();
        assert!(next > number, "{next} follows {number}");
        number = next;
    }
    let line = format!("curl -si {address}; curl -s -o /dev/null -w '%{{http_code}}' -d x {address}");
    let head = place.shell(&line).unwrap().ok().unwrap().out().to_lowercase();
    assert!(head.contains("content-type: application/pkix-crl"), "{head}");
    assert!(head.contains("cache-control: max-age=60"), "{head}");
    assert!(head.ends_with("405"), "{head}");
}

#[test]
fn a_file_gets_the_whole_list_or_stays() {
    let place = place().unwrap();
    issue(&place, "ca", "leaf").unwrap();
    revoke(&place, "leaf", "cessationOfOperation").unwrap();
    place.shell(WRITE).unwrap().ok().unwrap();
    let show = |form: &str| {
        let line = format!("openssl crl -inform {form} -in ca.crl -noout -text -CAfile ca.pem 2>&1");
        place.shell(&line).unwrap().ok().unwrap().out()
    };
    let first = show("der");
    assert!(
        first.contains("Cessation Of Operation") && first.contains("verify OK"),
        "{first}"
    );
    place.shell(&format!("{WRITE} -pem")).unwrap().ok().unwrap();
    let second = show("pem");
    assert!(crl_number(&second).unwrap() > crl_number(&first).unwrap());
    // Larger than the time in milliseconds.
    place
        .shell(&format!("{WRITE} -crl-number 9000000000000000"))
        .unwrap()
        .ok()
        .unwrap();
    place.shell(WRITE).unwrap().ok().unwrap();
    assert_eq!(crl_number(&show("der")).unwrap(), 9_000_000_000_000_001);

    let before = fs::read(place.join("ca.crl")).unwrap();
    let small = place.shell(&format!("{WRITE} -crl-number 5")).unwrap();
    assert!(
        small.status == 1 && small.err().contains("-crl-number must be larger"),
        "{small}"
    );
    let other = WRITE.replace("ca.pem -ca-key ca-key", "other.pem -ca-key other-key");
    let foreign = place.shell(&other).unwrap();
    assert!(
        foreign.status == 1 && foreign.err().contains("not a CRL of this CA"),
        "{foreign}"
    );
    let gone = place.shell(&WRITE.replace("db.json", "missing.json")).unwrap();
    assert_eq!(gone.status, 1, "{gone}");
    let over = place.shell(&WRITE.replace("ca.crl", "leaf.pem")).unwrap();
    assert!(over.status == 1 && over.err().contains("is not a CRL"), "{over}");
    // A full disk: the limit on the size of files stands for it.
    let full = place.shell(&format!("ulimit -f 0; {WRITE}")).unwrap();
    assert_eq!(full.status, 1, "{full}");
    assert_eq!(fs::read(place.join("ca.crl")).unwrap(), before);

    if !is_root() {
        fs::create_dir(place.join("closed")).unwrap();
        fs::set_permissions(place.join("closed"), Permissions::from_mode(0o500)).unwrap();
        let closed = place.shell(&WRITE.replace("ca.crl", "closed/ca.crl")).unwrap();
        assert_eq!(closed.status, 1, "{closed}");
    }
    let left: Vec<_> = fs::read_dir(place.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name.contains("ca.crl"))
        .collect();
    assert_eq!(left, ["ca.crl"]);
}
