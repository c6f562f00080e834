//! `renew` as users call it: what it keeps, creates, rejects, and leaves alone.

#![allow(clippy::panic, clippy::unwrap_used, reason = "functions of tests")]

mod document;
mod due;
mod exec;
mod jobs;
mod keys;
mod names;
mod organizations;
mod problems;
mod profiles;
mod refused;
mod report;
mod schema;

use rcfssl_tests::Organization;
use rcfssl_tests::workplace::Step;

/// A request document with a small key.
fn document(cn: &str, hosts: &[&str]) -> String {
    let hosts = serde_json::to_string(hosts).unwrap();
    format!(r#"{{"CN": "{cn}", "hosts": {hosts}, "key": {{"algo": "ecdsa", "size": 256}}}}"#)
}

/// An organization with a server, a client and a member, none of which is due.
fn organization() -> Organization {
    let organization = Organization::new().unwrap();
    for (profile, name) in [("server", "server"), ("client", "client"), ("peer", "member")] {
        let host = format!("{name}.example");
        organization
            .sign(profile, name, &document(name, &[&host, "10.0.0.1"]))
            .unwrap();
    }
    organization
}

/// An organization with one server, whose certificate is 300 days old and has 65 days left:
/// less than a third.
fn organization_with_a_server_that_is_due() -> Organization {
    let organization = Organization::new().unwrap();
    organization
        .sign_from_to("server", "a", &document("a", &["a.example"]), [-300, 65])
        .unwrap();
    organization
}

/// Runs renew, with any result.
fn renew(organization: &Organization, arguments: &str) -> Step {
    organization.renew(arguments).unwrap()
}

/// Runs renew without a failure.
fn renewed(organization: &Organization, arguments: &str) -> Step {
    renew(organization, arguments).ok().unwrap()
}

/// Fails to renew one certificate without changing anything, and returns the reason.
fn refused(organization: &Organization, arguments: &str) -> String {
    let before = organization.stamps().unwrap();
    let step = renew(organization, arguments);
    assert_eq!(step.status, 1, "{}", step.out());
    assert_eq!(sum(&step), [0, 0, 0, 1], "{}", step.err());
    let names = |stamps: &std::collections::BTreeMap<String, _>| stamps.keys().cloned().collect::<Vec<_>>();
    let mut after = organization.stamps().unwrap();
    assert_eq!(names(&before), names(&after));
    // Its lock has come and gone.
    after.insert(".".to_owned(), before["."].clone());
    assert_eq!(before, after);
    let [reason] = logged(&step, "ERROR").try_into().unwrap();
    reason
}

/// The numbers created, renewed, untouched and failed, from the last line.
fn sum(step: &Step) -> [usize; 4] {
    let out = step.out();
    let line = out.lines().last().unwrap_or_default();
    let (all, rest) = line
        .split_once(" certificate")
        .unwrap_or_else(|| panic!("{line}"));
    let counts = ["made", "renewed", "untouched", "failed"].map(|word| {
        let before = rest.split(&format!(" {word}")).next().unwrap();
        let number = before.rsplit(' ').next().unwrap();
        number.parse().unwrap_or_else(|_| panic!("{word}: {line}"))
    });
    assert_eq!(all.parse(), Ok(counts.iter().sum::<usize>()), "{line}");
    counts
}

/// The messages logged at a level, without time stamps.
fn logged(step: &Step, level: &str) -> Vec<String> {
    let mark = format!(" [{level}] ");
    step.err()
        .lines()
        .filter_map(|line| line.split_once(&mark))
        .map(|(_, message)| message.to_owned())
        .collect()
}
