//! What can go wrong around `renew`: disks, permissions, links, other runs. Pairs of
//! files stay whole, nothing is left lying about, and the user is told.

#![allow(clippy::panic, clippy::unwrap_used, reason = "functions of tests")]

mod disk;
mod links;
mod permissions;
mod strangers;
mod together;

use rcfssl_tests::Organization;
use rcfssl_tests::workplace::Step;

/// An organization with a server `a` and a client `b`, neither of them due.
fn organization() -> Organization {
    let organization = Organization::new().unwrap();
    for (profile, name) in [("server", "a"), ("client", "b")] {
        let document = format!(r#"{{"CN": "{name}", "key": {{"algo": "ecdsa", "size": 256}}}}"#);
        organization.sign(profile, name, &document).unwrap();
    }
    organization
}

/// Runs a line; whatever it does, it does not panic and shows no key.
fn run(organization: &Organization, line: &str) -> Step {
    let step = organization.shell(line).unwrap();
    let said = step.out() + &step.err();
    assert!(
        !said.contains("panicked") && !said.contains("PRIVATE"),
        "{line}: {said}"
    );
    step
}

/// The errors and warnings of a step, without their times.
fn told(step: &Step) -> Vec<String> {
    let err = step.err();
    let lines = err.lines().filter_map(|line| line.split_once("] "));
    lines.map(|(_, message)| message.to_owned()).collect()
}
