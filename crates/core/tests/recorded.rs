//! Compares with recorded output of cfssl 1.6.5, byte for byte: given the recorded
//! documents, keys, serial numbers and clock, the result must be the recorded bytes.
//!
//! The signed part of every request and certificate is compared; if the signature is
//! deterministic (RSA, Ed25519), the complete encoding is as well; and every recorded
//! signature must verify.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use std::collections::HashMap;

use rcfssl_core::certificate::{Serial, to_be_signed};
use rcfssl_core::csr::{self, Content, Unverified};
use rcfssl_core::key::{self, KeyFormat, PrivateKey, SigningKey};
use rcfssl_core::{Authority, Certificate, Csr, Hosts, Overrides, Policy, Profile, Request, Wanted};
use rcfssl_go::pem;
use serde::Deserialize;
use time::OffsetDateTime;

#[derive(Deserialize)]
struct Recording {
    authorities: HashMap<String, String>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    command: String,
    request: String,
    config: Option<String>,
    #[serde(default)]
    profile: String,
    hostname: Option<String>,
    cn: Option<String>,
    crl: Option<String>,
    #[serde(default)]
    initca: bool,
    authority: Option<String>,
    authority_key: Option<String>,
    cert: Option<String>,
    csr: Option<String>,
    key: Option<String>,
    now: i64,
}

/// A case that rcfssl rejects on purpose.
fn is_refused(case: &Case) -> bool {
    case.authority_key.as_deref() == Some("ec224-sec1.pem") || case.name.contains("p224")
}

/// A case in which cfssl lets a request set what is reserved for the profile.
fn copies_too_much(case: &Case) -> bool {
    case.name.contains("-copy") || case.name.contains("copyext")
}

fn recording() -> Recording {
    let text = include_str!("../../../fixtures/recorded/certificates.json");
    serde_json::from_str(text).unwrap()
}

fn der(pem_text: &str) -> Vec<u8> {
    pem::decode(pem_text.as_bytes()).unwrap().0.contents.to_vec()
}

#[test]
fn requests_are_the_recorded_bytes() {
    let recording = recording();
    let mut compared = 0;
    for case in recording.cases.iter().filter(|case| !is_refused(case)) {
        let Some(recorded) = case.csr.as_ref().map(|text| der(text)) else {
            continue;
        };
        let key = signing_key(&recording, case);
        let csr = Csr::make(&content(case), &key).unwrap();
        let made = csr::to_be_signed(&content(case), key.public_key());
        assert_eq!(hex(&made), hex(signed_part(&recorded)), "{}", case.name);
        assert_eq!(signed_part(&csr.der), made, "{}", case.name);
        if is_deterministic(&key) {
            assert_eq!(hex(&csr.der), hex(&recorded), "{}", case.name);
        }
        // Go creates requests with URIs and with arcs above 31 bits that it cannot parse,
        // and so does rcfssl.
        let unread = ["a./", "1.2.99999999999"];
        let is_read = !unread.iter().any(|unread| case.request.contains(unread));
        if is_read && !recorded.windows(7).any(|w| w == b"//%C3%A") {
            let theirs = Unverified::read(&recorded).and_then(Unverified::verify);
            theirs.unwrap_or_else(|error| panic!("{}: {error}", case.name));
        }
        compared += 1;
    }
    assert!(compared > 280, "{compared}");
}

#[test]
fn certificates_are_the_recorded_bytes() {
    let recording = recording();
    let (mut compared, mut whole) = (0, 0);
    for case in recording
        .cases
        .iter()
        .filter(|case| !is_refused(case) && !copies_too_much(case))
    {
        let Some(recorded) = case.cert.as_ref().map(|text| der(text)) else {
            continue;
        };
        let theirs = Certificate::read(&recorded).unwrap_or_else(|error| panic!("{}: {error}", case.name));
        let (signer, key) = if case.initca {
            (None, signing_key(&recording, case))
        } else {
            let named = |name: &Option<String>| recording.authorities[name.as_ref().unwrap()].as_bytes();
            let certificate = Certificate::read_pem(named(&case.authority)).unwrap();
            (Some(certificate), key::read(named(&case.authority_key)).unwrap())
        };
        let authority = match &signer {
            Some(certificate) => Authority::new(certificate, &key),
            None => Authority::self_signed(&key),
        };
        let csr = request(&recording, case);
        let profile = profile(case);
        let now = clock(case, &profile, &theirs);
        let serial = Serial::from_magnitude(&theirs.serial);
        let overrides = overrides(case);
        let decided = Wanted::of_csr(&csr, &profile).and_then(|mut wanted| {
            wanted.replace(&overrides);
            authority.decide(wanted, &profile, now, serial, &mut |_| {})
        });
        let decided = decided.unwrap_or_else(|error| panic!("{}: {error}", case.name));
        let template = decided.template();
        let issuer = match &signer {
            Some(certificate) => certificate.as_issuer(),
            None => rcfssl_core::certificate::Issuer {
                name: template.subject.to_der(),
                key_identifier: None,
            },
        };
        let made = to_be_signed(template, &issuer, key.algorithm());
        assert_eq!(hex(&made), hex(&theirs.to_be_signed), "{}", case.name);
        if is_deterministic(&key) {
            let issued = authority.issue(&decided, &mut |_| {}).unwrap();
            assert_eq!(hex(&issued.der), hex(&recorded), "{}", case.name);
            whole += 1;
        }
        let verified = key::verify(
            key.public_key(),
            Some(key.algorithm()),
            &theirs.to_be_signed,
            &theirs.signature,
        );
        verified.unwrap_or_else(|error| panic!("{}: {error}", case.name));
        compared += 1;
    }
    assert!(compared > 180 && whole > 10, "{compared} {whole}");
}

