//! Requests that OpenSSL signed with less common algorithms: Go accepts those that we
//! accept.

#![allow(clippy::unwrap_used, reason = "a test may")]

use rcfssl_core::asn1::{self, read::Reader, tag};
use rcfssl_core::{Csr, oid};
use rcfssl_go::pem;

macro_rules! sample {
    ($name:literal) => {
        include_str!(concat!("requests/", $name, ".csr"))
    };
}

fn read(text: &str) -> Result<String, String> {
    let csr = Csr::read_pem(text.as_bytes()).map_err(|error| error.to_string())?;
    Ok(csr.subject[0].value.text().unwrap_or_default())
}

#[test]
fn salts_of_the_digests_length_and_old_digests_are_accepted() {
    for (name, text) in [
        ("pss256", sample!("pss256")),
        ("pss512", sample!("pss512")),
        ("pss1024", sample!("pss1024")),
        ("p256", sample!("p256-sha1")),
        ("p384", sample!("p384-sha1")),
        ("p521", sample!("p521-sha1")),
        ("sha1", sample!("sha1")),
    ] {
        assert_eq!(read(text), Ok(name.to_owned()));
        let mut der = pem::decode(text.as_bytes()).unwrap().0.contents.to_vec();
        let last = der.len() - 1;
        der[last] ^= 1;
        let damaged = read(&pem::encode("CERTIFICATE REQUEST", &der)).unwrap_err();
        assert!(damaged.contains("verification"), "{name}: {damaged}");
    }
}

#[test]
fn sha1_has_a_second_identifier() {
    let text = sample!("sha1");
    let der = pem::decode(text.as_bytes()).unwrap().0.contents.to_vec();
    let mut parts = Reader::inside(&der, tag::SEQUENCE).unwrap();
    let (info, _, signature) = (
        parts.next().unwrap(),
        parts.next().unwrap(),
        parts.next().unwrap(),
    );
    let other = asn1::encode(|w| {
        w.sequence(|w| {
            w.raw(info.raw);
            w.sequence(|w| {
                w.oid(&oid::SHA1_WITH_RSA_OIW);
                w.null();
            });
            w.raw(signature.raw);
        });
    });
    assert_eq!(
        read(&pem::encode("CERTIFICATE REQUEST", &other)),
        Ok("sha1".into())
    );
}

#[test]
fn other_algorithms_are_refused_in_gos_words() {
    let refusal = |words: &str| {
        Err(format!(
            r#"{{"code":9300,"message":"x509: cannot verify signature: {words}"}}"#
        ))
    };
    assert_eq!(read(sample!("salt20")), refusal("algorithm unimplemented"));
    assert_eq!(read(sample!("md5")), refusal("insecure algorithm MD5-RSA"));
}
