//! Certificates in PKCS#7 and PKCS#12: files from OpenSSL are read, and damaged ones cause
//! no panic.

#![allow(clippy::unwrap_used, reason = "a test may")]

use proptest::prelude::*;
use rcfssl_core::key::{self, PrivateKeyInfo, SigningKey};
use rcfssl_core::pkcs12::{self, Refusal, Unwritable};
use rcfssl_core::{Certificate, bundle};

macro_rules! sample {
    ($name:literal) => {
        include_bytes!(concat!("pkcs/", $name)).as_slice()
    };
}

const PKCS12: [(&[u8], &str); 8] = [
    (sample!("legacy-rc2-40.p12"), "pw"),
    (sample!("legacy-rc2-128.p12"), "pw"),
    (sample!("legacy-3des.p12"), "pw"),
    (sample!("modern-chain.p12"), "pw"),
    (sample!("plain-bags.p12"), "pw"),
    (sample!("no-mac.p12"), "pw"),
    (sample!("empty-password.p12"), ""),
    (sample!("unicode-password.p12"), "pässwörd😀"),
];

fn ders(certificates: &[Certificate]) -> Vec<&[u8]> {
    certificates.iter().map(|c| c.der.as_slice()).collect()
}

#[test]
fn pkcs12_of_every_kind_is_read() {
    let key = key::read(sample!("leaf-key.pem")).unwrap();
    for (index, (file, password)) in PKCS12.into_iter().enumerate() {
        let contents = pkcs12::read(file, password).unwrap_or_else(|refusal| panic!("{index}: {refusal}"));
        assert_eq!(contents.certificates[0].der, sample!("leaf.der"), "{index}");
        let found = contents.key.unwrap();
        assert!(found.public_key().is_same_key(key.public_key()), "{index}");
    }
    let chain = pkcs12::read(sample!("modern-chain.p12"), "pw")
        .unwrap()
        .certificates;
    assert_eq!(ders(&chain), [sample!("leaf.der"), sample!("root.der")]);
    let no_key = pkcs12::read(sample!("no-key.p12"), "pw").unwrap();
    assert!(no_key.key.is_none() && no_key.certificates.len() == 1);
}

/// A file with the sample's key and chain.
fn written(password: &str, name: &str) -> Vec<u8> {
    let key = PrivateKeyInfo::read_pem(sample!("leaf-key.pem")).unwrap();
    let store = pkcs12::Store {
        key: &key,
        certificates: &[sample!("leaf.der").to_vec(), sample!("root.der").to_vec()],
        friendly_name: name,
    };
    let mut random = [0; pkcs12::RANDOM_OCTETS];
    key::random(&mut random).unwrap();
    store.write(password, &random).unwrap().to_vec()
}

#[test]
fn written_files_read_back() {
    let key = key::read(sample!("leaf-key.pem")).unwrap();
    for (password, name) in [
        ("pw", "leaf"),
        ("pässwörd😀", "Ä 😀"),
        ("x".repeat(300).as_str(), ""),
    ] {
        let file = written(password, name);
        let contents = pkcs12::read(&file, password).unwrap();
        assert_eq!(
            ders(&contents.certificates),
            [sample!("leaf.der"), sample!("root.der")]
        );
        assert!(contents.key.unwrap().public_key().is_same_key(key.public_key()));
        assert_eq!(pkcs12::read(&file, "wrong").unwrap_err(), Refusal::WrongPassword);
        let name: Vec<u8> = name.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let found = file.windows(name.len().max(1)).filter(|part| *part == name);
        // The key's bag has the name in plain text; the certificate's is encrypted.
        assert_eq!(found.count(), usize::from(!name.is_empty()));
    }
}

#[test]
fn files_are_salted_and_reveal_no_secrets() {
    let (one, two) = (written("pw", "leaf"), written("pw", "leaf"));
    assert_ne!(one, two);
    let scalar = &rcfssl_go::pem::decode(sample!("leaf-key.pem"))
        .unwrap()
        .0
        .contents[7..39];
    for file in [&one, &two] {
        assert!(!file.windows(32).any(|part| part == scalar));
        let subject = Certificate::read(sample!("leaf.der")).unwrap().subject;
        assert!(!file.windows(subject.len()).any(|part| part == subject));
    }
    for at in [40, one.len() / 2, one.len() - 20] {
        let mut damaged = one.clone();
        damaged[at] ^= 1;
        assert!(pkcs12::read(&damaged, "pw").is_err(), "{at}");
    }
}

#[test]
fn a_key_and_certificate_that_do_not_match_are_not_written() {
    let key = PrivateKeyInfo::read_pem(sample!("leaf-key.pem")).unwrap();
    let (leaf, root) = (sample!("leaf.der").to_vec(), sample!("root.der").to_vec());
    let refusal = |certificates: &[Vec<u8>]| {
        let store = pkcs12::Store {
            key: &key,
            certificates,
            friendly_name: "x",
        };
        store.write("pw", &[0; pkcs12::RANDOM_OCTETS]).unwrap_err()
    };
    assert_eq!(refusal(&[root, leaf.clone()]), Unwritable::OtherKey);
    assert_eq!(refusal(&[]), Unwritable::NotCertificate);
    assert_eq!(refusal(&[leaf, b"\x30\x00".to_vec()]), Unwritable::NotCertificate);
}

