//! What a CA has decided to issue, and what it has issued.

use time::OffsetDateTime;

use crate::asn1::read::Reader;
use crate::asn1::tag;
use crate::certificate::{Issuer, Serial, Template, assemble, authority_key_identifier, to_be_signed};
use crate::error::Result;
use crate::extension::{self, Extension};
use crate::key::{PublicKey, SigningKey};
use crate::oid;
use rcfssl_go::pem;

/// The contents of a certificate and its issuer. Only
/// [`Authority::decide`](super::Authority::decide) creates it, so nothing is issued that
/// was not decided.
#[derive(Debug, Clone)]
pub struct Decided {
    pub(super) template: Template,
    pub(super) issuer: Issuer,
    pub(super) common_name: String,
    pub(super) dns_names: Option<Vec<String>>,
}

impl Decided {
    /// The contents of the certificate.
    pub fn template(&self) -> &Template {
        &self.template
    }

    /// Replaces key and serial number, for renewals, which decide before these exist.
    pub fn with(&mut self, public_key: PublicKey, serial: Serial) {
        self.template.public_key = public_key;
        self.template.serial = serial;
    }

    /// Limits the expiry date to this time.
    pub fn end_by(&mut self, moment: OffsetDateTime) {
        self.template.not_after = self.template.not_after.min(moment);
    }

    /// Turns it into a precertificate, which is not a valid certificate (RFC 6962, section
    /// 3.1).
    #[must_use]
    pub fn as_precertificate(mut self) -> Self {
        self.template.extra.push(Extension {
            oid: oid::CT_POISON,
            critical: true,
            value: extension::null(),
        });
        self
    }

    pub(super) fn sign(&self, key: &dyn SigningKey) -> Result<Issued> {
        let Decided { template, issuer, .. } = self;
        let algorithm = template.signature_algorithm;
        let to_be_signed = to_be_signed(template, issuer, algorithm);
        let signature = key.sign(algorithm, &to_be_signed)?;
        Ok(Issued {
            der: assemble(&to_be_signed, algorithm, &signature),
            serial: template.serial.clone(),
            authority_key_identifier: authority_key_identifier(template, issuer).unwrap_or_default(),
            not_before: template.not_before,
            not_after: template.not_after,
            common_name: self.common_name.clone(),
            dns_names: self.dns_names.clone(),
        })
    }
}

/// A signed certificate, with the data that a database records.
#[derive(Debug, Clone)]
pub struct Issued {
    /// The complete DER.
    pub der: Vec<u8>,
    /// Its serial number.
    pub serial: Serial,
    /// Its authorityKeyIdentifier, or empty.
    pub authority_key_identifier: Vec<u8>,
    /// notBefore
    pub not_before: OffsetDateTime,
    /// notAfter
    pub not_after: OffsetDateTime,
    /// The subject's common name, or empty.
    pub common_name: String,
    /// The DNS names. `None` where Go would have no list, for which cfssl's databases
    /// contain `null`.
    pub dns_names: Option<Vec<String>>,
}

impl Issued {
    /// PEM, as Go writes it.
    pub fn to_pem(&self) -> String {
        pem::encode("CERTIFICATE", &self.der)
    }

    /// Whether subject and issuer are the same (RFC 5280, section 3.2).
    pub fn is_self_issued(&self) -> bool {
        let names = || {
            let mut fields = Reader::inside(&self.der, tag::SEQUENCE)?.enter(tag::SEQUENCE)?;
            // version, serialNumber and signature; validity is between the names.
            let issuer = fields.nth(3)?;
            Some((issuer.raw, fields.nth(1)?.raw))
        };
        names().is_some_and(|(issuer, subject)| issuer == subject)
    }
}
