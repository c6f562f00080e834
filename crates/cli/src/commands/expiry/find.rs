//! Certificates in files and folders.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::Path;

use rcfssl_ca::input;
use rcfssl_core::name::{Attribute, Subject};
use rcfssl_core::{Certificate, Hosts};
use rcfssl_go::pem;
use serde::Serialize;

/// A certificate in a file.
pub struct Found {
    /// The file.
    pub file: String,
    /// Its position in the file, from 1.
    pub position: usize,
    /// The certificate.
    pub certificate: Certificate,
}

/// A file that should contain certificates and cannot be read.
#[derive(Debug, Serialize)]
pub struct Unreadable {
    /// The file.
    pub file: String,
    /// The reason.
    pub error: String,
}

/// Finds all certificates in the files and folders. A path that is given twice is read
/// once.
pub fn find(paths: &[OsString], unreadable: &mut Vec<Unreadable>) -> Vec<Found> {
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    for path in paths.iter().filter(|path| seen.insert(*path)) {
        let result = if Path::new(path).is_dir() {
            folder(Path::new(path), &mut found, unreadable)
        } else {
            file(path, true, &mut found)
        };
        unreadable.extend(result.err().map(|error| Unreadable {
            file: path.to_string_lossy().into_owned(),
            error,
        }));
    }
    found
}

fn folder(folder: &Path, found: &mut Vec<Found>, unreadable: &mut Vec<Unreadable>) -> Result<(), String> {
    let about = |error: std::io::Error| format!("open: {}", rcfssl_go::os::describe(&error));
    let before = found.len() + unreadable.len();
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(about)? {
        names.push(entry.map_err(about)?.file_name());
    }
    names.sort();
    for name in names.iter().filter(|name| may_hold_certificates(name)) {
        let path = folder.join(name);
        if path.is_dir() {
            continue;
        }
        if let Err(error) = file(path.as_os_str(), false, found) {
            unreadable.push(Unreadable {
                file: path.to_string_lossy().into_owned(),
                error,
            });
        }
    }
    // Naming the wrong folder by mistake must not look as if all were well.
    if found.len() + unreadable.len() == before {
        return Err("it contains no certificates".to_owned());
    }
    Ok(())
}

/// Decides by the name: keys may be unreadable and must not be opened.
fn may_hold_certificates(name: &OsStr) -> bool {
    let path = Path::new(name);
    let text = |part: Option<&OsStr>| part.map(|part| part.to_string_lossy().to_lowercase());
    let extension = text(path.extension()).unwrap_or_default();
    let stem = text(path.file_stem()).unwrap_or_default();
    matches!(extension.as_str(), "pem" | "crt" | "cer" | "cert" | "der")
        && !stem.starts_with('.')
        && !stem.ends_with("key")
}

/// Reads a file's certificates. A file that was named must contain some; in a folder, PEM
/// files with other contents are skipped.
fn file(path: &OsStr, named: bool, found: &mut Vec<Found>) -> Result<(), String> {
    let text = match named {
        true => input::file(path).map_err(|error| error.message().into_owned()),
        false => rcfssl_files::read_regular(Path::new(path)),
    }?;
    let mut certificates = Vec::new();
    let mut rest: &[u8] = &text;
    let mut blocks = 0;
    while let Some((block, after)) = pem::decode(rest) {
        rest = after;
        blocks += 1;
        if matches!(
            block.label.as_str(),
            "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE"
        ) {
            certificates.push(block.contents.to_vec());
        }
    }
    if blocks == 0 {
        certificates.push(text.to_vec());
    } else if certificates.is_empty() && named {
        return Err("it contains no certificate".to_owned());
    }
    for (at, der) in certificates.iter().enumerate() {
        let certificate = Certificate::read(der).map_err(|error| match blocks {
            0 => "it contains no certificate".to_owned(),
            _ => format!("certificate {}: {}", at + 1, error.message()),
        })?;
        found.push(Found {
            file: path.to_string_lossy().into_owned(),
            position: at + 1,
            certificate,
        });
    }
    Ok(())
}

/// The name shown for a subject or issuer: its common name, or the closest substitute.
pub fn short_name(attributes: &[Attribute], hosts: &Hosts) -> String {
    let subject = Subject::from_attributes(attributes);
    let candidates = std::iter::once(subject.common_name.as_str())
        .chain(subject.organizational_unit.iter().map(String::as_str))
        .chain(subject.organization.iter().map(String::as_str))
        .chain(hosts.texts());
    let name = candidates.into_iter().find(|name| !name.is_empty());
    name.unwrap_or("-").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_requests_and_hidden_files_are_recognized_by_name() {
        for name in ["a.pem", "a.CRT", "a.b.cer", "monkey-bars.pem"] {
            assert!(may_hold_certificates(OsStr::new(name)), "{name}");
        }
        for name in [
            "a-key.pem",
            "key.pem",
            "a.csr",
            "a.key",
            "a.pem.bak",
            ".a.pem",
            "pem",
            "jobs.json",
        ] {
            assert!(!may_hold_certificates(OsStr::new(name)), "{name}");
        }
    }
}
