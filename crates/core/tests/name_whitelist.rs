//! Whatever a request contains, each name in the issued certificate matches the profile's
//! `name_whitelist`. Another library parses the certificate.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use proptest::collection::vec;
use proptest::prelude::*;
use rcfssl_core::asn1::{self, Writer, tag};
use rcfssl_core::certificate::assemble;
use rcfssl_core::key::{self, Curve, KeySpec, PrivateKey, SigningKey};
use rcfssl_core::name::Subject;
use rcfssl_core::{Authority, Csr, Overrides, Policy, Result, oid};
use rcfssl_go::pem;
use time::OffsetDateTime;
use x509_parser::asn1_rs::{Any, Class, FromDer};
use x509_parser::certificate::X509Certificate;

const CONFIG: &str = r#"{"signing": {"default": {
    "expiry": "1h", "usages": ["server auth"], "copy_extensions": true,
    "name_whitelist": "^[a-z]+\\.good\\.example$"
}}}"#;

/// A value of an attribute or an alternative name: identifier octet and contents.
type Tagged = (u8, Vec<u8>);

/// The last arc of an attribute type below 2.5.4, and its value.
type Attribute = (u8, Tagged);

fn matches(name: &[u8]) -> bool {
    let label = name.strip_suffix(b".good.example").unwrap_or_default();
    !label.is_empty() && label.iter().all(u8::is_ascii_lowercase)
}

/// A request with this subject, one RDN per attribute, and these alternative names.
fn request(subject: &[Attribute], names: &[Tagged], key: &PrivateKey) -> String {
    let write = |w: &mut Writer, (tag, contents): &Tagged| w.primitive(*tag, contents);
    let info = asn1::encode(|w| {
        w.sequence(|w| {
            w.integer(0);
            w.sequence(|w| {
                for (kind, value) in subject {
                    w.nest(tag::SET, |w| {
                        w.sequence(|w| {
                            w.primitive(tag::OBJECT_IDENTIFIER, &[0x55, 4, *kind]);
                            write(w, value);
                        });
                    });
                }
            });
            w.raw(key.public_key().spki());
            w.context(0, |w| {
                w.sequence(|w| {
                    w.oid(&oid::EXTENSION_REQUEST);
                    w.nest(tag::SET, |w| {
                        w.sequence(|w| {
                            w.sequence(|w| {
                                w.oid(&oid::SUBJECT_ALT_NAME);
                                w.nest(tag::OCTET_STRING, |w| {
                                    w.sequence(|w| names.iter().for_each(|name| write(w, name)));
                                });
                            });
                        });
                    });
                });
            });
        });
    });
    let signature = key.sign(key.algorithm(), &info).unwrap();
    pem::encode(
        "CERTIFICATE REQUEST",
        &assemble(&info, key.algorithm(), &signature),
    )
}

struct House {
    key: PrivateKey,
    policy: Policy,
}

impl House {
    fn new() -> Self {
        House {
            key: key::generate(KeySpec::Ecdsa(Curve::P256)).unwrap(),
            policy: Policy::read(CONFIG.as_bytes(), &(), &mut |_| ()).unwrap().0,
        }
    }

    /// Signs the request with its own key under the policy.
    fn sign(&self, subject: &[Attribute], names: &[Tagged], overrides: &Overrides) -> Result<Vec<u8>> {
        let csr = Csr::read_pem(request(subject, names, &self.key).as_bytes())?;
        let authority = Authority::self_signed(&self.key);
        let profile = self.policy.default_profile();
        let now = OffsetDateTime::UNIX_EPOCH;
        let issued = authority.sign(&csr, profile, overrides, now, &mut |_| ())?;
        Ok(issued.der)
    }
}

/// The attributes and the alternative names of a certificate, as parsed by another library.
fn read(der: &[u8]) -> (Vec<Attribute>, Vec<Tagged>) {
    let (_, certificate) = X509Certificate::from_der(der).unwrap();
    let identifier = |any: &Any<'_>| {
        let class = match any.class() {
            Class::Universal => 0,
            Class::ContextSpecific => 0x80,
            _ => 0x40,
        };
        class | u8::from(any.header.is_constructed()) << 5 | any.tag().0 as u8
    };
    let attributes = certificate.subject().iter_attributes().map(|attribute| {
        let [0x55, 4, kind] = *attribute.attr_type().as_bytes() else {
            panic!("{attribute:?}");
        };
        let value = attribute.attr_value();
        (kind, (identifier(value), value.data.to_vec()))
    });
    let names = certificate
        .extensions()
        .iter()
        .find(|extension| extension.oid.as_bytes() == oid::SUBJECT_ALT_NAME.octets());
    let mut rest = names.map_or(&[][..], |names| Any::from_der(names.value).unwrap().1.data);
    let mut found = Vec::new();
    while !rest.is_empty() {
        let (after, name) = Any::from_der(rest).unwrap();
        found.push((identifier(&name), name.data.to_vec()));
        rest = after;
    }
    (attributes.collect(), found)
}

