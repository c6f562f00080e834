//! Who signs: one way for leaves, intermediates, roots, renewed roots and
//! self-signed certificates.
//!
//! Signing has two steps. [`Authority::decide`] makes a [`Template`] of request,
//! profile and issuer, and is where things are refused; [`Authority::issue`]
//! encodes and signs it.

use time::OffsetDateTime;

use crate::certificate::{Certificate, Issuer, Names, Serial, Subject, Template, assemble, to_be_signed};
use crate::csr::Csr;
use crate::duration::Duration;
use crate::error::{Code, Error, Result};
use crate::event::{Event, Sink};
use crate::extension::{self, Extension};
use crate::host::Hosts;
use crate::key::{KeyKind, PublicKey, SigningKey};
use crate::name;
use crate::oid;
use crate::pem;
use crate::policy::{CaConstraint, Profile};

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
    /// 9003 for a request that asks for malformed things, 5300 for an authority
    /// that may not be, 5500 for a name outside the whitelist, 1400 where the
    /// profile wants the client to give the serial number, 5100 without usages,
    /// 5200 for bad policies, 1000 for what cannot be encoded and for a key that
    /// is not the issuer's.
    pub fn decide(
        &self,
        csr: &Csr,
        profile: &Profile,
        overrides: &Overrides,
        now: OffsetDateTime,
        serial: Serial,
        sink: Sink<'_>,
    ) -> Result<Template> {
        let asked = Asked::read(csr, profile)?;
        if asked.constraint.is_ca {
            self.check_authority(&asked, profile, sink)?;
        }
        let mut hosts = overrides.hosts.clone().unwrap_or(asked.hosts);
        let subject = overrides.subject.clone().unwrap_or(asked.subject);
        let named = std::iter::once(subject.common_name.as_str()).filter(|cn| !cn.is_empty());
        if !named.chain(hosts.texts()).all(|name| profile.allows_name(name)) {
            return Err(Code::UnmatchedWhitelist.into());
        }
        if profile.client_provides_serial {
            return Err(Code::MissingSerial.into());
        }
        if profile.usages.is_empty() {
            return Err(Code::NoKeyUsages.into());
        }
        let public_key = asked
            .public_key
            .ok_or_else(|| Error::plain("x509: unsupported public key type: <nil>"))?;
        if profile.constraint.is_ca {
            hosts.keep_ip_only();
        }
        let mut extra = asked.extra;
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
        if !profile.constraint.is_ca && asked.constraint.path_len != -1 {
            return Err(certificate_error(
                "x509: only CAs are allowed to specify MaxPathLen",
            ));
        }
        self.check_key()?;
        hosts.check().map_err(certificate_error)?;
        let (not_before, not_after) = validity(profile, now)?;
        let crl_url = overrides.crl_url.as_ref().unwrap_or(&profile.crl_url);
        let given = |url: &String| {
            if url.is_empty() {
                Vec::new()
            } else {
                vec![url.clone()]
            }
        };
        Ok(Template {
            serial,
            not_before,
            not_after,
            subject: Subject::Built(Box::new(subject)),
            public_key,
            key_usage: profile.usages.key,
            extended_key_usage: profile.usages.extended.clone(),
            constraint: profile.constraint,
            ocsp_urls: given(&profile.ocsp_url),
            issuer_urls: profile.issuer_urls.clone(),
            names: Names::Built(hosts),
            crl_urls: given(crl_url),
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
        let algorithm = self.key.algorithm();
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

    /// Decides, encodes and signs.
    ///
    /// # Errors
    /// As [`Authority::decide`] and [`Authority::issue`].
    pub fn sign(
        &self,
        csr: &Csr,
        profile: &Profile,
        overrides: &Overrides,
        now: OffsetDateTime,
        sink: Sink<'_>,
    ) -> Result<Issued> {
        let serial = Serial::random()?;
        let template = self.decide(csr, profile, overrides, now, serial, sink)?;
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
    fn check_authority(&self, asked: &Asked, profile: &Profile, sink: Sink<'_>) -> Result<()> {
        let refusal = if !profile.constraint.is_ca {
            Event::AuthorityDisallowedByPolicy
        } else {
            match &self.signer {
                Some(Signer {
                    path_len: 0,
                    is_ca: true,
                    ..
                }) => Event::AuthorityDisallowedByIssuer,
                Some(Signer { path_len, .. }) if *path_len > 0 && asked.constraint.path_len >= *path_len => {
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

fn certificate_error(why: impl std::fmt::Display) -> Error {
    Error::wrap(Code::CertificateUnknown, why)
}

/// What a request asks for, as far as the profile lets it.
struct Asked {
    subject: name::Subject,
    public_key: Option<PublicKey>,
    hosts: Hosts,
    constraint: CaConstraint,
    extra: Vec<Extension>,
}

impl Asked {
    fn read(csr: &Csr, profile: &Profile) -> Result<Self> {
        let malformed = |why: Error| Error::wrap(Code::CsrParse, why);
        let (mut hosts, _) = csr.hosts().map_err(malformed)?;
        csr.check_unique_extensions().map_err(malformed)?;
        let mut constraint = CaConstraint::leaf();
        let mut extra = Vec::new();
        for extension in &csr.extensions {
            if extension.oid == oid::BASIC_CONSTRAINTS {
                let (is_ca, path_len) =
                    extension::read_basic_constraints(&extension.value).map_err(malformed)?;
                constraint = CaConstraint { is_ca, path_len };
            } else if extension.oid == oid::DELEGATION_USAGE
                || (profile.copy_extensions && extension::is_copyable(&extension.oid))
            {
                extra.push(extension.clone());
            }
        }
        let known = !matches!(csr.public_key.kind(), KeyKind::Other);
        let mut public_key = known.then(|| csr.public_key.clone());
        let mut subject = name::Subject::from_attributes(&csr.subject);
        if let Some(allowed) = &profile.csr_whitelist {
            let Hosts { dns, email, ip, uri } = &mut hosts;
            let lists = [
                (allowed.dns_names, dns),
                (allowed.email_addresses, email),
                (allowed.uris, uri),
            ];
            lists
                .into_iter()
                .filter(|(allowed, _)| !allowed)
                .for_each(|(_, list)| list.clear());
            if !allowed.ip_addresses {
                ip.clear();
            }
            if !allowed.subject {
                subject = name::Subject::default();
            }
            public_key = public_key.filter(|_| allowed.public_key);
            constraint = CaConstraint::leaf();
            extra.clear();
        }
        Ok(Asked {
            subject,
            public_key,
            hosts,
            constraint,
            extra,
        })
    }
}

/// From when to when: now to the nearest minute less the backdate, for as long as
/// the profile says, unless it names moments.
///
/// # Errors
/// Code 1000 for a moment that a certificate cannot hold: beyond the year 9999.
pub fn validity(profile: &Profile, now: OffsetDateTime) -> Result<(OffsetDateTime, OffsetDateTime)> {
    let too_late = || certificate_error("asn1: structure error: cannot represent time as GeneralizedTime");
    let not_before = match profile.not_before {
        Some(moment) => moment,
        None => nearest_minute(now)
            .and_then(|minute| minute.checked_sub(span(profile.backdate)))
            .ok_or_else(too_late)?,
    };
    let not_after = match profile.not_after {
        Some(moment) => moment,
        None => not_before
            .checked_add(span(profile.expiry))
            .ok_or_else(too_late)?,
    };
    if [not_before, not_after].iter().any(|moment| moment.year() < 0) {
        return Err(too_late());
    }
    Ok((not_before, not_after))
}

fn span(duration: Duration) -> time::Duration {
    time::Duration::nanoseconds(duration.as_nanoseconds())
}

/// Half a minute is rounded up.
fn nearest_minute(now: OffsetDateTime) -> Option<OffsetDateTime> {
    let start = now.replace_second(0).ok()?.replace_nanosecond(0).ok()?;
    let half = time::Duration::seconds(30);
    if now - start >= half {
        start.checked_add(half * 2)
    } else {
        Some(start)
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn the_clock_is_rounded_to_the_nearest_minute() {
        for (now, want) in [
            (
                datetime!(2026-11-22 12:14:29.999 UTC),
                datetime!(2026-11-22 12:14 UTC),
            ),
            (
                datetime!(2026-11-22 12:14:30 UTC),
                datetime!(2026-11-22 12:15 UTC),
            ),
            (datetime!(2026-12-31 23:59:45 UTC), datetime!(2027-01-01 0:00 UTC)),
        ] {
            assert_eq!(nearest_minute(now), Some(want));
        }
    }

    #[test]
    fn moments_that_cannot_be_written_are_refused() {
        let profile = Profile::root(
            Duration::hours(8760),
            Duration::ZERO,
            CaConstraint::leaf(),
            String::new(),
        );
        let mut far = profile.clone();
        far.not_before = Some(datetime!(9999-12-31 0:00 UTC));
        assert!(validity(&far, datetime!(2026-01-01 0:00 UTC)).is_err());
        let (begin, end) = validity(&profile, datetime!(2026-01-01 0:00 UTC)).unwrap();
        assert_eq!(
            (begin, end),
            (datetime!(2025-12-31 23:55 UTC), datetime!(2026-12-31 23:55 UTC))
        );
    }
}
