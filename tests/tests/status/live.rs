//! What a live responder answers.

use rcfssl_tests::servers::Served;
use rcfssl_tests::servers::database::{Database, Kind, missing};
use rcfssl_tests::skip::skipped;
use rcfssl_tests::{Result, ensure};

use super::{OCSPSERVE, ask, issue, place, revoke, soon, url};

#[test]
fn a_revocation_by_another_process_shows_within_a_second() {
    for delegated in [
        "",
        " -responder ca-responder.pem -responder-key ca-responder-key.pem",
    ] {
        let place = place().unwrap();
        issue(&place, "ca", "leaf").unwrap();
        issue(&place, "ca", "next").unwrap();
        let server = Served::start_line(&place, &format!("{OCSPSERVE}{delegated}")).unwrap();
        for (nonce, name) in [("", "leaf"), ("-no_nonce", "next")] {
            let said = || ask(&place, &url(&server, ""), "ca", name, nonce);
            assert!(said().unwrap().contains(&format!("{name}.pem: good")));
            revoke(&place, name, "keyCompromise").unwrap();
            let said = soon(&format!("{name}.pem: revoked"), said).unwrap();
            assert!(said.contains("Reason: keyCompromise"), "{said}");
            assert!(said.contains("Revocation Time:"), "{said}");
        }
        let carried = ask(&place, &url(&server, ""), "ca", "leaf", "").unwrap();
        assert_eq!(
            carried.contains("OCSP No Check"),
            !delegated.is_empty(),
            "{carried}"
        );
    }
}

#[test]
fn every_database_is_asked() {
    for kind in [Kind::Postgres, Kind::MariaDb] {
        if let Some(program) = missing(kind) {
            skipped(&format!("there is no {program}")).unwrap();
            continue;
        }
        let database = Database::start(kind).unwrap();
        on(&database).unwrap();
    }
}

fn on(database: &Database) -> Result<()> {
    let place = place()?;
    database.create("live")?;
    place.write("db.json", database.document("live", None, ""))?;
    place.shell("rcfssl db create -db-config db.json")?.ok()?;
    issue(&place, "ca", "leaf")?;
    let server = Served::start_line(&place, &format!("{OCSPSERVE} -crl-path /crl"))?;
    let said = || ask(&place, &url(&server, ""), "ca", "leaf", "-no_nonce");
    ensure!(said()?.contains("leaf.pem: good"));
    revoke(&place, "leaf", "superseded")?;
    ensure!(soon("leaf.pem: revoked", said)?.contains("Reason: superseded"));
    let line = format!(
        "curl -sf {} | openssl crl -inform der -noout -text",
        url(&server, "/crl")
    );
    let list = soon("Superseded", || Ok(place.shell(&line)?.ok()?.out()))?;
    ensure!(list.contains("Revoked Certificates"), "{list}");
    Ok(())
}

#[test]
fn each_hash_and_several_certificates_are_answered() {
    let place = place().unwrap();
    for name in ["one", "two"] {
        issue(&place, "ca", name).unwrap();
    }
    issue(&place, "other", "foreign").unwrap();
    revoke(&place, "two", "superseded").unwrap();
    let server = Served::start_line(&place, OCSPSERVE).unwrap();
    let url = url(&server, "");
    for hash in ["-sha1", "-sha256", "-sha384", "-sha512"] {
        let said = ask(&place, &url, "ca", "one", hash).unwrap();
        assert!(said.contains("one.pem: good"), "{hash}: {said}");
    }
    let said = ask(&place, &url, "ca", "one", "-cert two.pem -serial 0x1234").unwrap();
    for line in ["two.pem: revoked", "0x1234: unknown", "one.pem: good"] {
        assert!(said.contains(line), "{line}: {said}");
    }
    // The other CA has no responder here, but its certificate may be asked for beside ours.
    let both = format!(
        "openssl ocsp -url {url} -CAfile ca.pem -issuer ca.pem -cert one.pem -issuer other.pem -cert foreign.pem 2>&1"
    );
    let said = place.shell(&both).unwrap().out();
    assert!(
        said.contains("one.pem: good") && said.contains("foreign.pem: unknown"),
        "{said}"
    );
    let line = format!("openssl ocsp -url {url} -issuer other.pem -cert foreign.pem 2>&1");
    let said = place.shell(&line).unwrap().out();
    assert!(said.contains("Responder Error: unauthorized"), "{said}");
}

#[test]
fn stored_responses_are_found_by_any_hash_of_a_known_ca() {
    let place = place().unwrap();
    issue(&place, "ca", "leaf").unwrap();
    let refresh = "rcfssl ocsprefresh -db-config db.json -ca ca.pem -responder ca-responder.pem \
                   -responder-key ca-responder-key.pem";
    place.shell(refresh).unwrap().ok().unwrap();
    for (flags, sha256) in [("", ":06"), ("-ca ca.pem", ":00")] {
        let line = format!("exec rcfssl ocspserve -port $PORT -db-config db.json {flags}");
        let server = Served::start_line(&place, &line).unwrap();
        for (hash, want) in [("-sha1", ":00"), ("-sha256", sha256)] {
            let line = format!(
                "openssl ocsp {hash} -issuer ca.pem -cert leaf.pem -no_nonce -reqout r.der && \
                 curl -sf --data-binary @r.der {} -o a.der && openssl asn1parse -inform der -in a.der",
                url(&server, "")
            );
            let said = place.shell(&line).unwrap().ok().unwrap().out();
            let status = said.lines().find(|line| line.contains("ENUMERATED")).unwrap();
            assert!(status.ends_with(want), "{flags} {hash}: {status}");
        }
        let head = format!(
            "curl -sI {}$(base64 -w0 r.der | sed 's,/,%2F,g; s,+,%2B,g')",
            url(&server, "/")
        );
        assert!(
            place
                .shell(&head)
                .unwrap()
                .ok()
                .unwrap()
                .out()
                .starts_with("HTTP/1.1 200")
        );
    }
}