/// Checks that every name of a certificate matches the whitelist.
fn check(der: &[u8]) {
    const STRINGS: [u8; 2] = [tag::PRINTABLE_STRING, tag::UTF8_STRING];
    const PARTS: [u8; 9] = [3, 5, 6, 7, 8, 9, 10, 11, 17];
    const IP: u8 = tag::context(7);
    let (attributes, names) = read(der);
    for (kind, (tag, value)) in &attributes {
        let is_text = STRINGS.contains(tag) || !PARTS.contains(kind);
        assert!(is_text, "2.5.4.{kind} with the tag {tag:#x}");
        assert!(*kind != 3 || matches(value), "CN={value:?}");
    }
    for (tag, value) in &names {
        assert!(*tag == IP || matches(value), "[{tag:#x}] {value:?}");
    }
}

const GOOD: &[u8] = b"a.good.example";
const EVIL: &[u8] = b"evil.example";

#[test]
fn a_second_name_in_another_string_type_does_not_pass() {
    let house = House::new();
    let good = (3, (tag::PRINTABLE_STRING, GOOD.to_vec()));
    let wide = EVIL.iter().flat_map(|octet| [0, 0, 0, *octet]).collect();
    let values = [
        (0x1c, wide),
        (0x04, EVIL.to_vec()),
        (0x1a, EVIL.to_vec()),
        (0x1b, EVIL.to_vec()),
        (0x30, vec![0x0c, 4, b'e', b'v', b'i', b'l']),
        (0x2c, EVIL.to_vec()),
        (0x8c, EVIL.to_vec()),
    ];
    for value in values {
        for kind in [3, 10] {
            for subject in [
                vec![good.clone(), (kind, value.clone())],
                vec![(kind, value.clone())],
            ] {
                let der = house.sign(&subject, &[], &Overrides::default()).unwrap();
                check(&der);
                let kept = read(&der).0.len();
                assert_eq!(kept, subject.len() - 1, "the good name, and nothing else");
            }
        }
    }
    let refused = |subject: &[Attribute], names: &[Tagged]| {
        let refused = house.sign(subject, names, &Overrides::default()).unwrap_err();
        refused.to_string().contains(r#""code":5500"#)
    };
    assert!(refused(&[(3, (tag::UTF8_STRING, EVIL.to_vec()))], &[]));
    assert!(refused(
        &[good.clone(), (3, (tag::BMP_STRING, vec![0, b'e']))],
        &[]
    ));
    assert!(refused(&[good], &[(0x82, EVIL.to_vec())]));
}

#[test]
fn names_from_a_command_are_checked_too() {
    let house = House::new();
    let subject = Subject {
        common_name: "evil.example".into(),
        ..Subject::default()
    };
    let overrides = Overrides {
        subject: Some(subject),
        ..Overrides::default()
    };
    let good = (3, (tag::PRINTABLE_STRING, GOOD.to_vec()));
    assert!(house.sign(&[good], &[], &overrides).is_err());
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => Just(GOOD.to_vec()),
        2 => Just(EVIL.to_vec()),
        1 => Just(b"\0e\0v\0i\0l".to_vec()),
        1 => Just(vec![10, 0, 0, 1]),
        1 => Just(Vec::new()),
        1 => vec(any::<u8>(), 0..8),
    ]
}

fn attribute() -> impl Strategy<Value = Attribute> {
    let kind = prop_oneof![3 => Just(3_u8), 1 => 0..24_u8];
    let tags = prop_oneof![
        3 => Just(tag::PRINTABLE_STRING),
        2 => Just(tag::UTF8_STRING),
        1 => Just(tag::BMP_STRING),
        2 => any::<u8>().prop_filter("one octet", |tag| tag & 0x1f != 0x1f),
    ];
    (kind, (tags, value()))
}

fn alternative_name() -> impl Strategy<Value = Tagged> {
    let tags = prop_oneof![
        3 => Just(0x82_u8),
        1 => Just(0x81_u8),
        1 => Just(0x86_u8),
        1 => Just(0x87_u8),
        1 => any::<u8>().prop_filter("one octet", |tag| tag & 0x1f != 0x1f),
    ];
    (tags, value())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn every_name_of_a_certificate_matches(
        subject in vec(attribute(), 0..4),
        names in vec(alternative_name(), 0..4),
    ) {
        if let Ok(der) = House::new().sign(&subject, &names, &Overrides::default()) {
            check(&der);
        }
    }
}
