//! `-p12`: writes key, certificate and chain to a PKCS#12 file.

use std::ffi::OsStr;
use std::path::Path;

use rcfssl_core::key::PrivateKeyInfo;
use rcfssl_core::pkcs12::{RANDOM_OCTETS, Store};
use rcfssl_files::mode;
use rcfssl_go::pem;
use zeroize::Zeroizing;

use crate::document::{Member, Members};
use crate::outputs::{self, Output};

/// The maximum size of a password file.
const MAX_PASSWORD_FILE: u64 = 64 * 1024;

/// The first line of the password file, without its line ending.
///
/// # Errors
/// The lines to print, without the password: the file cannot be read, or its first line is
/// empty or not UTF-8.
pub fn password(path: &OsStr) -> Result<Zeroizing<String>, String> {
    let shown = path.to_string_lossy();
    let text = rcfssl_files::read_at_most(Some(path), MAX_PASSWORD_FILE)
        .map_err(|error| format!("Failed to read password: {error}"))?;
    let line = text.split(|octet| *octet == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    match std::str::from_utf8(line) {
        Ok("") => Err(format!(
            "Failed to read password: the first line of {shown} is empty"
        )),
        Ok(line) => Ok(Zeroizing::new(line.to_owned())),
        Err(_) => Err(format!(
            "Failed to read password: the first line of {shown} is not UTF-8"
        )),
    }
}

/// The PKCS#12 file.
///
/// # Errors
/// The lines to print, if key or certificate are missing, invalid or do not match.
pub fn output(result: &Members, base: &OsStr, password: &str) -> Result<Output, String> {
    let lacks = |what| format!("-p12 needs a private key and a certificate: the input has no {what}");
    let key = outputs::first(result, ["key", "private_key"])?
        .filter(|text| !text.is_empty())
        .ok_or_else(|| lacks("private key"))?;
    let key = PrivateKeyInfo::read_pem(key.as_bytes())
        .map_err(|error| format!("-p12 cannot read the private key of the input: {error}"))?;
    let certificates = certificates(result)?;
    if certificates.is_empty() {
        return Err(lacks("certificate"));
    }
    let name = Path::new(base).file_name().unwrap_or(base).to_string_lossy();
    let store = Store {
        key: &key,
        certificates: &certificates,
        friendly_name: &name,
    };
    let mut random = [0; RANDOM_OCTETS];
    getrandom::fill(&mut random).map_err(|error| format!("-p12 needs random octets: {error}"))?;
    let contents = store
        .write(password, &random)
        .map_err(|refusal| format!("-p12 cannot pack the input: {refusal}"))?;
    Ok(Output::secret_binary(".p12", mode::KEY, contents))
}

/// The certificate and the chain of a bundle, each once. A bundle's root is omitted: those
/// who trust it have it, and Windows would ask whether to install it.
fn certificates(result: &Members) -> Result<Vec<Vec<u8>>, String> {
    let text = |members: Option<&Members>, key: &str| match members.and_then(|members| members.get(key)) {
        Some(Member::Text(text)) => text.to_string(),
        _ => String::new(),
    };
    let inner = result.object("result").and_then(|result| result.object("bundle"));
    let mut texts = vec![
        outputs::first(result, ["cert", "certificate"])?
            .unwrap_or_default()
            .to_owned(),
    ];
    for bundle in [Some(result), inner] {
        texts.extend(["crt", "bundle"].map(|key| text(bundle, key)));
    }
    let mut found: Vec<Vec<u8>> = Vec::new();
    for text in texts {
        let mut rest = text.as_bytes();
        while let Some((block, after)) = pem::decode(rest) {
            rest = after;
            if !found.contains(&block.contents) {
                found.push(block.contents.to_vec());
            }
        }
    }
    Ok(found)
}
