//! The effects of profiles on commands.

#![allow(clippy::unwrap_used, reason = "functions of tests")]

use rcfssl_tests::Workplace;
use rcfssl_tests::made::{Made, server};
use rcgen::{DnType, DnValue};

fn place() -> Workplace {
    let place = Workplace::new().unwrap();
    let root = Made::root("Root").unwrap();
    place.write("ca.pem", root.pem()).unwrap();
    place.write("ca-key.pem", root.key_pem()).unwrap();
    let request = r#"{"CN":"a.example","hosts":["a.example"],"key":{"algo":"ecdsa","size":256}}"#;
    place.write("csr.json", request).unwrap();
    place
}

#[test]
fn a_name_outside_the_whitelist_is_not_signed_whatever_the_case_of_the_key() {
    let place = place();
    for (key, status) in [("name_whitelist", 1), ("NameWhitelist", 1), ("namewhitelist", 1)] {
        let profile = format!(r#"{{"usages":["signing"],"expiry":"1h","{key}":"^good$"}}"#);
        let configuration = format!(r#"{{"signing":{{"default":{profile}}}}}"#);
        place.write("c.json", configuration).unwrap();
        let done = place
            .call("cfssl gencert -ca ca.pem -ca-key ca-key.pem -config c.json csr.json")
            .unwrap();
        let why = r#"{"code":5500,"message":"Request does not match policy whitelist"}"#;
        assert!(done.status == status && done.err().contains(why), "{key}: {done}");
        assert_eq!(done.out(), "");
    }
}

/// Only the other server knows the certificate with which it signs.
#[test]
fn info_never_answers_for_another_server() {
    let place = place();
    let configuration = r#"{"signing":{
        "default":{"usages":["signing"],"expiry":"1h"},
        "profiles":{"p":{"remote":"r","expiry":"1h"},"q":{"usages":["signing"],"expiry":"2h"}}
    },"remotes":{"r":"http://127.0.0.1:1"}}"#;
    place.write("c.json", configuration).unwrap();
    let info = |rest: &str| {
        place
            .call(&format!(
                "cfssl info -ca ca.pem -ca-key ca-key.pem -config c.json {rest}"
            ))
            .unwrap()
    };
    let remote = info("-profile p");
    assert_eq!((remote.status, remote.out().as_str()), (1, ""), "{remote}");
    let warning = "[WARNING] Profiles[p] points to a remote signer: The configuration value by \"usages\", ";
    let warned = |step: &rcfssl_tests::workplace::Step| {
        step.log().iter().filter(|line| line.starts_with(warning)).count()
    };
    assert_eq!(warned(&remote), 4, "{remote}");
    let local = info("-profile q").ok().unwrap();
    assert!(
        local.out().contains(r#""expiry":"2h""#) && warned(&local) == 4,
        "{local}"
    );
}

#[test]
fn selfsign_uses_only_its_profile_and_parses_its_request_again() {
    let place = place();
    let configuration = r#"{"signing":{
        "default":{"usages":["signing"],"expiry":"50h","issuer_urls":["http://issuer.example"]},
        "profiles":{"p":{"usages":["signing"],"expiry":"0s"}}
    }}"#;
    place.write("c.json", configuration).unwrap();
    let names = r#"{"CN":"x","names":[{"C":"NL","E":"a@b.example","OID":{"2.5.4.12":"Dr"}}],"key":{"algo":"ecdsa","size":256}}"#;
    place.write("names.json", names).unwrap();
    let made = place
        .shell(
            "cfssl selfsign -config c.json -profile p h names.json | cfssljson -bare x && \
             openssl x509 -in x.pem -noout -subject -text -startdate -enddate -nameopt RFC2253",
        )
        .unwrap()
        .ok()
        .unwrap();
    let shown = made.out();
    assert!(
        shown.contains("subject=CN=x,C=NL\n") && !shown.contains("issuer.example"),
        "{shown}"
    );
    let certificate = place.read("x.pem").unwrap();
    assert!(certificate.starts_with("-----BEGIN CERTIFICATE-----"));
    // 2190 hours and five minutes, from 50 hours.
    let still = place
        .shell("openssl x509 -in x.pem -noout -checkend 7800000 && ! openssl x509 -in x.pem -noout -checkend 7884400")
        .unwrap();
    assert_eq!(still.status, 0, "{still}");
    for (extensions, why) in [
        (r#""hosts":["http://ü/"]"#, "\"code\":"),
        (
            r#""extensions":[{"id":[1,2,3],"value":"MAA="},{"id":[1,2,3],"value":"MAA="}]"#,
            r#"{"code":9003,"message":"#,
        ),
    ] {
        let request = format!(r#"{{"CN":"x",{extensions},"key":{{"algo":"ecdsa","size":256}}}}"#);
        place.write("bad.json", request).unwrap();
        let refused = place.call("cfssl selfsign h bad.json").unwrap();
        assert!(
            refused.status == 1 && refused.out().is_empty() && refused.err().contains(why),
            "{refused}"
        );
    }
}

/// cfssl crashes here, so its sibling tools do not exit with 0 either.
#[test]
fn where_cfssl_crashes_nothing_is_printed() {
    let place = place();
    let root = Made::root("Root").unwrap();
    let mut params = server("a.example").unwrap();
    let three = DnType::CustomDnType(vec![1, 2, 3]);
    params
        .distinguished_name
        .push(three, DnValue::Utf8String("x".to_owned()));
    let leaf = root.sign(params).unwrap();
    place.write("root.pem", root.pem()).unwrap();
    place.write("leaf.pem", leaf.pem()).unwrap();
    let request = r#"{"CN":"x","hosts":["bücher.example"],"key":{"algo":"ecdsa","size":256}}"#;
    place.write("bad.json", request).unwrap();
    place
        .write("dns.json", request.replace("http://", "").replace('/', ""))
        .unwrap();
    for line in [
        "cfssl bundle -cert leaf.pem -ca-bundle root.pem",
        "cfssl-bundle -cert leaf.pem -ca-bundle root.pem",
        "cfssl-newkey bad.json",
        "cfssl genkey bad.json",
    ] {
        let done = place.call(line).unwrap();
        assert_eq!((done.status, done.out().as_str()), (1, ""), "{line}: {done}");
        assert!(
            !done.err().is_empty() && !done.err().contains("panicked"),
            "{line}: {done}"
        );
    }
    // cfssl does not crash here.
    let request = r#"{"CN":"x","names":[{"OID":{"1.x":"y"}}],"key":{"algo":"ecdsa","size":256}}"#;
    place.write("part.json", request).unwrap();
    assert_eq!(place.call("cfssl-newkey part.json").unwrap().status, 0);
}
