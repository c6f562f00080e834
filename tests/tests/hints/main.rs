//! The traps that users report: each prints a hint on standard error and changes nothing
//! else; with `-strict` it is an error before a key is created.

#![allow(clippy::panic, clippy::unwrap_used, reason = "functions of tests")]

mod kinds;
mod replaced;
mod words;

use rcfssl_tests::Workplace;
use rcfssl_tests::made;
use rcfssl_tests::openssl::in_folder;

const GENCERT: &str = "gencert -ca ca.pem -ca-key ca-key.pem -config config.json";

/// A line after `rcfssl`, and its hint; times are replaced by `TIME`.
const TRAPS: [(&str, &str); 30] = [
    (
        "GENCERT twice.json",
        "twice.json, line 2: the key \"cn\" is given twice; the last one counts",
    ),
    (
        "GENCERT letters.json",
        "letters.json, line 1: unknown key \"names.S\" (did you mean \"ST\"?) is ignored",
    ),
    (
        "GENCERT nobody.json",
        "the request has no CN, names or hosts: the certificate will not identify anyone",
    ),
    (
        "genkey nobody.json",
        "the request has no CN, names or hosts: the certificate will not identify anyone",
    ),
    (
        "GENCERT -hostname 10.0.0.300 leaf.json",
        "the host \"10.0.0.300\" is not a valid IP address and becomes a DNS name",
    ),
    (
        "GENCERT port.json",
        "the host \"a.example:443\" has a port: write \"a.example\"",
    ),
    (
        "selfsign host port.json",
        "the host \"a.example:443\" has a port: write \"a.example\"",
    ),
    (
        "sign -hostname https://a.example -ca ca.pem -ca-key ca-key.pem -config config.json plain.csr",
        "the host \"https://a.example\" is a URL, which TLS clients do not compare with the server's name: write \"a.example\"",
    ),
    (
        "gencert -config config.json -ca other.pem -ca-key other-key.pem leaf.json",
        "other.pem is not a CA certificate: clients reject what it signs",
    ),
    (
        "gencert -config config.json -ca old.pem -ca-key old-key.pem leaf.json",
        "the CA certificate old.pem expired at TIME: clients reject what it signs; renew it with gencert -renewca",
    ),
    (
        "gencert -config config.json -ca early.pem -ca-key early-key.pem leaf.json",
        "the CA certificate early.pem is not valid before TIME: is the clock right? It says TIME",
    ),
    (
        "GENCERT -profile nope leaf.json",
        "unknown profile \"nope\": the configuration defines long, odd, ca; the default profile is used",
    ),
    (
        "GENCERT -profile odd leaf.json",
        "unknown usages are ignored: \"clent auth\" (did you mean \"client auth\"?), \"zzz\"; valid are KNOWN",
    ),
    (
        "GENCERT unknown.json",
        "unknown.json, line 3: unknown key \"host\" (did you mean \"hosts\"?) is ignored",
    ),
    (
        "gencert -ca ca.pem -ca-key ca-key.pem -config unknown-config.json leaf.json",
        "unknown-config.json, line 2: unknown key \"signing.default.expires\" (did you mean \"expiry\"?) is ignored",
    ),
    (
        "GENCERT -profile long leaf.json",
        "the certificate expires at TIME, but its CA already at TIME: use a profile with a shorter expiry, or renew the CA first (gencert -renewca)",
    ),
    (
        "gencert -initca -config config.json -profile long -ca ca.pem root.json",
        "-initca creates a self-signed CA and ignores -config, -profile, -ca",
    ),
    (
        "GENCERT empty.json",
        "an empty string in \"hosts\" becomes an empty DNS name; leave \"hosts\" out for none",
    ),
    (
        "GENCERT -hostname a.example,,b.example leaf.json",
        "an empty string in \"hosts\" becomes an empty DNS name; leave \"hosts\" out for none",
    ),
    (
        "gencert -initca named.json",
        "a CA certificate keeps only IP addresses and drops a.example",
    ),
    (
        "GENCERT -profile ca named.json",
        "a CA certificate keeps only IP addresses and drops a.example",
    ),
    (
        "sign -ca ca.pem -ca-key ca-key.pem -config config.json other.csr",
        "alternative names of these types are dropped: otherName, directoryName, registeredID",
    ),
    (
        "genkey empty.json",
        "an empty string in \"hosts\" becomes an empty DNS name; leave \"hosts\" out for none",
    ),
    (
        "genkey -initca named.json",
        "a CA certificate keeps only IP addresses and drops a.example",
    ),
    (
        "genkey -initca -config config.json -ca ca.pem root.json",
        "-initca creates a self-signed CA and ignores -config, -ca",
    ),
    (
        "selfsign -config config.json -profile odd host leaf.json",
        "unknown usages are ignored: \"clent auth\" (did you mean \"client auth\"?), \"zzz\"; valid are KNOWN",
    ),
    (
        "info -ca ca.pem -ca-key ca-key.pem -config config.json -profile odd",
        "unknown usages are ignored: \"clent auth\" (did you mean \"client auth\"?), \"zzz\"; valid are KNOWN",
    ),
    (
        "info -ca ca.pem -ca-key ca-key.pem -config config.json -profile nope",
        "unknown profile \"nope\": the configuration defines long, odd, ca; the default profile is used",
    ),
    (
        "gencsr -key other-key.pem -cert other.pem",
        "alternative names of these types are dropped: otherName, directoryName, registeredID",
    ),
    (
        "gencert leaf.json",
        "-ca is missing: nothing is signed (cfssl exits with status 0 here)",
    ),
];

