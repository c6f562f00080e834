//! Who signs: one way for leaves, intermediates, roots, renewed roots and
//! self-signed certificates.
//!
//! Signing has two steps. [`Authority::decide`] makes a [`Template`] of request,
//! profile and issuer, and is where things are refused; [`Authority::issue`]
//! encodes and signs it.

mod validity;
mod wanted;

pub use validity::validity;
pub use wanted::Wanted;

use time::OffsetDateTime;

use crate::asn1::read::Reader;
use crate::asn1::tag;
use crate::certificate::{Certificate, Issuer, Names, Serial, Subject, Template, assemble, to_be_signed};
use crate::csr::Csr;
use crate::error::{Code, Error, Result};
use crate::event::{Event, Sink};
use crate::extension::{self, Extension};
use crate::host::Hosts;
use crate::key::{PublicKey, SigningKey};
use crate::name;
use crate::oid;
use crate::policy::{CaConstraint, Profile};
use rcfssl_go::pem;
use validity::span;

/// A key that signs, and the certificate it signs for, if there is one yet.
pub struct Authority<'a> {
    key: &'a dyn SigningKey,
    signer: Option<Signer>,
}

/// The certificate of an authority, as far as it matters for signing.
struct Signer {
    issuer: Issuer,
    public_key: PublicKey,
    is_ca: bool,
    path_len: i64,
}

/// What a command asks for beside the request.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// Takes the place of all the request's alternative names.
    pub hosts: Option<Hosts>,
    /// Takes the place of the request's subject.
    pub subject: Option<name::Subject>,
    /// Takes the place of the profile's CRL distribution point.
    pub crl_url: Option<String>,
}

/// A certificate that was signed.
#[derive(Debug, Clone)]
pub struct Issued {
    /// The whole DER.
    pub der: Vec<u8>,
    /// Its serial number.
    pub serial: Serial,
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

impl<'a> Authority<'a> {
    /// An authority that has a certificate. Whether that makes it an authority,
    /// and how long, is not looked at, as in cfssl.
    pub fn new(certificate: &Certificate, key: &'a dyn SigningKey) -> Self {
        let signer = Signer {
            issuer: certificate.as_issuer(),
            public_key: certificate.public_key.clone(),
            is_ca: certificate.is_ca,
            path_len: certificate.path_len,
        };
        Authority {
            key,
            signer: Some(signer),
        }
    }

    /// A key that signs for itself.
    pub fn self_signed(key: &'a dyn SigningKey) -> Self {
        Authority { key, signer: None }
    }

    /// Decides what the certificate will say, in cfssl's order of refusals.
    ///
    /// # Errors
    /// 5300 for an authority that may not be, 5500 for a name outside the
    /// whitelist, 1400 where the profile wants the client to give the serial
    /// number, 5100 without usages, 5200 for bad policies, 1000 for what cannot be
    /// encoded and for a key that is not the issuer's.
    pub fn decide(
        &self,
        wanted: Wanted,
        profile: &Profile,
        crl_url: Option<&str>,
        now: OffsetDateTime,
        serial: Serial,
        sink: Sink<'_>,
    ) -> Result<Template> {
        if wanted.constraint.is_ca {
            self.check_authority(wanted.constraint, profile, sink)?;
        }
        let named = std::iter::once(wanted.common_name.as_str()).filter(|cn| !cn.is_empty());
        if !named
            .chain(wanted.hosts.texts())
            .all(|name| profile.allows_name(name))
        {
            return Err(Code::UnmatchedWhitelist.into());
        }
        if profile.client_provides_serial {
            return Err(Code::MissingSerial.into());
        }
        if profile.usages.is_empty() {
            return Err(Code::NoKeyUsages.into());
        }
        let public_key = wanted
            .public_key
            .ok_or_else(|| Error::plain("x509: unsupported public key type: <nil>"))?;
        let mut names = wanted.names;
        if let Names::Built(hosts) = &mut names
            && profile.constraint.is_ca
        {
            hosts.keep_ip_only();
        }
        let mut extra = wanted.extra;
        extra.extend(profile.policies.clone()?);
        if profile.ocsp_no_check {
            extra.push(Extension {
                oid: oid::OCSP_NO_CHECK,
                critical: false,
                value: extension::null(),
            });
        }
        if let Some(elsewhere) = profile.elsewhere() {
            return Err(elsewhere.error());
        }
        if !profile.constraint.is_ca && wanted.constraint.path_len != -1 {
            return Err(certificate_error(
                "x509: only CAs are allowed to specify MaxPathLen",
            ));
        }
        self.check_key()?;
        if let Names::Built(hosts) = &names {
            hosts.check().map_err(certificate_error)?;
        }
        let (not_before, not_after) = validity(profile, now)?;
        let given = |url: &str| match url {
            "" => Vec::new(),
            url => vec![url.to_owned()],
        };
        let own_algorithm = self.key.algorithm();
        Ok(Template {
            serial,
            signature_algorithm: match profile.signs_with_default() {
                true => own_algorithm.gos_default(),
                false => own_algorithm,
            },
            not_before,
            not_after,
            subject: wanted.subject,
            public_key,
            key_usage: profile.usages.key,
            extended_key_usage: profile.usages.extended.clone(),
            constraint: profile.constraint,
            ocsp_urls: given(&profile.ocsp_url),
            issuer_urls: profile.issuer_urls.clone(),
            names,
            crl_urls: given(crl_url.unwrap_or(&profile.crl_url)),
            extra,
        })
    }

