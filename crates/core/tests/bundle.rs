//! The choice of a chain, its status, and the fetching and saving of intermediates.

#![allow(clippy::unwrap_used, reason = "a test may")]

mod made;

use std::collections::HashMap;
use std::sync::Arc;

use made::{Made, NOW, ca_params, issuer_at, leaf_params};
use rcfssl_core::bundle::{Bundle, Bundler, Flavor, Intermediates, Platform};
use rcfssl_core::verify::Pool;
use rcfssl_core::{Answer, Certificate, Error, Event, Result, Web, key};
use rcfssl_go::pem;
use serde_json::{Value, json};
use time::Duration;

/// A simulated network, and the certificates saved.
#[derive(Default)]
struct Network {
    web: HashMap<String, Vec<u8>>,
    fetched: Vec<String>,
    kept: Vec<String>,
}

impl Web for Network {
    fn get(&mut self, url: &str, _: u64) -> Result<Answer> {
        self.fetched.push(url.to_owned());
        let body = self
            .web
            .get(url)
            .cloned()
            .ok_or_else(|| Error::plain("no such page"))?;
        Ok(Answer { status: 200, body })
    }
    fn post(&mut self, url: &str, _: &str, _: &[u8], _: u64) -> Result<Answer> {
        Err(Error::plain(format!("{url} is not posted to")))
    }
}

impl Intermediates for Network {
    fn keep(&mut self, file_name: &str, _: &Certificate) {
        self.kept.push(file_name.to_owned());
    }
}

struct Case {
    roots: Vec<Made>,
    intermediates: Vec<Made>,
    platforms: Vec<Platform>,
    network: Network,
    events: Vec<Event>,
}

impl Case {
    fn new(roots: &[&Made], intermediates: &[&Made]) -> Self {
        let all = |made: &[&Made]| made.iter().map(|m| (*m).clone()).collect();
        Case {
            roots: all(roots),
            intermediates: all(intermediates),
            platforms: Vec::new(),
            network: Network::default(),
            events: Vec::new(),
        }
    }

    fn run(&mut self, input: &[&Made], flavor: Flavor) -> Result<Bundle> {
        let certificates =
            |made: &[Made]| -> Vec<_> { made.iter().map(|m| Arc::clone(&m.certificate)).collect() };
        let platforms = std::mem::take(&mut self.platforms);
        let mut bundler = Bundler::new(Pool::default(), certificates(&self.intermediates), platforms);
        certificates(&self.roots)
            .into_iter()
            .for_each(|root| bundler.add_root(root));
        let input = input.iter().map(|m| Arc::clone(&m.certificate)).collect();
        let events = &mut self.events;
        bundler.bundle(input, None, flavor, NOW, &mut self.network, &mut |event| {
            events.push(event)
        })
    }

    /// The JSON, with chains as common names.
    fn json(&mut self, input: &[&Made], flavor: Flavor) -> std::result::Result<Value, String> {
        let bundle = self.run(input, flavor).map_err(|error| error.to_string())?;
        let mut json: Value = serde_json::from_str(&bundle.to_json().unwrap()).unwrap();
        for field in ["bundle", "crt", "root"] {
            json[field] = names(json[field].as_str().unwrap());
        }
        Ok(json)
    }
}

fn names(text: &str) -> Value {
    let mut rest = text.as_bytes();
    let mut names = Vec::new();
    while let Some((block, after)) = pem::decode(rest) {
        names.push(Certificate::read(&block.contents).unwrap().common_name());
        rest = after;
    }
    json!(names)
}

fn pki() -> (Made, Made, Made) {
    let root = Made::root(ca_params("root"));
    let one = root.sign(ca_params("one"));
    let leaf = one.sign(leaf_params("leaf"));
    (root, one, leaf)
}

#[test]
fn a_bundle_is_the_chain_without_its_root() {
    let (root, one, leaf) = pki();
    let mut case = Case::new(&[&root], &[&one]);
    let json = case.json(&[&leaf], Flavor::Ubiquitous).unwrap();
    assert_eq!(json["bundle"], json!(["leaf", "one"]));
    assert_eq!(
        (&json["crt"], &json["root"]),
        (&json!(["leaf"]), &json!(["root"]))
    );
    assert_eq!(json["status"]["rebundled"], json!(true));
    assert_eq!(json["status"]["code"], json!(2));
    assert_eq!(json["hostnames"], json!(["leaf"]));
    assert_eq!(json["issuer"], json!("/CommonName=one"));
    assert_eq!(json["key"], json!(""));
    let subject = |name: &str| format!("CN={name}");
    assert_eq!(
        case.events,
        [
            Event::Bundling {
                subject: subject("leaf")
            },
            Event::FallsBackToOptimal,
            Event::AnchoringRoot {
                subject: subject("root")
            },
        ]
    );
    let keys: Vec<&String> = json.as_object().unwrap().keys().collect();
    assert!(keys.is_sorted() && keys.len() == 16);
}

