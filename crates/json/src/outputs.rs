//! The files to write, in cfssljson's order.

use std::ffi::OsStr;

use rcfssl_files::{NewFile, mode};
use rcfssl_go::base64;
use zeroize::Zeroizing;

use crate::document::{Member, Members};

/// A file to be written.
#[derive(Debug)]
pub struct Output {
    /// The suffix after the base name.
    pub suffix: &'static str,
    /// The bytes.
    pub contents: Zeroizing<Vec<u8>>,
    /// The mode of a new file before the umask.
    pub mode: u32,
    /// Whether it contains a private key.
    pub secret: bool,
    /// Not text: it is printed as base64.
    binary: bool,
}

impl Output {
    fn text(suffix: &'static str, mode: u32, contents: &str) -> Self {
        Output {
            suffix,
            contents: contents.as_bytes().to_vec().into(),
            mode,
            secret: false,
            binary: false,
        }
    }

    /// A binary file that contains a private key.
    pub fn secret_binary(suffix: &'static str, mode: u32, contents: Zeroizing<Vec<u8>>) -> Self {
        Output {
            suffix,
            contents,
            mode,
            secret: true,
            binary: true,
        }
    }

    /// The file with its complete name.
    pub fn file(&self, base: &OsStr) -> NewFile {
        let mut name = base.to_owned();
        name.push(self.suffix);
        NewFile {
            path: name.into(),
            contents: self.contents.clone(),
            mode: self.mode,
            backup: None,
        }
    }

    /// The contents as `-stdout` prints them, ending with a newline.
    pub fn printed(&self) -> Zeroizing<Vec<u8>> {
        let mut out = Zeroizing::new(Vec::with_capacity(self.contents.len() * 2));
        if self.binary {
            out.extend_from_slice(base64::encode(&self.contents).as_bytes());
        } else {
            out.extend_from_slice(&self.contents);
        }
        out.push(b'\n');
        out
    }
}

/// Decides on all files before the first one is written.
///
/// # Errors
/// The lines to print, for a value of the wrong type (where cfssljson crashes), an
/// incomplete bundle, or an OCSP response that is not base64.
pub fn decide(result: &Members) -> Result<Vec<Output>, String> {
    let mut outputs = Vec::new();
    // An empty string is skipped, and then the second key is not used either.
    if let Some(cert) = first(result, ["cert", "certificate"])?.filter(|text| !text.is_empty()) {
        outputs.push(Output::text(".pem", mode::CERTIFICATE, cert));
    }
    if let Some(key) = first(result, ["key", "private_key"])?.filter(|text| !text.is_empty()) {
        outputs.push(Output {
            secret: true,
            ..Output::text("-key.pem", mode::KEY, key)
        });
    }
    if let Some(key) = first(result, ["encrypted_key"; 2])? {
        outputs.push(Output {
            binary: true,
            ..Output::text("-key.enc", mode::KEY, key)
        });
    }
    if let Some(csr) = first(result, ["csr", "certificate_request"])?.filter(|text| !text.is_empty()) {
        outputs.push(Output::text(".csr", mode::CSR, csr));
    }
    if let Some(bundle) = result.object("result").and_then(|result| result.object("bundle")) {
        let text = |key: &str| match bundle.get(key) {
            Some(Member::Text(text)) => Some(text),
            _ => None,
        };
        let chain = text("bundle").ok_or("inner bundle parsing failed!")?;
        let root = text("root").ok_or("root parsing failed!")?;
        outputs.push(Output::text(
            "-bundle.pem",
            0o644,
            &format!("{}\n{}", **chain, **root),
        ));
        outputs.push(Output::text("-root.pem", 0o644, root));
    }
    if let Some(response) = first(result, ["ocspResponse"; 2])? {
        let der =
            base64::decode(response).map_err(|error| format!("Failed to parse ocspResponse: {error}"))?;
        outputs.push(Output {
            suffix: "-response.der",
            contents: der.into(),
            mode: 0o644,
            secret: false,
            binary: true,
        });
    }
    Ok(outputs)
}

/// The text of the first key that exists.
///
/// # Errors
/// The lines to print, for a value that is not a string.
pub fn first<'a>(result: &'a Members, keys: [&str; 2]) -> Result<Option<&'a str>, String> {
    for key in keys {
        match result.get(key) {
            None => {}
            Some(Member::Text(text)) => return Ok(Some(text)),
            Some(Member::Object(_)) => return Err(wrong_kind(key, "object")),
            Some(Member::Other(kind)) => return Err(wrong_kind(key, kind)),
        }
    }
    Ok(None)
}

fn wrong_kind(key: &str, kind: &str) -> String {
    format!("Failed to parse input: \"{key}\" must be a string, not {kind}")
}
