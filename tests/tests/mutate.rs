//! A short run with mutated inputs and a fixed seed: none may cause a panic, a long run
//! time or high memory use.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use rcfssl_tests::binaries;
use rcfssl_tests::mutate::run::{self, Plan};
use rcfssl_tests::mutate::worker::{self, Limits};
use rcfssl_tests::mutate::{Case, Kind, Programs};

#[test]
fn readers_stand_mutated_inputs() {
    let folder = tempfile::tempdir().unwrap();
    let plan = Plan {
        program: PathBuf::from(env!("CARGO_BIN_EXE_mutate")),
        seed: 20_261_125,
        first: 0,
        time: Duration::from_secs(15),
        limits: Limits {
            seconds: 15.0,
            memory: 192 << 20,
        },
        folder: folder.path().to_owned(),
        binaries: binaries::folder().unwrap().to_owned(),
    };
    let outcome = run::run(&plan, &mut |finding| eprintln!("{finding:?}")).unwrap();
    assert!(outcome.findings.is_empty(), "{:?}", outcome.findings);
    assert!(outcome.cases > 100, "only {} cases were read", outcome.cases);
    let all = outcome.counts.iter().all(|count| *count > 0);
    assert!(all, "a kind was left out: {}", outcome.by_kind());
}

#[test]
fn a_program_that_panics_is_a_finding() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("rcfssljson");
    let limits = Limits {
        seconds: 15.0,
        memory: 192 << 20,
    };
    let programs = Programs::new(folder.path(), &folder.path().join("at"), limits).unwrap();
    let case = Case {
        kind: Kind::Output,
        bytes: b"{}".to_vec(),
    };
    for (script, finding) in [
        ("exit 1", None),
        ("echo thread main panicked >&2; exit 1", Some("panicked")),
        ("exit 101", Some("ended with exit status: 101")),
        ("kill -SEGV $$", Some("signal: 11")),
    ] {
        fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
        let found = worker::read(&case, &programs, limits).unwrap();
        let is_right = match (&found, finding) {
            (Some(found), Some(finding)) => found.contains(finding),
            (None, None) => true,
            _ => false,
        };
        assert!(is_right, "{script}: {found:?}");
    }
}