#[test]
fn given_certificates_are_used_and_saved_without_fetching() {
    let (root, one, leaf) = pki();
    for input in [[&leaf, &one], [&one, &leaf]] {
        let mut case = Case::new(&[&root], &[]);
        let json = case.json(&input, Flavor::Optimal).unwrap();
        assert_eq!(json["bundle"], json!(["leaf", "one"]));
        assert_eq!(json["status"]["rebundled"], json!(false));
        assert_eq!(case.network.kept.len(), 1);
        assert!(case.network.kept[0].starts_with("one_") && case.network.kept[0].ends_with(".crt"));
        assert!(case.network.fetched.is_empty());
    }
}

#[test]
fn issuers_are_fetched_step_by_step() {
    let root = Made::root(ca_params("root"));
    let mut params = ca_params("Int. One");
    params.custom_extensions = vec![issuer_at("http://x/root")];
    let one = root.sign(params);
    let mut params = ca_params("two");
    params.custom_extensions = vec![issuer_at("http://x/one")];
    let two = one.sign(params);
    let mut params = leaf_params("leaf");
    params.custom_extensions = vec![issuer_at("http://x/two")];
    let leaf = two.sign(params);
    let web = [
        ("http://x/two", two.certificate.der.clone()),
        ("http://x/one", one.certificate.to_pem().into_bytes()),
        ("http://x/root", root.certificate.der.clone()),
    ];
    let mut case = Case::new(&[&root], &[]);
    case.network.web = web.map(|(url, body)| (url.to_owned(), body)).into();
    let json = case.json(&[&leaf], Flavor::Optimal).unwrap();
    assert_eq!(json["bundle"], json!(["leaf", "two", "Int. One"]));
    assert_eq!(case.network.fetched, ["http://x/two", "http://x/one"]);
    assert!(
        case.network.kept[0].starts_with("IntOne_"),
        "{:?}",
        case.network.kept
    );
    assert!(case.network.kept[1].starts_with("two_"));
    // A network without an answer, or with a circle: the first reason is reported.
    let stranger = Made::root(ca_params("stranger"));
    for body in [
        b"garbage".to_vec(),
        leaf.certificate.der.clone(),
        stranger.certificate.der.clone(),
    ] {
        let mut case = Case::new(&[&root], &[]);
        case.network.web = [("http://x/two".to_owned(), body)].into();
        assert_eq!(
            case.json(&[&leaf], Flavor::Optimal).unwrap_err(),
            r#"{"code":1220,"message":"x509: certificate signed by unknown authority"}"#
        );
        assert!(case.network.kept.is_empty());
    }
}

#[test]
fn of_two_chains_the_shorter_is_optimal_then_the_longer_lived() {
    let old = Made::root(ca_params("old"));
    let new = Made::root(ca_params("new"));
    let new_by_old = old.cross_sign(&new, |_| {});
    let one = new.sign(ca_params("one"));
    let leaf = one.sign(leaf_params("leaf"));
    let mut case = Case::new(&[&old, &new], &[&new_by_old, &one]);
    assert_eq!(
        case.json(&[&leaf], Flavor::Optimal).unwrap()["root"],
        json!(["new"])
    );
    let mut case = Case::new(&[&old], &[&new_by_old, &one]);
    let json = case.json(&[&leaf], Flavor::Optimal).unwrap();
    assert_eq!(json["bundle"], json!(["leaf", "one", "new"]));

    let short = old.cross_sign(&one, |params| params.not_after = NOW + Duration::days(40));
    for intermediates in [[&one, &short], [&short, &one]] {
        let mut case = Case::new(&[&old, &new], &intermediates);
        assert_eq!(
            case.json(&[&leaf], Flavor::Optimal).unwrap()["root"],
            json!(["new"])
        );
    }
}

