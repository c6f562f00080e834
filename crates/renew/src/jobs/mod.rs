//! The jobs document: organizations, their CAs and their certificates.
//!
//! `dist/schemas/jobs.schema.json` in the repository describes it for editors. The whole
//! document is checked before any certificate is created.

mod check;
mod document;
mod places;
mod problem;

use std::path::Path;

use rcfssl_core::Policy;
use rcfssl_go::json;

use crate::Group;
use check::Reader;
use document::Document;

pub use problem::{Mistake, Problem, Unusable};

/// Reads and checks a jobs document that lies in the folder `base`. Profiles are looked
/// up in `policy`, or else in the organizations' own configurations.
///
/// # Errors
/// All that is wrong with it.
pub fn read(text: &[u8], base: &Path, policy: Option<&Policy>) -> Result<Vec<Group>, Unusable> {
    let mut document = Document::default();
    let mut reader = Reader::new(base, policy);
    let mut unreadable = None;
    let mut groups = Vec::new();
    let mut more_unknown_keys = 0;
    match json::read(text, &mut document) {
        Ok(report) => {
            more_unknown_keys = report.more;
            for unknown in &report.unknown_keys {
                reader.unknown(&document, unknown);
            }
            groups = reader.organizations(&document);
        }
        Err(error) => {
            reader.unreadable(&document, &error);
            unreadable = Some(error);
        }
    }
    let mut problems = reader.into_problems();
    if problems.is_empty() {
        return Ok(groups);
    }
    problems.sort_by_key(|problem| problem.offset);
    Err(Unusable {
        problems,
        more_unknown_keys,
        unreadable,
    })
}
