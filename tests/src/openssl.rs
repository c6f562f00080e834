//! Checks of keys, signatures and certificates with openssl.

use std::collections::HashMap;
use std::fs;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, bail, ensure};

use crate::normal::der::Element;
use crate::normal::pem::Block;
use crate::workplace;

/// openssl's view of a private key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrivateKey {
    /// Its public half, a SubjectPublicKeyInfo; `None` if it cannot be read.
    pub public: Option<Vec<u8>>,
    /// Whether its numbers are consistent.
    pub sound: bool,
}

/// Reads private keys, each only once.
#[derive(Debug, Default)]
pub struct Keys(Mutex<HashMap<String, Arc<PrivateKey>>>);

impl Keys {
    /// Reads the private key in a PEM text.
    ///
    /// # Errors
    /// If openssl does not run.
    pub fn read(&self, pem: &str) -> Result<Arc<PrivateKey>> {
        if let Some(known) = self.lock().get(pem) {
            return Ok(known.clone());
        }
        let key = Arc::new(read_private(pem)?);
        self.lock().insert(pem.to_owned(), key.clone());
        Ok(key)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<PrivateKey>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read_private(pem: &str) -> Result<PrivateKey> {
    let arguments = ["pkey", "-pubout", "-outform", "DER", "-passin", "pass:"];
    let public = openssl(&arguments, pem.as_bytes())?;
    let check = openssl(&["pkey", "-check", "-noout", "-passin", "pass:"], pem.as_bytes())?;
    Ok(PrivateKey {
        public: public.status.success().then_some(public.stdout),
        sound: check.status.success(),
    })
}

/// Runs openssl with this input.
///
/// # Errors
/// If it does not start.
pub fn openssl(arguments: &[&str], input: &[u8]) -> Result<std::process::Output> {
    let mut command = Command::new("openssl");
    command.args(arguments);
    workplace::run(command, Some(input)).context("openssl")
}

/// Runs openssl in a folder and returns its output.
///
/// # Errors
/// Its standard error, if it fails.
pub fn in_folder(folder: &std::path::Path, arguments: &[&str]) -> Result<String> {
    let output = Command::new("openssl")
        .current_dir(folder)
        .args(arguments)
        .stdin(std::process::Stdio::null())
        .output()
        .context("openssl")?;
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    ensure!(
        output.status.success(),
        "openssl {}: {out}{err}",
        arguments.join(" ")
    );
    Ok(out.into_owned())
}

/// Whether a signed object (certificate, request, CRL: RFC 5280, 4.1) verifies
/// under a public key.
///
/// # Errors
/// If openssl does not run, or `der` is not such an object.
pub fn verifies(der: &[u8], spki: &[u8]) -> Result<bool> {
    let [body, algorithm, signature] = Element::first(der)?.0.fields()?;
    let [kind] = algorithm.fields()?;
    let Some((0, signature)) = signature
        .value
        .split_first()
        .map(|(unused, rest)| (*unused, rest))
    else {
        return Ok(false);
    };
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (key, text, sig) = (path("key"), path("text"), path("sig"));
    let public = Block::canonical_body(spki);
    fs::write(
        &key,
        format!("-----BEGIN PUBLIC KEY-----\n{public}-----END PUBLIC KEY-----\n"),
    )?;
    fs::write(&text, body.bytes)?;
    fs::write(&sig, signature)?;
    let output = if kind.oid()? == "1.3.101.112" {
        let arguments = ["pkeyutl", "-verify", "-pubin", "-inkey", &key, "-rawin"];
        openssl(&[&arguments[..], &["-in", &text, "-sigfile", &sig]].concat(), b"")?
    } else {
        let Some(digest) = digest(&kind.oid()?) else {
            return Ok(false);
        };
        openssl(&["dgst", digest, "-verify", &key, "-signature", &sig, &text], b"")?
    };
    Ok(output.status.success())
}

/// The digest of a signature algorithm (RFC 3279, 4055, 5758).
fn digest(oid: &str) -> Option<&'static str> {
    Some(match oid {
        "1.2.840.10045.4.1" | "1.2.840.113549.1.1.5" => "-sha1",
        "1.2.840.10045.4.3.2" | "1.2.840.113549.1.1.11" => "-sha256",
        "1.2.840.10045.4.3.3" | "1.2.840.113549.1.1.12" => "-sha384",
        "1.2.840.10045.4.3.4" | "1.2.840.113549.1.1.13" => "-sha512",
        _ => return None,
    })
}

/// The first certificate of a PEM text, as bytes.
///
/// # Errors
/// If there is none.
pub fn certificate(pem: &str) -> Result<Vec<u8>> {
    let blocks = crate::normal::pem::blocks(pem);
    let Some(block) = blocks.iter().find(|block| block.label == "CERTIFICATE") else {
        bail!("no certificate in {pem:?}");
    };
    block.der().context("a certificate that is no base64")
}
