//! Counts the requests to `multirootca`, in Prometheus' text format.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Mutex;

/// The media type that cfssl uses.
pub const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8; escaping=values";

/// The counters, by label of the CA.
#[derive(Debug, Default)]
pub struct Metrics(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    requests: BTreeMap<String, u64>,
    errors: BTreeMap<String, u64>,
    bad_inputs: u64,
}

impl Metrics {
    /// Counts a request for an existing CA.
    pub fn request(&self, label: &str) {
        self.count(|counts| *counts.requests.entry(label.to_owned()).or_default() += 1);
    }

    /// Counts a request that a CA did not sign.
    pub fn error(&self, label: &str) {
        self.count(|counts| *counts.errors.entry(label.to_owned()).or_default() += 1);
    }

    /// Counts a request that was rejected before that.
    pub fn bad_input(&self) {
        self.count(|counts| counts.bad_inputs += 1);
    }

    fn count(&self, add: impl FnOnce(&mut Counts)) {
        if let Ok(mut counts) = self.0.lock() {
            add(&mut counts);
        }
    }

    /// All counters as text.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let Ok(counts) = self.0.lock() else {
            return text;
        };
        let mut family = |name: &str, help: &str, lines: Vec<(String, u64)>| {
            if lines.is_empty() {
                return;
            }
            let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} counter\n");
            for (labels, count) in lines {
                let _ = writeln!(text, "{name}{{{labels}}} {count}");
            }
        };
        let by_signer = |counts: &BTreeMap<String, u64>| {
            let line =
                |(label, count): (&String, &u64)| (format!("operation=\"sign\",signer=\"{label}\""), *count);
            counts.iter().map(line).collect()
        };
        let bad = Some(counts.bad_inputs).filter(|count| *count > 0);
        let bad = bad.map(|count| ("operation=\"sign\"".to_owned(), count));
        family(
            "bad_inputs_total",
            "Requests that were refused.",
            bad.into_iter().collect(),
        );
        family(
            "requests_errored_total",
            "Requests that were not signed.",
            by_signer(&counts.errors),
        );
        family(
            "requests_total",
            "Requests for a certificate.",
            by_signer(&counts.requests),
        );
        text
    }
}