#[test]
fn the_responder_is_named_by_its_key_on_request() {
    let place = place().unwrap();
    issue(&place, "ca", "leaf").unwrap();
    let server = Served::start_line(&place, &format!("{OCSPSERVE} -responder-id key -interval 2h")).unwrap();
    let said = ask(&place, &url(&server, ""), "ca", "leaf", "").unwrap();
    let name = said.lines().find(|line| line.contains("Responder Id:")).unwrap();
    let hash = name.trim().strip_prefix("Responder Id: ").unwrap();
    assert!(
        hash.len() == 40 && hash.bytes().all(|digit| digit.is_ascii_hexdigit()),
        "{name}"
    );
    let hours = "date -u +%s -d \"$(openssl ocsp -url URL -issuer ca.pem -CAfile ca.pem -cert leaf.pem 2>&1 | sed -n 's/.*FIELD Update: //p')\"";
    let moment = |field: &str| -> i64 {
        let line = hours.replace("URL", &url(&server, "")).replace("FIELD", field);
        place
            .shell(&line)
            .unwrap()
            .ok()
            .unwrap()
            .out()
            .trim()
            .parse()
            .unwrap()
    };
    let lifetime = moment("Next") - moment("This");
    assert!((7198..=7202).contains(&lifetime), "{lifetime}");
}

#[test]
fn gets_may_be_cached_and_have_slashes() {
    let place = place().unwrap();
    issue(&place, "ca", "leaf").unwrap();
    let server = Served::start_line(&place, &format!("{OCSPSERVE} -path /ocsp")).unwrap();
    place
        .shell("openssl ocsp -issuer ca.pem -cert leaf.pem -no_nonce -reqout request.der")
        .unwrap()
        .ok()
        .unwrap();
    let base64 = place.shell("base64 -w0 request.der").unwrap().ok().unwrap().out();
    let escaped = base64.replace('/', "%2F").replace('+', "%2B").replace('=', "%3D");
    let heads: Vec<String> = [
        format!("/ocsp/{base64}"),
        format!("/ocsp/{escaped}"),
        format!("/ocsp//{base64}"),
    ]
    .iter()
    .map(|path| {
        let answer = server.get(path).unwrap();
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer.head.to_lowercase()
    })
    .collect();
    for field in [
        "content-type: application/ocsp-response",
        "cache-control: max-age=3600, public, no-transform, must-revalidate",
        "last-modified: ",
        " gmt",
    ] {
        assert!(heads[0].contains(field), "{field}: {}", heads[0]);
    }
    let tag = |head: &str| {
        let line = head.lines().find_map(|line| line.strip_prefix("etag: "));
        line.unwrap().to_uppercase()
    };
    assert_eq!(tag(&heads[0]), tag(&heads[1]), "cached responses are the same");
    assert_eq!(tag(&heads[0]), tag(&heads[2]));
    let of = |line: &str| place.shell(line).unwrap().ok().unwrap().out();
    let address = url(&server, &format!("/ocsp/{escaped}"));
    let status = of(&format!(
        "curl -s -o /dev/null -w '%{{http_code}}' -H 'If-None-Match: {}' {address}",
        tag(&heads[0])
    ));
    assert_eq!(status, "304");
    let head = of(&format!("curl -sI {address}")).to_lowercase();
    assert!(
        head.starts_with("http/1.1 200") && head.contains("etag: "),
        "{head}"
    );
    let posted = of(&format!(
        "curl -s --data-binary @request.der -o response.der -w '%{{http_code}}' {}",
        url(&server, "/ocsp")
    ));
    assert_eq!(posted, "200");
    of("openssl ocsp -respin response.der -issuer ca.pem -CAfile ca.pem -cert leaf.pem -no_nonce");
    for (path, status) in [
        ("/", 404),
        ("/ocsp", 400),
        ("/ocsp/%%%", 400),
        ("/ocsp/AAAA", 400),
    ] {
        assert_eq!(server.get(path).unwrap().status, status, "{path}");
    }
    // The largest nonce is repeated, a longer one refused.
    place.write("nonce.py", NONCE).unwrap();
    for (octets, said) in [
        (1, "200 True"),
        (128, "200 True"),
        (129, "400 False"),
        (0, "400 False"),
    ] {
        let line = format!("python3 nonce.py {} {octets}", url(&server, "/ocsp"));
        assert_eq!(of(&line).trim(), said, "{octets}");
    }
}

/// Adds a nonce of some octets to a request without extensions, and says whether the
/// response has it.
const NONCE: &str = r#"
import sys, urllib.request, urllib.error
url, octets = sys.argv[1], int(sys.argv[2])
def tlv(tag, body):
    n = len(body)
    length = bytes([n]) if n < 128 else bytes([0x81, n]) if n < 256 else bytes([0x82, n >> 8, n & 255])
    return bytes([tag]) + length + body
def inner(der):
    return der[2:] if der[1] < 128 else der[3:]
nonce = tlv(4, b"\7" * octets)
extension = tlv(0x30, bytes.fromhex("06092b0601050507300102") + tlv(4, nonce))
body = inner(inner(open("request.der", "rb").read()))
request = tlv(0x30, tlv(0x30, body + tlv(0xa2, tlv(0x30, extension))))
try:
    answer = urllib.request.urlopen(urllib.request.Request(url, request))
except urllib.error.HTTPError as error:
    answer = error
print(answer.status, extension in answer.read())
"#;
