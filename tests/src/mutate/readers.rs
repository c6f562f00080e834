//! The readers of the libraries, and what is done with what they have read. What holds
//! for every input is asserted.

use std::sync::{Arc, LazyLock};

use rcfssl_ca::{ServeRequest, SignRequest};
use rcfssl_core::bundle::{self, Platform};
use rcfssl_core::certinfo::{CertificateInfo, RequestInfo};
use rcfssl_core::csr::{Content, Unverified};
use rcfssl_core::key::{self, PrivateKey, PrivateKeyInfo, SigningKey};
use rcfssl_core::responding::{Kept, OcspRequest};
use rcfssl_core::revocation::{Checker, RevocationList};
use rcfssl_core::verify::{Pool, Purpose, Verifier, check_host};
use rcfssl_core::{
    Answer, AuthenticatedRequest, Authority, Certificate, Csr, Duration, Host, Overrides, Policy, Request,
    Serial, Wanted, Web, name, pkcs12, rfc2253,
};
use rcfssl_go::regexp::Regexp;
use rcfssl_go::{base64, json, mail, pem, rfc3339, url};
use time::OffsetDateTime;

use super::{Case, Kind, Programs, corpus};
use crate::{Context, Result, repository};

/// The text of the one key of all cases.
///
/// # Errors
/// Where it cannot be read.
pub fn key_pem() -> Result<String> {
    let path = repository().join("crates/core/tests/keys/p256.pem");
    let key = key::read(&std::fs::read(&path)?).map_err(|error| crate::anyhow!("{error}"));
    let packed = key.and_then(|key| key.to_pkcs8().map_err(|error| crate::anyhow!("{error}")));
    Ok(pem::encode(
        "PRIVATE KEY",
        &packed.context("the key of all cases")?,
    ))
}

static KEY: LazyLock<Option<PrivateKey>> = LazyLock::new(|| {
    let text = key_pem().ok()?;
    key::read(text.as_bytes()).ok()
});

/// The one key of all cases.
pub fn key() -> &'static PrivateKey {
    #[expect(clippy::expect_used, reason = "without it there are no cases")]
    KEY.as_ref().expect("the key of all cases is read")
}

/// When it is, for all cases: 2026-03-01.
pub fn now() -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + time::Duration::seconds(1_772_323_200)
}

/// Reads a case with every reader that it is for.
///
/// # Errors
/// What a program did wrong.
pub fn read(case: &Case, programs: &Programs) -> Result<()> {
    let bytes = case.bytes.as_slice();
    match case.kind {
        Kind::Certificate => certificate(bytes),
        Kind::Request => request(bytes),
        Kind::Key => private_key(bytes),
        Kind::Container => container(bytes),
        Kind::Status => status(bytes),
        Kind::Ocsp => ocsp(bytes),
        Kind::Document => document(bytes),
        Kind::Text => text(bytes),
        Kind::Output => programs.output(bytes)?,
        Kind::Jobs => programs.jobs(bytes)?,
        Kind::Folder => programs.folder(bytes)?,
        Kind::Call => programs.call(bytes)?,
    }
    Ok(())
}

fn blocks(input: &[u8]) {
    let mut rest = input;
    while let Some((_, after)) = pem::decode(rest) {
        assert!(after.len() < rest.len(), "reading PEM goes on");
        rest = after;
    }
}

fn certificate(input: &[u8]) {
    blocks(input);
    let read = [Certificate::read(input), Certificate::read_pem(input)];
    for certificate in read.into_iter().flatten() {
        let _ = json::to_string_indented(&CertificateInfo::new(&certificate));
        let _ = rfc2253::text(&certificate.subject_attributes);
        let _ = Request::from_certificate(&certificate).subject();
        let _ = Wanted::of_certificate(&certificate, &certificate.public_key);
        let _ = Csr::of_certificate(&certificate, key());
        for host in ["a.example.com", "10.1.2.3", "*", ""] {
            let _ = check_host(&certificate, host);
        }
        let _ = certificate.check_signature_from(&certificate);
        below(&certificate);
        path(certificate);
    }
}

