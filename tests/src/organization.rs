//! An organization's folder as renewals find it: a CA, a configuration, certificates with
//! their keys; and an independent parser for checking them.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Deref;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::normal::clock::Time;
use crate::normal::der::{Element, tag};
use crate::normal::x509;
use crate::openssl;
use crate::workplace::{Step, Workplace};

/// A lifetime of one year, named profiles as in the walk-through, no usages by default.
pub const CONFIG: &str = r#"{"signing": {"default": {"expiry": "8760h"}, "profiles": {
  "server": {"expiry": "8760h", "usages": ["signing", "key encipherment", "server auth"]},
  "client": {"expiry": "8760h", "usages": ["signing", "key encipherment", "client auth"]},
  "peer": {"expiry": "8760h", "usages": ["signing", "key encipherment", "server auth", "client auth"]}
}}}"#;

/// The request for `ca.pem`: a key that is generated fast, and a lifetime of twenty years,
/// so that no certificate is limited by it.
const AUTHORITY: &str =
    r#"{"CN": "Root", "key": {"algo": "ecdsa", "size": 256}, "ca": {"expiry": "175200h"}}"#;

const DAY: i64 = 86_400;

/// A workplace with `ca.pem`, `ca-key.pem` and `ca-config.json`.
#[derive(Debug)]
pub struct Organization(Workplace);

impl Deref for Organization {
    type Target = Workplace;

    fn deref(&self) -> &Workplace {
        &self.0
    }
}

impl Organization {
    /// An organization without certificates.
    ///
    /// # Errors
    /// rcfssl's error.
    pub fn new() -> Result<Self> {
        let organization = Organization(Workplace::new()?);
        organization.write("ca-config.json", CONFIG)?;
        organization.authority("ca", AUTHORITY)?;
        Ok(organization)
    }

    /// Sets a variable for all later lines.
    pub fn set(&mut self, key: &str, value: &str) {
        self.0.set(key, value);
    }

    /// Creates a CA from a request document: `NAME.pem`, `NAME-key.pem`.
    ///
    /// # Errors
    /// rcfssl's error.
    pub fn authority(&self, name: &str, document: &str) -> Result<()> {
        let line = format!("rcfssl gencert -initca - | rcfssljson -bare {name}; rm {name}.csr");
        self.feed(&line, Some(document.as_bytes()))?.ok()?;
        Ok(())
    }

    /// Creates `NAME.pem`, `NAME-key.pem` and `NAME.csr` from a request document.
    ///
    /// # Errors
    /// rcfssl's error.
    pub fn sign(&self, profile: &str, name: &str, document: &str) -> Result<()> {
        self.sign_with("-config ca-config.json", profile, name, document)
    }

    /// The same for a certificate that is valid from and until this many days from now.
    ///
    /// # Errors
    /// rcfssl's error.
    pub fn sign_from_to(&self, profile: &str, name: &str, document: &str, days: [i64; 2]) -> Result<()> {
        let mut config: serde_json::Value = serde_json::from_str(&self.read("ca-config.json")?)?;
        for (field, days) in ["not_before", "not_after"].into_iter().zip(days) {
            let moment = OffsetDateTime::now_utc() + time::Duration::days(days);
            config["signing"]["profiles"][profile][field] = moment.format(&Rfc3339)?.into();
        }
        let file = self.aside().join("dated.json");
        fs::write(&file, config.to_string())?;
        let flags = format!("-config {}", file.display());
        self.sign_with(&flags, profile, name, document)
    }

    /// The same with other flags of `gencert`.
    ///
    /// # Errors
    /// rcfssl's error.
    pub fn sign_with(&self, flags: &str, profile: &str, name: &str, document: &str) -> Result<()> {
        let line = format!(
            "rcfssl gencert -loglevel 3 -ca ca.pem -ca-key ca-key.pem {flags} -profile {profile} - \
             | rcfssljson -bare {name}"
        );
        self.feed(&line, Some(document.as_bytes()))?.ok()?;
        Ok(())
    }

    /// Runs `rcfssl renew` in the folder.
    ///
    /// # Errors
    /// If it takes too long, panics or prints a private key.
    pub fn renew(&self, arguments: &str) -> Result<Step> {
        let step = self.shell(&format!("rcfssl renew {arguments}"))?;
        let said = step.out() + &step.err();
        ensure!(!said.contains("panicked"), "{arguments}: {said}");
        ensure!(!said.contains("PRIVATE"), "{arguments}: {said}");
        Ok(step)
    }

    /// The first certificate of a file.
    ///
    /// # Errors
    /// If there is none.
    pub fn certificate(&self, file: &str) -> Result<Certificate> {
        Certificate::read(&self.join(file))
    }

    /// Checks with openssl that a certificate matches its key and was issued by `ca.pem`,
    /// and that the key is valid.
    ///
    /// # Errors
    /// openssl's error.
    pub fn check_pair(&self, certificate: &str, key: &str) -> Result<()> {
        check_pair(&self.path(), certificate, key)
    }

