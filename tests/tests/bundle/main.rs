//! `bundle`, as its users call it. What 1.2.0 and 1.6.5 do alike is compared with
//! Debian's cfssl at once, line by line.

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

/// A workplace with these files: certificates one behind the other.
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

/// Bundles, as Debian's cfssl does.
fn bundle(place: &Workplace, arguments: &str) -> Step {
    debian::alike(place, &format!("cfssl bundle {arguments}")).unwrap()
}

/// Bundles with success, as Debian's cfssl does.
fn bundled(place: &Workplace, arguments: &str) -> Value {
    bundle(place, arguments).ok().unwrap().json().unwrap()
}

/// Bundles in vain, as Debian's cfssl does; gives the last line that is no hint.
fn refused(place: &Workplace, arguments: &str) -> String {
    let step = bundle(place, arguments);
    assert_eq!((step.status, step.out().as_str()), (1, ""), "{arguments}: {step}");
    step.log().pop().unwrap()
}

/// What `bundle` holds for a chain.
fn text(chain: &[&Made]) -> String {
    let text: String = chain.iter().map(|made| made.pem()).collect();
    text.trim_end().to_owned()
}
