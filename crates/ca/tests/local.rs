//! Signing with a local key, as clients of the API request it.

#![allow(clippy::unwrap_used, reason = "a test may")]

use std::sync::Arc;

use rcfssl_ca::{AskedCsr, InfoRequest, Issuer, LocalSigner, SignRequest, Signed, Signer};
use rcfssl_core::csr::Content;
use rcfssl_core::key::{self, Curve, KeySpec, PrivateKey};
use rcfssl_core::name::Subject;
use rcfssl_core::request::Ca;
use rcfssl_core::{Authority, Certificate, Csr, Event, Hosts, Policy, Request, Serial, Wanted};
use time::OffsetDateTime;
use time::macros::datetime;

const NOW: OffsetDateTime = datetime!(2026-11-25 12:00 UTC);

const POLICY: &str = r#"{"signing":{
    "default":{"expiry":"1h","usages":["signing","server auth"],"crl_url":"http://crl.test"},
    "profiles":{
        "serial":{"expiry":"1h","usages":["signing"],"ClientProvidesSerialNumbers":true},
        "extension":{"expiry":"1h","usages":["signing"],"allowed_extensions":["1.2.3"]},
        "ca":{"expiry":"1h","usages":["cert sign"],"ca_constraint":{"is_ca":true}}}}}"#;

fn key() -> PrivateKey {
    key::generate(KeySpec::Ecdsa(Curve::P256)).unwrap()
}

fn ca(key: &PrivateKey) -> Certificate {
    let request = Request {
        cn: "CA".to_owned(),
        ca: Some(Ca::default()),
        ..Request::default()
    };
    let profile = request.root_profile().unwrap();
    let wanted = Wanted::of_csr(&csr("CA", &[], key), &profile).unwrap();
    let authority = Authority::self_signed(key);
    let serial = Serial::random().unwrap();
    let decided = authority
        .decide(wanted, &profile, NOW, serial, &mut |_| {})
        .unwrap();
    Certificate::read(&authority.issue(&decided, &mut |_| {}).unwrap().der).unwrap()
}

fn csr(cn: &str, hosts: &[&str], key: &PrivateKey) -> Csr {
    let content = Content {
        subject: Subject {
            common_name: cn.to_owned(),
            ..Subject::default()
        },
        hosts: Hosts::parse(hosts),
        extensions: Vec::new(),
    };
    Csr::make(&content, key).unwrap()
}

fn signer() -> LocalSigner {
    let key = key();
    let issuer = Issuer::new(ca(&key), key);
    assert!(issuer.key_fits());
    LocalSigner::new(Arc::new(issuer), policy())
}

fn policy() -> Arc<Policy> {
    Arc::new(Policy::read(POLICY.as_bytes(), &(), &mut |_| {}).unwrap().0)
}

/// A client's request for `leaf.test` with these members.
fn asked(members: &str) -> SignRequest {
    let csr = csr("leaf.test", &["leaf.test", "10.0.0.1"], &key());
    let request = SignRequest::read(format!("{{{members}}}").as_bytes()).unwrap();
    SignRequest {
        csr: AskedCsr::Pem(csr.to_pem().into_bytes()),
        ..request
    }
}

fn sign(members: &str) -> Result<(Signed, Certificate), String> {
    let signed = signer().sign(&asked(members), NOW, &mut |_| {});
    let signed = signed.map_err(|error| error.to_string())?;
    let certificate = Certificate::read_pem(signed.pem.as_bytes()).unwrap();
    Ok((signed, certificate))
}

#[test]
fn a_record_matches_its_certificate() {
    let signer = signer();
    let mut events = Vec::new();
    let signed = signer
        .sign(&asked(""), NOW, &mut |event| events.push(event))
        .unwrap();
    let certificate = Certificate::read_pem(signed.pem.as_bytes()).unwrap();
    let issued = signed.issued.unwrap();
    assert_eq!(issued.serial.contents(), certificate.serial);
    assert_eq!(
        (issued.not_before, issued.not_after),
        (certificate.not_before, certificate.not_after)
    );
    assert_eq!(issued.common_name, "leaf.test");
    assert_eq!(issued.dns_names, Some(vec!["leaf.test".to_owned()]));
    let issuer = signer.issuer().certificate();
    assert_eq!(issued.authority_key_identifier, issuer.public_key.identifier());
    assert_eq!(
        events,
        [Event::CertificateSigned {
            serial: issued.serial
        }]
    );
}

