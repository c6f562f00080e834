//! The normaliser itself: it detects every kind of difference, and nothing else.
//!
//! A case is run twice. The first run serves as the recording. The second must match it as
//! it is, and must not match once it has been corrupted.

#![allow(clippy::panic, clippy::unwrap_used, reason = "functions of tests")]

mod corrupt;
mod integrity;
mod objects;
mod signed;
mod streams;

use std::collections::BTreeSet;

use rcfssl_tests::normal::clock::Clock;
use rcfssl_tests::normal::der::Element;
use rcfssl_tests::normal::{Baseline, results};
use rcfssl_tests::suite::{Case, Outcome, Surroundings, Text, judge, run};
use rcfssl_tests::tree::File;
use rcfssl_tests::workplace::Step;
use serde_json::{Value, json};

use corrupt::{append, bytes, der, lines};

const CA: &str = r#"{"CN":"Root","key":{"algo":"ecdsa","size":256},"names":[{"O":"Org"}]}"#;
const LEAF: &str = r#"{"CN":"leaf","hosts":["leaf.example"],"key":{"algo":"ecdsa","size":256}}"#;

fn case() -> Case {
    let files = [("ca.json", CA), ("leaf.json", LEAF)];
    let sign = "cfssl gencert -ca=ca.pem -ca-key=ca-key.pem leaf.json";
    Case {
        id: "normaliser".to_owned(),
        files: files
            .map(|(name, text)| (name.to_owned(), Text::Plain(text.to_owned())))
            .into(),
        run: vec![
            "cfssl gencert -initca ca.json | cfssljson -bare ca".to_owned(),
            format!("{sign} | tee leaf.json.out | cfssljson -bare leaf; cat leaf.json.out; rm leaf.json.out"),
        ],
        ..Case::default()
    }
}

/// A case, its recording, and a second run of it.
struct Bench {
    case: Case,
    recorded: Value,
    second: Outcome,
    around: Surroundings,
}

impl Bench {
    fn new() -> Self {
        let (case, around) = (case(), Surroundings::default());
        let first = run(&case, &json!({}), &around).unwrap();
        let recorded = results(&Baseline::new(&case, &first, &around), &case, &first).unwrap();
        let second = run(&case, &json!({}), &around).unwrap();
        Bench {
            case,
            recorded,
            second,
            around,
        }
    }

    /// The problems of the second run after a change.
    fn problems(&self, change: &dyn Fn(&mut Outcome)) -> Vec<String> {
        let mut outcome = self.second.clone();
        change(&mut outcome);
        judge(&self.case, &self.recorded, &outcome, &self.around)
            .unwrap()
            .problems
    }
}

#[test]
fn a_second_run_is_the_same() {
    let bench = Bench::new();
    assert_eq!(bench.problems(&|_| {}), Vec::<String>::new());
    // Text that each program may choose.
    let free = |outcome: &mut Outcome| {
        append(outcome, "hint: anything\n");
        lines(outcome, |line| Some(line.to_owned()));
        let debug = outcome.steps[1]
            .err()
            .lines()
            .next()
            .unwrap()
            .replace("[INFO]", "[DEBUG]");
        append(outcome, &format!("{debug}\n"));
    };
    assert_eq!(bench.problems(&free), Vec::<String>::new());
}

#[test]
fn every_corruption_is_detected() {
    let bench = Bench::new();
    let mut missed = BTreeSet::new();
    let all = [
        objects::of_objects(),
        streams::of_streams(),
        integrity::of_integrity(),
    ];
    for (name, change, phrase) in all.into_iter().flatten() {
        let problems = bench.problems(&*change);
        if !problems.iter().any(|problem| problem.contains(phrase)) {
            missed.insert(format!("{name}: no {phrase:?} in {problems:#?}"));
        }
    }
    assert!(
        missed.is_empty(),
        "{}",
        missed.into_iter().collect::<Vec<_>>().join("\n")
    );
}

#[test]
fn a_crash_may_be_any_clean_failure() {
    let expected = json!({ "steps": [{ "exit": "crash", "stdout": "", "stderr": {} }], "files": {} });
    let case = Case::default();
    let around = Surroundings::default();
    let problems = |change: &dyn Fn(&mut Outcome)| {
        let mut outcome = Outcome {
            steps: vec![Step {
                commands: vec![1],
                stderr: b"no good\n".to_vec(),
                ..Step::default()
            }],
            before: Default::default(),
            after: Default::default(),
            clock: Clock {
                started: 0.0,
                ended: 0.0,
            },
        };
        change(&mut outcome);
        judge(&case, &expected, &outcome, &around).unwrap().problems
    };
    // Whatever the status of the line.
    assert!(problems(&|_| {}).is_empty());
    assert!(problems(&|outcome| outcome.steps[0].status = 2).is_empty());
    assert!(problems(&|outcome| outcome.steps[0].commands = vec![0, 2]).is_empty());
    assert!(!problems(&|outcome| outcome.steps[0].commands = vec![0]).is_empty());
    assert!(!problems(&|outcome| outcome.steps[0].commands = vec![139]).is_empty());
    assert!(!problems(&|outcome| outcome.steps[0].stderr = b"thread 'main' panicked at".to_vec()).is_empty());
    assert!(!problems(&|outcome| outcome.steps[0].stdout = b"x".to_vec()).is_empty());
    let written = |outcome: &mut Outcome| {
        let file = File {
            mode: 0o100_644,
            permissions: 0o644,
            bytes: Vec::new(),
        };
        outcome.after.files.insert("x".to_owned(), file);
    };
    assert!(!problems(&written).is_empty());
}

#[test]
fn der_is_read_to_its_end() {
    // A certificate with a length that is not minimal cannot be decoded.
    let bench = Bench::new();
    let problems = bench.problems(&|outcome| {
        der(outcome, "leaf.pem", |der| {
            let version = [0xA0, 3, 2, 1, 2];
            assert!(Element::whole(&der).is_ok());
            bytes(&der, &version, &[0xA0, 0x81, 3, 2, 1])
        });
    });
    assert!(
        problems.iter().any(|problem| problem.contains("undecodable")),
        "{problems:#?}"
    );
}
