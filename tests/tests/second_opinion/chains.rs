//! Chains that rcfssl creates are verified with webpki, as in rustls, and with openssl.

use std::time::{Duration, SystemTime};

use rcfssl_tests::Workplace;
use rcfssl_tests::openssl::in_folder;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, Error, KeyUsage, anchor_from_trusted_cert};

use crate::{der, place, request, root, sign};

/// Keys of authorities and of leaves.
const KEYS: [(&str, u32); 6] = [
    ("rsa", 2048),
    ("rsa", 3072),
    ("ecdsa", 256),
    ("ecdsa", 384),
    ("ecdsa", 521),
    ("ed25519", 0),
];

const HOSTS: [&str; 5] = [
    "leaf.example",
    "*.wild.example",
    "10.0.0.1",
    "2001:db8::1",
    "user@example.org",
];

/// webpki's result for a leaf under a root, this many seconds from now.
fn verify(place: &Workplace, chain: &[&str], usage: KeyUsage, later: u64) -> Result<(), Error> {
    let [leaf, between @ .., root] = chain else {
        panic!("a chain has two ends");
    };
    let (leaf, root) = (
        CertificateDer::from(der(place, leaf)),
        CertificateDer::from(der(place, root)),
    );
    let between: Vec<CertificateDer<'_>> = between.iter().map(|name| der(place, name).into()).collect();
    let anchors = [anchor_from_trusted_cert(&root)?];
    let time = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap() + Duration::from_secs(later);
    let time = UnixTime::since_unix_epoch(time);
    let leaf = EndEntityCert::try_from(&leaf)?;
    leaf.verify_for_usage(ALL_VERIFICATION_ALGS, &anchors, &between, time, usage, None, None)?;
    Ok(())
}

fn names(place: &Workplace, leaf: &str, name: &str) -> Result<(), Error> {
    let leaf = CertificateDer::from(der(place, leaf));
    let name = ServerName::try_from(name.to_owned()).unwrap();
    EndEntityCert::try_from(&leaf)?.verify_is_valid_for_subject_name(&name)
}

fn openssl(place: &Workplace, purpose: &str, root: &str, leaf: &str) -> bool {
    let (root, leaf) = (format!("{root}.pem"), format!("{leaf}.pem"));
    let arguments = [
        "verify",
        "-x509_strict",
        "-purpose",
        purpose,
        "-CAfile",
        &root,
        &leaf,
    ];
    in_folder(&place.path(), &arguments).is_ok()
}

#[test]
fn leaves_of_every_key_under_cas_of_every_key() {
    let place = place();
    for (number, key) in KEYS.into_iter().enumerate() {
        root(&place, key, "root");
        // The next type of key, so that CA and leaf differ.
        let leaf = request("leaf", KEYS[(number + 1) % KEYS.len()], &HOSTS);
        for (profile, server, client) in [
            ("server", true, false),
            ("client", false, true),
            ("peer", true, true),
        ] {
            sign(&place, "root", profile, &leaf, "leaf");
            let chain = ["leaf", "root"];
            // webpki 0.103 supports P-521 only with aws-lc, with which it is built here.
            assert_eq!(
                verify(&place, &chain, KeyUsage::server_auth(), 0).is_ok(),
                server,
                "{key:?} {profile}"
            );
            assert_eq!(
                verify(&place, &chain, KeyUsage::client_auth(), 0).is_ok(),
                client,
                "{key:?} {profile}"
            );
            assert_eq!(
                openssl(&place, "sslserver", "root", "leaf"),
                server,
                "{key:?} {profile}"
            );
            assert_eq!(
                openssl(&place, "sslclient", "root", "leaf"),
                client,
                "{key:?} {profile}"
            );
        }
    }
}

#[test]
fn hosts_are_the_names_that_a_client_may_use() {
    let place = place();
    root(&place, ("ecdsa", 256), "root");
    sign(
        &place,
        "root",
        "server",
        &request("leaf", ("ecdsa", 256), &HOSTS),
        "leaf",
    );
    for name in [
        "leaf.example",
        "LEAF.example",
        "a.wild.example",
        "10.0.0.1",
        "2001:db8::1",
    ] {
        names(&place, "leaf", name).unwrap();
    }
    for name in [
        "leaf",
        "other.example",
        "a.b.wild.example",
        "wild.example",
        "10.0.0.2",
        "example.org",
    ] {
        assert!(names(&place, "leaf", name).is_err(), "{name}");
    }
}

#[test]
fn a_chain_through_an_intermediate_ca() {
    let place = place();
    root(&place, ("rsa", 2048), "root");
    root(&place, ("rsa", 2048), "stranger");
    let intermediate = request("intermediate", ("ecdsa", 384), &[]);
    sign(&place, "root", "authority", &intermediate, "intermediate");
    sign(
        &place,
        "intermediate",
        "peer",
        &request("leaf", ("ed25519", 0), &HOSTS),
        "leaf",
    );
    let server = KeyUsage::server_auth;
    verify(&place, &["leaf", "intermediate", "root"], server(), 0).unwrap();
    assert!(matches!(
        verify(&place, &["leaf", "root"], server(), 0),
        Err(Error::UnknownIssuer)
    ));
    assert!(verify(&place, &["leaf", "intermediate", "stranger"], server(), 0).is_err());
    let arguments = [
        "verify",
        "-x509_strict",
        "-CAfile",
        "root.pem",
        "-untrusted",
        "intermediate.pem",
        "leaf.pem",
    ];
    in_folder(&place.path(), &arguments).unwrap();
    // Its path length is 0: cfssl signs a CA below it nevertheless, which then does not
    // verify anywhere.
    sign(
        &place,
        "intermediate",
        "authority",
        &request("below", ("ecdsa", 256), &[]),
        "below",
    );
    sign(
        &place,
        "below",
        "peer",
        &request("leaf", ("ecdsa", 256), &HOSTS),
        "leaf",
    );
    let refused = verify(&place, &["leaf", "below", "intermediate", "root"], server(), 0);
    assert!(
        matches!(refused, Err(Error::PathLenConstraintViolated)),
        "{refused:?}"
    );
}

#[test]
fn a_certificate_expires_when_its_profile_says() {
    let place = place();
    root(&place, ("ecdsa", 256), "root");
    sign(
        &place,
        "root",
        "server",
        &request("leaf", ("ecdsa", 256), &HOSTS),
        "leaf",
    );
    let at = |hours: u64| verify(&place, &["leaf", "root"], KeyUsage::server_auth(), hours * 3600);
    at(47).unwrap();
    assert!(matches!(at(49), Err(Error::CertExpired { .. })));
}

#[test]
fn a_renewed_ca_verifies_what_the_old_one_signed() {
    let place = place();
    root(&place, ("rsa", 2048), "root");
    sign(
        &place,
        "root",
        "peer",
        &request("leaf", ("ecdsa", 256), &HOSTS),
        "leaf",
    );
    let renew = "rcfssl gencert -renewca -ca root.pem -ca-key root-key.pem | rcfssljson -bare renewed";
    place.shell(renew).unwrap().ok().unwrap();
    assert_ne!(der(&place, "root"), der(&place, "renewed"));
    verify(&place, &["leaf", "renewed"], KeyUsage::server_auth(), 0).unwrap();
}
