//! Requests to the API: those that were recorded, changed, and sealed with the key of
//! the profile where they are for `authsign`.

use std::collections::HashSet;
use std::fs;

use rcfssl_core::{AuthKey, AuthenticatedRequest};
use rcfssl_go::json;
use serde_json::Value;

use super::corpus::{Body, Seed};
use super::{Kind, change, document};
use crate::differential::random::Random;
use crate::{Context, Result, fixtures};

/// A request to begin with.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Call {
    /// Its path.
    path: String,
    /// What it says; without its envelope, where it has one.
    document: String,
}

/// The path of requests in envelopes.
const SEALED: &str = "/api/v1/cfssl/authsign";

/// The key of the recorded configuration's profile `client`.
const KEY: &str = "0123456789abcdef0123456789abcdef";

/// Endpoints that ask a network: what a case makes of an address is not for others.
const ASKS_NETWORK: [&str; 2] = ["scan", "bundle"];

/// Where the recorded requests are, with the files that they name.
pub fn folder() -> std::path::PathBuf {
    fixtures().join("replay/server")
}

/// All that was recorded, each once.
///
/// # Errors
/// Where the recording cannot be read.
pub fn seeds() -> Result<Vec<Seed>> {
    let mut known = HashSet::new();
    let mut seeds = Vec::new();
    for name in ["api.cases.json", "db.cases.json"] {
        let cases: Vec<Value> = serde_json::from_slice(&fs::read(folder().join(name))?)?;
        let steps = cases.iter().filter_map(|case| case["steps"].as_array()).flatten();
        for call in steps.filter_map(recorded) {
            if known.insert(call.clone()) {
                seeds.push(Seed {
                    kind: Kind::Call,
                    body: Body::Call(call),
                });
            }
        }
    }
    Ok(seeds)
}

/// The request of a step, where it has a document and needs no other step.
fn recorded(step: &Value) -> Option<Call> {
    let path = step["http"].as_str()?.strip_prefix("POST ")?;
    let document = match step.get("json") {
        Some(document) => document,
        None => step["auth"].get("request")?,
    };
    let document = with_files(document)?;
    if ASKS_NETWORK.iter().any(|name| path.ends_with(name)) || document.get("domain").is_some() {
        return None;
    }
    Some(Call {
        path: path.to_owned(),
        document: document.to_string(),
    })
}

/// `{{file:NAME}}` in texts stands for what is in the file.
fn with_files(value: &Value) -> Option<Value> {
    Some(match value {
        Value::String(text) => {
            let name = text
                .strip_prefix("{{file:")
                .and_then(|rest| rest.strip_suffix("}}"));
            match name {
                Some(name) => fs::read_to_string(folder().join("pki").join(name)).ok()?.into(),
                None if text.contains("{{") => return None,
                None => value.clone(),
            }
        }
        Value::Array(elements) => elements
            .iter()
            .map(with_files)
            .collect::<Option<Vec<_>>>()?
            .into(),
        Value::Object(members) => {
            let members = members
                .iter()
                .map(|(key, value)| Some((key.clone(), with_files(value)?)));
            Value::Object(members.collect::<Option<_>>()?)
        }
        other => other.clone(),
    })
}

impl Call {
    /// What it says, without an envelope.
    pub fn document(&self) -> &[u8] {
        self.document.as_bytes()
    }
}

/// The case of this request that says something else.
pub fn case(call: &Call, document: Vec<u8>, random: &mut Random) -> Vec<u8> {
    let mut body = document;
    if call.path == SEALED && random.chance(95) {
        body = sealed(body);
        if random.chance(15) {
            body = document::changed(&body, random);
        }
    }
    if random.chance(3) {
        body = change::damaged(body, random);
    }
    let mut out = format!("{}\n", call.path).into_bytes();
    out.extend_from_slice(&body);
    out
}

fn sealed(request: Vec<u8>) -> Vec<u8> {
    match AuthKey::from_hex(KEY) {
        Some(key) => json::to_string(&AuthenticatedRequest::new(&key, request, 1)).into_bytes(),
        None => request,
    }
}

/// The configuration of the server that the requests are for.
///
/// # Errors
/// Where it was not recorded.
pub fn configuration() -> Result<String> {
    let cases: Vec<Value> = serde_json::from_slice(&fs::read(folder().join("api.cases.json"))?)?;
    let mut files = cases.iter().map(|case| &case["files"]["cfg.json"]);
    let found = files.find(|file| file.is_object());
    Ok(found.context("a configuration was recorded")?.to_string())
}
