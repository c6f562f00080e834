//! Benchmarks of the steps of issuing: `cargo bench -p rcfssl-bench`.

#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark may")]

use divan::{Bencher, black_box};
use rcfssl_core::certificate::to_be_signed;
use rcfssl_core::csr::{Content, Unverified};
use rcfssl_core::key::{self, Curve, KeyFormat, KeySpec, PrivateKey, SigningKey};
use rcfssl_core::{Authority, Certificate, Csr, Hosts, Overrides, Policy, Request, Serial, Wanted};
use time::OffsetDateTime;

const REQUEST: &[u8] = include_bytes!("../../../fixtures/documents/server.json");
const CONFIG: &[u8] = include_bytes!("../../../fixtures/documents/ca-config.json");
const KINDS: [KeySpec; 3] = [
    KeySpec::Ecdsa(Curve::P256),
    KeySpec::Ed25519,
    KeySpec::Rsa { bits: 2048 },
];

fn main() {
    divan::main();
}

/// A CA, and a request for it.
struct Scene {
    key: PrivateKey,
    certificate: Certificate,
    policy: Policy,
    request: Request,
    leaf: PrivateKey,
}

impl Scene {
    fn new(spec: KeySpec) -> Self {
        let key = key::generate(spec).unwrap();
        let (request, _) = Request::read(REQUEST).unwrap();
        let (policy, _) = Policy::read(CONFIG, &(), &mut |_| {}).unwrap();
        let root = Request {
            ca: Some(Default::default()),
            ..request.clone()
        };
        let csr = Csr::make(&content(&root), &key).unwrap();
        let issued = Authority::self_signed(&key)
            .sign(
                &csr,
                &root.root_profile().unwrap(),
                &Overrides::default(),
                OffsetDateTime::now_utc(),
                &mut |_| {},
            )
            .unwrap();
        Scene {
            key,
            certificate: Certificate::read(&issued.der).unwrap(),
            policy,
            request,
            leaf: key::generate(KeySpec::Ecdsa(Curve::P256)).unwrap(),
        }
    }

    fn decided(&self) -> rcfssl_core::Decided {
        let profile = self.policy.profile("server").unwrap().profile;
        let wanted = Wanted::of_content(&content(&self.request), self.leaf.public_key(), profile).unwrap();
        Authority::new(&self.certificate, &self.key)
            .decide(
                wanted,
                profile,
                OffsetDateTime::now_utc(),
                Serial::random().unwrap(),
                &mut |_| {},
            )
            .unwrap()
    }
}

fn content(request: &Request) -> Content {
    Content {
        subject: request.subject().unwrap(),
        hosts: request.hosts(),
        extensions: request.extensions().unwrap(),
    }
}

#[divan::bench(args = KINDS)]
fn make_a_key(spec: KeySpec) -> PrivateKey {
    key::generate(spec).unwrap()
}

#[divan::bench(args = KINDS)]
fn read_a_key(bencher: Bencher<'_, '_>, spec: KeySpec) {
    let text = key::generate(spec)
        .unwrap()
        .to_pem(KeyFormat::Traditional)
        .unwrap();
    bencher.bench(|| key::read(black_box(text.as_bytes())).unwrap());
}

#[divan::bench]
fn read_the_documents() -> (Request, Policy) {
    let (request, _) = Request::read(black_box(REQUEST)).unwrap();
    let (policy, _) = Policy::read(black_box(CONFIG), &(), &mut |_| {}).unwrap();
    (request, policy)
}

#[divan::bench]
fn sort_hosts() -> Hosts {
    Hosts::parse(black_box([
        "10.0.1.10",
        "::1",
        "etcd.example.com",
        "a@b.example",
        "spiffe://td/x",
    ]))
}

#[divan::bench]
fn make_a_request(bencher: Bencher<'_, '_>) {
    let scene = Scene::new(KINDS[0]);
    bencher.bench(|| Csr::make(&content(&scene.request), &scene.leaf).unwrap());
}

#[divan::bench]
fn read_a_request(bencher: Bencher<'_, '_>) {
    let scene = Scene::new(KINDS[0]);
    let csr = Csr::make(&content(&scene.request), &scene.leaf).unwrap();
    bencher.bench(|| Unverified::read(black_box(&csr.der)).unwrap());
}

#[divan::bench]
fn decide_on_a_template(bencher: Bencher<'_, '_>) {
    let scene = Scene::new(KINDS[0]);
    bencher.bench(|| scene.decided());
}

#[divan::bench]
fn encode_a_certificate(bencher: Bencher<'_, '_>) {
    let scene = Scene::new(KINDS[0]);
    let (decided, issuer) = (scene.decided(), scene.certificate.as_issuer());
    bencher.bench(|| to_be_signed(black_box(decided.template()), &issuer, scene.key.algorithm()));
}

#[divan::bench(args = KINDS)]
fn sign(bencher: Bencher<'_, '_>, spec: KeySpec) {
    let key = key::generate(spec).unwrap();
    bencher.bench(|| key.sign(key.algorithm(), black_box(&[0x30; 500])).unwrap());
}

#[divan::bench]
fn read_a_certificate(bencher: Bencher<'_, '_>) {
    let scene = Scene::new(KINDS[0]);
    let pem = scene.certificate.to_pem();
    bencher.bench(|| Certificate::read_pem(black_box(pem.as_bytes())).unwrap());
}
