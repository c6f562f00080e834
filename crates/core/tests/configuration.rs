//! Which configurations are accepted, and why others are rejected.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test may")]

use rcfssl_core::certificate::{Names, Subject};
use rcfssl_core::{Duration, Event, Hosts, Policy, Profile};

fn read(configuration: &str) -> Result<(Policy, Vec<Event>), String> {
    let mut events = Vec::new();
    let read = Policy::read(configuration.as_bytes(), &(), &mut |event| events.push(event));
    let (policy, _) = read.map_err(|error| error.message().into_owned())?;
    Ok((policy, events))
}

fn allows(profile: &Profile, host: &str) -> bool {
    let nobody = Subject::Built(Box::default());
    profile.allows(&nobody, &Names::Built(Hosts::parse([host])))
}

/// A configuration with these additional members in its default profile.
fn with(members: &str) -> String {
    format!(r#"{{"signing": {{"default": {{"usages": ["signing"], "expiry": "1h", {members}}}}}}}"#)
}

fn refused(members: &str) -> String {
    match read(&with(members)) {
        Ok(_) => panic!("{members}"),
        Err(why) => why,
    }
}

#[test]
fn untagged_fields_of_go_have_an_effect() {
    for key in ["NameWhitelist", "namewhitelist", "NAMEWHITELIST"] {
        let (policy, _) = read(&with(&format!(r#""{key}": "^good\\.example$""#))).unwrap();
        let profile = policy.default_profile();
        assert!(allows(profile, "good.example") && !allows(profile, "bad.example"));
    }
    // The documented key takes precedence.
    let both = r#""name_whitelist": "a", "NameWhitelist": "b""#;
    let (policy, _) = read(&with(both)).unwrap();
    assert!(allows(policy.default_profile(), "a") && !allows(policy.default_profile(), "b"));
    let (policy, _) = read(&with(r#""NameWhitelist": "b", "NameWhitelist": null"#)).unwrap();
    assert!(allows(policy.default_profile(), "a"));
    for (members, backdate) in [
        (r#""Backdate": 7200000000000"#, Duration::hours(2)),
        (
            r#""Backdate": 7200000000000, "backdate": "1h""#,
            Duration::hours(1),
        ),
        (r#""Backdate": 7200000000000, "backdate": """#, Duration::hours(2)),
        (r#""Backdate": 0"#, Duration::minutes(5)),
    ] {
        let (policy, _) = read(&with(members)).unwrap();
        assert_eq!(policy.default_profile().backdate, backdate, "{members}");
    }
}

#[test]
fn their_types_are_gos() {
    let field = "json: cannot unmarshal string into Go struct field SigningProfile.signing.default.";
    for (members, why) in [
        (r#""Provider": "x""#, "Provider of type auth.Provider"),
        (r#""PrevProvider": "x""#, "PrevProvider of type auth.Provider"),
        (r#""RemoteProvider": "x""#, "RemoteProvider of type auth.Provider"),
        (r#""LintRegistry": "x""#, "LintRegistry of type lint.Registry"),
        (r#""RemoteCAs": "x""#, "RemoteCAs of type x509.CertPool"),
        (r#""ClientCert": "x""#, "ClientCert of type tls.Certificate"),
        (
            r#""ExtensionWhitelist": "x""#,
            "ExtensionWhitelist of type map[string]bool",
        ),
        (
            r#""ExtensionWhitelist": {"1.2": "x"}"#,
            "ExtensionWhitelist of type bool",
        ),
    ] {
        let told = refused(members);
        assert_eq!(
            told,
            format!("failed to unmarshal configuration: {field}{why}"),
            "{members}"
        );
    }
    let told = refused(r#""NameWhitelist": 5"#);
    assert!(
        told.contains("cannot unmarshal number") && told.ends_with("of type *regexp.Regexp"),
        "{told}"
    );
    assert_eq!(
        refused(r#""NameWhitelist": "(""#),
        "failed to unmarshal configuration: error parsing regexp: missing closing ): `(`"
    );
    let told = refused(r#""ClientCert": {"SupportedSignatureAlgorithms": [70000]}"#);
    assert!(told.ends_with("of type tls.SignatureScheme"), "{told}");
    for members in [
        r#""Provider": null, "PrevProvider": null, "RemoteProvider": null, "LintRegistry": null"#,
        r#""RemoteCAs": {}, "ClientCert": {"Certificate": ["AAAA"], "PrivateKey": 5, "Leaf": {}}"#,
        r#""ExtensionWhitelist": {"1.2.3": true}"#,
    ] {
        read(&with(members)).map(drop).unwrap();
    }
}

#[test]
fn of_two_errors_gos_first_is_reported() {
    let policies = |id: &str, rest: &str| format!(r#""policies": [{{"id": "{id}"{rest}}}]"#);
    for (id, why) in [
        (
            "1.99999999999999999999.x",
            "\"99999999999999999999\": value out of range",
        ),
        ("1.x.99999999999999999999", "\"x\": invalid syntax"),
    ] {
        let told = refused(&policies(id, ""));
        assert_eq!(
            told,
            format!("failed to unmarshal configuration: strconv.Atoi: parsing {why}")
        );
    }
    let reason = |members: &str| {
        let (policy, _) = read(&with(members)).unwrap();
        let refused = policy.default_profile().policies.as_ref().unwrap_err();
        refused.message().into_owned()
    };
    let text = r#", "qualifiers": [{"type": "id-qt-cps", "value": "ü"}]"#;
    assert_eq!(
        reason(&policies("5.1", text)),
        "asn1: structure error: invalid object identifier"
    );
    let no_type = r#", "qualifiers": [{"value": "x"}]"#;
    assert_eq!(
        reason(&policies("5.1", no_type)),
        "Invalid qualifier type in Policies "
    );
}

#[test]
fn settings_without_effect_are_reported() {
    let configuration = |default: &str, named: &str| {
        format!(
            r#"{{"signing": {{"default": {default}, "profiles": {{"q": {named}}}}}, "remotes": {{"r": "x"}}}}"#
        )
    };
    let local = r#"{"usages": ["signing"], "expiry": "1h"}"#;
    let bare = r#"{"remote": "r"}"#;
    let both = r#"{"remote": "r", "expiry": "1h"}"#;
    let told = |profile: Option<&str>| Event::LocalSettingsSkipped {
        profile: profile.map(str::to_owned),
    };
    for (default, named, events) in [
        (local, bare, vec![]),
        (local, both, vec![told(Some("q"))]),
        (both, local, vec![told(None)]),
        (both, both, vec![told(None), told(Some("q"))]),
        (local, r#"{"remote": "r", "usages": []}"#, vec![told(Some("q"))]),
        (
            local,
            r#"{"remote": "r", "ca_constraint": {"is_ca": true}}"#,
            vec![told(Some("q"))],
        ),
    ] {
        assert_eq!(
            read(&configuration(default, named)).unwrap().1,
            events,
            "{default} {named}"
        );
    }
}

#[test]
fn by_itself_a_profile_takes_nothing_from_the_default_one() {
    let configuration = r#"{"signing": {
        "default": {"usages": ["signing"], "expiry": "50h", "issuer_urls": ["http://x"]},
        "profiles": {"p": {"usages": ["signing"], "expiry": "0s"}}
    }}"#;
    let (policy, _) = read(configuration).unwrap();
    let profile = policy.profile("p").unwrap().profile;
    assert_eq!(
        (profile.expiry, profile.issuer_urls.len()),
        (Duration::hours(50), 1)
    );
    let alone = profile.by_itself();
    assert_eq!(
        (alone.expiry, alone.issuer_urls.len()),
        (Duration::hours(2190), 0)
    );
    let default = policy.default_profile().by_itself();
    assert_eq!(
        (default.expiry, default.issuer_urls.len()),
        (Duration::hours(50), 1)
    );
}

#[test]
fn ignored_lints_and_their_sources_must_be_known() {
    for members in [
        r#""ignored_lints": ["n_subject_common_name_included", " e_dnsname_not_valid_tld\t"]"#,
        r#""ignored_lint_sources": ["Mozilla", " RFC5280"], "ignored_lints": []"#,
    ] {
        read(&with(members)).unwrap();
    }
    for (members, why) in [
        (
            r#""ignored_lints": ["e_dnsname_not_valid_tld", " nope "]"#,
            "failed to build filtered lint registry: unknown lint name \"nope\"",
        ),
        (
            r#""ignored_lints": [""]"#,
            "failed to build filtered lint registry: unknown lint name \"\"",
        ),
        (
            r#""ignored_lints": ["nope"], "ignored_lint_sources": ["none"]"#,
            "failed to build excluded lint source list: unknown source \"none\"",
        ),
    ] {
        assert_eq!(refused(members), why, "{members}");
    }
}

/// The structures are those of Go's `crypto/tls` and `crypto/x509`.
#[test]
fn members_of_a_client_certificate_have_gos_types() {
    const PATH: &str = "signing.default.ClientCert.Leaf";
    let leaf = |members: &str| format!(r#""ClientCert": {{"Leaf": {{{members}}}}}"#);
    for members in [
        r#""Version": 3, "SerialNumber": 123456789012345678901234567890, "Issuer": {"CommonName": "x"}"#,
        r#""NotBefore": "2026-01-31T12:00:00Z", "KeyUsage": 5, "ExtKeyUsage": [1, 2], "IsCA": true"#,
        r#""IPAddresses": ["192.0.2.1", "::1", "", null], "URIs": [{"Host": "x", "User": {}}, null]"#,
        r#""Extensions": [{"Id": [1, 2, 3], "Value": "AAAA"}], "PublicKey": {"any": [1]}, "Raw": null"#,
        r#""PermittedIPRanges": [{"IP": "192.0.2.0", "Mask": "////AA=="}], "Policies": [{}]"#,
        r#""Subject": {"Names": [{"Type": [2, 5, 4, 3], "Value": 5}], "ExtraNames": null}"#,
    ] {
        read(&with(&leaf(members))).unwrap();
    }
    for (members, value, owner, field, kind) in [
        (r#""Version": "3""#, "string", "Certificate", "Version", "int"),
        (r#""IsCA": 1"#, "number", "Certificate", "IsCA", "bool"),
        (r#""Raw": 5"#, "number", "Certificate", "Raw", "[]uint8"),
        (
            r#""SignatureAlgorithm": "x""#,
            "string",
            "Certificate",
            "SignatureAlgorithm",
            "x509.SignatureAlgorithm",
        ),
        (
            r#""ExtKeyUsage": ["x"]"#,
            "string",
            "Certificate",
            "ExtKeyUsage",
            "x509.ExtKeyUsage",
        ),
        (
            r#""DNSNames": "x""#,
            "string",
            "Certificate",
            "DNSNames",
            "[]string",
        ),
        (r#""Issuer": []"#, "array", "Certificate", "Issuer", "pkix.Name"),
        (
            r#""Issuer": {"Country": "US"}"#,
            "string",
            "Name",
            "Issuer.Country",
            "[]string",
        ),
        (
            r#""IPAddresses": [5]"#,
            "number",
            "Certificate",
            "IPAddresses",
            "net.IP",
        ),
        (r#""URIs": ["x"]"#, "string", "Certificate", "URIs", "url.URL"),
        (
            r#""PolicyIdentifiers": ["1.2"]"#,
            "string",
            "Certificate",
            "PolicyIdentifiers",
            "asn1.ObjectIdentifier",
        ),
    ] {
        let why = format!(
            "failed to unmarshal configuration: json: cannot unmarshal {value} into Go struct field \
             {owner}.{PATH}.{field} of type {kind}"
        );
        assert_eq!(refused(&leaf(members)), why, "{members}");
    }
    for (members, why) in [
        (
            r#""SerialNumber": "1""#,
            r#"math/big: cannot unmarshal "\"1\"" into a *big.Int"#,
        ),
        (r#""IPAddresses": ["x"]"#, "invalid IP address: x"),
        (
            r#""NotAfter": 5"#,
            "Time.UnmarshalJSON: input is not a JSON string",
        ),
    ] {
        let why = format!("failed to unmarshal configuration: {why}");
        assert_eq!(refused(&leaf(members)), why, "{members}");
    }
}
