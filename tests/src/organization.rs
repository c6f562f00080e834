//! An organization's folder as renewals find it: an authority, a configuration,
//! certificates with their keys; and what the tests' own reader says of them.

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

/// One year, named profiles as in the walk-through, no usages by default.
pub const CONFIG: &str = r#"{"signing": {"default": {"expiry": "8760h"}, "profiles": {
  "server": {"expiry": "8760h", "usages": ["signing", "key encipherment", "server auth"]},
  "client": {"expiry": "8760h", "usages": ["signing", "key encipherment", "client auth"]},
  "peer": {"expiry": "8760h", "usages": ["signing", "key encipherment", "server auth", "client auth"]}
}}}"#;

/// What `ca.pem` is made of: a small key, so that it is made at once, and twenty
/// years, so that it cuts nothing.
const AUTHORITY: &str =
    r#"{"CN": "Root", "key": {"algo": "ecdsa", "size": 256}, "ca": {"expiry": "175200h"}}"#;

const DAY: i64 = 86_400;

/// A workplace that holds `ca.pem`, `ca-key.pem` and `ca-config.json`.
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
    /// What rcfssl says.
    pub fn new() -> Result<Self> {
        let organization = Organization(Workplace::new()?);
        organization.write("ca-config.json", CONFIG)?;
        organization.authority("ca", AUTHORITY)?;
        Ok(organization)
    }

    /// Sets a variable for all lines to come.
    pub fn set(&mut self, key: &str, value: &str) {
        self.0.set(key, value);
    }

    /// Makes an authority of a request document: `NAME.pem`, `NAME-key.pem`.
    ///
    /// # Errors
    /// What rcfssl says.
    pub fn authority(&self, name: &str, document: &str) -> Result<()> {
        let line = format!("rcfssl gencert -initca - | rcfssljson -bare {name}; rm {name}.csr");
        self.feed(&line, Some(document.as_bytes()))?.ok()?;
        Ok(())
    }

    /// Makes `NAME.pem`, `NAME-key.pem` and `NAME.csr` of a request document.
    ///
    /// # Errors
    /// What rcfssl says.
    pub fn sign(&self, profile: &str, name: &str, document: &str) -> Result<()> {
        self.sign_with("-config ca-config.json", profile, name, document)
    }

    /// The same for a certificate that begins and ends so many days from now.
    ///
    /// # Errors
    /// What rcfssl says.
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

    /// The same with other flags of `gencert` than those of the organization.
    ///
    /// # Errors
    /// What rcfssl says.
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
    /// When it takes too long, panics or shows a private key.
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
    /// For what is none.
    pub fn certificate(&self, file: &str) -> Result<Certificate> {
        Certificate::read(&self.join(file))
    }

    /// Asks openssl whether a certificate is its key's and that of `ca.pem`, and
    /// whether the key is sound.
    ///
    /// # Errors
    /// What it says against it.
    pub fn check_pair(&self, certificate: &str, key: &str) -> Result<()> {
        check_pair(&self.path(), certificate, key)
    }

    /// What [`stamps`] finds in the folder.
    ///
    /// # Errors
    /// What the system says.
    pub fn stamps(&self) -> Result<BTreeMap<String, Stamp>> {
        stamps(&self.path())
    }

    /// The names in the folder that begin with a dot.
    ///
    /// # Errors
    /// What the system says.
    pub fn dot_files(&self) -> Result<Vec<String>> {
        let names = stamps(&self.path())?.into_keys();
        Ok(names
            .filter(|name| name.len() > 1 && name.starts_with('.'))
            .collect())
    }
}

/// Asks openssl whether a certificate in a folder is its key's and that of
/// `ca.pem` there, and whether the key is sound.
///
/// # Errors
/// What it says against it.
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

/// What matters of a certificate to those who renew it.
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
    /// When it begins and ends, in seconds since 1970.
    pub validity: [i64; 2],
    /// Its extensions: whether critical, and what is in them.
    pub extensions: BTreeMap<String, (bool, Vec<u8>)>,
}

impl Certificate {
    /// Reads the first certificate of a PEM file.
    ///
    /// # Errors
    /// For what is no certificate in strict DER.
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

    /// The whole days until it ends.
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

/// What changes when a file is written to, replaced or given away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// Device and inode.
    pub identity: (u64, u64),
    /// When it was changed: contents and attributes, in seconds and nanoseconds.
    pub changed: [(i64, i64); 2],
    /// Kind and permissions.
    pub mode: u32,
    /// User and group.
    pub owner: (u32, u32),
}

/// The stamps of a folder, as `.`, and of what is in it.
///
/// # Errors
/// What the system says.
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
