//! `copy_extensions` is safe: only the profile determines what a certificate may do and for
//! whom it is, whatever a request asks for.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use rcfssl_core::asn1;
use rcfssl_core::certificate::Serial;
use rcfssl_core::csr::Content;
use rcfssl_core::extension::{self, Extension};
use rcfssl_core::key::{self, Curve, KeySpec};
use rcfssl_core::name::Subject;
use rcfssl_core::oid::{self, Oid};
use rcfssl_core::{Authority, Certificate, Csr, Hosts, Overrides, Policy, Request, Wanted};
use time::OffsetDateTime;

const CONFIG: &str = r#"{"signing":{"default":{
    "expiry":"1h", "usages":["signing","server auth"], "copy_extensions":true,
    "crl_url":"http://crl.example", "ocsp_url":"http://ocsp.example",
    "policies":[{"id":"1.2.3.4"}]
}}}"#;

/// Signs a request for these extensions with a profile that copies them.
fn certificate(extensions: Vec<Extension>) -> Certificate {
    let key = key::generate(KeySpec::Ecdsa(Curve::P256)).unwrap();
    let root = Request::read(br#"{"CN":"root"}"#)
        .unwrap()
        .0
        .root_profile()
        .unwrap();
    let subject = Subject {
        common_name: "root".into(),
        ..Subject::default()
    };
    let content = Content {
        subject,
        ..Content::default()
    };
    let csr = Csr::make(&content, &key).unwrap();
    let now = OffsetDateTime::now_utc();
    let own = Authority::self_signed(&key)
        .sign(&csr, &root, &Overrides::default(), now, &mut |_| {})
        .unwrap();
    let issuer = Certificate::read(&own.der).unwrap();

    let subject = Subject {
        common_name: "leaf".into(),
        ..Subject::default()
    };
    let content = Content {
        subject,
        hosts: Hosts::parse(["leaf.example"]),
        extensions,
    };
    let leaf_key = key::generate(KeySpec::Ecdsa(Curve::P256)).unwrap();
    let csr = Csr::make(&content, &leaf_key).unwrap();
    let (policy, _) = Policy::read(CONFIG.as_bytes(), &(), &mut |_| {}).unwrap();
    let authority = Authority::new(&issuer, &key);
    let serial = Serial::random().unwrap();
    let profile = policy.default_profile();
    let wanted = Wanted::of_csr(&csr, profile).unwrap();
    let decided = authority
        .decide(wanted, profile, now, serial, &mut |_| {})
        .unwrap();
    let issued = authority.issue(&decided, &mut |_| {}).unwrap();
    Certificate::read(&issued.der).unwrap()
}

fn extension(oid: Oid, value: &[u8]) -> Extension {
    Extension {
        oid,
        critical: true,
        value: value.to_vec(),
    }
}

fn shape(certificate: &Certificate) -> Vec<(String, bool)> {
    certificate
        .extensions
        .iter()
        .map(|e| (e.oid.to_string(), e.critical))
        .collect()
}

#[test]
fn a_private_extension_is_copied_unchanged() {
    let plain = certificate(Vec::new());
    let own = Oid::from_arcs(&[1, 2, 3, 4, 5]).unwrap();
    let copied = certificate(vec![extension(own.clone(), &[5, 0])]);
    assert_eq!(copied.extension(&own), Some(&[5, 0][..]));
    assert_eq!(copied.extensions.len(), plain.extensions.len() + 1);
    assert!(copied.extensions.iter().any(|e| e.oid == own && e.critical));
}

#[test]
fn extensions_reserved_for_the_profile_are_never_copied() {
    let usage = asn1::encode(|w| w.named_bits(0b110_0000));
    let any_purpose = asn1::encode(|w| w.sequence(|w| w.oid(&Oid::from_arcs(&[2, 5, 29, 37, 0]).unwrap())));
    let url = ["http://evil.example".to_owned()];
    let names = asn1::encode(|w| extension::write_subject_alt_name(w, &Hosts::parse(["evil.example"])));
    let tries = [
        (oid::KEY_USAGE, usage),
        (oid::EXTENDED_KEY_USAGE, any_purpose),
        (
            oid::SUBJECT_KEY_IDENTIFIER,
            asn1::encode(|w| w.octet_string(&[1; 20])),
        ),
        (oid::AUTHORITY_KEY_IDENTIFIER, vec![0x30, 0x03, 0x80, 0x01, 0x01]),
        (oid::ISSUER_ALT_NAME, names.clone()),
        (oid::NAME_CONSTRAINTS, vec![0x30, 0]),
        (
            oid::CRL_DISTRIBUTION_POINTS,
            asn1::encode(|w| extension::write_crl_distribution_points(w, &url)),
        ),
        (
            oid::FRESHEST_CRL,
            asn1::encode(|w| extension::write_crl_distribution_points(w, &url)),
        ),
        (
            oid::AUTHORITY_INFORMATION_ACCESS,
            asn1::encode(|w| extension::write_authority_info_access(w, &url, &url)),
        ),
        (oid::SUBJECT_INFORMATION_ACCESS, vec![0x30, 0]),
        (oid::CERTIFICATE_POLICIES, vec![0x30, 0]),
        (oid::POLICY_MAPPINGS, vec![0x30, 0]),
        (oid::POLICY_CONSTRAINTS, vec![0x30, 0]),
        (oid::INHIBIT_ANY_POLICY, vec![2, 1, 0]),
        (oid::OCSP_NO_CHECK, vec![5, 0]),
        (oid::OLD_BASIC_CONSTRAINTS, vec![0x30, 0]),
        (oid::OLD_KEY_USAGE_RESTRICTION, vec![0x30, 0]),
        (oid::PRIVATE_KEY_USAGE_PERIOD, vec![0x30, 0]),
        (oid::PROXY_CERT_INFO, vec![0x30, 0]),
        (oid::IP_ADDRESS_BLOCKS, vec![0x30, 0]),
        (oid::AUTONOMOUS_SYSTEMS, vec![0x30, 0]),
        (oid::APPLICATION_POLICIES, vec![0x30, 0]),
        (oid::SECURITY_IDENTIFIER, vec![0x30, 0]),
        (oid::CT_POISON, vec![5, 0]),
        (oid::OLD_SUBJECT_ALT_NAME, names.clone()),
        (oid::OLD_PROXY_CERT_INFO, vec![0x30, 0]),
        (oid::QUALIFIED_STATEMENTS, vec![0x30, 0]),
        (oid::TELEPHONE_NUMBERS, vec![0x30, 0]),
        (oid::MICROSOFT_TEMPLATE_NAME, vec![0x1e, 0]),
        (oid::MICROSOFT_TEMPLATE, vec![0x30, 0]),
        (oid::MICROSOFT_CROSS_CERTIFICATES, vec![0x30, 0]),
        (oid::APPLICATION_POLICY_MAPPINGS, vec![0x30, 0]),
        (oid::APPLICATION_POLICY_CONSTRAINTS, vec![0x30, 0]),
        (oid::NETSCAPE_REVOCATION_URL, vec![0x16, 0]),
        (oid::NETSCAPE_SERVER_NAME, vec![0x16, 1, b'*']),
        (oid::NETSCAPE_CERT_TYPE, vec![3, 2, 0, 0x04]),
        (oid::NETSCAPE_CERT_TYPE, vec![3, 2, 0, 0x41]),
        (oid::NETSCAPE_CERT_TYPE, vec![4, 0]),
    ];
    let plain = certificate(Vec::new());
    for (oid, value) in tries {
        let tried = certificate(vec![extension(oid.clone(), &value)]);
        assert_eq!(shape(&tried), shape(&plain), "{oid}");
        assert!(tried.extension(&oid) != Some(&value[..]), "{oid}");
    }
}

#[test]
fn the_alternative_names_are_ours_and_in_their_usual_place() {
    let names = asn1::encode(|w| extension::write_subject_alt_name(w, &Hosts::parse(["asked.example"])));
    let tried = certificate(vec![extension(oid::SUBJECT_ALT_NAME, &names)]);
    let plain = certificate(Vec::new());
    assert_eq!(shape(&tried), shape(&plain), "not critical, not at the end");
    assert_eq!(
        tried.hosts.dns,
        ["asked.example"],
        "asked for by the request, built by us"
    );
}

/// No identifier of X.509's own extensions is forgotten, now or when one is added.
#[test]
fn nothing_that_x509_or_pkix_defines_is_copied_but_the_tls_feature() {
    let arcs: [&[i64]; 2] = [&[2, 5, 29], &[1, 3, 6, 1, 5, 5, 7, 1]];
    for arc in arcs {
        for last in 0..=200 {
            let oid = Oid::from_arcs(&[arc, &[last]].concat()).unwrap();
            let is_copied = extension::is_copyable(&extension(oid.clone(), &[5, 0]));
            assert_eq!(is_copied, oid == oid::TLS_FEATURE, "{oid}");
        }
    }
}

#[test]
fn what_says_nothing_of_rights_is_copied() {
    for (oid, value) in [
        (oid::NETSCAPE_CERT_TYPE, &[3, 2, 6, 0x40][..]),
        (oid::NETSCAPE_COMMENT, &[0x16, 1, b'x']),
        (oid::TLS_FEATURE, &[0x30, 3, 2, 1, 5]),
    ] {
        let copied = certificate(vec![extension(oid.clone(), value)]);
        assert_eq!(copied.extension(&oid), Some(value), "{oid}");
    }
}

#[test]
fn delegation_is_copied_as_in_cfssl() {
    let copied = certificate(vec![extension(oid::DELEGATION_USAGE, &[5, 0])]);
    assert_eq!(copied.extension(&oid::DELEGATION_USAGE), Some(&[5, 0][..]));
}

/// Extensions that Go does not parse may contain anything, here octets that are not a list
/// of timestamps (RFC 6962, 3.3). We must be able to parse what we sign.
#[test]
fn extensions_that_go_does_not_parse_may_contain_anything() {
    let timestamps = Oid::from_arcs(&[1, 3, 6, 1, 4, 1, 11129, 2, 4, 2]).unwrap();
    let copied = certificate(vec![extension(timestamps.clone(), &[4, 0])]);
    assert_eq!(copied.extension(&timestamps), Some(&[4, 0][..]));
}
