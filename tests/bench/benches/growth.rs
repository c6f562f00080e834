//! What is read, at a size and at ten times that: `cargo bench -p rcfssl-bench --bench
//! growth`. Ten times the size takes about ten times as long, with two exceptions: the time
//! for decimal digits grows as n^1.5, and that for profiles more than tenfold here. A process
//! that reads profiles is linear: 20, 206, 383 and 797 ms for 4,000, 40,000, 80,000 and
//! 160,000 of them.

#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark may")]

use divan::{Bencher, black_box};
use rcfssl_core::csr::{Content, Unverified};
use rcfssl_core::extension::Extension;
use rcfssl_core::key::{self, Curve, KeySpec};
use rcfssl_core::oid::Oid;
use rcfssl_core::{Authority, Certificate, Csr, Overrides, Policy, Request, Serial};
use rcfssl_go::pem;
use time::OffsetDateTime;

const SIZES: [usize; 2] = [4_000, 40_000];

fn main() {
    divan::main();
}

/// Members of an object: `"x0":VALUE,"x1":VALUE…`
fn members(prefix: &str, count: usize, value: &str) -> String {
    let member = |at: usize| format!("\"{prefix}{at}\":{value}");
    (0..count).map(member).collect::<Vec<_>>().join(",")
}

fn bench_request(bencher: Bencher<'_, '_>, text: &str) {
    bencher.bench(|| {
        let (request, _) = Request::read(black_box(text.as_bytes())).unwrap();
        request.subject().unwrap()
    });
}

#[divan::bench(args = SIZES)]
fn unknown_keys(bencher: Bencher<'_, '_>, count: usize) {
    bench_request(bencher, &format!("{{{}}}", members("x", count, "0")));
}

#[divan::bench(args = SIZES)]
fn identifiers_of_names(bencher: Bencher<'_, '_>, count: usize) {
    let text = format!(
        r#"{{"names":[{{"OID":{{{}}}}}]}}"#,
        members("1.2.", count, r#""v""#)
    );
    bench_request(bencher, &text);
}

fn bench_policy(bencher: Bencher<'_, '_>, text: &str) {
    bencher.bench(|| Policy::read(black_box(text.as_bytes()), &(), &mut |_| ()).unwrap());
}

#[divan::bench(args = SIZES)]
fn profiles(bencher: Bencher<'_, '_>, count: usize) {
    let profile = r#"{"usages":["server auth"],"expiry":"1h"}"#;
    let text = format!(
        r#"{{"signing":{{"profiles":{{{}}}}}}}"#,
        members("p", count, profile)
    );
    bench_policy(bencher, &text);
}

#[divan::bench(args = SIZES)]
fn authentication_keys(bencher: Bencher<'_, '_>, count: usize) {
    let key = r#"{"type":"standard","key":"0123456789abcdef"}"#;
    let profile = format!(
        r#"{{"usages":["server auth"],"expiry":"1h","auth_key":"k{}"}}"#,
        count - 1
    );
    let text = format!(
        r#"{{"signing":{{"profiles":{{{}}}}},"auth_keys":{{{}}}}}"#,
        members("p", count / 10, &profile),
        members("k", count, key)
    );
    bench_policy(bencher, &text);
}

fn extensions(count: usize) -> Vec<Extension> {
    let extension = |at: usize| Extension {
        oid: Oid::from_arcs(&[1, 2, 3, at as i64]).unwrap(),
        critical: false,
        value: vec![5, 0],
    };
    (0..count).map(extension).collect()
}

fn request(count: usize) -> (Csr, key::PrivateKey) {
    let key = key::generate(KeySpec::Ecdsa(Curve::P256)).unwrap();
    let content = Content {
        extensions: extensions(count),
        ..Content::default()
    };
    (Csr::make(&content, &key).unwrap(), key)
}

#[divan::bench(args = SIZES)]
fn extensions_of_a_request(bencher: Bencher<'_, '_>, count: usize) {
    let (csr, _) = request(count);
    bencher.bench(|| Unverified::read(black_box(&csr.der)).unwrap());
}

#[divan::bench(args = SIZES)]
fn extensions_of_a_certificate(bencher: Bencher<'_, '_>, count: usize) {
    let (csr, key) = request(count);
    let text = br#"{"signing":{"default":{"usages":["server auth"],"expiry":"1h","copy_extensions":true}}}"#;
    let (policy, _) = Policy::read(text, &(), &mut |_| ()).unwrap();
    let authority = Authority::self_signed(&key);
    let profile = policy.default_profile();
    let now = OffsetDateTime::now_utc();
    let issued = authority
        .sign(&csr, profile, &Overrides::default(), now, &mut |_| ())
        .unwrap();
    bencher.bench(|| Certificate::read(black_box(&issued.der)).unwrap());
}

#[divan::bench(args = SIZES)]
fn digits_of_a_serial_number(bencher: Bencher<'_, '_>, count: usize) {
    let text = "7".repeat(count);
    bencher.bench(|| Serial::parse_prefix(black_box(&text)));
}

#[divan::bench(args = SIZES)]
fn octets_of_a_serial_number(bencher: Bencher<'_, '_>, count: usize) {
    let serial = Serial::from_magnitude(&vec![0x77; count]);
    bencher.bench(|| black_box(&serial).to_string());
}

#[divan::bench(args = SIZES)]
fn lines_that_begin_no_block(bencher: Bencher<'_, '_>, count: usize) {
    let text = format!("{}-----END A-----\n", "-----BEGIN A-----\n".repeat(count));
    bencher.bench(|| pem::decode(black_box(text.as_bytes())).map(|(block, _)| block));
}
