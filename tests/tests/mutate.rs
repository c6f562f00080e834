//! A short run with mutated inputs and a fixed seed: none may cause a panic, a long run
//! time or high memory use.

use std::path::PathBuf;
use std::time::Duration;

use rcfssl_tests::mutate::run::{self, Plan};
use rcfssl_tests::mutate::worker::Limits;

#[test]
fn readers_stand_mutated_inputs() {
    let folder = tempfile::tempdir().unwrap();
    let plan = Plan {
        program: PathBuf::from(env!("CARGO_BIN_EXE_mutate")),
        seed: 20_261_125,
        first: 0,
        time: Duration::from_secs(10),
        limits: Limits {
            seconds: 15.0,
            memory: 192 << 20,
        },
        folder: folder.path().to_owned(),
    };
    let outcome = run::run(&plan, &mut |finding| eprintln!("{finding:?}")).unwrap();
    assert!(outcome.findings.is_empty(), "{:?}", outcome.findings);
    assert!(outcome.cases > 100, "only {} cases were read", outcome.cases);
}
