//! P-256 signatures, verified with the p256 crate over bytes that x509-cert parses; what
//! x509-cert encodes again must be the same bytes.

use der::{Decode, Encode};
use p256::ecdsa::signature::Verifier;
use p256::ecdsa::{Signature, VerifyingKey};
use rcfssl_tests::Result;
use x509_cert::Certificate;
use x509_cert::request::CertReq;
use x509_cert::spki::SubjectPublicKeyInfoOwned;

use crate::{csr, der as certificate, place, request, root, sign};

fn key(info: &SubjectPublicKeyInfoOwned) -> VerifyingKey {
    VerifyingKey::from_sec1_bytes(info.subject_public_key.raw_bytes()).unwrap()
}

fn check(key: &VerifyingKey, signed: &[u8], signature: &[u8]) -> Result<()> {
    Ok(key.verify(signed, &Signature::from_der(signature)?)?)
}

#[test]
fn certificates_and_requests_verify() {
    let place = place();
    root(&place, ("ecdsa", 256), "root");
    let authority = Certificate::from_der(&certificate(&place, "root")).unwrap();
    let authority_key = key(authority.tbs_certificate().subject_public_key_info());
    // ECDSA signatures are random: an invalid one might occur only occasionally.
    for round in 0..50 {
        let document = request(&format!("leaf {round}"), ("ecdsa", 256), &["leaf.example"]);
        sign(&place, "root", "peer", &document, "leaf");
        let bytes = certificate(&place, "leaf");
        let leaf = Certificate::from_der(&bytes).unwrap();
        assert_eq!(leaf.to_der().unwrap(), bytes);
        let signed = leaf.tbs_certificate().to_der().unwrap();
        let signature = leaf.signature().raw_bytes();
        check(&authority_key, &signed, signature).unwrap();
        let own = key(leaf.tbs_certificate().subject_public_key_info());
        assert!(check(&own, &signed, signature).is_err());
        let mut changed = signed.clone();
        *changed.last_mut().unwrap() ^= 1;
        assert!(check(&authority_key, &changed, signature).is_err());
        assert_eq!(
            leaf.tbs_certificate().issuer(),
            authority.tbs_certificate().subject()
        );
    }
}

#[test]
fn requests_are_signed_by_their_own_keys() {
    let place = place();
    for _ in 0..20 {
        place
            .write("x.json", request("x", ("ecdsa", 256), &["x.example"]))
            .unwrap();
        let bytes = csr(&place.shell("rcfssl genkey x.json").unwrap().ok().unwrap());
        let request = CertReq::from_der(&bytes).unwrap();
        assert_eq!(request.to_der().unwrap(), bytes);
        let signed = request.info.to_der().unwrap();
        check(
            &key(&request.info.public_key),
            &signed,
            request.signature.raw_bytes(),
        )
        .unwrap();
    }
}