#[test]
fn the_most_widely_trusted_root_is_ubiquitous() {
    let old = Made::root(ca_params("old"));
    let new = Made::root(ca_params("new"));
    let new_by_old = old.cross_sign(&new, |_| {});
    let leaf = new.sign(leaf_params("leaf"));
    let document = br#"[
        {"name":"Old phone","weight":10,"hash_algo":"SHA2","key_algo":"ECDSA256","keystore":"old"},
        {"name":"New phone","weight":3,"hash_algo":"SHA2","key_algo":"ECDSA256","keystore":"new"},
        {"name":"Ancient","weight":50,"hash_algo":"SHA1","key_algo":"RSA","keystore":"new"},
        {"name":"Any","weight":1,"hash_algo":"SHA2","key_algo":"ECDSA256"}
    ]"#;
    let stores = [
        ("old", old.certificate.to_pem()),
        ("new", new.certificate.to_pem()),
    ];
    let mut open = |name: &str| {
        let found = stores.iter().find(|(store, _)| *store == name);
        found
            .map(|(_, text)| text.clone().into_bytes())
            .ok_or_else(|| Error::plain("no"))
    };
    let mut case = Case::new(&[&old, &new], &[&new_by_old]);
    let mut loaded = Vec::new();
    case.platforms = Platform::read_all(document, &mut open, &mut |event| loaded.push(event))
        .unwrap()
        .0;
    assert_eq!(loaded.len(), 4);
    let json = case.json(&[&leaf], Flavor::Ubiquitous).unwrap();
    assert_eq!(json["root"], json!(["old"]));
    assert_eq!(
        json["status"]["untrusted_root_stores"],
        json!(["New phone", "Ancient"])
    );
    let messages = json["status"]["messages"].to_string();
    assert!(
        messages.contains("not be trusted by the following platform(s): New phone, Ancient."),
        "{messages}"
    );
    assert!(!case.events.contains(&Event::FallsBackToOptimal));
    for bad in [
        &br#"[{"name":"x","hash_algo":"MD5","key_algo":"RSA"}]"#[..],
        br#"[{"name":"x","hash_algo":"SHA1","key_algo":"RSA","keystore":"missing"}]"#,
        b"{}",
        b"",
    ] {
        assert!(Platform::read_all(bad, &mut open, &mut |_| {}).is_err());
    }
}

#[test]
fn forced_bundles_are_the_input() {
    let (root, one, leaf) = pki();
    let mut case = Case::new(&[], &[]);
    let json = case.json(&[&root, &one, &leaf], Flavor::Force).unwrap();
    assert_eq!(json["bundle"], json!(["leaf", "one", "root"]));
    assert_eq!(json["root"], json!([]));
    assert_eq!(json["status"]["untrusted_root_stores"], Value::Null);
    assert_eq!(
        case.events,
        [Event::Bundling {
            subject: "CN=root".to_owned()
        }]
    );
    assert_eq!(
        case.json(&[&leaf, &root], Flavor::Force).unwrap_err(),
        r#"{"code":1200,"message":"Unable to verify the certificate chain"}"#
    );
}

#[test]
fn expiring_certificates_are_reported_by_position() {
    let root = Made::root(ca_params("root"));
    let mut soon = leaf_params("leaf");
    soon.not_after = NOW + Duration::hours(719);
    let soon = root.sign(soon);
    let json = Case::new(&[&root], &[]).json(&[&soon], Flavor::Optimal).unwrap();
    assert_eq!(json["status"]["code"], json!(3));
    assert_eq!(json["expires"], json!("2026-12-22T11:00:00Z"));
    assert_eq!(
        json["status"]["messages"][0],
        json!("The bundle is expiring within 30 days.The expiring cert is #1 in the chain.")
    );
}

#[test]
fn bundling_errors_give_the_reason() {
    let (root, one, leaf) = pki();
    let mut case = Case::new(&[&root], &[&one]);
    let self_signed = r#"{"code":1100,"message":"Certificate is self signed"}"#;
    assert_eq!(case.json(&[&root], Flavor::Optimal).unwrap_err(), self_signed);
    // cfssl crashes here.
    let mut trusted = Case::new(&[&leaf], &[]);
    assert!(
        trusted
            .json(&[&leaf], Flavor::Optimal)
            .unwrap_err()
            .contains("itself one of the roots")
    );
    let other = key::generate(key::KeySpec::Ed25519).unwrap();
    let mut bundler = Bundler::new(Pool::default(), Vec::new(), Vec::new());
    let input = vec![Arc::clone(&leaf.certificate)];
    let refused = bundler.bundle(
        input,
        Some(other),
        Flavor::Force,
        NOW,
        &mut Network::default(),
        &mut |_| {},
    );
    assert_eq!(
        refused.unwrap_err().to_string(),
        r#"{"code":2300,"message":"Private key does not match public key"}"#
    );
}

#[test]
fn the_key_is_included() {
    let root = Made::root(ca_params("root"));
    let leaf = root.sign(leaf_params("leaf"));
    let key = pem::encode("PRIVATE KEY", leaf.key.serialized_der());
    let key = key::read(key.as_bytes()).unwrap();
    let mut bundler = Bundler::new(Pool::default(), Vec::new(), Vec::new());
    let input = vec![Arc::clone(&leaf.certificate)];
    let bundle = bundler.bundle(
        input,
        Some(key),
        Flavor::Force,
        NOW,
        &mut Network::default(),
        &mut |_| {},
    );
    let json: Value = serde_json::from_str(&bundle.unwrap().to_json().unwrap()).unwrap();
    let text = json["key"].as_str().unwrap();
    assert!(
        text.starts_with("-----BEGIN EC PRIVATE KEY-----\n")
            && text.ends_with("-----END EC PRIVATE KEY-----")
    );
    assert_eq!(json["key_type"], json!("256-bit ECDSA"));
}
