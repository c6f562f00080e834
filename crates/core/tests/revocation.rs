//! CRLs and OCSP responders: which ones are trusted, and the result if none can be reached.

#![allow(clippy::unwrap_used, reason = "a test may")]

mod made;

use std::collections::HashMap;

use made::{Made, NOW, access, ca_params, leaf_params};
use rcfssl_core::crl::{self, CrlContent, Entries};
use rcfssl_core::key::{self, PrivateKey};
use rcfssl_core::ocsp::{Responder, Status};
use rcfssl_core::revocation::{Checker, Finding, Note, RevocationList};
use rcfssl_core::{Answer, Duration, Error, Result, Web};
use rcfssl_go::pem;
use rcgen::{CrlDistributionPoint, ExtendedKeyUsagePurpose};

/// Responses by URL, without the base64 of an OCSP request, which begins with `M`.
#[derive(Default)]
struct Pages {
    pages: HashMap<String, Vec<u8>>,
    asked: Vec<String>,
}

impl Web for Pages {
    fn get(&mut self, url: &str, _: u64) -> Result<Answer> {
        self.asked.push(url.to_owned());
        let url = url.split_once("/M").map_or(url, |(responder, _)| responder);
        match self.pages.get(url) {
            Some(body) => Ok(Answer {
                status: 200,
                body: body.clone(),
            }),
            None => Err(Error::plain(format!("Get {url:?}: no such page"))),
        }
    }
    fn post(&mut self, url: &str, _: &str, _: &[u8], limit: u64) -> Result<Answer> {
        self.get(url, limit)
    }
}

fn private_key(made: &Made) -> PrivateKey {
    key::read(pem::encode("PRIVATE KEY", made.key.serialized_der()).as_bytes()).unwrap()
}

fn check(certificate: &Made, pages: &mut Pages) -> (Finding, Vec<String>) {
    let mut notes = Vec::new();
    let mut note = |note: Note| notes.push(note.to_string());
    let finding = Checker::default().check(&certificate.certificate, NOW, pages, &mut note);
    (finding, notes)
}

fn list(revoked: &[&Made], issuer: &Made) -> Vec<u8> {
    let mut entries = Entries::default();
    for made in revoked {
        entries.add(&made.certificate.serial_number(), NOW);
    }
    let content = CrlContent {
        entries,
        keep_empty: true,
        now: NOW,
        next_update: NOW + time::Duration::days(1),
        number: None,
    };
    crl::sign(content, &issuer.certificate, &private_key(issuer)).unwrap()
}

#[test]
fn crls_are_trusted_if_the_issuer_signed_them() {
    let root = Made::root(ca_params("root"));
    let mut params = leaf_params("leaf");
    let uris = vec!["ldap://x/list".to_owned(), "http://x/list".to_owned()];
    params.crl_distribution_points = vec![CrlDistributionPoint { uris }];
    params.custom_extensions = vec![access(&[(2, "http://x/root")])];
    let leaf = root.sign(params);
    let other = root.sign(leaf_params("other"));
    let skipped = "skipping LDAP CRL: ldap://x/list".to_owned();
    let mut pages = Pages::default();
    let get = r#"Get "http://x/list": no such page"#;
    assert_eq!(
        check(&leaf, &mut pages),
        (
            Finding::Unknown,
            vec![
                skipped.clone(),
                format!("failed to fetch CRL: {get}"),
                "error checking revocation via CRL".to_owned()
            ]
        )
    );
    pages
        .pages
        .insert("http://x/list".to_owned(), list(&[&other], &root));
    assert_eq!(check(&leaf, &mut pages), (Finding::Good, vec![skipped.clone()]));
    pages
        .pages
        .insert("http://x/list".to_owned(), list(&[&other, &leaf], &root));
    let (finding, notes) = check(&leaf, &mut pages);
    assert_eq!(finding, Finding::Revoked);
    assert_eq!(
        notes[1..],
        [
            "Serial number match: intermediate is revoked.",
            "certificate is revoked via CRL"
        ]
    );
    // If the issuer can be obtained, a CRL signed by someone else is not trusted.
    let stranger = Made::root(ca_params("root"));
    pages
        .pages
        .insert("http://x/list".to_owned(), list(&[], &stranger));
    pages
        .pages
        .insert("http://x/root".to_owned(), root.certificate.to_pem().into_bytes());
    let (finding, notes) = check(&leaf, &mut pages);
    assert_eq!(
        (finding, notes[1].as_str()),
        (
            Finding::Unknown,
            "failed to verify CRL: x509: ECDSA verification failure"
        )
    );
    pages
        .pages
        .insert("http://x/list".to_owned(), b"garbage".to_vec());
    assert_eq!(check(&leaf, &mut pages).0, Finding::Unknown);
}

