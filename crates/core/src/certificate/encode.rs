//! Encodes a template to the bytes that are signed, and to the complete certificate.

use super::{Issuer, Names, Template};
use crate::asn1::read::Reader;
use crate::asn1::{self, Writer, tag};
use crate::extension;
use crate::key::SignatureAlgorithm;
use crate::oid::{self, Oid};

/// TBSCertificate (RFC 5280, section 4.1). The order of the extensions is Go's and
/// therefore cfssl's: keyUsage, extKeyUsage, basicConstraints, subjectKeyIdentifier,
/// authorityKeyIdentifier, authorityInfoAccess, subjectAltName, cRLDistributionPoints, then
/// the template's own.
pub fn to_be_signed(template: &Template, issuer: &Issuer, algorithm: SignatureAlgorithm) -> Vec<u8> {
    let subject = template.subject.to_der();
    let mut writer = Writer::with_capacity(1024);
    writer.sequence(|w| {
        w.context(0, |w| w.integer(2));
        w.primitive(tag::INTEGER, &template.serial.contents());
        algorithm.write(w);
        w.raw(&issuer.name);
        w.sequence(|w| {
            w.time(template.not_before);
            w.time(template.not_after);
        });
        w.raw(&subject);
        template.public_key.write(w);
        w.context(3, |w| {
            w.sequence(|w| write_extensions(w, template, issuer, &subject))
        });
    });
    writer.into_bytes()
}

fn write_extensions(w: &mut Writer, template: &Template, issuer: &Issuer, subject: &[u8]) {
    let replaced = |oid: &Oid| template.extra.iter().any(|extra| extra.oid == *oid);
    let mut add = |oid: &Oid, critical: bool, inner: &mut dyn FnMut(&mut Writer)| {
        if !replaced(oid) {
            extension::write(w, oid, critical, inner);
        }
    };
    if template.key_usage != 0 {
        add(&oid::KEY_USAGE, true, &mut |w| w.named_bits(template.key_usage));
    }
    if !template.extended_key_usage.is_empty() {
        add(&oid::EXTENDED_KEY_USAGE, false, &mut |w| {
            w.sequence(|w| template.extended_key_usage.iter().for_each(|usage| w.oid(usage)));
        });
    }
    let constraint = template.constraint;
    add(&oid::BASIC_CONSTRAINTS, true, &mut |w| {
        extension::write_basic_constraints(w, constraint.is_ca, constraint.path_len);
    });
    add(&oid::SUBJECT_KEY_IDENTIFIER, false, &mut |w| {
        w.octet_string(&template.public_key.identifier())
    });
    if let Some(identifier) = own_key_identifier(issuer, subject) {
        add(&oid::AUTHORITY_KEY_IDENTIFIER, false, &mut |w| {
            w.sequence(|w| w.primitive(tag::context(0), identifier));
        });
    }
    if !template.ocsp_urls.is_empty() || !template.issuer_urls.is_empty() {
        add(&oid::AUTHORITY_INFORMATION_ACCESS, false, &mut |w| {
            extension::write_authority_info_access(w, &template.ocsp_urls, &template.issuer_urls);
        });
    }
    // Critical if the subject is empty (RFC 5280, section 4.2.1.6).
    let nameless = subject == [0x30, 0];
    match &template.names {
        Names::Built(hosts) if hosts.is_empty() => {}
        Names::Built(hosts) => add(&oid::SUBJECT_ALT_NAME, nameless, &mut |w| {
            extension::write_subject_alt_name(w, hosts);
        }),
        Names::Raw(value) => add(&oid::SUBJECT_ALT_NAME, nameless, &mut |w| w.raw(value)),
    }
    if !template.crl_urls.is_empty() {
        add(&oid::CRL_DISTRIBUTION_POINTS, false, &mut |w| {
            extension::write_crl_distribution_points(w, &template.crl_urls);
        });
    }
    template.extra.iter().for_each(|extra| extra.write(w));
}

/// The issuer's key identifier to be included. As in Go, a certificate with the issuer's
/// own name counts as self-signed.
fn own_key_identifier<'a>(issuer: &'a Issuer, subject: &[u8]) -> Option<&'a [u8]> {
    let identifier = issuer.key_identifier.as_deref()?;
    (!identifier.is_empty() && issuer.name != subject).then_some(identifier)
}

/// The keyIdentifier in a certificate's authorityKeyIdentifier.
pub(crate) fn authority_key_identifier(template: &Template, issuer: &Issuer) -> Option<Vec<u8>> {
    let extra = template.extra.iter();
    match extra
        .rev()
        .find(|extra| extra.oid == oid::AUTHORITY_KEY_IDENTIFIER)
    {
        Some(extra) => {
            let mut fields = Reader::inside(&extra.value, tag::SEQUENCE)?;
            fields.optional(tag::context(0)).map(<[u8]>::to_vec)
        }
        None => own_key_identifier(issuer, &template.subject.to_der()).map(<[u8]>::to_vec),
    }
}

/// SIGNED{…}: assembles a certificate, a request or a CRL from the signed bytes and the
/// signature.
pub fn assemble(to_be_signed: &[u8], algorithm: SignatureAlgorithm, signature: &[u8]) -> Vec<u8> {
    asn1::encode(|w| {
        w.sequence(|w| {
            w.raw(to_be_signed);
            algorithm.write(w);
            w.bit_string(signature);
        });
    })
}
