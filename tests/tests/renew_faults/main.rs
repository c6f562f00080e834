//! Failures around `renew`: disks, permissions, links, concurrent runs. Pairs of files stay
//! consistent, nothing is left behind, and the user is informed.

#![allow(clippy::panic, clippy::unwrap_used, reason = "functions of tests")]

mod disk;
mod links;
mod orders;
mod permissions;
mod strangers;
mod together;

use rcfssl_tests::Organization;
use rcfssl_tests::workplace::Step;

/// An organization with a server `a` and a client `b`, neither of which is due.
fn organization() -> Organization {
    let organization = Organization::new().unwrap();
    for (profile, name) in [("server", "a"), ("client", "b")] {
        let document = format!(r#"{{"CN": "{name}", "key": {{"algo": "ecdsa", "size": 256}}}}"#);
        organization.sign(profile, name, &document).unwrap();
    }
    organization
}

/// Runs a line, which must neither panic nor show a key.
fn run(organization: &Organization, line: &str) -> Step {
    let step = organization.shell(line).unwrap();
    let said = step.out() + &step.err();
    assert!(
        !said.contains("panicked") && !said.contains("PRIVATE"),
        "{line}: {said}"
    );
    step
}

/// The errors and warnings of a step, without time stamps.
fn told(step: &Step) -> Vec<String> {
    let err = step.err();
    let lines = err.lines().filter_map(|line| line.split_once("] "));
    lines.map(|(_, message)| message.to_owned()).collect()
}
