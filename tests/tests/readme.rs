//! The shell blocks of the README, run as they stand.

#![allow(clippy::panic, clippy::unwrap_used, reason = "functions of tests")]

use std::fs;
use std::os::unix::fs::symlink;

use rcfssl_tests::workplace::Step;
use rcfssl_tests::{Workplace, fixtures, needs, repository};

/// Blocks that are not run here: they build, install or measure, or change the machine.
/// Each is identified by its first words.
const ELSEWHERE: [&str; 12] = [
    "sh fixtures/walkthrough.sh",
    "sh tests/run.sh",
    "cargo run --release -p rcfssl-tests",
    "cargo install",
    "for tool in cfssl-bundle",
    "install -m 644",
    "kubectl apply",
    "git clone",
    "sh dist/",
    "apt install",
    "docker build",
    "systemctl",
];

/// The shell blocks, in order.
fn blocks() -> Vec<String> {
    let text = fs::read_to_string(repository().join("README.md")).unwrap();
    let blocks = text.split("```sh\n").skip(1);
    let blocks: Vec<String> = blocks
        .map(|block| block.split("```").next().unwrap().to_owned())
        .collect();
    assert!(blocks.len() > 10);
    blocks
}

/// The only block that begins with these words.
fn block(begin: &str) -> String {
    let mut found = blocks().into_iter().filter(|block| block.starts_with(begin));
    let block = found
        .next()
        .unwrap_or_else(|| panic!("README has no block {begin}"));
    assert_eq!(found.next(), None, "{begin}");
    block
}

/// Runs a block; its first failure ends it.
fn run(place: &Workplace, block: &str) -> Step {
    place.shell(&format!("set -e\n{block}")).unwrap()
}

/// A workplace in which `pki/acme` has a CA and a client, as in the text.
fn pki() -> Workplace {
    let place = Workplace::new().unwrap();
    for name in ["ca-csr.json", "ca-config.json", "client.json"] {
        let document = fs::read(fixtures().join("documents").join(name)).unwrap();
        place.write(&format!("pki/acme/{name}"), document).unwrap();
    }
    place
        .shell("cd pki/acme && rcfssl gencert -initca ca-csr.json | rcfssljson -bare ca")
        .unwrap()
        .ok()
        .unwrap();
    place
}

#[test]
fn the_walk_through_by_hand_creates_a_chain_that_openssl_accepts() {
    needs!("openssl");
    let place = Workplace::new().unwrap();
    let block = block("rcfssl print-defaults config");
    let step = run(&place, &block).ok().unwrap();
    assert!(step.out().contains("server.pem: OK"), "{step}");
    assert!(step.out().contains("My own CA"), "{step}");
    assert!(!step.err().contains("hint"), "{step}");
    // Nothing in it is an error under -strict.
    let strict = Workplace::new().unwrap();
    run(&strict, &format!("export RCFSSL_STRICT=1\n{block}"))
        .ok()
        .unwrap();
}

#[test]
fn the_jobs_document_and_the_command_that_it_replaces_give_the_same_result() {
    let place = pki();
    let text = fs::read_to_string(repository().join("README.md")).unwrap();
    let document = text
        .split("```json\n")
        .nth(1)
        .unwrap()
        .split("```")
        .next()
        .unwrap();
    place.write("pki/jobs.json", document).unwrap();
    let step = run(&place, &block("rcfssl renew -dry-run -jobs")).ok().unwrap();
    assert!(step.out().contains("pki/acme/client.pem"), "{step}");
    let subject = |folder: &str| {
        let line = format!("cd {folder} && rcfssl certinfo -cert client.pem");
        let info = place.shell(&line).unwrap().ok().unwrap().json().unwrap();
        (info["subject"].clone(), info["sans"].clone())
    };
    let by_jobs = subject("pki/acme");
    run(
        &place,
        "mkdir by-hand && cp pki/acme/*.json pki/acme/ca*.pem by-hand",
    )
    .ok()
    .unwrap();
    let by_hand = format!("cd by-hand\n{}", block("rcfssl gencert -ca=ca.pem"));
    run(&place, &by_hand).ok().unwrap();
    assert_eq!(subject("by-hand"), by_jobs);
    // In place, and watched.
    let step = run(&place, &block("rcfssl expiry pki/acme")).ok().unwrap();
    assert!(step.out().contains("renewed"), "{step}");
    let step = run(&place, &block("rcfssl expiry -warn")).ok().unwrap();
    assert!(step.out().contains("client.pem"), "{step}");
}

/// The table after the block matches its output, apart from the dates.
#[test]
fn the_jobs_of_the_walk_through_give_the_table_shown() {
    let place = Workplace::new().unwrap();
    symlink(fixtures(), place.join("fixtures")).unwrap();
    let step = run(&place, &block("cp -r fixtures/jobs")).ok().unwrap();
    let text = fs::read_to_string(repository().join("README.md")).unwrap();
    let shown = text.split("rcfssl expiry etcd\n```\n").nth(1).unwrap();
    let shown = shown.split("```").nth(1).unwrap().trim();
    let words = |line: &str| {
        let is_date = |word: &&str| word.bytes().all(|b| b.is_ascii_digit() || b == b'-');
        let words = line.split_whitespace().filter(|word| !is_date(word));
        words.collect::<Vec<_>>().join(" ")
    };
    let out = step.out();
    let printed: Vec<String> = out.lines().map(words).collect();
    for line in shown.lines().map(words) {
        assert!(printed.contains(&line), "{line}: {step}");
    }
}

/// Every block is run by a test or listed with those that cannot be.
#[test]
fn every_block_is_accounted_for() {
    const HERE: [&str; 6] = [
        "rcfssl print-defaults config",
        "rcfssl expiry pki/acme",
        "rcfssl renew -dry-run -jobs",
        "rcfssl gencert -ca=ca.pem",
        "cp -r fixtures/jobs",
        "rcfssl expiry -warn",
    ];
    for block in blocks() {
        let known = ELSEWHERE
            .iter()
            .chain(&HERE)
            .any(|begin| block.starts_with(begin));
        assert!(known, "no test runs this block of README:\n{block}");
    }
}
