//! The results of a case: its outputs and new files, and the objects in them.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use serde_json::Value;

use crate::normal::der::Element;
use crate::normal::pem::{self, Block};
use crate::normal::text::document;
use crate::suite::{Outcome, Surroundings};

/// An output or a new file.
#[derive(Debug)]
pub struct Place {
    /// The file's name, or the step whose standard output it is.
    pub name: String,
    /// The original text.
    pub raw: String,
    /// Its PEM blocks; for a JSON document those in its strings.
    pub pem: String,
    /// The value, if it is JSON.
    pub document: Option<Value>,
}

/// A certificate, request, CRL or key that did not exist before.
#[derive(Debug)]
pub struct Object {
    /// The PEM label.
    pub label: String,
    /// Where it was found first.
    pub place: String,
    /// The PEM block with a final newline.
    pub text: String,
    /// Its public key, once that is known.
    pub public: Option<Vec<u8>>,
}

/// All results.
#[derive(Debug)]
pub struct Made {
    /// Outputs and files.
    pub places: Vec<Place>,
    /// Objects by their bytes.
    pub objects: BTreeMap<Vec<u8>, Object>,
    /// Bytes of the blocks that existed before.
    pub old: BTreeSet<Vec<u8>>,
    /// Public keys of the private keys that existed before.
    pub old_keys: BTreeSet<Vec<u8>>,
}

impl Made {
    /// Collects.
    ///
    /// # Errors
    /// If openssl does not run.
    pub fn collect(outcome: &Outcome, surroundings: &Surroundings) -> Result<Self> {
        let files = outcome.after.new_since(&outcome.before);
        let mut places: Vec<Place> = files
            .map(|(name, file)| Place::new(name.clone(), &file.bytes))
            .collect();
        for (number, step) in outcome.steps.iter().enumerate() {
            places.push(Place::new(format!("stdout of step {number}"), &step.stdout));
        }
        let mut made = Made {
            places,
            objects: BTreeMap::new(),
            old: surroundings.old.clone(),
            old_keys: surroundings.old_keys.clone(),
        };
        for file in outcome.before.files.values() {
            let text = String::from_utf8_lossy(&file.bytes);
            for block in pem::blocks(&text) {
                made.old.extend(block.der());
                if block.label.contains("PRIVATE KEY") {
                    let key = surroundings.keys.read(&format!("{}\n", block.text))?;
                    made.old_keys.extend(key.public.clone());
                }
            }
        }
        made.find_objects();
        Ok(made)
    }

    fn find_objects(&mut self) {
        for place in &self.places {
            for (block, der) in self.new_blocks(place) {
                if Element::whole(&der).is_err() {
                    continue;
                }
                self.objects.entry(der).or_insert_with(|| Object {
                    label: block.label.to_owned(),
                    place: place.name.clone(),
                    text: format!("{}\n", block.text),
                    public: None,
                });
            }
        }
    }

    /// The unencrypted blocks of a place that did not exist before.
    pub fn new_blocks<'a>(&self, place: &'a Place) -> Vec<(Block<'a>, Vec<u8>)> {
        let blocks = pem::blocks(&place.pem).into_iter();
        let blocks = blocks.filter(|block| !block.is_encrypted());
        blocks
            .filter_map(|block| Some((block, block.der()?)))
            .filter(|(_, der)| !self.old.contains(der))
            .collect()
    }

    /// The public keys of all objects in a PEM text.
    pub fn publics(&self, pem: &str) -> BTreeSet<&[u8]> {
        let ders = pem::blocks(pem).into_iter().filter_map(|block| block.der());
        ders.filter_map(|der| self.objects.get(&der)?.public.as_deref())
            .collect()
    }
}

impl Place {
    fn new(name: String, bytes: &[u8]) -> Self {
        let raw = String::from_utf8_lossy(bytes).into_owned();
        let document = document(&raw);
        let pem = match &document {
            Some(document) => {
                let mut texts = Vec::new();
                strings_with_pem(document, &mut texts);
                texts.join("\n")
            }
            None => raw.clone(),
        };
        Place {
            name,
            raw,
            pem,
            document,
        }
    }
}

fn strings_with_pem<'a>(value: &'a Value, out: &mut Vec<&'a str>) {
    match value {
        Value::String(text) if text.contains("-----BEGIN ") => out.push(text),
        Value::Array(items) => items.iter().for_each(|item| strings_with_pem(item, out)),
        Value::Object(members) => members.values().for_each(|member| strings_with_pem(member, out)),
        _ => {}
    }
}
