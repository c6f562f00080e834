//! One input, and which readers it is for.

use std::fs;
use std::path::Path;

use crate::{Context, Result};

/// What an input pretends to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A certificate.
    Certificate,
    /// A certificate request.
    Request,
    /// A private key.
    Key,
    /// A container: PKCS#7 or PKCS#12.
    Container,
    /// A revocation list.
    Status,
    /// An OCSP request or response.
    Ocsp,
    /// A JSON document.
    Document,
    /// A short text: a duration, an address, a regular expression.
    Text,
    /// What `rcfssljson` reads.
    Output,
    /// A jobs document.
    Jobs,
    /// A file in a folder that `renew` works on: its name, a line end, its contents.
    Folder,
    /// A request to the API: its path, a line end, the body.
    Call,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 12] = [
        Kind::Certificate,
        Kind::Request,
        Kind::Key,
        Kind::Container,
        Kind::Status,
        Kind::Ocsp,
        Kind::Document,
        Kind::Text,
        Kind::Output,
        Kind::Jobs,
        Kind::Folder,
        Kind::Call,
    ];

    /// The name in files and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Certificate => "certificate",
            Kind::Request => "request",
            Kind::Key => "key",
            Kind::Container => "container",
            Kind::Status => "status",
            Kind::Document => "document",
            Kind::Text => "text",
            Kind::Ocsp => "ocsp",
            Kind::Output => "output",
            Kind::Jobs => "jobs",
            Kind::Folder => "folder",
            Kind::Call => "call",
        }
    }

    /// The kind of this name.
    pub fn named(name: &str) -> Option<Self> {
        Kind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// One input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// Which readers it is for.
    pub kind: Kind,
    /// The input.
    pub bytes: Vec<u8>,
}

impl Case {
    /// As a file: a line with number and kind, then the input.
    pub fn to_file(&self, number: u64) -> Vec<u8> {
        let mut out = format!("{number} {}\n", self.kind.name()).into_bytes();
        out.extend_from_slice(&self.bytes);
        out
    }

    /// Reads such a file; gives its number, too.
    ///
    /// # Errors
    /// Where it cannot be read or begins otherwise.
    pub fn read(path: &Path) -> Result<(u64, Self)> {
        let file = fs::read(path).with_context(|| path.display().to_string())?;
        let end = file.iter().position(|octet| *octet == b'\n');
        let line = end.and_then(|end| str::from_utf8(&file[..end]).ok());
        let (number, name) = line
            .and_then(|line| line.split_once(' '))
            .context("a case begins with its number and its kind")?;
        let kind = Kind::named(name);
        let case = Case {
            kind: kind.context("the kind is unknown")?,
            bytes: file[end.unwrap_or_default() + 1..].to_vec(),
        };
        Ok((number.parse()?, case))
    }
}
