//! Reads the certificate, its key, and the request document with the flags applied to it.

use std::io;
use std::path::Path;

use rcfssl_ca::{Trap, input};
use rcfssl_core::csr::Content;
use rcfssl_core::key::{self, PrivateKey, SigningKey};
use rcfssl_core::{Certificate, Profile, Request};
use rcfssl_go::pem;
use zeroize::Zeroizing;

use super::Look;
use crate::{Refusal, Warning};

/// An existing certificate.
pub struct Existing {
    /// The first certificate of its file.
    pub certificate: Certificate,
    /// The rest of the file that is kept, as PEM: the chain, and the certificate's own key.
    pub rest: Zeroizing<String>,
    /// Whether the key is part of it.
    pub holds_key: bool,
    /// The file contains a private key that does not match the certificate or cannot be
    /// read.
    pub holds_another_key: bool,
    /// The PEM labels of blocks that are not kept.
    left_out: Vec<String>,
}

/// An existing key.
pub struct KeyFile {
    /// The key.
    pub key: PrivateKey,
    /// It is PKCS#8.
    pub is_pkcs8: bool,
    /// It is encrypted.
    pub is_encrypted: bool,
}

impl Look<'_> {
    pub(super) fn read_request(&self, path: &Path, warnings: &mut Vec<Warning>) -> Result<Request, Refusal> {
        let shown = path.to_string_lossy();
        let text = self.issuing.trusted(input::find(path)?, &shown)?;
        let (request, report) = Request::read(&text).map_err(|error| {
            let place = match &error {
                rcfssl_core::Error::Json { error, .. } => {
                    rcfssl_go::json::place(&shown, &text, error.offset).swap_remove(0)
                }
                _ => format!("{shown}:"),
            };
            Refusal::Sentence(format!("{place} {}", error.message()))
        })?;
        for unknown in &report.unknown_keys {
            self.trap(Trap::unknown_key(&shown, &text, unknown), warnings)?;
        }
        if report.more > 0 {
            warnings.push(Warning::MoreUnknownKeys {
                file: shown.into_owned(),
                more: report.more,
            });
        }
        Ok(request)
    }

    /// The subject and hosts of a request document with the flags applied, as `gencert`
    /// does it.
    pub(super) fn content(
        &self,
        request: &Request,
        profile: &Profile,
        warnings: &mut Vec<Warning>,
    ) -> Result<Content, Refusal> {
        if request.ca.is_some() {
            return Err(Refusal::CaSection);
        }
        let mut request = request.clone();
        if let Some(cn) = &self.options.cn {
            request.cn.clone_from(cn);
        }
        if let Some(hostnames) = &self.options.hostnames {
            request.hosts = hostnames.clone().into();
        }
        if request.hosts.iter().any(String::is_empty) {
            self.trap(Trap::EmptyHost, warnings)?;
        }
        let hosts = request.hosts();
        if profile.constraint.is_ca && hosts.texts().next().is_some() {
            let names = hosts.texts().map(str::to_owned).collect();
            self.trap(Trap::AuthorityLosesNames { names }, warnings)?;
        }
        hosts.check()?;
        Ok(Content {
            subject: request.subject()?,
            hosts,
            extensions: request.extensions()?,
        })
    }

    pub(super) fn trap(&self, trap: Trap, warnings: &mut Vec<Warning>) -> Result<(), Refusal> {
        if self.options.strict {
            return Err(Refusal::Trap(trap));
        }
        warnings.push(Warning::Trap(trap));
        Ok(())
    }

    /// Reads the key beside the certificate. Returns `None` if the file is missing, or,
    /// with `replaces`, if it does not contain a key.
    pub(super) fn read_key(&self, replaces: bool) -> Result<Option<KeyFile>, Refusal> {
        let path = &self.companions.key;
        if is_missing(path)? {
            return Ok(None);
        }
        let text = match &self.options.key {
            Some(named) => input::file(named.as_os_str()),
            None => input::found(path),
        };
        let text = text?;
        let is_encrypted = contains(&text, b"ENCRYPTED");
        let password = input::ca_password();
        match key::read_encrypted(&text, password.as_ref().map(|p| p.as_slice())) {
            Ok(key) => Ok(Some(KeyFile {
                key,
                is_pkcs8: contains(&text, b"-----BEGIN PRIVATE KEY-----"),
                is_encrypted,
            })),
            Err(_) if replaces && !is_encrypted => Ok(None),
            Err(error) => {
                let shown = path.to_string_lossy();
                Err(Refusal::Sentence(format!("{shown}: {}", error.message())))
            }
        }
    }
}

impl Existing {
    /// The first certificate of a PEM file and the blocks after it.
    pub(super) fn read(text: &[u8]) -> Result<Option<Self>, Refusal> {
        let Some((block, mut rest)) = pem::decode(text) else {
            return Ok(None);
        };
        if block.label != "CERTIFICATE" {
            return Ok(None);
        }
        let certificate = Certificate::read(&block.contents)?;
        let mut existing = Existing {
            certificate,
            rest: Zeroizing::new(String::new()),
            holds_key: false,
            holds_another_key: false,
            left_out: Vec::new(),
        };
        while let Some((block, after)) = pem::decode(rest) {
            rest = after;
            existing.follow(&block);
        }
        Ok(Some(existing))
    }

    /// Keeps a block that belongs to the certificate, re-encoded. Anything else that
    /// another user may have added is not copied into a file that others trust.
    fn follow(&mut self, block: &pem::Block) {
        let text = Zeroizing::new(pem::encode(&block.label, &block.contents));
        let is_key = block.label.ends_with("PRIVATE KEY");
        let is_own = || {
            let key = key::read_encrypted(text.as_bytes(), None).ok();
            key.is_some_and(|key| self.certificate.public_key.is_same_key(key.public_key()))
        };
        if is_key && !is_own() {
            self.holds_another_key = true;
            return;
        }
        let is_kept = is_key || (block.label == "CERTIFICATE" && Certificate::read(&block.contents).is_ok());
        match is_kept {
            true => self.rest.push_str(&text),
            false => self.left_out.push(block.label.clone()),
        }
        self.holds_key |= is_key;
    }

    /// The warning about blocks that are not kept.
    pub(super) fn warning(&self) -> Option<Warning> {
        (!self.left_out.is_empty()).then(|| Warning::LeftOut(self.left_out.clone()))
    }
}

/// Whether nothing exists at this path. A dangling link counts as nothing.
pub(super) fn is_missing(path: &Path) -> Result<bool, Refusal> {
    let about = |error: io::Error| Refusal::system("open", &path.to_string_lossy(), &error);
    path.try_exists().map(|there| !there).map_err(about)
}

/// Whether a text contains these bytes.
fn contains(text: &[u8], wanted: &[u8]) -> bool {
    text.windows(wanted.len()).any(|window| window == wanted)
}
