//! Parses certificates.

use super::{Issuer, extensions, pkcs7};
use crate::asn1::fields::{Fields, bit_string};
use crate::asn1::read::{Reader, is_shortest, signed};
use crate::asn1::{read_time, tag};
use crate::error::{Code, Error, Result};
use crate::extension::{self, Extension};
use crate::host::Hosts;
use crate::key::{AlgorithmIdentifier, PublicKey, SignatureAlgorithm, Spki};
use crate::name::{self, Attribute};
use crate::oid::{self, Oid};
use crate::serial::{self, Serial};
use rcfssl_go::pem;
use time::OffsetDateTime;

/// A parsed certificate.
#[derive(Debug, Clone)]
pub struct Certificate {
    /// The complete DER.
    pub der: Vec<u8>,
    /// The version: 1, 2 or 3.
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
    /// notBefore, with its original offset.
    pub not_before: OffsetDateTime,
    /// notAfter, likewise.
    pub not_after: OffsetDateTime,
    /// subjectPublicKeyInfo
    pub public_key: PublicKey,
    /// The signature algorithm; `None` if Go does not know it.
    pub signature_algorithm: Option<SignatureAlgorithm>,
    /// The extensions in order.
    pub extensions: Vec<Extension>,
    /// `cA` of basicConstraints.
    pub is_ca: bool,
    /// pathLenConstraint, or -1.
    pub path_len: i64,
    /// The subject alternative names.
    pub hosts: Hosts,
}

impl Certificate {
    /// Reads a PEM text with exactly one certificate, or one PKCS#7 object with exactly
    /// one, whatever the label.
    ///
    /// # Errors
    /// 1002 if there is no PEM block, 1003 for anything that is not a certificate and for
    /// more than one object.
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

    /// Parses DER.
    ///
    /// # Errors
    /// 1003 for anything that is not a certificate, and for irregularities that Go rejects:
    /// trailing bytes, repeated extensions, an unknown curve.
    pub fn read(der: &[u8]) -> Result<Self> {
        let read = Parts::read(der).and_then(|parts| parts.certificate(der));
        read.ok_or_else(|| Code::CertificateParse.into())
    }

    /// The value of an extension.
    pub fn extension(&self, oid: &Oid) -> Option<&[u8]> {
        self.extensions
            .iter()
            .find(|extension| extension.oid == *oid)
            .map(|extension| extension.value.as_slice())
    }

    /// The tags of alternative names of types that [`Hosts`] does not include.
    pub fn other_names(&self) -> Vec<u8> {
        self.extension(&oid::SUBJECT_ALT_NAME)
            .and_then(|value| extension::read_subject_alt_name(value).ok())
            .map_or(Vec::new(), |(_, others)| others)
    }

    /// The serial number, as a number.
    pub fn serial_number(&self) -> Serial {
        Serial::from_contents(&self.serial)
    }

    /// The subjectKeyIdentifier, without its header.
    pub fn subject_key_identifier(&self) -> Option<&[u8]> {
        Reader::new(self.extension(&oid::SUBJECT_KEY_IDENTIFIER)?).expect(tag::OCTET_STRING)
    }

    /// The keyIdentifier of the authorityKeyIdentifier.
    pub fn authority_key_identifier(&self) -> Option<&[u8]> {
        Reader::new(self.extension(&oid::AUTHORITY_KEY_IDENTIFIER)?)
            .enter(tag::SEQUENCE)?
            .optional(tag::context(0))
    }

    /// The issuer data that certificates signed by it repeat.
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

/// The fields of a certificate (RFC 5280, section 4.1), parsed as strictly as by Go, which
/// ignores anything after the last known field.
struct Parts<'a> {
    to_be_signed: &'a [u8],
    version: u32,
    serial: &'a [u8],
    algorithm: AlgorithmIdentifier<'a>,
    issuer: &'a [u8],
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
    subject: &'a [u8],
    public_key: Spki<'a>,
    extensions: Vec<Extension>,
    signature: Vec<u8>,
}

impl<'a> Parts<'a> {
    fn read(der: &'a [u8]) -> Option<Self> {
        let mut outer = Reader::inside(der, tag::SEQUENCE)?;
        let to_be_signed = outer.next().filter(|element| element.tag == tag::SEQUENCE)?;
        let mut fields = Reader::new(to_be_signed.contents);
        let version = version(&mut fields)?;
        let serial = fields
            .expect(tag::INTEGER)
            .filter(|octets| is_shortest(octets) && octets.len() <= serial::LONGEST)?;
        let algorithm = fields.expect(tag::SEQUENCE)?;
        if outer.expect(tag::SEQUENCE)? != algorithm {
            return None;
        }
        let issuer = fields.next()?;
        let mut validity = fields.enter(tag::SEQUENCE)?;
        let (not_before, not_after) = (read_time(&mut validity)?, read_time(&mut validity)?);
        let subject = fields.next()?;
        let mut rest = Fields::new(fields.rest());
        let public_key = Spki::read(&mut rest).ok()?;
        Some(Parts {
            to_be_signed: to_be_signed.raw,
            version,
            serial,
            algorithm: AlgorithmIdentifier::read_inside(Fields::new(algorithm)).ok()?,
            issuer: issuer.raw,
            not_before,
            not_after,
            subject: subject.raw,
            public_key,
            extensions: extensions::read(version, rest.rest())?,
            signature: bit_string(outer.expect(tag::BIT_STRING)?).ok()?.right_aligned(),
        })
    }

    fn certificate(self, der: &[u8]) -> Option<Certificate> {
        let known = extensions::Known::read(&self.extensions)?;
        Some(Certificate {
            der: der.to_vec(),
            version: self.version,
            to_be_signed: self.to_be_signed.to_vec(),
            signature: self.signature,
            subject: self.subject.to_vec(),
            subject_attributes: name(self.subject)?,
            issuer: self.issuer.to_vec(),
            issuer_attributes: name(self.issuer)?,
            serial: self.serial.to_vec(),
            not_before: self.not_before,
            not_after: self.not_after,
            public_key: self.public_key.key().ok()?,
            signature_algorithm: SignatureAlgorithm::read(&self.algorithm),
            extensions: self.extensions,
            is_ca: known.is_ca,
            path_len: known.path_len,
            hosts: known.hosts,
        })
    }
}

/// The version, counted from 1; the default is 1.
fn version(fields: &mut Reader<'_>) -> Option<u32> {
    const FIELD: u8 = tag::context_constructed(0);
    if !fields.is_next(FIELD) {
        return Some(1);
    }
    let version = signed(Reader::inside(fields.next()?.raw, FIELD)?.only(tag::INTEGER)?)?;
    u32::try_from(version)
        .ok()
        .filter(|version| *version <= 2)
        .map(|version| version + 1)
}

/// A name; Go accepts six string types in it and nothing else.
fn name(der: &[u8]) -> Option<Vec<Attribute>> {
    let attributes = name::read(der).ok()?;
    let are_texts = attributes
        .iter()
        .all(|attribute| attribute.value.text().is_some());
    are_texts.then_some(attributes)
}
