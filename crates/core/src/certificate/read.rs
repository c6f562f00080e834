//! Reading certificates: those that sign, and those that are looked at.

use time::OffsetDateTime;
use x509_parser::asn1_rs::{Any, FromDer, Tag};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{ParsedExtension, X509Extension};
use x509_parser::oid_registry::Oid as ParsedOid;
use x509_parser::x509::{SubjectPublicKeyInfo, X509Name, X509Version};

use super::{Issuer, check_key, check_name, pkcs7};
use crate::asn1::read::is_shortest;
use crate::error::{Code, Error, Result};
use crate::extension::{self, Extension};
use crate::host::Hosts;
use crate::key::PublicKey;
use crate::name::{Attribute, Value};
use crate::oid::{self, Oid};
use rcfssl_go::pem;

/// A certificate as it was read.
#[derive(Debug, Clone)]
pub struct Certificate {
    /// The whole DER.
    pub der: Vec<u8>,
    /// The version as people count: 1, 2 or 3.
    pub version: u32,
    /// The DER that is signed.
    pub to_be_signed: Vec<u8>,
    /// The signature.
    pub signature: Vec<u8>,
    /// The DER of the subject, octet for octet.
    pub subject: Vec<u8>,
    /// The subject's attributes in order.
    pub subject_attributes: Vec<Attribute>,
    /// The DER of the issuer.
    pub issuer: Vec<u8>,
    /// The issuer's attributes in order.
    pub issuer_attributes: Vec<Attribute>,
    /// The contents octets of the serial number.
    pub serial: Vec<u8>,
    /// notBefore
    pub not_before: OffsetDateTime,
    /// notAfter
    pub not_after: OffsetDateTime,
    /// subjectPublicKeyInfo
    pub public_key: PublicKey,
    /// The object identifier of the signature algorithm.
    pub signature_algorithm: Oid,
    /// The extensions in order.
    pub extensions: Vec<Extension>,
    /// `cA` of basicConstraints.
    pub is_ca: bool,
    /// pathLenConstraint; -1 for none.
    pub path_len: i64,
    /// The subject alternative names.
    pub hosts: Hosts,
}

impl Certificate {
    /// Reads a PEM text that holds exactly one certificate, or a PKCS#7 object
    /// with exactly one, whatever the label says.
    ///
    /// # Errors
    /// 1002 where there is no PEM, 1003 for what is no certificate and for more
    /// than one object.
    pub fn read_pem(text: &[u8]) -> Result<Self> {
        let (block, rest) = pem::decode(text.trim_ascii()).ok_or(Code::CertificateDecode)?;
        let mut certificates = match Certificate::read(&block.contents) {
            Ok(certificate) => vec![certificate],
            Err(error) => pkcs7::certificates(&block.contents).ok_or(error)?,
        };
        let refused = |why: &str| Err(Error::wrap(Code::CertificateParse, why));
        match certificates.pop() {
            None => Err(Code::CertificateParse.into()),
            Some(_) if !rest.is_empty() => refused("the PEM file should contain only one object"),
            Some(_) if !certificates.is_empty() => {
                refused("the PKCS7 object in the PEM file should contain only one certificate")
            }
            Some(certificate) => Ok(certificate),
        }
    }

    /// Reads DER.
    ///
    /// # Errors
    /// 1003 for what is no certificate, and for the oddities that Go refuses:
    /// trailing bytes, repeated extensions, an unknown curve.
    pub fn read(der: &[u8]) -> Result<Self> {
        let refused = || Error::from(Code::CertificateParse);
        let (rest, parsed) = X509Certificate::from_der(der).map_err(|_| refused())?;
        if !rest.is_empty() || !go_would_read(&parsed) {
            return Err(refused());
        }
        let tbs = &parsed.tbs_certificate;
        let extensions = extensions(extensions_that_count(&parsed));
        let value = |oid: &Oid| {
            extensions
                .iter()
                .find(|e| e.oid == *oid)
                .map(|e| e.value.as_slice())
        };
        let (is_ca, path_len) = match value(&oid::BASIC_CONSTRAINTS) {
            Some(value) => extension::read_basic_constraints(value).map_err(|_| refused())?,
            None => (false, -1),
        };
        let hosts = match value(&oid::SUBJECT_ALT_NAME) {
            Some(value) => extension::read_subject_alt_name(value).map_err(|_| refused())?.0,
            None => Hosts::default(),
        };
        Ok(Certificate {
            der: der.to_vec(),
            version: tbs.version.0 + 1,
            to_be_signed: tbs.as_ref().to_vec(),
            signature: parsed.signature_value.data.to_vec(),
            subject: tbs.subject.as_raw().to_vec(),
            subject_attributes: name_attributes(&tbs.subject),
            issuer: tbs.issuer.as_raw().to_vec(),
            issuer_attributes: name_attributes(&tbs.issuer),
            serial: tbs.raw_serial().to_vec(),
            not_before: tbs.validity.not_before.to_datetime(),
            not_after: tbs.validity.not_after.to_datetime(),
            public_key: public_key(&tbs.subject_pki),
            signature_algorithm: our_oid(&parsed.signature_algorithm.algorithm),
            extensions,
            is_ca,
            path_len,
            hosts,
        })
    }

    /// The value of an extension.
    pub fn extension(&self, oid: &Oid) -> Option<&[u8]> {
        self.extensions
            .iter()
            .find(|extension| extension.oid == *oid)
            .map(|extension| extension.value.as_slice())
    }

