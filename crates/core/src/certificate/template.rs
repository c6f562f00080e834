//! What a certificate will say: plain data, decided before anything is encoded.

use std::borrow::Cow;
use std::fmt;

use time::OffsetDateTime;

use crate::error::Result;
use crate::extension::{self, Extension};
use crate::host::Hosts;
use crate::key::{self, PublicKey, SignatureAlgorithm};
use crate::name;
use crate::oid::{self, Oid};
use crate::policy::CaConstraint;

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

/// A serial number: positive, at most 20 octets (RFC 5280, section 4.1.2.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Serial(Vec<u8>);

impl Serial {
    /// 159 random bits in 20 octets.
    ///
    /// # Errors
    /// Where the system has no randomness to give.
    pub fn random() -> Result<Self> {
        let mut octets = vec![0; 20];
        key::random(&mut octets)?;
        octets[0] &= 0x7f;
        Ok(Serial(octets))
    }

    /// 63 random bits, as `selfsign` numbers its certificates.
    ///
    /// # Errors
    /// As [`Serial::random`].
    pub fn random_63_bits() -> Result<Self> {
        let mut octets = vec![0; 8];
        key::random(&mut octets)?;
        octets[0] &= 0x7f;
        Ok(Serial(octets))
    }

    /// From a magnitude, most significant octet first.
    pub fn from_magnitude(octets: &[u8]) -> Self {
        Serial(octets.to_vec())
    }

    /// The magnitude, most significant octet first; zeros may lead.
    pub fn magnitude(&self) -> &[u8] {
        &self.0
    }
}

/// In decimal, as logs and `certinfo` show it.
impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&decimal(&self.0))
    }
}

/// A magnitude in decimal.
pub(crate) fn decimal(magnitude: &[u8]) -> String {
    // Nine decimal digits at a time, least significant first.
    const BASE: u64 = 1_000_000_000;
    let mut groups: Vec<u32> = vec![0];
    for &octet in magnitude {
        let mut carry = u64::from(octet);
        for group in &mut groups {
            let value = u64::from(*group) << 8 | carry;
            *group = (value % BASE) as u32;
            carry = value / BASE;
        }
        if carry > 0 {
            groups.push(carry as u32);
        }
    }
    let mut groups = groups.iter().rev();
    let first = groups.next().map(u32::to_string).unwrap_or_default();
    groups.fold(first, |text, group| text + &format!("{group:09}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serial_numbers_show_in_decimal() {
        for (octets, want) in [
            (&[][..], "0"),
            (&[0, 0], "0"),
            (&[0xff], "255"),
            (&[0x3b, 0x9a, 0xca, 0x00], "1000000000"),
            (&[0xff; 8], "18446744073709551615"),
            (
                &[
                    0x61, 2, 0x8f, 0xcf, 0x7f, 0x54, 0xa6, 0x89, 0xbf, 0x92, 0xbf, 0xcf, 0x64, 0xe1, 0x63,
                    0xc9, 0x24, 0xf7, 0xfd, 0xe6,
                ],
                "553829233924899175640773189573490790427881111014",
            ),
        ] {
            assert_eq!(decimal(octets), want);
        }
    }

    #[test]
    fn random_serials_are_positive_and_differ() {
        let (a, b) = (Serial::random().unwrap(), Serial::random().unwrap());
        assert_ne!(a, b);
        assert!(a.magnitude().len() == 20 && a.magnitude()[0] < 0x80);
        assert!(Serial::random_63_bits().unwrap().magnitude()[0] < 0x80);
    }
}
