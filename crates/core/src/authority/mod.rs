//! Issues certificates: leaves, intermediates, roots, reissued roots and self-signed
//! certificates alike.
//!
//! There are two steps. [`Authority::decide`] combines request, profile and issuer to a
//! [`Decided`], and is where requests are refused; [`Authority::issue`] encodes and signs
//! it.

mod decided;
mod validity;
mod wanted;

pub use decided::{Decided, Issued};
pub use validity::{period, validity};
pub use wanted::{AskedExtension, Overrides, Wanted};

use time::OffsetDateTime;

use crate::certificate::{Certificate, Issuer, Names, Serial, Subject, Template};
use crate::csr::Csr;
use crate::error::{Code, Error, Result};
use crate::event::{Event, Sink};
use crate::extension::{self, Extension};
use crate::host::Hosts;
use crate::key::SigningKey;
use crate::name;
use crate::oid;
use crate::policy::{CaConstraint, Profile};
use validity::span;

/// A signing key, and its CA certificate if there is one yet.
#[derive(Clone, Copy)]
pub struct Authority<'a> {
    key: &'a dyn SigningKey,
    certificate: Option<&'a Certificate>,
    key_fits: bool,
}

impl<'a> Authority<'a> {
    /// Creates a CA from its certificate. Like cfssl, this checks neither that it is a CA
    /// certificate nor its validity.
    pub fn new(certificate: &'a Certificate, key: &'a dyn SigningKey) -> Self {
        let key_fits = certificate.public_key.is_same_key(key.public_key());
        Authority::checked(certificate, key, key_fits)
    }

    /// The same if it is already known whether the key matches the certificate.
    pub fn checked(certificate: &'a Certificate, key: &'a dyn SigningKey, key_fits: bool) -> Self {
        Authority {
            key,
            certificate: Some(certificate),
            key_fits,
        }
    }

    /// A key that signs its own certificate.
    pub fn self_signed(key: &'a dyn SigningKey) -> Self {
        Authority {
            key,
            certificate: None,
            key_fits: true,
        }
    }

    /// Decides the contents of the certificate; checks are made in cfssl's order. `serial`
    /// is its serial number, unless the profile lets clients choose it.
    ///
    /// # Errors
    /// 5300 for a CA that is not allowed, 5500 for a name outside the whitelist, 1400 for a
    /// missing serial number that the client must choose, 1300 for an extension that the
    /// client may not request, 5100 without usages, 5200 for malformed policies, 1000 for
    /// contents that cannot be encoded and for a key that is not the issuer's.
    pub fn decide(
        &self,
        wanted: Wanted,
        profile: &Profile,
        now: OffsetDateTime,
        serial: Serial,
        sink: Sink<'_>,
    ) -> Result<Decided> {
        if wanted.constraint.is_ca {
            self.check_authority(wanted.constraint, profile, sink)?;
        }
        if !profile.allows(&wanted.subject, &wanted.names) {
            return Err(Code::UnmatchedWhitelist.into());
        }
        let chosen = match &wanted.serial {
            _ if !profile.client_provides_serial => None,
            Some(chosen) => Some(chosen.to_serial()),
            None => return Err(Code::MissingSerial.into()),
        };
        let extra = self.extra(&wanted, profile)?;
        let asked_names = extra.iter().find(|extra| extra.oid == oid::SUBJECT_ALT_NAME);
        if let Some(asked) = asked_names.map(|asked| Names::Raw(asked.value.clone()))
            && !profile.allows(&wanted.subject, &asked)
        {
            return Err(Code::UnmatchedWhitelist.into());
        }
        let dns_names = wanted.dns_names(profile);
        let public_key = wanted.public_key.ok_or_else(no_public_key)?;
        let mut names = wanted.names;
        if let Names::Built(hosts) = &mut names
            && profile.constraint.is_ca
        {
            hosts.keep_ip_only();
        }
        if let Some(unsupported) = profile.unsupported() {
            return Err(unsupported.error());
        }
        let positive = || certificate_error("x509: serial number must be positive");
        let serial = chosen.map_or(Ok(serial), |chosen| chosen.ok_or_else(positive))?;
        if !profile.constraint.is_ca && wanted.constraint.path_len != -1 {
            return Err(certificate_error(
                "x509: only CAs are allowed to specify MaxPathLen",
            ));
        }
        if let Subject::Built(subject) = &wanted.subject {
            subject.check().map_err(certificate_error)?;
        }
        if !self.key_fits {
            return Err(certificate_error(
                "x509: provided PrivateKey doesn't match parent's PublicKey",
            ));
        }
        if let Names::Built(hosts) = &names {
            hosts.check().map_err(certificate_error)?;
        }
        let (not_before, not_after) = period(profile, wanted.not_before, wanted.not_after, now)?;
        let given = |url: &str| match url {
            "" => Vec::new(),
            url => vec![url.to_owned()],
        };
        let common_name = wanted.subject.common_name();
        let own_algorithm = self.key.algorithm();
        let template = Template {
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
            crl_urls: given(wanted.crl_url.as_deref().unwrap_or(&profile.crl_url)),
            extra,
        };
        Ok(self.decided(template, common_name, dns_names))
    }

