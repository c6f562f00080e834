//! What is wrong with a jobs document, as data.

use std::path::PathBuf;

use rcfssl_go::json;

/// A document that is not used.
#[derive(Debug)]
pub struct Unusable {
    /// All that is wrong, in the document's order; at least one.
    pub problems: Vec<Problem>,
    /// Unknown keys that are too many to be told one by one.
    pub more_unknown_keys: usize,
    /// Why it could not be read at all, where that is so. The only problem is the same.
    pub unreadable: Option<json::Error>,
}

/// Something that is wrong with a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Its byte offset in the document.
    pub offset: usize,
    /// The organization's name, or what stands in for one; empty outside of all.
    pub organization: String,
    /// The certificate's output, or what stands in for it.
    pub certificate: Option<String>,
    /// The key; empty if the error concerns the whole object.
    pub field: &'static str,
    /// The message.
    pub what: Mistake,
}

/// What is wrong with a field of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mistake {
    /// It is missing.
    Missing,
    /// It is empty.
    Empty,
    /// It is missing or empty.
    MissingOrEmpty,
    /// A duration is negative.
    Negative,
    /// A sentence of Go's: no JSON, or no duration.
    Sentence(String),
    /// It is of another kind.
    Kind {
        /// What it must be, as Go calls it.
        wanted: &'static str,
        /// What it is, as JSON calls it.
        found: String,
    },
    /// Nothing has this key; perhaps another was meant.
    UnknownKey {
        /// The key as written.
        key: String,
        /// The keys that there are.
        known: &'static [&'static str],
    },
    /// The configuration has no profile of this name.
    UnknownProfile {
        /// The name.
        name: String,
        /// The profiles that there are, besides `default`.
        known: Vec<String>,
    },
    /// What is replaced is to be revoked, and there is neither a database nor a server that
    /// signs.
    NowhereToRevoke,
    /// It is no file's name, or a hidden one's.
    NotAName,
    /// What would be overwritten is needed: a CA, its configuration, or the request itself.
    Overwrites(PathBuf),
    /// Another certificate has the same file.
    SameFile {
        /// The file.
        file: PathBuf,
        /// The other's output.
        other: String,
    },
}
