//! Issues a certificate: key, certificate and request as files to be written.

use std::path::{Path, PathBuf};

use rcfssl_core::key::{self, KeyFormat, KeySpec, PrivateKey, SigningKey};
use rcfssl_core::record::CertificateRecord;
use rcfssl_core::{Certificate, Csr, Decided, Serial};
use rcfssl_files::{NewFile, mode};
use rcfssl_go::pem;
use time::OffsetDateTime;
use zeroize::Zeroizing;

use crate::group::Issuing;
use crate::look::{KeyFile, Plan, Signing};
use crate::remote;
use crate::{Companions, Options, Refusal, Task};

/// A certificate that was issued and whose files are not in place yet.
pub struct Made {
    /// Its serial number.
    pub serial: Serial,
    /// When it expires.
    pub until: OffsetDateTime,
    /// Whether it has a new key.
    pub new_key: bool,
    /// Its row, if it was signed here and there is a database.
    pub record: Option<CertificateRecord>,
    /// The files; the key comes first.
    pub files: Vec<NewFile>,
    /// If the key is kept: its file, and the file for a backup copy.
    pub copied_key: Option<(PathBuf, PathBuf)>,
}

/// Carries out a plan.
///
/// # Errors
/// If no key can be generated or nothing can be signed, or if an existing file contains
/// something that would no longer match.
pub fn make(
    plan: &Plan,
    task: &Task,
    issuing: &Issuing,
    options: &Options,
    companions: &Companions,
) -> Result<Made, Refusal> {
    let own = plan.key.as_ref().filter(|_| !task.rekey);
    let made;
    let mut files = Vec::new();
    let file = |path: &Path, contents: Vec<u8>, mode| NewFile {
        path: path.to_owned(),
        contents: Zeroizing::new(contents),
        mode,
        backup: options.backup.then(|| backup_of(path)),
    };
    let key = match own {
        Some(KeyFile { key, .. }) => key,
        None => {
            if plan.key.as_ref().is_some_and(|key| key.is_encrypted) {
                return Err(Refusal::KeyEncrypted);
            }
            made = key::generate(wanted_key(plan)?)?;
            let format = match options.key_format {
                Some(format) => format,
                None if plan.key.as_ref().is_some_and(|key| key.is_pkcs8) => KeyFormat::Pkcs8,
                None => KeyFormat::Traditional,
            };
            let text = made.to_pem(format)?;
            files.push(file(&companions.key, text.as_bytes().to_vec(), mode::KEY));
            &made
        }
    };
    let issued = match &plan.signing {
        Signing::Local(decided) => sign_here(decided, issuing, options, key)?,
        Signing::Remote(_) => remote::sign(plan, issuing, options, key)?,
    };
    let mut text = pem::encode("CERTIFICATE", &issued.der).into_bytes();
    if let Some(existing) = &plan.existing {
        if own.is_none() && existing.holds_key {
            return Err(Refusal::KeyOutdated);
        }
        text.extend_from_slice(existing.rest.as_bytes());
    }
    files.push(file(&task.certificate, text, mode::CERTIFICATE));
    if (own.is_none() || plan.rewrites_csr) && companions.csr.exists() {
        let csr = request(plan, &issued.der, key)?;
        files.push(NewFile {
            backup: None,
            ..file(&companions.csr, csr.to_pem().into_bytes(), mode::CSR)
        });
    }
    Ok(Made {
        serial: issued.serial,
        until: issued.not_after,
        new_key: own.is_none(),
        record: issued.record,
        files,
        copied_key: (options.backup && own.is_some())
            .then(|| (companions.key.clone(), backup_of(&companions.key))),
    })
}

/// A signed certificate from the local CA or another server.
pub struct Signed {
    /// The whole DER.
    pub der: Vec<u8>,
    /// Its serial number.
    pub serial: Serial,
    /// notAfter
    pub not_after: OffsetDateTime,
    /// Its row, if it was signed here and there is a database.
    pub record: Option<CertificateRecord>,
}

fn sign_here(
    decided: &Decided,
    issuing: &Issuing,
    options: &Options,
    key: &PrivateKey,
) -> Result<Signed, Refusal> {
    let issuer = issuing.issuer.as_ref().map_err(Refusal::clone)?;
    let mut decided = decided.clone();
    decided.with(key.public_key().clone(), Serial::random()?);
    let issued = issuer.authority().issue(&decided, &mut |_| {})?;
    let now = OffsetDateTime::now_utc();
    let record = || CertificateRecord::of(&issued, &options.label, "null", now);
    Ok(Signed {
        record: issuing.database.is_some().then(record),
        der: issued.der,
        serial: issued.serial,
        not_after: issued.not_after,
    })
}

/// The key type that the document asks for, or that of the existing key.
fn wanted_key(plan: &Plan) -> Result<KeySpec, Refusal> {
    if let Some(spec) = plan.key_spec {
        return Ok(spec);
    }
    let kind = plan.key.as_ref().map(|key| key.key.public_key().kind());
    kind.and_then(KeySpec::like).ok_or(Refusal::KeyKind)
}

/// A request that asks for the issued certificate.
fn request(plan: &Plan, der: &[u8], key: &PrivateKey) -> rcfssl_core::Result<Csr> {
    match &plan.content {
        Some(content) => Csr::make(content, key),
        None => Certificate::read(der).and_then(|certificate| Csr::of_certificate(&certificate, key)),
    }
}

/// `NAME.pem.bak` for `NAME.pem`.
fn backup_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".bak");
    name.into()
}