    /// The tags of alternative names that are of no kind that [`Hosts`] has.
    pub fn other_names(&self) -> Vec<u8> {
        self.extension(&oid::SUBJECT_ALT_NAME)
            .and_then(|value| extension::read_subject_alt_name(value).ok())
            .map_or(Vec::new(), |(_, others)| others)
    }

    /// The subjectKeyIdentifier, without its header.
    pub fn subject_key_identifier(&self) -> Option<&[u8]> {
        let value = self.extension(&oid::SUBJECT_KEY_IDENTIFIER)?;
        let (_, any) = Any::from_der(value).ok()?;
        Some(any.data)
    }

    /// The keyIdentifier of the authorityKeyIdentifier.
    pub fn authority_key_identifier(&self) -> Option<&[u8]> {
        let (_, sequence) = Any::from_der(self.extension(&oid::AUTHORITY_KEY_IDENTIFIER)?).ok()?;
        let (_, identifier) = Any::from_der(sequence.data).ok()?;
        (identifier.tag().0 == 0).then_some(identifier.data)
    }

    /// What certificates that it signs will repeat.
    pub fn as_issuer(&self) -> Issuer {
        Issuer {
            name: self.subject.clone(),
            key_identifier: self.subject_key_identifier().map(<[u8]>::to_vec),
        }
    }

    /// PEM, as Go writes it.
    pub fn to_pem(&self) -> String {
        pem::encode("CERTIFICATE", &self.der)
    }
}

/// Go looks at extensions in version 3 alone.
fn extensions_that_count<'a, 'b>(parsed: &'b X509Certificate<'a>) -> &'b [X509Extension<'a>] {
    let tbs = &parsed.tbs_certificate;
    match tbs.version {
        X509Version::V3 => tbs.extensions(),
        _ => &[],
    }
}

/// x509-parser takes all that Go takes and more: this is what Go refuses beyond.
fn go_would_read(parsed: &X509Certificate<'_>) -> bool {
    let tbs = &parsed.tbs_certificate;
    let mut seen = Vec::new();
    let extensions = extensions_that_count(parsed);
    let unique_extensions = extensions.iter().all(|extension| {
        let new = !seen.contains(&&extension.oid);
        seen.push(&extension.oid);
        new
    });
    // What Go reads of them, but for the two that our own code reads, which takes what
    // Go takes: a negative path length, say. Others may hold anything.
    const READ: [Oid; 8] = [
        oid::SUBJECT_KEY_IDENTIFIER,
        oid::KEY_USAGE,
        oid::NAME_CONSTRAINTS,
        oid::CRL_DISTRIBUTION_POINTS,
        oid::CERTIFICATE_POLICIES,
        oid::AUTHORITY_KEY_IDENTIFIER,
        oid::EXTENDED_KEY_USAGE,
        oid::AUTHORITY_INFORMATION_ACCESS,
    ];
    let readable_extensions = extensions.iter().all(|extension| {
        let parsed = !matches!(extension.parsed_extension(), ParsedExtension::ParseError { .. });
        parsed || READ.iter().all(|oid| oid.octets() != extension.oid.as_bytes())
    });
    tbs.version.0 <= X509Version::V3.0
        && is_shortest(tbs.raw_serial())
        && unique_extensions
        && readable_extensions
        && parsed.signature_algorithm == tbs.signature
        && is_readable_name(&tbs.subject)
        && is_readable_name(&tbs.issuer)
        && check_key(&tbs.subject_pki, &public_key(&tbs.subject_pki)).is_ok()
}

/// Go reads six kinds of strings in the names of certificates.
fn is_readable_name(name: &X509Name<'_>) -> bool {
    const READABLE: [Tag; 6] = [
        Tag::Utf8String,
        Tag::PrintableString,
        Tag::Ia5String,
        Tag::NumericString,
        Tag::T61String,
        Tag::BmpString,
    ];
    let mut attributes = name.iter_attributes();
    attributes.all(|attribute| READABLE.contains(&attribute.attr_value().tag())) && check_name(name).is_ok()
}

/// A public key inside a parsed structure.
pub(crate) fn public_key(spki: &SubjectPublicKeyInfo<'_>) -> PublicKey {
    let parameters = spki.algorithm.parameters.as_ref().map(|p| p.data);
    let algorithm = spki.algorithm.algorithm.as_bytes();
    PublicKey::from_parts(spki.raw, algorithm, parameters, &spki.subject_public_key.data)
}

/// The attributes of a parsed name, RDN by RDN.
pub(crate) fn name_attributes(name: &X509Name<'_>) -> Vec<Attribute> {
    let attributes = name.iter_attributes().map(|attribute| {
        let value = attribute.attr_value();
        // Universal tags below 31: one octet.
        let value = Value {
            tag: value.tag().0 as u8,
            contents: value.data.to_vec(),
        };
        Attribute {
            oid: our_oid(attribute.attr_type()),
            value,
        }
    });
    attributes.collect()
}

/// Parsed extensions as ours.
fn extensions(parsed: &[X509Extension<'_>]) -> Vec<Extension> {
    let ours = |e: &X509Extension<'_>| Extension {
        oid: our_oid(&e.oid),
        critical: e.critical,
        value: e.value.to_vec(),
    };
    parsed.iter().map(ours).collect()
}

/// A parsed object identifier as ours.
pub(crate) fn our_oid(oid: &ParsedOid<'_>) -> Oid {
    Oid::from_octets(oid.as_bytes())
}