#[test]
fn a_wrong_password_opens_nothing() {
    for (index, (file, _)) in PKCS12.into_iter().enumerate() {
        let refused = pkcs12::read(file, "wrong").unwrap_err();
        assert_eq!(refused, Refusal::WrongPassword, "{index}");
    }
    assert_eq!(
        pkcs12::read(sample!("leaf.der"), "pw").unwrap_err(),
        Refusal::NotPkcs12
    );
    assert_eq!(pkcs12::read(b"", "pw").unwrap_err(), Refusal::NotPkcs12);
}

#[test]
fn absurd_work_is_refused() {
    // The iteration count of the integrity check is at the end of the file.
    let mut file = sample!("legacy-3des.p12").to_vec();
    let end = file.len() - 4;
    assert_eq!(file[end..], [2, 2, 8, 0]);
    file.truncate(end);
    file.extend([2, 4, 0x7f, 0xff, 0xff, 0xff]);
    // The two enclosing sequences have become two octets longer.
    let grow = |file: &mut Vec<u8>, at: usize| {
        let (high, low) = (file[at], file[at + 1]);
        let length = u16::from_be_bytes([high, low]) + 2;
        file[at..at + 2].copy_from_slice(&length.to_be_bytes());
    };
    grow(&mut file, 2);
    let mac = file.len() - 6 - 8 - 2 - 33 - 1;
    let mac = (0..=mac)
        .rev()
        .find(|at| file[*at] == 0x30 && usize::from(file[at + 1]) + at + 2 == file.len() - 2);
    let mac = mac.unwrap();
    file[mac + 1] += 2;
    assert_eq!(pkcs12::read(&file, "pw").unwrap_err(), Refusal::TooManyIterations);
}

#[test]
fn pkcs7_is_read_only_with_the_crls_field() {
    let chain = [sample!("leaf.der"), sample!("root.der")];
    let input = bundle::read(sample!("crl.p7b"), "0").unwrap();
    assert_eq!(ders(&input.certificates), chain);
    let text = rcfssl_go::pem::encode("PKCS7", sample!("crl.p7b"));
    let twice = bundle::read_pem(format!("before\n{text}{text}").as_bytes()).unwrap();
    assert_eq!(ders(&twice), [chain, chain].concat());
    let refused = bundle::read(sample!("no-crls.p7b"), "0").unwrap_err();
    assert_eq!(
        refused.error.to_string(),
        r#"{"code":1002,"message":"Failed to decode certificate"}"#
    );
}

#[test]
fn certificates_may_be_pem_or_concatenated_der() {
    let chain = [sample!("leaf.der"), sample!("root.der")];
    let input = bundle::read(&chain.concat(), "0").unwrap();
    assert_eq!(ders(&input.certificates), chain);
    let spaced = [chain[0], b"\n"].concat();
    assert_eq!(bundle::read(&spaced, "0").unwrap().certificates.len(), 1);
    let pem = rcfssl_go::pem::encode("ANY LABEL", sample!("leaf.der"));
    assert_eq!(bundle::read_pem(pem.as_bytes()).unwrap().len(), 1);
    assert_eq!(bundle::read_pem(b" \n").unwrap().len(), 0);
    for (text, code) in [
        (format!("{pem}trailing"), 1002),
        ("nothing".to_owned(), 1002),
        (rcfssl_go::pem::encode("CERTIFICATE", b"x"), 1003),
    ] {
        let refused = bundle::read(text.as_bytes(), "0").unwrap_err().error.to_string();
        assert!(refused.contains(&code.to_string()), "{refused}");
    }
    let locked = bundle::read(sample!("legacy-3des.p12"), "0").unwrap_err();
    assert_eq!(locked.pkcs12, Some(Refusal::WrongPassword));
}

/// A file with some octets changed and part of its end removed.
fn damaged(files: Vec<&'static [u8]>) -> impl Strategy<Value = Vec<u8>> {
    let changes = proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6);
    (
        prop::sample::select(files),
        changes,
        any::<Option<prop::sample::Index>>(),
    )
        .prop_map(|(file, changes, cut)| {
            let mut file = file.to_vec();
            for (at, octet) in changes {
                let at = at.index(file.len());
                file[at] = octet;
            }
            if let Some(cut) = cut {
                file.truncate(cut.index(file.len()));
            }
            file
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_damage_makes_it_panic(
        file in damaged(
            PKCS12.iter().map(|(file, _)| *file)
                .chain([sample!("crl.p7b"), sample!("no-crls.p7b"), sample!("leaf.der")])
                .collect()
        ),
        password in prop::sample::select(vec!["pw", ""]),
    ) {
        let _ = bundle::read(&file, password);
        let pem = rcfssl_go::pem::encode("PKCS7", &file);
        let _ = bundle::read_pem(pem.as_bytes());
    }
}
