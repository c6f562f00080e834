//! What a certificate will say: plain data, decided before anything is encoded.

use std::borrow::Cow;

use time::OffsetDateTime;

use crate::extension::{self, Extension};
use crate::host::Hosts;
use crate::key::{PublicKey, SignatureAlgorithm};
use crate::name;
use crate::oid::{self, Oid};
use crate::policy::CaConstraint;
use crate::serial::Serial;

/// A certificate to be, but for its issuer.
#[derive(Debug, Clone)]
pub struct Template {
    /// serialNumber
    pub serial: Serial,
    /// signatureAlgorithm: one of the algorithms of the authority's key.
    pub signature_algorithm: SignatureAlgorithm,
    /// notBefore; fractions of a second are cut off when it is encoded.
    pub not_before: OffsetDateTime,
    /// notAfter
    pub not_after: OffsetDateTime,
    /// subject
    pub subject: Subject,
    /// subjectPublicKeyInfo
    pub public_key: PublicKey,
    /// keyUsage bits, digitalSignature lowest; the extension is left out for 0.
    pub key_usage: u16,
    /// extKeyUsage; left out when empty.
    pub extended_key_usage: Vec<Oid>,
    /// basicConstraints, always there.
    pub constraint: CaConstraint,
    /// authorityInfoAccess, OCSP.
    pub ocsp_urls: Vec<String>,
    /// authorityInfoAccess, caIssuers.
    pub issuer_urls: Vec<String>,
    /// subjectAltName
    pub names: Names,
    /// cRLDistributionPoints
    pub crl_urls: Vec<String>,
    /// Further extensions at the end. One of a kind named above takes its place.
    pub extra: Vec<Extension>,
}

/// A name to be written, or one taken over octet for octet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// Built from its parts.
    Built(Box<name::Subject>),
    /// The DER of a name.
    Raw(Vec<u8>),
}

impl Subject {
    /// The DER of the name.
    pub fn to_der(&self) -> Vec<u8> {
        match self {
            Subject::Built(subject) => subject.to_der(),
            Subject::Raw(der) => der.clone(),
        }
    }

    /// The common name, of several the last; empty for none.
    pub fn common_name(&self) -> String {
        match self {
            Subject::Built(subject) => subject.common_name.clone(),
            Subject::Raw(_) => self
                .common_names()
                .and_then(|mut names| names.pop())
                .unwrap_or_default(),
        }
    }

    /// The common names, read from what will be encoded; nothing where one of them is no
    /// text, or the name cannot be read.
    pub fn common_names(&self) -> Option<Vec<String>> {
        let attributes = name::read(&self.to_der()).ok()?;
        let common_names = attributes.iter().filter(|a| a.oid == oid::COMMON_NAME);
        common_names.map(|attribute| attribute.value.text()).collect()
    }
}

/// Subject alternative names to be written, or the value of the extension taken
/// over octet for octet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Names {
    /// Built from hosts; no extension where there are none.
    Built(Hosts),
    /// The DER inside the extension.
    Raw(Vec<u8>),
}

impl Names {
    /// The names by kind, as they will be encoded; nothing where they cannot be read.
    pub fn hosts(&self) -> Option<Cow<'_, Hosts>> {
        match self {
            Names::Built(hosts) => Some(Cow::Borrowed(hosts)),
            Names::Raw(value) => {
                let (hosts, _) = extension::read_subject_alt_name(value).ok()?;
                Some(Cow::Owned(hosts))
            }
        }
    }
}

/// Who signs: what a certificate repeats of its issuer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer {
    /// The DER of the issuer's subject, octet for octet.
    pub name: Vec<u8>,
    /// The issuer's subjectKeyIdentifier.
    pub key_identifier: Option<Vec<u8>>,
}
