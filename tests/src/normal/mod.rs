//! The normal form: the results of a case without what differs each time.
//!
//! Keys, signatures, serial numbers and clock times are replaced by a description
//! (algorithm and size; positive and at most 20 octets; minutes from now). Everything else
//! is kept: certificates and requests field by field as hex, JSON value by value with the
//! order of its keys, files with their modes, log lines and error objects. Of other text on
//! standard error only its existence is recorded.
//!
//! The form is JSON, so that any tool can read and compare recordings.

pub mod clock;
pub mod der;
pub mod ocsp;
pub mod pem;
pub mod text;
pub mod x509;

use std::collections::{HashMap, HashSet};

use anyhow::Result;
use serde_json::{Map, Value, json};

use crate::openssl::Keys;
use crate::suite::{Case, Outcome, Stream, Surroundings};
use crate::tree::{File, Tree};
use clock::Clock;
use pem::Block;

/// What is known while results are normalised.
#[derive(Debug)]
pub struct Baseline<'a> {
    /// When the case ran.
    pub clock: Clock,
    /// Whether a document fixes the expiry date of certificates, rather than their
    /// lifetime.
    pub fixed_end: bool,
    /// The bytes of the blocks that existed before, with their files.
    pub inputs: HashMap<Vec<u8>, String>,
    /// Files of certificates, with their key identifiers in hex.
    pub key_ids: Vec<(String, String)>,
    /// Serial numbers of the certificates that existed before.
    pub serials: HashSet<Vec<u8>>,
    /// Reads private keys.
    pub keys: &'a Keys,
}

impl<'a> Baseline<'a> {
    /// The baseline of a case that has run.
    pub fn new(case: &Case, outcome: &Outcome, surroundings: &'a Surroundings) -> Self {
        let mut inputs = surroundings.inputs.clone();
        for (name, file) in &outcome.before.files {
            inputs.extend(ders(&file.bytes).map(|der| (der, name.clone())));
        }
        let mut key_ids = surroundings.key_ids.clone();
        key_ids.extend(certificate_ids(&outcome.after));
        let serials = inputs
            .keys()
            .filter_map(|der| Some(x509::Certificate::read(der).ok()?.serial.to_vec()));
        Baseline {
            serials: serials.collect(),
            clock: outcome.clock,
            fixed_end: case.fixed_end,
            inputs,
            key_ids,
            keys: &surroundings.keys,
        }
    }
}

fn ders(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let text = String::from_utf8_lossy(bytes);
    let ders: Vec<Vec<u8>> = pem::blocks(&text).iter().filter_map(Block::der).collect();
    ders.into_iter()
}

/// The key identifier of the first certificate in each file that is named like one.
pub fn certificate_ids(tree: &Tree) -> Vec<(String, String)> {
    let files = tree
        .files
        .iter()
        .filter(|(name, _)| name.ends_with(".pem") && !name.contains("key"));
    files
        .filter_map(|(name, file)| {
            let text = String::from_utf8_lossy(&file.bytes);
            let certificates = pem::blocks(&text)
                .into_iter()
                .filter(|b| b.label == "CERTIFICATE");
            let id = certificates
                .filter_map(|block| x509::Certificate::read(&block.der()?).ok()?.key_id().ok())
                .next();
            Some((name.clone(), id?))
        })
        .collect()
}

/// The normal form of a case's results.
///
/// # Errors
/// If openssl does not run.
pub fn results(baseline: &Baseline<'_>, case: &Case, outcome: &Outcome) -> Result<Value> {
    let mut steps = Vec::new();
    for step in &outcome.steps {
        let stdout = if case.loose.contains(&Stream::Stdout) {
            let blank = step.stdout.iter().all(u8::is_ascii_whitespace);
            json!(if blank { "empty" } else { "non-empty" })
        } else {
            text::output(baseline, &step.stdout)?
        };
        let stderr = if case.loose.contains(&Stream::Stderr) {
            json!({})
        } else {
            text::errors(&step.stderr)
        };
        steps.push(json!({ "exit": step.status, "stdout": stdout, "stderr": stderr }));
    }
    let mut files = Map::new();
    for (name, file) in outcome.after.new_since(&outcome.before) {
        let mode = format!("{:o}", file.permissions);
        files.insert(
            name.clone(),
            json!({ "mode": mode, "content": content(baseline, name, file)? }),
        );
    }
    Ok(json!({ "steps": steps, "files": files }))
}

fn content(baseline: &Baseline<'_>, name: &str, file: &File) -> Result<Value> {
    if name.ends_with(".json") || name.ends_with(".b64") {
        text::output(baseline, &file.bytes)
    } else if file.bytes.contains(&0) {
        Ok(json!("binary"))
    } else {
        text::text(baseline, &text::escaped(&file.bytes))
    }
}
