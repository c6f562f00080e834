//! What lies in files: the certificate and its key, and the request document with the
//! flags over it.

use std::io;
use std::path::Path;

use rcfssl_core::csr::Content;
use rcfssl_core::key::{self, PrivateKey};
use rcfssl_core::{Certificate, Profile, Request};
use rcfssl_go::pem;
use zeroize::Zeroizing;

use super::{Look, message};
use crate::hints::{self, Trap};
use crate::input;

/// A certificate that is there.
pub struct Existing {
    /// The first of its file.
    pub certificate: Certificate,
    /// What follows it: the chain above it.
    pub rest: Zeroizing<Vec<u8>>,
}

/// A key that is there.
pub struct KeyFile {
    /// The key.
    pub key: PrivateKey,
    /// It stands there as PKCS#8.
    pub is_pkcs8: bool,
    /// It stands there encrypted.
    pub is_encrypted: bool,
}

impl Look<'_> {
    pub(super) fn read_request(&self, path: &Path, warnings: &mut Vec<String>) -> Result<Request, String> {
        let shown = path.to_string_lossy();
        let text = input::file(path.as_os_str()).map_err(message)?;
        let (request, report) = Request::read(&text).map_err(|error| {
            let place = match &error {
                rcfssl_core::Error::Json { error, .. } => {
                    rcfssl_go::json::place(&shown, &text, error.offset).swap_remove(0)
                }
                _ => format!("{shown}:"),
            };
            format!("{place} {}", error.message())
        })?;
        for unknown in &report.unknown_keys {
            self.trap(hints::unknown_key(&shown, &text, unknown), warnings)?;
        }
        Ok(request)
    }

    /// What a document asks for, with the flags over it, as `gencert` reads it.
    pub(super) fn content(
        &self,
        request: &Request,
        profile: &Profile,
        warnings: &mut Vec<String>,
    ) -> Result<Content, String> {
        if request.ca.is_some() {
            return Err("ca section only permitted in initca".to_owned());
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
        hosts.check().map_err(message)?;
        Ok(Content {
            subject: request.subject().map_err(message)?,
            hosts,
            extensions: request.extensions().map_err(message)?,
        })
    }

    pub(super) fn trap(&self, trap: Trap, warnings: &mut Vec<String>) -> Result<(), String> {
        if self.options.strict {
            return Err(trap.to_string());
        }
        warnings.push(trap.to_string());
        Ok(())
    }

    /// The key beside the certificate; none where there is none, or with
    /// `replaces` where what is there is no key.
    pub(super) fn read_key(&self, replaces: bool) -> Result<Option<KeyFile>, String> {
        let path = &self.companions.key;
        if is_missing(path)? {
            return Ok(None);
        }
        let text = input::file(path.as_os_str()).map_err(message)?;
        let is_encrypted = contains(&text, b"ENCRYPTED");
        let password = input::ca_password();
        match key::read_encrypted(&text, password.as_ref().map(|p| p.as_slice())) {
            Ok(key) => Ok(Some(KeyFile {
                key,
                is_pkcs8: contains(&text, b"-----BEGIN PRIVATE KEY-----"),
                is_encrypted,
            })),
            Err(_) if replaces && !is_encrypted => Ok(None),
            Err(error) => Err(format!("{}: {}", path.to_string_lossy(), error.message())),
        }
    }
}

impl Existing {
    /// The first certificate of a PEM file and what follows it.
    pub(super) fn read(text: &[u8]) -> Result<Option<Self>, String> {
        let Some((block, rest)) = pem::decode(text) else {
            return Ok(None);
        };
        if block.label != "CERTIFICATE" {
            return Ok(None);
        }
        let certificate = Certificate::read(&block.contents).map_err(message)?;
        Ok(Some(Existing {
            certificate,
            rest: Zeroizing::new(rest.to_vec()),
        }))
    }
}

/// Is there nothing at this path? A link that leads nowhere is nothing.
pub(super) fn is_missing(path: &Path) -> Result<bool, String> {
    let about = |error: io::Error| {
        let why = rcfssl_go::os::describe(&error);
        format!("open {}: {why}", path.to_string_lossy())
    };
    path.try_exists().map(|there| !there).map_err(about)
}

/// Does a text hold these bytes?
pub fn contains(text: &[u8], wanted: &[u8]) -> bool {
    text.windows(wanted.len()).any(|window| window == wanted)
}
