//! The parts of a request that a profile's `CSRWhitelist` adopts.

#![allow(clippy::unwrap_used, reason = "a test may")]

use rcfssl_core::csr::Content;
use rcfssl_core::key::{self, SignatureAlgorithm};
use rcfssl_core::name::Subject;
use rcfssl_core::{Authority, Certificate, Csr, Hosts, Overrides, Policy};
use time::OffsetDateTime;

const PKI: [&[u8]; 2] = [
    include_bytes!("../../../fixtures/conformance/pki/ca-rsa3072.pem"),
    include_bytes!("../../../fixtures/conformance/pki/ca-rsa3072-key.pem"),
];

/// The signature algorithm of a certificate from a 3072-bit CA with this whitelist.
fn algorithm(whitelist: &str) -> Option<SignatureAlgorithm> {
    let configuration = format!(
        r#"{{"signing": {{"default": {{"usages": ["signing"], "expiry": "1h", "CSRWhitelist": {whitelist}}}}}}}"#
    );
    let (policy, _) = Policy::read(configuration.as_bytes(), &(), &mut |_| ()).unwrap();
    let key = key::read(PKI[1]).unwrap();
    let content = Content {
        subject: Subject::default(),
        hosts: Hosts::parse(["a.example"]),
        extensions: Vec::new(),
    };
    let csr = Csr::make(&content, &key).unwrap();
    let profile = policy.profile("").unwrap().profile;
    let authority = Certificate::read_pem(PKI[0]).unwrap();
    let issued = Authority::new(&authority, &key)
        .sign(
            &csr,
            profile,
            &Overrides::default(),
            OffsetDateTime::UNIX_EPOCH,
            &mut |_| (),
        )
        .unwrap();
    Certificate::read(&issued.der).unwrap().signature_algorithm
}

#[test]
fn without_the_algorithm_go_chooses() {
    let fitting = Some(SignatureAlgorithm::Sha384WithRsa);
    assert_eq!(algorithm("null"), fitting);
    assert_eq!(
        algorithm(r#"{"PublicKey": true, "SignatureAlgorithm": true}"#),
        fitting
    );
    let least = Some(SignatureAlgorithm::Sha256WithRsa);
    assert_eq!(algorithm(r#"{"PublicKey": true}"#), least);
}
