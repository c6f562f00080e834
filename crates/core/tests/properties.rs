//! Encoded values parse back to the same, and no input causes a panic.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use proptest::collection::vec;
use proptest::prelude::*;
use rcfssl_core::csr::{Content, Unverified};
use rcfssl_core::key::{self, Curve, KeySpec, PrivateKey};
use rcfssl_core::name::{Attribute, Extra, Subject};
use rcfssl_core::{Certificate, Csr, Duration, Host, Hosts, Policy, Request, asn1, extension, oid};
use rcfssl_go::json::{self, Cursor};
use rcfssl_go::{base64, pem};
use rcfssl_go::{mail, url::Uri};

fn test_key() -> PrivateKey {
    key::generate(KeySpec::Ecdsa(Curve::P256)).unwrap()
}

/// Words with a special meaning, and random ones.
fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{1,8}(\\.[a-z]{1,8}){0,3}",
        "[0-9a-f:.]{1,20}",
        "[a-zA-Z]{1,6}:(//)?[ -~]{0,20}",
        "[ -~]{0,30}",
        "\\PC{0,20}",
        any::<String>(),
    ]
}

fn subject() -> impl Strategy<Value = Subject> {
    let list = || vec("\\PC{1,12}", 0..3);
    (
        list(),
        list(),
        list(),
        list(),
        list(),
        "\\PC{0,12}",
        "[ -~]{0,8}",
        vec("\\PC{0,12}", 0..2),
    )
        .prop_map(
            |(
                country,
                province,
                locality,
                organization,
                organizational_unit,
                common_name,
                serial_number,
                extra,
            )| Subject {
                country,
                province,
                locality,
                organization,
                organizational_unit,
                common_name,
                serial_number,
                extra: extra
                    .into_iter()
                    .map(|text| (oid::EMAIL_ADDRESS, Extra::Text(text)))
                    .collect(),
                ..Subject::default()
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn durations_read_back(nanoseconds in any::<i64>()) {
        let duration = Duration::nanoseconds(nanoseconds);
        prop_assert_eq!(Duration::parse(&duration.to_string()), Ok(duration));
    }

    #[test]
    fn durations_never_panic(text in "[-+]?[0-9.a-zµ]{0,24}|\\PC{0,20}") {
        let _ = Duration::parse(&text);
    }

    #[test]
    fn base64_reads_back(bytes in vec(any::<u8>(), 0..300)) {
        prop_assert_eq!(base64::decode(base64::encode(&bytes)), Ok(bytes));
    }

    #[test]
    fn pem_reads_back_whatever_stands_around_it(bytes in vec(any::<u8>(), 0..300), before in "[a-z \n]{0,20}", after in "\\PC{0,20}") {
        let text = format!("{before}\n{}{after}", pem::encode("CERTIFICATE", &bytes));
        let (block, rest) = pem::decode(text.as_bytes()).unwrap();
        prop_assert_eq!(&*block.contents, &bytes);
        prop_assert_eq!(rest, after.as_bytes());
    }

    #[test]
    fn pem_never_panics(text in vec(any::<u8>(), 0..200), label in "[A-Z -]{0,10}") {
        let _ = pem::decode(&text);
        let broken = [format!("-----BEGIN {label}-----\n").as_bytes(), &text, b"\n-----END ", label.as_bytes()].concat();
        let _ = pem::decode(&broken);
        let _ = key::read(&broken);
        let _ = Certificate::read_pem(&broken);
    }

    #[test]
    fn json_strings_read_back(text in any::<String>()) {
        let mut read = String::new();
        json::read(json::quote(&text).as_bytes(), &mut read).unwrap();
        prop_assert_eq!(read, text);
    }

    #[test]
    fn json_never_panics(text in "[\\[\\]{}\",:0-9a-z\\\\ .eE+-]{0,60}") {
        let bytes = text.as_bytes();
        let checked = json::check(bytes);
        let _ = Request::read(bytes);
        let _ = Policy::read(bytes, &(), &mut |_| {});
        let mut cursor = Cursor::new(bytes);
        cursor.object(|cursor, _, _| { cursor.raw(); });
        if let Err(error) = checked {
            prop_assert!(error.offset <= bytes.len());
            let _ = json::locate(bytes, error.offset);
        }
    }

    #[test]
    fn json_agrees_with_serde_on_what_is_json(text in "[\\[\\]{}\",:0-9truefalsn\\\\ .eE+-]{0,40}") {
        // serde_json rejects lone surrogates and numbers beyond a double, which Go accepts.
        let ours = json::check(text.as_bytes()).is_ok();
        let theirs = serde_json::from_str::<serde_json::Value>(&text).is_ok();
        prop_assert!(ours == theirs || text.contains("\\u") || text.contains(['e', 'E']), "{}", text);
    }

    #[test]
    fn names_read_back_from_a_request(subject in subject()) {
        let key = test_key();
        let content = Content { subject: subject.clone(), ..Content::default() };
        let csr = Csr::make(&content, &key).unwrap();
        let read = Unverified::read(&csr.der).unwrap().verify().unwrap();
        // The members of a set are in the order of their encodings.
        let sorted = |mut attributes: Vec<Attribute>| {
            attributes.sort_by_key(|a| (a.oid.octets().to_vec(), a.value.contents.clone()));
            attributes
        };
        prop_assert_eq!(sorted(read.subject), sorted(subject.to_attributes()));
    }

    #[test]
    fn hosts_read_back_from_a_request(words in vec(word(), 0..6)) {
        let hosts = Hosts::parse(&words);
        let content = Content { hosts: hosts.clone(), ..Content::default() };
        let key = test_key();
        match Csr::make(&content, &key) {
            Err(error) => prop_assert!(error.to_string().contains("IA5String")),
            Ok(csr) => {
                let mut expected = hosts;
                match (Unverified::read(&csr.der), expected.reread_uris()) {
                    (Ok(read), Ok(())) => prop_assert_eq!(read.claims().hosts().unwrap().0, expected),
                    (Err(_), Err(_)) => {}
                    (read, expected) => prop_assert!(false, "{:?} {:?}", read.map(|_| ()), expected),
                }
            }
        }
    }

    #[test]
    fn every_host_is_something(text in word()) {
        match Host::parse(&text) {
            Host::Dns(ref name) => prop_assert_eq!(name, &text),
            Host::Email(address) => prop_assert!(address.contains('@')),
            Host::Ip(octets) => prop_assert!(matches!(octets.len(), 4 | 16)),
            Host::Uri(uri) => prop_assert!(uri.contains(':') || uri.starts_with(['/', '*'])),
        }
        let _ = mail::address(&text);
        let _ = Uri::parse(&text);
    }

    #[test]
    fn a_written_uri_reads_back_as_itself(text in "[a-z]{1,5}://[a-z0-9.]{1,10}(:[0-9]{1,4})?(/[ -~]{0,10})?(\\?[!-~]{0,8})?") {
        if let Some(uri) = Uri::parse_request(&text) {
            let written = uri.to_string();
            let again = Uri::parse_request(&written).map(|uri| uri.to_string());
            prop_assert_eq!(again, Some(written));
        }
    }

    #[test]
    fn der_never_panics(bytes in vec(any::<u8>(), 0..120)) {
        let _ = Certificate::read(&bytes);
        let _ = Unverified::read(&bytes);
        let _ = extension::read_basic_constraints(&bytes);
        let _ = extension::read_subject_alt_name(&bytes);
        let _ = key::read(pem::encode("PRIVATE KEY", &bytes).as_bytes());
    }

    #[test]
    fn a_damaged_certificate_never_panics(at in 0_usize..600, bit in 0_u8..8, cut in 0_usize..600) {
        let text = include_str!("../../../fixtures/recorded/certificates.json");
        let recorded: serde_json::Value = serde_json::from_str(text).unwrap();
        let pem_text = recorded["authorities"]["ca.pem"].as_str().unwrap();
        let mut der = pem::decode(pem_text.as_bytes()).unwrap().0.contents.to_vec();
        let at = at % der.len();
        der[at] ^= 1 << bit;
        let _ = Certificate::read(&der);
        der.truncate(cut.min(der.len()));
        let _ = Certificate::read(&der);
    }

    #[test]
    fn integers_are_read_by_others_as_they_were_written(value in any::<i64>()) {
        use x509_parser::asn1_rs::{FromDer, Integer};
        let der = asn1::encode(|w| w.integer(value));
        let (rest, read) = Integer::from_der(&der).unwrap();
        prop_assert!(rest.is_empty());
        prop_assert_eq!(read.as_i64().unwrap(), value);
    }
}
