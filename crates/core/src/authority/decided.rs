//! What an authority has decided, and what it has issued.

use time::OffsetDateTime;

use crate::asn1::read::Reader;
use crate::asn1::tag;
use crate::certificate::{Issuer, Serial, Template, assemble, authority_key_identifier, to_be_signed};
use crate::error::Result;
use crate::extension::{self, Extension};
use crate::key::{PublicKey, SigningKey};
use crate::oid;
use rcfssl_go::pem;

/// What a certificate will say and who issues it: made by
/// [`Authority::decide`](super::Authority::decide) only, so that nothing is issued that
/// was not decided.
#[derive(Debug, Clone)]
pub struct Decided {
    pub(super) template: Template,
    pub(super) issuer: Issuer,
    pub(super) common_name: String,
    pub(super) dns_names: Option<Vec<String>>,
}

impl Decided {
    /// What the certificate will say.
    pub fn template(&self) -> &Template {
        &self.template
    }

    /// For another key, under another number: what a renewal decides before it has
    /// made them.
    pub fn with(&mut self, public_key: PublicKey, serial: Serial) {
        self.template.public_key = public_key;
        self.template.serial = serial;
    }

    /// Expires at this moment, if it did not before.
    pub fn end_by(&mut self, moment: OffsetDateTime) {
        self.template.not_after = self.template.not_after.min(moment);
    }

    /// As a precertificate, which no one takes for a certificate (RFC 6962, section 3.1).
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

/// A certificate that was signed, with what a database keeps of it.
#[derive(Debug, Clone)]
pub struct Issued {
    /// The whole DER.
    pub der: Vec<u8>,
    /// Its serial number.
    pub serial: Serial,
    /// Its authorityKeyIdentifier; empty where it has none.
    pub authority_key_identifier: Vec<u8>,
    /// notBefore
    pub not_before: OffsetDateTime,
    /// notAfter
    pub not_after: OffsetDateTime,
    /// The subject's common name; empty for none.
    pub common_name: String,
    /// The DNS names. `None` where Go would have no list at all, which databases of
    /// cfssl keep as `null`.
    pub dns_names: Option<Vec<String>>,
}

impl Issued {
    /// PEM, as Go writes it.
    pub fn to_pem(&self) -> String {
        pem::encode("CERTIFICATE", &self.der)
    }

    /// Are subject and issuer the same (RFC 5280, section 3.2)?
    pub fn is_self_issued(&self) -> bool {
        let names = || {
            let mut fields = Reader::inside(&self.der, tag::SEQUENCE)?.enter(tag::SEQUENCE)?;
            // version, serialNumber and signature; validity stands between the names.
            let issuer = fields.nth(3)?;
            Some((issuer.raw, fields.nth(1)?.raw))
        };
        names().is_some_and(|(issuer, subject)| issuer == subject)
    }
}