    /// The extensions after those that every certificate has, in cfssl's order.
    fn extra(&self, wanted: &Wanted, profile: &Profile) -> Result<Vec<Extension>> {
        let mut extra = wanted.extra.clone();
        for asked in &wanted.asked {
            if !profile.allows_extension(&asked.arcs) {
                return Err(Code::InvalidCertificateRequest.into());
            }
            extra.push(asked.read()?);
        }
        // Go hashes the key before it checks the usages.
        if wanted.public_key.is_none() {
            return Err(no_public_key());
        }
        if profile.usages.is_empty() {
            return Err(Code::NoKeyUsages.into());
        }
        extra.extend(profile.policies.clone()?);
        if profile.ocsp_no_check {
            extra.push(Extension {
                oid: oid::OCSP_NO_CHECK,
                critical: false,
                value: extension::null(),
            });
        }
        Ok(extra)
    }

    fn decided(&self, template: Template, common_name: String, dns_names: Option<Vec<String>>) -> Decided {
        let issuer = match self.certificate {
            Some(certificate) => certificate.as_issuer(),
            None => Issuer {
                name: template.subject.to_der(),
                key_identifier: None,
            },
        };
        Decided {
            template,
            issuer,
            common_name,
            dns_names,
        }
    }

    /// Encodes and signs what this CA has decided.
    ///
    /// # Errors
    /// 2300 if another CA has decided it, and if the key cannot sign.
    pub fn issue(&self, decided: &Decided, sink: Sink<'_>) -> Result<Issued> {
        if self
            .certificate
            .is_some_and(|own| own.subject != decided.issuer.name)
        {
            return Err(Code::KeyMismatch.into());
        }
        let issued = decided.sign(self.key)?;
        sink(Event::CertificateSigned {
            serial: issued.serial.clone(),
        });
        Ok(issued)
    }

    /// Decides, encodes and signs a certificate for a request.
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
        let decided = self.decide(wanted, profile, now, serial, sink)?;
        self.issue(&decided, sink)
    }

    /// Signs a request with its own key, as `selfsign` does: with a 63-bit serial number,
    /// valid from five minutes ago without rounding, and with the request's extensions
    /// copied unchanged to the end.
    ///
    /// # Errors
    /// 5100 for a profile without usages, and if the key cannot sign.
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
            subject: Subject::Built(Box::new(name::Subject {
                // cfssl loses the attributes that it does not know.
                extra: Vec::new(),
                ..name::Subject::from_attributes(&csr.subject)
            })),
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
        let common_name = name::Subject::from_attributes(&csr.subject).common_name;
        self.issue(&self.decided(template, common_name, None), &mut |_| {})
    }

    /// Whether a request for a CA may be signed. This is checked only for requests that ask
    /// for a CA: a profile for CAs turns any request into one, even below an issuer whose
    /// path length forbids it.
    fn check_authority(&self, asked: CaConstraint, profile: &Profile, sink: Sink<'_>) -> Result<()> {
        let refusal = if !profile.constraint.is_ca {
            Event::AuthorityDisallowedByPolicy
        } else {
            match self.certificate {
                Some(Certificate {
                    path_len: 0,
                    is_ca: true,
                    ..
                }) => Event::AuthorityDisallowedByIssuer,
                Some(Certificate { path_len, .. }) if *path_len > 0 && asked.path_len >= *path_len => {
                    Event::PathTooLongForIssuer
                }
                _ => return Ok(()),
            }
        };
        sink(refusal);
        Err(Code::InvalidRequest.into())
    }
}

fn no_public_key() -> Error {
    Error::plain("x509: unsupported public key type: <nil>")
}

/// Code 1000.
fn certificate_error(why: impl std::fmt::Display) -> Error {
    Error::wrap(Code::CertificateUnknown, why)
}