fn place() -> Workplace {
    let place = Workplace::new().unwrap();
    let key = r#""key": {"algo": "ecdsa", "size": 256}"#;
    for (name, contents) in [
        ("root.json", format!(r#"{{"CN": "Root", {key}}}"#)),
        ("leaf.json", format!(r#"{{"CN": "leaf", "hosts": ["a.example"], {key}}}"#)),
        ("named.json", format!(r#"{{"CN": "named", "hosts": ["a.example", "10.0.0.1"], {key}}}"#)),
        ("empty.json", format!(r#"{{"CN": "leaf", "hosts": ["a.example", ""], {key}}}"#)),
        ("unknown.json", format!("{{\"CN\": \"leaf\",\n{key},\n\"host\": [\"a.example\"]}}")),
        ("twice.json", format!("{{\"CN\": \"a\", {key},\n\"cn\": \"leaf\"}}")),
        ("letters.json", format!(r#"{{"CN": "leaf", "names": [{{"S": "Ohio"}}], {key}}}"#)),
        ("nobody.json", format!("{{{key}}}")),
        ("port.json", format!(r#"{{"CN": "leaf", "hosts": ["a.example:443"], {key}}}"#)),
        ("same.json", format!(r#"{{"CN": "Root", "hosts": ["a.example"], {key}}}"#)),
        (
            "config.json",
            r#"{"signing": {"default": {"expiry": "1h", "usages": ["signing"]}, "profiles": {
                "long": {"expiry": "900000h", "usages": ["signing"]},
                "odd": {"expiry": "1h", "usages": ["signing", "clent auth", "zzz"]},
                "ca": {"expiry": "1h", "usages": ["cert sign"], "ca_constraint": {"is_ca": true}}
            }}}"#
            .to_owned(),
        ),
        (
            "unknown-config.json",
            "{\"signing\": {\"default\": {\"expiry\": \"1h\", \"usages\": [\"signing\"],\n\"expires\": \"2h\"}}}".to_owned(),
        ),
        (
            "other.cnf",
            "[req]\ndistinguished_name = dn\n[dn]\n[ext]\nsubjectAltName = DNS:a.example, \
             otherName:1.2.3;UTF8:me, dirName:dir, RID:1.2.3.4\n[dir]\nCN = me\n"
                .to_owned(),
        ),
    ] {
        place.write(name, contents).unwrap();
    }
    place
        .shell("rcfssl gencert -initca root.json | rcfssljson -bare ca")
        .unwrap()
        .ok()
        .unwrap();
    let make = "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout other-key.pem -subj /CN=other \
                -config other.cnf -reqexts ext -out other.csr";
    in_folder(&place.path(), &make.split(' ').collect::<Vec<_>>()).unwrap();
    let make =
        "req -x509 -key other-key.pem -subj /CN=other -config other.cnf -extensions ext -out other.pem";
    in_folder(&place.path(), &make.split(' ').collect::<Vec<_>>()).unwrap();
    let make = "req -new -key other-key.pem -subj /CN=other -out plain.csr";
    in_folder(&place.path(), &make.split(' ').collect::<Vec<_>>()).unwrap();
    for (name, begin, end) in [("old", -9, -1), ("early", 2, 9)] {
        let mut params = made::authority(name);
        made::good_for(&mut params, begin, end);
        let root = made::Made::self_signed(params).unwrap();
        place.write(&format!("{name}.pem"), root.pem()).unwrap();
        place.write(&format!("{name}-key.pem"), root.key_pem()).unwrap();
    }
    place
}

fn line(trap: &str) -> String {
    format!("rcfssl {}", trap.replace("GENCERT", GENCERT))
}

/// Standard error with times replaced.
fn told(err: &str) -> String {
    let time = regex::Regex::new(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ").unwrap();
    let known = regex::Regex::new(r"; valid are [a-z ,/]*client auth[a-z ,/]*").unwrap();
    let err = known.replace_all(err, "; valid are KNOWN");
    time.replace_all(&err, "TIME").into_owned()
}

#[test]
fn each_trap_is_hinted_at() {
    let place = place();
    for (trap, hint) in TRAPS {
        let step = place.call(&line(trap)).unwrap();
        assert_eq!(step.status, 0, "{trap}: {}", step.err());
        let err = told(&step.err());
        assert_eq!(
            err.lines().last(),
            Some(format!("hint: {hint}").as_str()),
            "{trap}"
        );
        assert_eq!(err.matches("hint: ").count(), 1, "{trap}: {err}");
        assert!(!step.out().contains("hint"), "{trap}");

        let quiet = place
            .call(&line(&trap.replacen(' ', " -loglevel 3 ", 1)))
            .unwrap();
        assert_eq!(quiet.status, 0, "{trap}");
        assert!(!quiet.err().contains("hint"), "{trap}: {}", quiet.err());
        assert_eq!(quiet.out().is_empty(), step.out().is_empty(), "{trap}");
    }
}

#[test]
fn each_trap_is_an_error_under_strict() {
    let place = place();
    let before = place.tree().unwrap();
    for (trap, error) in TRAPS {
        let first = place.call(&line(trap)).unwrap();
        let flag = line(&trap.replace("GENCERT", GENCERT).replacen(' ', " -strict ", 1));
        for strict in [flag, format!("RCFSSL_STRICT=1 {}", line(trap))] {
            let step = place.shell(&strict).unwrap();
            assert_eq!(step.status, 1, "{strict}");
            assert_eq!(step.out(), "", "{strict}");
            let err = told(&step.err());
            assert_eq!(err.lines().last(), Some(error), "{strict}");
            // The log lines up to that point, and none about a key.
            assert!(!err.contains("hint"), "{err}");
            assert!(!err.contains("generating key"), "{err}");
            assert!(!err.contains("signed certificate"), "{err}");
            let log = step.log();
            let there = log.len() - 1;
            assert_eq!(log[..there], first.log()[..there], "{strict}");
        }
    }
    assert!(place.tree().unwrap() == before);
}

#[test]
fn the_flag_overrides_the_variable() {
    let place = place();
    let trap = "genkey empty.json";
    for (variable, flag, status) in [
        ("1", "", 1),
        ("true", "", 1),
        ("yes", "", 1),
        ("0", "", 0),
        ("false", "", 0),
        ("", "", 0),
        ("1", "-strict=false ", 0),
        ("0", "-strict ", 1),
    ] {
        let line = format!(
            "RCFSSL_STRICT={variable} rcfssl {}",
            trap.replacen(' ', &format!(" {flag}"), 1)
        );
        assert_eq!(place.shell(&line).unwrap().status, status, "{line}");
    }
    // The sibling tools always exit with 0, except for a trap.
    let newkey = |line: &str| place.shell(line).unwrap().status;
    assert_eq!(newkey("RCFSSL_STRICT=1 cfssl-newkey unknown.json"), 1);
    assert_eq!(newkey("RCFSSL_STRICT=1 cfssl-newkey missing.json"), 0);
    assert_eq!(newkey("cfssl-newkey unknown.json"), 0);
}

/// If every usage is unknown, cfssl's own error follows the hint; with `-strict` no key is
/// created for it.
#[test]
fn a_profile_with_only_unknown_usages_is_explained() {
    let place = place();
    let config = r#"{"signing": {"default": {"expiry": "1h", "usages": ["Signing"]}}}"#;
    place.write("none.json", config).unwrap();
    let step = place
        .call("rcfssl gencert -ca ca.pem -ca-key ca-key.pem -config none.json leaf.json")
        .unwrap();
    assert_eq!(step.status, 1);
    assert!(step.err().contains(r#""code":5100"#), "{}", step.err());
    assert!(
        step.err()
            .contains("hint: unknown usages are ignored: \"Signing\" (did you mean \"signing\"?)")
    );
    let step = place
        .call("rcfssl gencert -strict -ca ca.pem -ca-key ca-key.pem -config none.json leaf.json")
        .unwrap();
    assert_eq!(step.status, 1);
    assert_eq!(step.err().lines().count(), 1, "{}", step.err());
}

#[test]
fn strict_changes_nothing_without_a_trap() {
    let place = place();
    let plain = place.call(&line("GENCERT leaf.json")).unwrap().ok().unwrap();
    for strict in [
        line("GENCERT -strict leaf.json"),
        format!("RCFSSL_STRICT=1 {}", line("GENCERT leaf.json")),
        format!("RCFSSL_STRICT=1 {}", line("GENCERT -strict=true leaf.json")),
    ] {
        let step = place.shell(&strict).unwrap().ok().unwrap();
        assert_eq!(step.log().len(), plain.log().len());
        let keys = |out: &str| {
            let value: serde_json::Value = serde_json::from_str(out).unwrap();
            value.as_object().unwrap().keys().cloned().collect::<Vec<_>>()
        };
        assert_eq!(keys(&step.out()), keys(&plain.out()));
    }
}
