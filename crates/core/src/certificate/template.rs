//! The contents of a future certificate: plain data, decided before anything is encoded.

use std::borrow::Cow;

use time::OffsetDateTime;

use crate::extension::{self, Extension};
use crate::host::Hosts;
use crate::key::{PublicKey, SignatureAlgorithm};
use crate::name;
use crate::oid::{self, Oid};
use crate::policy::CaConstraint;
use crate::serial::Serial;

/// A future certificate without its issuer.
#[derive(Debug, Clone)]
pub struct Template {
    /// serialNumber
    pub serial: Serial,
    /// signatureAlgorithm: one of the algorithms of the CA's key.
    pub signature_algorithm: SignatureAlgorithm,
    /// notBefore; fractions of a second are truncated when it is encoded.
    pub not_before: OffsetDateTime,
    /// notAfter
    pub not_after: OffsetDateTime,
    /// subject
    pub subject: Subject,
    /// subjectPublicKeyInfo
    pub public_key: PublicKey,
    /// keyUsage bits, digitalSignature lowest; for 0 the extension is omitted.
    pub key_usage: u16,
    /// extKeyUsage; omitted if empty.
    pub extended_key_usage: Vec<Oid>,
    /// basicConstraints, always present.
    pub constraint: CaConstraint,
    /// authorityInfoAccess, OCSP.
    pub ocsp_urls: Vec<String>,
    /// authorityInfoAccess, caIssuers.
    pub issuer_urls: Vec<String>,
    /// subjectAltName
    pub names: Names,
    /// cRLDistributionPoints
    pub crl_urls: Vec<String>,
    /// Further extensions, at the end. An extension of a type above replaces that one.
    pub extra: Vec<Extension>,
}

/// A name to be encoded, or one copied octet for octet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// Assembled from its parts.
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

    /// The common name, the last if there are several; empty for none.
    pub fn common_name(&self) -> String {
        match self {
            Subject::Built(subject) => subject.common_name.clone(),
            Subject::Raw(_) => self
                .common_names()
                .and_then(|mut names| names.pop())
                .unwrap_or_default(),
        }
    }

    /// The common names, parsed from the DER to be signed; `None` if one of them is not a
    /// string or the name is malformed.
    pub fn common_names(&self) -> Option<Vec<String>> {
        let attributes = name::read(&self.to_der()).ok()?;
        let common_names = attributes.iter().filter(|a| a.oid == oid::COMMON_NAME);
        common_names.map(|attribute| attribute.value.text()).collect()
    }
}

/// Subject alternative names to be encoded, or an extension value copied octet for octet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Names {
    /// Built from hosts; without hosts the extension is omitted.
    Built(Hosts),
    /// The DER inside the extension.
    Raw(Vec<u8>),
}

impl Names {
    /// The names by type, as they will be encoded; `None` if they are malformed.
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

/// The issuer data that a certificate repeats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer {
    /// The DER of the issuer's subject, octet for octet.
    pub name: Vec<u8>,
    /// The issuer's subjectKeyIdentifier.
    pub key_identifier: Option<Vec<u8>>,
}