    /// The result of [`stamps`] for the folder.
    ///
    /// # Errors
    /// The system's error.
    pub fn stamps(&self) -> Result<BTreeMap<String, Stamp>> {
        stamps(&self.path())
    }

    /// The names in the folder that begin with a dot.
    ///
    /// # Errors
    /// The system's error.
    pub fn dot_files(&self) -> Result<Vec<String>> {
        let names = stamps(&self.path())?.into_keys();
        Ok(names
            .filter(|name| name.len() > 1 && name.starts_with('.'))
            .collect())
    }
}

/// Checks with openssl that a certificate in a folder matches its key and was issued by
/// `ca.pem` there, and that the key is valid.
///
/// # Errors
/// openssl's error.
pub fn check_pair(folder: &Path, certificate: &str, key: &str) -> Result<()> {
    let verify = ["verify", "-CAfile", "ca.pem", certificate];
    openssl::in_folder(folder, &verify)?;
    let check = ["pkey", "-check", "-noout", "-passin", "pass:secret", "-in", key];
    openssl::in_folder(folder, &check)?;
    let of_key = ["pkey", "-pubout", "-passin", "pass:secret", "-in", key];
    let of_certificate = ["x509", "-noout", "-pubkey", "-in", certificate];
    ensure!(
        openssl::in_folder(folder, &of_key)? == openssl::in_folder(folder, &of_certificate)?,
        "{key} is not the key of {certificate}"
    );
    Ok(())
}

/// The parts of a certificate that matter for renewal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// All of it.
    pub der: Vec<u8>,
    /// The contents octets of its serial number, in hex.
    pub serial: String,
    /// The subject, whole.
    pub subject: Vec<u8>,
    /// The public key, whole.
    pub public_key: Vec<u8>,
    /// The validity, in seconds since 1970.
    pub validity: [i64; 2],
    /// Its extensions: whether they are critical, and their contents.
    pub extensions: BTreeMap<String, (bool, Vec<u8>)>,
}

impl Certificate {
    /// Reads the first certificate of a PEM file.
    ///
    /// # Errors
    /// For anything other than a certificate in strict DER.
    pub fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
        let der = openssl::certificate(&text)?;
        let read = x509::Certificate::read(&der)?;
        let [_, _, _, validity, ..] = *read.fields.as_slice() else {
            anyhow::bail!("too few fields");
        };
        let [from, until] = validity.fields()?;
        let extensions = match read.fields.last() {
            Some(field) if field.tag == tag::CONTEXT_3 => extensions(field)?,
            _ => BTreeMap::new(),
        };
        Ok(Certificate {
            serial: data_encoding::HEXUPPER.encode(read.serial),
            subject: read.subject.bytes.to_vec(),
            public_key: read.spki.bytes.to_vec(),
            validity: [Time::read(&from)?.seconds, Time::read(&until)?.seconds],
            extensions,
            der,
        })
    }

    /// The alternative names, whole.
    pub fn names(&self) -> Option<&[u8]> {
        let (_, names) = self.extensions.get("2.5.29.17")?;
        Some(names)
    }

    /// The number of whole days until it expires.
    pub fn days_left(&self) -> i64 {
        (self.validity[1] - OffsetDateTime::now_utc().unix_timestamp()).div_euclid(DAY)
    }
}

fn extensions(field: &Element<'_>) -> Result<BTreeMap<String, (bool, Vec<u8>)>> {
    let [list] = field.fields()?;
    let mut found = BTreeMap::new();
    for extension in list.children()? {
        let parts = extension.children()?;
        let (Some(oid), Some(value)) = (parts.first(), parts.last()) else {
            anyhow::bail!("an empty extension");
        };
        found.insert(oid.oid()?, (parts.len() == 3, value.value.to_vec()));
    }
    Ok(found)
}

/// Changes when a file is written, replaced, or changes its owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// Device and inode.
    pub identity: (u64, u64),
    /// When contents and attributes were changed, in seconds and nanoseconds.
    pub changed: [(i64, i64); 2],
    /// Type and permissions.
    pub mode: u32,
    /// User and group.
    pub owner: (u32, u32),
}

/// The stamps of a folder, as `.`, and of its contents.
///
/// # Errors
/// The system's error.
pub fn stamps(folder: &Path) -> Result<BTreeMap<String, Stamp>> {
    let stamp = |metadata: fs::Metadata| Stamp {
        identity: (metadata.dev(), metadata.ino()),
        changed: [
            (metadata.mtime(), metadata.mtime_nsec()),
            (metadata.ctime(), metadata.ctime_nsec()),
        ],
        mode: metadata.mode(),
        owner: (metadata.uid(), metadata.gid()),
    };
    let mut found = BTreeMap::from([(".".to_owned(), stamp(fs::metadata(folder)?))]);
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        found.insert(name, stamp(entry.metadata()?));
    }
    Ok(found)
}
