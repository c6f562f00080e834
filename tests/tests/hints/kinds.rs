//! Files of the wrong kind are named for what they are.

use std::fs;

use super::{line, place};

/// The hints for a line that fails, or continues with status 0 as in cfssl.
fn hints(line: &str) -> Vec<String> {
    let place = place();
    let request = place.read("leaf.json").unwrap();
    place.write("bom.json", format!("\u{feff}{request}")).unwrap();
    let utf16: Vec<u8> = request.encode_utf16().flat_map(u16::to_le_bytes).collect();
    fs::write(place.join("utf16.json"), [&b"\xff\xfe"[..], &utf16].concat()).unwrap();
    place
        .write("request.yaml", "CN: leaf\nhosts:\n- a.example\n")
        .unwrap();
    place.write("hosts.csv", "name,host\na,a.example\n").unwrap();
    place.write("jobs.json", r#"{"organizations": []}"#).unwrap();
    place.write("empty.pem", "").unwrap();
    place
        .write(
            "years.json",
            "{\"signing\": {\"default\": {\n\"usages\": [\"signing\"],\n\"expiry\": \"5 years\"}}}",
        )
        .unwrap();
    place
        .write(
            "algorithm.json",
            r#"{"CN": "x", "key": {"algo": "dsa", "size": 1024}}"#,
        )
        .unwrap();
    place
        .write("ca-years.json", r#"{"CN": "x", "ca": {"expiry": "10 years"}}"#)
        .unwrap();
    place
        .write("subject.json", r#"{"CN": "x", "hosts": ["a.example"]}"#)
        .unwrap();
    place
        .shell("rcfssl gencert -initca root.json > made.json; openssl pkcs12 -export -nokeys -in ca.pem -passout pass:x -out ca.p12")
        .unwrap()
        .ok()
        .unwrap();
    let step = place.call(line).unwrap();
    let err = step.err();
    let hints = err.lines().filter_map(|line| line.strip_prefix("hint: "));
    hints.map(str::to_owned).collect()
}

#[test]
fn the_actual_kind_of_a_file_is_named() {
    let files = "-ca ca.pem -ca-key ca-key.pem";
    for (arguments, hint) in [
        (
            "genkey bom.json",
            "bom.json is text with a byte order mark, not a request as JSON; save it as UTF-8 without BOM",
        ),
        (
            "genkey utf16.json",
            "utf16.json is UTF-16 text, not a request as JSON; save it as UTF-8",
        ),
        ("genkey ca.pem", "ca.pem is a certificate, not a request as JSON"),
        (
            "genkey request.yaml",
            "request.yaml is YAML, not a request as JSON; write it as JSON",
        ),
        (
            "genkey hosts.csv",
            "hosts.csv is CSV, not a request as JSON; write it as JSON",
        ),
        (
            "genkey config.json",
            "config.json is a configuration, not a request as JSON; use it with -config",
        ),
        (
            "genkey made.json",
            "made.json is the output of rcfssl, not a request as JSON; `rcfssljson -bare NAME -f made.json` writes its parts to files",
        ),
        (
            "gencert -config leaf.json leaf.json",
            "leaf.json is a request as JSON, not a configuration",
        ),
        (
            "gencert -config ca.pem leaf.json",
            "ca.pem is a certificate, not a configuration",
        ),
        (
            "gencert -config none.json leaf.json",
            "open none.json: no such file or directory",
        ),
        (
            "gencert -config years.json leaf.json",
            "years.json, line 3: \"expiry\": \"5 years\" is not a duration; write 5y or 43800h",
        ),
        (
            "gencert -initca ca-years.json",
            "ca-years.json, line 1: \"expiry\": \"10 years\" is not a duration; write 10y or 87600h",
        ),
        (
            "genkey algorithm.json",
            "\"key\" may be \"algo\": \"rsa\" with \"size\" 2048 to 8192, \"ecdsa\" with 256, 384 or 521, or \"ed25519\"",
        ),
        (
            "gencert -ca ca-key.pem -ca-key ca.pem leaf.json",
            "ca-key.pem is a private key and ca.pem a certificate: swap -ca and -ca-key",
        ),
        (
            "gencert -ca ca.p12 -ca-key ca-key.pem leaf.json",
            "ca.p12 is a PKCS#12 file, not a certificate in PEM format; `openssl pkcs12 -in ca.p12 -noenc` prints its contents as PEM",
        ),
        (
            "gencert -ca ca.pem -ca-key other.csr leaf.json",
            "other.csr is a certificate request in PEM format, not a private key in PEM format",
        ),
        (
            "certinfo -cert ca-key.pem",
            "ca-key.pem is a private key, not a certificate in PEM format",
        ),
        (
            "certinfo -cert empty.pem",
            "empty.pem is empty, not a certificate in PEM format",
        ),
        (
            "certinfo -csr ca.pem",
            "ca.pem is a certificate, not a certificate request in PEM format",
        ),
        (
            "gencsr -key ca.pem leaf.json",
            "ca.pem is a certificate, not a private key in PEM format",
        ),
        (
            "sign FILES leaf.json",
            "leaf.json is a request as JSON, not a certificate request in PEM format",
        ),
        (
            "sign FILES other.csr subject.json",
            "subject.json: sign ignores hosts; of a subject it uses CN, SerialNumber and, of names, C, ST, L, O and OU; \
             -hostname sets the hosts",
        ),
    ] {
        let line = format!("rcfssl {}", arguments.replace("FILES", files));
        let found = hints(&line);
        assert!(found.iter().any(|found| found == hint), "{line}: {found:?}");
    }
}

/// A document of another kind is parsed as if it were empty, without an error; with
/// `-strict` it is an error.
#[test]
fn a_configuration_for_a_request_is_an_error_under_strict() {
    let place = place();
    let step = place.call(&line("GENCERT -strict config.json")).unwrap();
    assert_eq!((step.status, step.out().as_str()), (1, ""), "{step}");
    assert!(
        step.err()
            .contains("config.json is a configuration, not a request"),
        "{step}"
    );
}

#[test]
fn a_jobs_document_needs_its_flag() {
    let place = place();
    place.write("jobs.json", r#"{"organizations": []}"#).unwrap();
    let step = place.call("rcfssl renew jobs.json").unwrap();
    assert_eq!(step.status, 1);
    assert_eq!(
        step.err(),
        "jobs.json is a jobs document: use `rcfssl renew -jobs jobs.json`\n"
    );
}

/// Users often pass a whole request as the subject.
#[test]
fn sign_names_the_keys_of_a_subject_that_it_ignores() {
    let place = place();
    place
        .shell("rcfssl genkey leaf.json | rcfssljson -bare other")
        .unwrap()
        .ok()
        .unwrap();
    let subject = r#"{"cn": "x", "Hosts": ["a.example"], "key": {"algo": "ecdsa", "size": 256}, "colour": 1,
        "names": [{"O": "x", "E": "a@b.example", "OID": {"1.2.3.4": "y"}}]}"#;
    place.write("whole.json", subject).unwrap();
    let sign = |flags: &str| {
        let line = format!("rcfssl sign {flags} -ca ca.pem -ca-key ca-key.pem other.csr whole.json");
        place.call(&line).unwrap()
    };
    let unused = "whole.json: sign ignores hosts, key, names.E, names.OID; of a subject it uses CN, SerialNumber and, of \
                  names, C, ST, L, O and OU; -hostname sets the hosts";
    let step = sign("").ok().unwrap();
    assert!(step.err().contains(&format!("hint: {unused}\n")), "{step}");
    assert!(step.err().contains("unknown key \"colour\" is ignored"), "{step}");
    place
        .write("whole.json", subject.replace(r#""colour": 1,"#, ""))
        .unwrap();
    let step = sign("-strict");
    assert_eq!((step.status, step.out().as_str()), (1, ""));
    assert!(step.err().contains(unused), "{step}");
}
