//! RSASSA-PSS: certificates signed by OpenSSL. Go supports no more parameters than we do.

#![allow(clippy::unwrap_used, reason = "a test may")]

mod made;

use made::{Made, ca_params};
use rcfssl_core::{Certificate, verify};

macro_rules! sample {
    ($name:literal) => {
        Certificate::read_pem(include_bytes!(concat!("pss/", $name, ".pem"))).unwrap()
    };
}

const UNIMPLEMENTED: &str = "x509: cannot verify signature: algorithm unimplemented";
const WRONG: &str = "crypto/rsa: verification error";

fn check(certificate: &Certificate, parent: &Certificate) -> Result<(), String> {
    certificate
        .check_signature_from(parent)
        .map_err(|error| error.to_string())
}

#[test]
fn salts_of_the_digests_length_are_accepted() {
    let (root, short) = (sample!("root"), sample!("short"));
    for (name, certificate, parent) in [
        ("root", &root, &root),
        ("sha256", &sample!("sha256"), &root),
        ("sha384", &sample!("sha384"), &root),
        ("sha512", &sample!("sha512"), &root),
        ("short", &short, &short),
        ("short256", &sample!("short256"), &short),
    ] {
        assert_eq!(check(certificate, parent), Ok(()), "{name}");
    }
}

#[test]
fn a_changed_octet_is_detected() {
    let (root, short) = (sample!("root"), sample!("short"));
    for (certificate, parent) in [
        (sample!("sha256"), &root),
        (sample!("sha384"), &root),
        (sample!("sha512"), &root),
        (sample!("short256"), &short),
    ] {
        let mut forged = certificate.clone();
        *forged.to_be_signed.last_mut().unwrap() ^= 1;
        assert_eq!(check(&forged, parent), Err(WRONG.to_owned()));
        let mut damaged = certificate.clone();
        *damaged.signature.last_mut().unwrap() ^= 1;
        assert_eq!(check(&damaged, parent), Err(WRONG.to_owned()));
        let mut cut = certificate;
        cut.signature.pop();
        assert_eq!(check(&cut, parent), Err(WRONG.to_owned()));
    }
    assert_eq!(check(&sample!("sha256"), &short), Err(WRONG.to_owned()));
    assert_eq!(check(&sample!("short256"), &root), Err(WRONG.to_owned()));
}

/// OpenSSL accepts these signatures; Go does not verify them.
#[test]
fn other_parameters_are_not_verified() {
    let root = sample!("root");
    for (name, certificate) in [
        ("a salt of 20 octets", sample!("salt20")),
        ("another digest in MGF1", sample!("mgf384")),
        ("SHA-1, for which all parameters are left out", sample!("sha1")),
    ] {
        assert_eq!(
            check(&certificate, &root),
            Err(UNIMPLEMENTED.to_owned()),
            "{name}"
        );
    }
    let mut der = sample!("sha256").der;
    // The salt length, [2] INTEGER 32, appears in both places. Changed to [3], the trailer
    // field, it is missing.
    let salt = [0xa2, 3, 2, 1, 32];
    for at in 0..der.len() - salt.len() {
        if der[at..].starts_with(&salt) {
            der[at] = 0xa3;
        }
    }
    let trailer = Certificate::read(&der).unwrap();
    assert_eq!(check(&trailer, &root), Err(UNIMPLEMENTED.to_owned()));
}

#[test]
fn other_keys_do_not_verify_it() {
    let elliptic = Made::root(ca_params("PSS 2048"));
    assert_eq!(
        check(&sample!("sha256"), &elliptic.certificate).unwrap_err(),
        "x509: signature algorithm specifies an RSA public key, but have public key of type *ecdsa.PublicKey"
    );
}

#[test]
fn chains_may_use_it() {
    let (root, leaf) = (sample!("root"), sample!("sha256"));
    let now = leaf.not_before + time::Duration::days(1);
    let verifier = verify::Verifier {
        roots: &[std::sync::Arc::new(root)].into_iter().collect(),
        intermediates: &std::iter::empty().collect(),
        now,
        purpose: verify::Purpose::Any,
        host: None,
    };
    assert_eq!(verifier.paths(&std::sync::Arc::new(leaf)).unwrap()[0].len(), 2);
}
