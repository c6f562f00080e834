//! rcfssl produces the same results as real cfssl for the shell lines of existing scripts.

use rcfssl_tests::suite::Suite;
use rcfssl_tests::{Result, ensure, skip};

/// The programs that the lines call, besides the binaries and coreutils.
const PROGRAMS: [&str; 4] = ["bash", "jq", "openssl", "python3"];

/// Cases of each kind that run twice: no key and no serial number may be repeated.
const AGAIN: [&str; 5] = [
    "walkthrough-etcd",
    "key-ecdsa-256-gencert",
    "key-rsa-2048-gencert",
    "sign-openssl-plain",
    "ca-rsa2048-leaf-ecdsa256",
];

#[test]
fn recorded_cases_give_the_same_results() -> Result<()> {
    check("conformance", &AGAIN)
}

#[test]
fn captures_of_local_commands_give_the_same_results() -> Result<()> {
    check("captures", &[])
}

fn check(suite: &str, again: &[&str]) -> Result<()> {
    if let Some(program) = skip::missing(&PROGRAMS) {
        return skip::skipped(&format!("there is no {program}"));
    }
    let report = Suite::open(suite)?.check(again)?;
    eprintln!("{report}");
    ensure!(report.is_good(), "{suite} is not alike; see above");
    Ok(())
}
