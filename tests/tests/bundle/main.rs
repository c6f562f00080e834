//! `bundle` as users call it. Where 1.2.0 and 1.6.5 behave alike, every line is compared
//! with Debian's cfssl.

#![allow(clippy::panic, clippy::unwrap_used, reason = "functions of tests")]

mod chains;
mod containers;
mod fetched;
mod platforms;
mod refused;
mod servers;

use rcfssl_tests::made::Made;
use rcfssl_tests::workplace::Step;
use rcfssl_tests::{Workplace, debian};
use serde_json::Value;

/// A workplace with these files, each with concatenated certificates.
fn place(files: &[(&str, &[&Made])]) -> Workplace {
    let place = Workplace::new().unwrap();
    for (name, certificates) in files {
        put(&place, name, certificates);
    }
    place
}

fn put(place: &Workplace, name: &str, certificates: &[&Made]) {
    let text: String = certificates.iter().map(|made| made.pem()).collect();
    place.write(name, text).unwrap();
}

/// Bundles and compares with Debian's cfssl.
fn bundle(place: &Workplace, arguments: &str) -> Step {
    debian::alike(place, &format!("cfssl bundle {arguments}")).unwrap()
}

/// Bundles successfully and compares with Debian's cfssl.
fn bundled(place: &Workplace, arguments: &str) -> Value {
    bundle(place, arguments).ok().unwrap().json().unwrap()
}

/// Fails to bundle and compares with Debian's cfssl; returns the last line that is not a
/// hint.
fn refused(place: &Workplace, arguments: &str) -> String {
    let step = bundle(place, arguments);
    assert_eq!((step.status, step.out().as_str()), (1, ""), "{arguments}: {step}");
    step.log().pop().unwrap()
}

/// The text of a chain in a bundle.
fn text(chain: &[&Made]) -> String {
    let text: String = chain.iter().map(|made| made.pem()).collect();
    text.trim_end().to_owned()
}