#[test]
fn records_distinguish_an_empty_list_of_names_from_none() {
    let names = |members: &str| sign(members).unwrap().0.issued.unwrap().dns_names;
    assert_eq!(names(r#""hosts":[]"#), Some(Vec::new()));
    assert_eq!(names(r#""hosts":["10.0.0.1"]"#), Some(Vec::new()));
    assert_eq!(names(r#""profile":"ca""#), None);
}

#[test]
fn clients_choose_the_serial_number_if_the_profile_allows_it() {
    let number = |members: &str| {
        let signed = sign(&format!(r#""profile":"serial"{members}"#));
        signed.map(|(signed, _)| signed.issued.unwrap().serial.to_string())
    };
    assert_eq!(number(r#","serial":77"#), Ok("77".into()));
    assert_eq!(number(r#","serial":0"#), Ok("0".into()));
    let long = "9".repeat(70);
    assert_eq!(number(&format!(r#","serial":{long}"#)), Ok(long));
    assert_eq!(
        number(r#","serial":-1"#).unwrap_err(),
        r#"{"code":1000,"message":"x509: serial number must be positive"}"#
    );
    for missing in ["", r#","serial":null"#] {
        assert_eq!(
            number(missing).unwrap_err(),
            r#"{"code":1400,"message":"Missing serial number in request"}"#
        );
    }
    let (signed, _) = sign(r#""serial":77"#).unwrap();
    assert_ne!(signed.issued.unwrap().serial.to_string(), "77");
}

#[test]
fn extensions_must_be_allowed_and_readable() {
    let extended = |value: &str| {
        sign(&format!(
            r#""profile":"extension","extensions":[{{"id":"1.2.3","critical":true,"value":"{value}"}}]"#
        ))
    };
    let (_, certificate) = extended("05AA").unwrap();
    let last = certificate.extensions.last().unwrap();
    assert_eq!(
        (last.oid.to_string().as_str(), last.critical, &last.value[..]),
        ("1.2.3", true, &[5, 0xaa][..])
    );
    for (value, why) in [
        ("0g", "encoding/hex: invalid byte: U+0067 'g'"),
        ("050", "encoding/hex: odd length hex string"),
    ] {
        let refused = extended(value).unwrap_err();
        assert_eq!(refused, format!(r#"{{"code":1300,"message":"{why}"}}"#));
    }
    let refused = sign(r#""extensions":[{"id":"1.2.3","value":""}]"#).unwrap_err();
    assert_eq!(
        refused,
        r#"{"code":1300,"message":"Invalid certificate request"}"#
    );
}

#[test]
fn dates_and_crl_of_the_client_override_the_profile() {
    let (_, certificate) = sign(r#""NotBefore":"2027-01-01T00:00:01Z","crl_override":"http://own""#).unwrap();
    assert_eq!(certificate.not_before, datetime!(2027-01-01 0:00:01 UTC));
    assert_eq!(certificate.not_after, datetime!(2027-01-01 1:00:01 UTC));
    assert_eq!(certificate.crl_urls(), ["http://own"]);
    let (_, certificate) = sign(r#""NotAfter":"2027-01-01T00:00:00Z""#).unwrap();
    assert_eq!(certificate.not_before, datetime!(2026-11-25 11:55 UTC));
    assert_eq!(certificate.not_after, datetime!(2027-01-01 0:00 UTC));
    assert_eq!(certificate.crl_urls(), ["http://crl.test"]);
}

#[test]
fn precertificates_have_the_poison_and_are_not_recorded() {
    let (signed, certificate) = sign(r#""ReturnPrecert":true"#).unwrap();
    assert!(signed.issued.is_none());
    let last = certificate.extensions.last().unwrap();
    assert_eq!(
        (last.oid.to_string().as_str(), last.critical, &last.value[..]),
        ("1.3.6.1.4.1.11129.2.4.3", true, &[5, 0][..])
    );
}

#[test]
fn requests_are_verified_unless_they_already_were() {
    let mut request = asked("");
    request.csr = AskedCsr::Pem(b"no PEM".to_vec());
    let refused = signer().sign(&request, NOW, &mut |_| {}).unwrap_err();
    assert_eq!(
        refused.to_string(),
        r#"{"code":9002,"message":"CSR Decode failed"}"#
    );
    request.csr = csr("x", &[], &key()).into();
    assert!(signer().sign(&request, NOW, &mut |_| {}).is_ok());
}

#[test]
fn a_key_that_does_not_match_is_detected_and_signs_nothing() {
    let issuer = Issuer::new(ca(&key()), key());
    assert!(!issuer.key_fits());
    let signer = LocalSigner::new(Arc::new(issuer), policy());
    let refused = signer.sign(&asked(""), NOW, &mut |_| {}).unwrap_err();
    assert_eq!(
        refused.to_string(),
        r#"{"code":1000,"message":"x509: provided PrivateKey doesn't match parent's PublicKey"}"#
    );
    assert!(signer.info(&InfoRequest::default(), &mut |_| {}).is_ok());
}

#[test]
fn a_decision_of_another_ca_is_not_issued() {
    let (own, other) = (signer(), key());
    let profile = own.policy().default_profile();
    let wanted = Wanted::of_csr(&csr("x", &[], &other), profile).unwrap();
    let serial = Serial::random().unwrap();
    let decided = Authority::self_signed(&other)
        .decide(wanted, profile, NOW, serial, &mut |_| {})
        .unwrap();
    assert!(own.issuer().authority().issue(&decided, &mut |_| {}).is_err());
}

#[test]
fn threads_share_a_signer() {
    let signer: Arc<dyn Signer> = Arc::new(signer());
    let serials: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| signer.sign(&asked(""), NOW, &mut |_| {}).unwrap()))
            .collect();
        let signed = threads.into_iter().map(|thread| thread.join().unwrap());
        signed
            .map(|signed| signed.issued.unwrap().serial.to_string())
            .collect()
    });
    let mut unique = serials.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), 4);
}