/// Signs under a certificate that came in.
fn below(authority: &Certificate) {
    let content = Content::default();
    let Ok(csr) = Csr::make(&content, key()) else {
        return;
    };
    let signer = Authority::new(authority, key());
    let policy = Policy::builtin();
    let Ok(selection) = policy.profile("") else { return };
    if let Ok(issued) = signer.sign(&csr, selection.profile, &Overrides::default(), now(), &mut |_| ()) {
        let read = Certificate::read(&issued.der);
        assert!(read.is_ok(), "what is signed reads back: {read:?}");
    }
}

fn path(certificate: Certificate) {
    let certificate = Arc::new(certificate);
    let mut roots = Pool::default();
    roots.add(Arc::clone(&certificate));
    let verifier = Verifier {
        roots: &roots,
        intermediates: &roots,
        now: now(),
        purpose: Purpose::ServerAuth,
        host: Some("a.example.com"),
    };
    let _ = verifier.paths(&certificate);
    let mut web = Echo(Vec::new());
    let _ = Checker::default().check(&certificate, now(), &mut web, &mut |note| drop(note.to_string()));
}

/// A network on which every address gives the same.
struct Echo(Vec<u8>);

impl Web for Echo {
    fn get(&mut self, _: &str, _: u64) -> rcfssl_core::Result<Answer> {
        Ok(Answer {
            status: 200,
            body: self.0.clone(),
        })
    }

    fn post(&mut self, url: &str, _: &str, _: &[u8], limit: u64) -> rcfssl_core::Result<Answer> {
        self.get(url, limit)
    }
}

/// Policies that look at much of a request.
static POLICIES: LazyLock<Vec<Policy>> = LazyLock::new(|| {
    const DOCUMENTS: [&str; 3] = [
        r#"{"signing":{"default":{"usages":["server auth"],"expiry":"1h","copy_extensions":true}}}"#,
        r#"{"signing":{"default":{"usages":["signing"],"expiry":"1h","name_whitelist":"^[a-z.]+$"}}}"#,
        r#"{"signing":{"default":{"usages":["cert sign"],"expiry":"1h","copy_extensions":true,
            "ca_constraint":{"is_ca":true,"max_path_len":1}}}}"#,
    ];
    let read = DOCUMENTS.map(|text| Policy::read(text.as_bytes(), &(), &mut |_| ()));
    read.into_iter().flatten().map(|(policy, _)| policy).collect()
});

fn request(input: &[u8]) {
    blocks(input);
    if let Ok(request) = Unverified::read(input) {
        let _ = json::to_string_indented(&RequestInfo::new(&request));
        if let Ok(csr) = request.verify() {
            signed(&csr);
        }
    }
    if let Ok(csr) = Csr::read_pem(input) {
        signed(&csr);
    }
}

/// Signs a request that came in, under each policy. Like cfssl, rcfssl repeats an
/// x500UniqueIdentifier or a dateOfBirth, and like Go's, its reader then refuses the
/// certificate.
fn signed(csr: &Csr) {
    let _ = csr.hosts();
    let authority = Authority::self_signed(key());
    for policy in POLICIES.iter() {
        let Ok(selection) = policy.profile("") else {
            continue;
        };
        let issued = authority.sign(csr, selection.profile, &Overrides::default(), now(), &mut |_| ());
        if let Ok(issued) = issued {
            let read = Certificate::read(&issued.der);
            let is_odd = csr
                .subject
                .iter()
                .any(|attribute| attribute.value.text().is_none());
            assert!(read.is_ok() || is_odd, "what is signed reads back: {read:?}");
        }
    }
}

fn private_key(input: &[u8]) {
    blocks(input);
    let packed = PrivateKeyInfo::read_pem(input);
    if let Ok(key) = key::read(input) {
        // A key may be there in spite of a label that calls it encrypted.
        let called_encrypted = key::is_encrypted(input);
        assert!(
            packed.is_ok() || called_encrypted,
            "what is a key can be packed: {packed:?}"
        );
        if let Ok(packed) = packed {
            let again = key::read(pem::encode("PRIVATE KEY", packed.der()).as_bytes());
            let same = again.is_ok_and(|again| again.public_key().is_same_key(key.public_key()));
            assert!(same, "what is packed is the same key");
        }
        let _ = key.sign(key.algorithm(), b"message");
    }
    for password in ["secret", "password", ""] {
        let _ = key::read_encrypted(input, Some(password.as_bytes()));
    }
}