    /// Encodes and signs.
    ///
    /// # Errors
    /// Where the key does not sign.
    pub fn issue(&self, template: &Template, sink: Sink<'_>) -> Result<Issued> {
        let issuer = match &self.signer {
            Some(signer) => signer.issuer.clone(),
            None => Issuer {
                name: template.subject.to_der(),
                key_identifier: None,
            },
        };
        let algorithm = template.signature_algorithm;
        let to_be_signed = to_be_signed(template, &issuer, algorithm);
        let signature = self.key.sign(algorithm, &to_be_signed)?;
        let serial = template.serial.clone();
        sink(Event::CertificateSigned {
            serial: serial.clone(),
        });
        Ok(Issued {
            der: assemble(&to_be_signed, algorithm, &signature),
            serial,
        })
    }

    /// Signs what a request asks for: decides, encodes and signs.
    ///
    /// # Errors
    /// As [`Wanted::of_csr`], [`Authority::decide`] and [`Authority::issue`].
    pub fn sign(
        &self,
        csr: &Csr,
        profile: &Profile,
        overrides: &Overrides,
        now: OffsetDateTime,
        sink: Sink<'_>,
    ) -> Result<Issued> {
        let serial = Serial::random()?;
        let mut wanted = Wanted::of_csr(csr, profile)?;
        wanted.replace(overrides);
        let crl_url = overrides.crl_url.as_deref();
        let template = self.decide(wanted, profile, crl_url, now, serial, sink)?;
        self.issue(&template, sink)
    }

    /// Signs a request with its own key, as `selfsign` does: numbered with 63 bits,
    /// from five minutes ago to the second, with the extensions of the request
    /// taken over as they are, at the end.
    ///
    /// # Errors
    /// 5100 for a profile without usages, and where the key does not sign.
    pub fn sign_itself(&self, csr: &Csr, profile: &Profile, now: OffsetDateTime) -> Result<Issued> {
        if profile.usages.is_empty() {
            return Err(Code::NoKeyUsages.into());
        }
        let too_late =
            || certificate_error("asn1: structure error: cannot represent time as GeneralizedTime");
        let template = Template {
            serial: Serial::random_63_bits()?,
            signature_algorithm: self.key.algorithm(),
            not_before: now.checked_sub(time::Duration::minutes(5)).ok_or_else(too_late)?,
            not_after: now.checked_add(span(profile.expiry)).ok_or_else(too_late)?,
            subject: Subject::Built(Box::new(name::Subject::from_attributes(&csr.subject))),
            public_key: csr.public_key.clone(),
            key_usage: profile.usages.key,
            extended_key_usage: profile.usages.extended.clone(),
            constraint: CaConstraint {
                path_len: -1,
                ..profile.constraint
            },
            ocsp_urls: Vec::new(),
            issuer_urls: profile.issuer_urls.clone(),
            names: Names::Built(Hosts::default()),
            crl_urls: Vec::new(),
            extra: csr.extensions.clone(),
        };
        self.issue(&template, &mut |_| {})
    }

    /// May a request for an authority be signed? Asked only of requests that ask
    /// for one: a profile that makes authorities makes them of any request, even
    /// below an issuer whose path length forbids it.
    fn check_authority(&self, asked: CaConstraint, profile: &Profile, sink: Sink<'_>) -> Result<()> {
        let refusal = if !profile.constraint.is_ca {
            Event::AuthorityDisallowedByPolicy
        } else {
            match &self.signer {
                Some(Signer {
                    path_len: 0,
                    is_ca: true,
                    ..
                }) => Event::AuthorityDisallowedByIssuer,
                Some(Signer { path_len, .. }) if *path_len > 0 && asked.path_len >= *path_len => {
                    Event::PathTooLongForIssuer
                }
                _ => return Ok(()),
            }
        };
        sink(refusal);
        Err(Code::InvalidRequest.into())
    }

    fn check_key(&self) -> Result<()> {
        let own = self.key.public_key();
        let belongs = |signer: &Signer| signer.public_key.is_same_key(own);
        if self.signer.as_ref().is_none_or(belongs) {
            return Ok(());
        }
        Err(certificate_error(
            "x509: provided PrivateKey doesn't match parent's PublicKey",
        ))
    }
}

/// Code 1000.
fn certificate_error(why: impl std::fmt::Display) -> Error {
    Error::wrap(Code::CertificateUnknown, why)
}
