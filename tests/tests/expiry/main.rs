//! `expiry` as people and monitoring systems call it.

#![allow(clippy::panic, clippy::unwrap_used, reason = "functions of tests")]

mod find;
mod monitoring;
mod status;
mod table;

use rcfssl_tests::Organization;
use rcfssl_tests::workplace::Step;

/// Runs `rcfssl expiry`.
fn expiry(organization: &Organization, arguments: &str) -> Step {
    let step = organization.shell(&format!("rcfssl expiry {arguments}")).unwrap();
    let said = step.out() + &step.err();
    assert!(!said.contains("panicked"), "{arguments}: {said}");
    step
}

/// Creates a certificate that expires in this many and a half days.
fn certificate(organization: &Organization, profile: &str, name: &str, days: i64) {
    let end = time::OffsetDateTime::now_utc() + time::Duration::hours(24 * days + 12);
    let begin = end - time::Duration::days(500);
    let format = &time::format_description::well_known::Rfc3339;
    let mut config: serde_json::Value =
        serde_json::from_str(&organization.read("ca-config.json").unwrap()).unwrap();
    config["signing"]["profiles"][profile]["not_before"] = begin.format(format).unwrap().into();
    config["signing"]["profiles"][profile]["not_after"] = end.format(format).unwrap().into();
    let file = organization.aside().join("dated.json");
    std::fs::write(&file, config.to_string()).unwrap();
    let document = format!(r#"{{"CN": "{name}", "key": {{"algo": "ecdsa", "size": 256}}}}"#);
    organization
        .sign_with(&format!("-config {}", file.display()), profile, name, &document)
        .unwrap();
}

/// The date on which such a certificate expires, as shown in tables.
fn day(days: i64) -> String {
    let end = time::OffsetDateTime::now_utc() + time::Duration::hours(24 * days + 12);
    end.date().to_string()
}

/// The names of the files in a table, in order.
fn listed(step: &Step) -> Vec<String> {
    let out = step.out();
    let lines = out.lines().skip(1);
    // A name, and the position in its file if it is not the first.
    let file = |line: &str| line.split("  ").next().unwrap().trim().to_owned();
    lines.map(file).collect()
}