fn container(input: &[u8]) {
    let _ = pkcs12::read(input, "secret");
    let Ok(input) = bundle::read(input, "secret") else {
        return;
    };
    for certificate in &input.certificates {
        let _ = rfc2253::text(&certificate.subject_attributes);
    }
}

fn status(input: &[u8]) {
    let _ = RevocationList::read(input);
}

/// The issuer and the certificate that responses are about.
static RESPONDED: LazyLock<Option<[Certificate; 2]>> = LazyLock::new(|| corpus::responded().ok());

/// A network on which the issuer is found, and one responder.
struct Responding<'a> {
    issuer: &'a [u8],
    response: &'a [u8],
}

impl Web for Responding<'_> {
    fn get(&mut self, url: &str, _: u64) -> rcfssl_core::Result<Answer> {
        // The request stands behind the responder's address.
        let body = match url.ends_with("/ocsp") {
            true => self.issuer,
            false => self.response,
        };
        Ok(Answer {
            status: 200,
            body: body.to_vec(),
        })
    }

    fn post(&mut self, _: &str, _: &str, _: &[u8], _: u64) -> rcfssl_core::Result<Answer> {
        self.get("", 0)
    }
}

fn ocsp(input: &[u8]) {
    let _ = OcspRequest::read(input);
    let _ = Kept::read(input);
    #[expect(clippy::expect_used, reason = "without it there are no cases")]
    let [issuer, certificate] = RESPONDED.as_ref().expect("a certificate with a responder");
    let mut web = Responding {
        issuer: &issuer.der,
        response: input,
    };
    let _ = Checker::default().check(certificate, now(), &mut web, &mut |note| drop(note.to_string()));
}

/// What servers are sent, beside that which is only theirs.
fn wire(input: &[u8]) {
    let _ = ServeRequest::read(input).map(ServeRequest::into_request);
    let mut envelope = AuthenticatedRequest::default();
    let _ = json::read(input, &mut envelope);
    let _ = rcfssl_store::Config::read(input);
    if let Ok(request) = SignRequest::read(input) {
        let text = request.to_json();
        // Like cfssl's, an extension without an identifier is written with an empty one.
        let is_whole = request.extensions.iter().all(|asked| !asked.arcs.is_empty());
        let again = SignRequest::read(text.as_bytes()).map(|again| again.to_json());
        assert!(
            !is_whole || again.as_ref() == Ok(&text),
            "what is sent reads back: {again:?}"
        );
    }
}

fn document(input: &[u8]) {
    wire(input);
    let _ = Policy::read(input, &(), &mut |_| ());
    let open = &mut |_: &str| Ok(Vec::new());
    let _ = Platform::read_all(input, open, &mut |_| ());
    let (request, report) = match Request::read(input) {
        Ok(read) => read,
        Err(rcfssl_core::Error::Json { error, .. }) => {
            let _ = json::place("x.json", input, error.offset);
            return;
        }
        Err(_) => return,
    };
    for unknown in &report.unknown_keys {
        let _ = json::locate(input, unknown.offset);
    }
    let _ = (request.key_spec(), request.check_named(), request.root_profile());
    let (Ok(subject), Ok(extensions)) = (request.subject(), request.extensions()) else {
        return;
    };
    let content = Content {
        subject,
        hosts: request.hosts(),
        extensions,
    };
    if let Ok(csr) = Csr::make(&content, key()) {
        signed(&csr);
    }
}

fn text(input: &[u8]) {
    let _ = base64::decode(input);
    let Ok(text) = str::from_utf8(input) else { return };
    if let Ok(duration) = Duration::parse(text) {
        assert_eq!(Duration::parse(&duration.to_string()), Ok(duration));
    }
    if let Ok(expression) = Regexp::compile(text) {
        let _ = expression.is_match("server.example.com");
    }
    let _ = (Host::parse(text), rfc3339::parse(text), name::parse_arcs(text));
    let _ = (url::Uri::parse(text), mail::address(text));
    let number = Serial::parse_prefix(text);
    assert_eq!(Serial::from_contents(&number.contents()), number);
}