#[test]
fn keys_are_written_as_they_were() {
    let mut compared = 0;
    for case in recording().cases {
        let Some(text) = &case.key else { continue };
        let key = key::read(text.as_bytes()).unwrap();
        assert_eq!(
            key.to_pem(KeyFormat::Traditional).unwrap().as_str(),
            text,
            "{}",
            case.name
        );
        compared += 1;
    }
    assert!(compared > 280, "{compared}");
}

/// The key that was generated, or that of the CA whose certificate was reissued.
fn signing_key(recording: &Recording, case: &Case) -> PrivateKey {
    let text = case
        .key
        .as_ref()
        .unwrap_or_else(|| &recording.authorities[case.authority_key.as_ref().unwrap()]);
    key::read(text.as_bytes()).unwrap()
}

fn document(case: &Case) -> Request {
    let mut request = Request::read(case.request.as_bytes()).unwrap().0;
    if let Some(cn) = case
        .cn
        .as_ref()
        .filter(|cn| !cn.is_empty() && case.command == "gencert")
    {
        request.cn.clone_from(cn);
    }
    if let Some(hosts) = hostnames(case).filter(|_| !case.initca && case.command == "gencert") {
        request.hosts = hosts.into();
    }
    request
}

fn hostnames(case: &Case) -> Option<Vec<String>> {
    let list = case.hostname.as_ref().filter(|list| !list.is_empty())?;
    Some(list.split(',').map(str::to_owned).collect())
}

fn content(case: &Case) -> Content {
    let request = document(case);
    Content {
        subject: request.subject().unwrap(),
        hosts: request.hosts(),
        extensions: request.extensions().unwrap(),
    }
}

fn request(recording: &Recording, case: &Case) -> Csr {
    if case.command == "sign" {
        return Csr::read_pem(case.request.as_bytes()).unwrap();
    }
    Csr::make(&content(case), &signing_key(recording, case)).unwrap()
}

fn profile(case: &Case) -> Profile {
    if case.initca {
        let mut request = document(case);
        if case.authority_key.is_some() {
            request.crl_url.clear();
            request.ca.iter_mut().for_each(|ca| ca.backdate.clear());
        }
        return request.root_profile().unwrap();
    }
    let policy = match &case.config {
        Some(text) => Policy::read(text.as_bytes(), &(), &mut |_| {}).unwrap().0,
        None => Policy::builtin(),
    };
    policy.profile(&case.profile).unwrap().profile.clone()
}

fn overrides(case: &Case) -> Overrides {
    let hosts = if case.initca {
        let request = document(case);
        let own_key = case.authority_key.is_none();
        (own_key && request.hosts.is_given()).then(|| request.hosts())
    } else {
        hostnames(case).map(Hosts::parse)
    };
    Overrides {
        hosts,
        crl_url: case.crl.clone().filter(|url| !url.is_empty()),
        ..Overrides::default()
    }
}

/// The log contains the recorded time in seconds; a minute may have begun before the
/// certificate was created.
fn clock(case: &Case, profile: &Profile, theirs: &Certificate) -> OffsetDateTime {
    let logged = OffsetDateTime::from_unix_timestamp(case.now).unwrap();
    let candidates = [0, 1, -1, 2].map(|seconds| logged + time::Duration::seconds(seconds));
    let fits = |now: &OffsetDateTime| {
        let (begin, _) = rcfssl_core::validity(profile, *now).unwrap();
        begin.unix_timestamp() == theirs.not_before.unix_timestamp()
    };
    candidates
        .into_iter()
        .find(fits)
        .unwrap_or_else(|| panic!("{}: no clock fits", case.name))
}

fn is_deterministic(key: &PrivateKey) -> bool {
    !matches!(key.public_key().kind(), key::KeyKind::Ecdsa(_))
}

/// The first element of a SIGNED{…}.
fn signed_part(der: &[u8]) -> &[u8] {
    let element = |der: &[u8]| -> (usize, usize) {
        match der[1] {
            short @ 0..0x80 => (2, usize::from(short)),
            long => {
                let count = usize::from(long & 0x7f);
                (
                    2 + count,
                    der[2..2 + count]
                        .iter()
                        .fold(0, |length, octet| length << 8 | usize::from(*octet)),
                )
            }
        }
    };
    let (header, _) = element(der);
    let (inner, length) = element(&der[header..]);
    &der[header..header + inner + length]
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