#[test]
fn a_crl_is_fetched_once() {
    let root = Made::root(ca_params("root"));
    let mut params = leaf_params("leaf");
    let uris = vec!["http://x/list".to_owned()];
    params.crl_distribution_points = vec![CrlDistributionPoint { uris }];
    let leaf = root.sign(params);
    let mut pages = Pages::default();
    pages.pages.insert("http://x/list".to_owned(), list(&[], &root));
    let mut checker = Checker::default();
    for _ in 0..3 {
        let finding = checker.check(&leaf.certificate, NOW, &mut pages, &mut |_| {});
        assert_eq!(finding, Finding::Good);
    }
    assert_eq!(pages.asked, ["http://x/list"]);
    assert!(RevocationList::read(pem::encode("X509 CRL", &list(&[], &root)).as_bytes()).is_some());
}

#[test]
fn responders_are_trusted_if_the_issuer_certified_them() {
    let root = Made::root(ca_params("root"));
    let mut params = leaf_params("delegate");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::OcspSigning];
    let delegate = root.sign(params);
    let server = root.sign(leaf_params("server"));
    let stranger = Made::root(ca_params("stranger"));
    let mut params = leaf_params("leaf");
    params.custom_extensions = vec![access(&[(1, "http://x/ocsp"), (2, "http://x/root")])];
    let leaf = root.sign(params);
    let mut pages = Pages::default();
    assert_eq!(
        check(&leaf, &mut pages),
        (
            Finding::Unknown,
            vec!["error checking revocation via OCSP".to_owned()]
        )
    );
    pages
        .pages
        .insert("http://x/root".to_owned(), root.certificate.der.clone());
    let revoked = Status::Revoked { reason: 1, at: NOW };
    for (signer, status, want) in [
        (&root, Status::Good, Finding::Good),
        (&root, revoked, Finding::Revoked),
        (&root, Status::Unknown, Finding::Revoked),
        (&stranger, Status::Good, Finding::Unknown),
        (&server, Status::Good, Finding::Unknown),
    ] {
        let answer = answer(&root, signer, &leaf, status);
        pages.pages.insert("http://x/ocsp".to_owned(), answer);
        assert_eq!(check(&leaf, &mut pages).0, want, "{status:?}");
    }
    // A delegated responder is not a CA, but is certified to sign responses.
    pages.pages.insert(
        "http://x/ocsp".to_owned(),
        answer(&root, &delegate, &leaf, Status::Good),
    );
    assert_eq!(check(&leaf, &mut pages).0, Finding::Good);
    let about_another = answer(&root, &root, &delegate, Status::Good);
    pages.pages.insert("http://x/ocsp".to_owned(), about_another);
    assert_eq!(check(&leaf, &mut pages).0, Finding::Unknown);
    let mut broken = answer(&root, &root, &leaf, Status::Good);
    let last = broken.len() - 1;
    broken[last] ^= 1;
    for body in [broken, b"garbage".to_vec(), vec![0x30, 3, 0x0a, 1, 6], Vec::new()] {
        pages.pages.insert("http://x/ocsp".to_owned(), body);
        assert_eq!(check(&leaf, &mut pages).0, Finding::Unknown);
    }
}

fn answer(issuer: &Made, signer: &Made, about: &Made, status: Status) -> Vec<u8> {
    let responder = Responder {
        issuer: &issuer.certificate,
        certificate: &signer.certificate,
        key: &private_key(signer),
        interval: Duration::hours(1),
    };
    responder.answer(&about.certificate, status, NOW).unwrap()
}

#[test]
fn dates_come_first() {
    let root = Made::root(ca_params("root"));
    let mut gone = leaf_params("leaf");
    gone.not_after = NOW;
    let mut early = leaf_params("leaf");
    early.not_before = NOW;
    for (params, note) in [
        (gone, "Certificate expired 2026-11-22 12:00:00 +0000 UTC"),
        (
            early,
            "Certificate isn't valid until 2026-11-22 12:00:00 +0000 UTC",
        ),
    ] {
        let found = check(&root.sign(params), &mut Pages::default());
        assert_eq!(found, (Finding::Revoked, vec![note.to_owned()]));
    }
}
