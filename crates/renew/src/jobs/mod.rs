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

/// What applies to a document from outside it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Setting<'a> {
    /// The configuration, instead of the organizations' own.
    pub policy: Option<&'a Policy>,
    /// Other servers sign, whatever a configuration says.
    pub is_remote: bool,
    /// Create new keys for all certificates.
    pub rekey: bool,
    /// Revoke all certificates that are replaced.
    pub revoke_old: bool,
}

/// Reads and checks a jobs document that lies in the folder `base`.
///
/// # Errors
/// All that is wrong with it.
pub fn read(text: &[u8], base: &Path, setting: Setting<'_>) -> Result<Vec<Group>, Unusable> {
    let mut document = Document::default();
    let mut reader = Reader::new(base, setting);
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
