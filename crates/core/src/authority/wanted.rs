//! What a certificate should contain, before profile and issuer are considered.

use time::OffsetDateTime;

use crate::certificate::{Certificate, Names, Subject};
use crate::csr::{Content, Csr};
use crate::error::{Code, Error, Result};
use crate::extension::{self, Extension};
use crate::host::Hosts;
use crate::key::{KeyKind, PublicKey};
use crate::name::{self, Attribute};
use crate::oid::{self, Oid};
use crate::policy::{CaConstraint, Profile};
use crate::serial::ChosenSerial;

/// A client's settings beyond the certificate request.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// Replaces all of the request's alternative names.
    pub hosts: Option<Hosts>,
    /// Replaces the request's subject.
    pub subject: Option<name::Subject>,
    /// Replaces the profile's CRL distribution point.
    pub crl_url: Option<String>,
    /// The serial number, if the profile lets clients choose it.
    pub serial: Option<ChosenSerial>,
    /// Overrides the start of validity given by profile and clock.
    pub not_before: Option<OffsetDateTime>,
    /// Overrides the end of validity.
    pub not_after: Option<OffsetDateTime>,
    /// Extensions, which the profile must allow.
    pub extensions: Vec<AskedExtension>,
}

/// An extension requested by a client, as in cfssl's API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedExtension {
    /// The arcs of its object identifier.
    pub arcs: Vec<i64>,
    /// critical
    pub critical: bool,
    /// The DER inside extnValue, in hexadecimal.
    pub value: String,
}

impl AskedExtension {
    /// Converts it.
    ///
    /// # Errors
    /// 1300 for a value that is not hexadecimal, 1000 for an invalid object identifier.
    pub(super) fn read(&self) -> Result<Extension> {
        let value =
            hexadecimal(&self.value).map_err(|why| Error::wrap(Code::InvalidCertificateRequest, why))?;
        let oid = Oid::from_arcs(&self.arcs)
            .ok_or_else(|| super::certificate_error("asn1: structure error: invalid object identifier"))?;
        Ok(Extension {
            oid,
            critical: self.critical,
            value,
        })
    }
}

/// Parses hexadecimal digits, with the errors of Go's `hex` package.
fn hexadecimal(text: &str) -> std::result::Result<Vec<u8>, String> {
    let mut octets = Vec::with_capacity(text.len() / 2);
    let mut high = None;
    for byte in text.bytes() {
        let Some(digit) = char::from(byte).to_digit(16).and_then(|d| u8::try_from(d).ok()) else {
            let (code, shown) = (u32::from(byte), char::from(byte));
            let shown = match shown.is_control() {
                true => String::new(),
                false => format!(" '{shown}'"),
            };
            return Err(format!("encoding/hex: invalid byte: U+{code:04X}{shown}"));
        };
        match high.take() {
            Some(high) => octets.push(high << 4 | digit),
            None => high = Some(digit),
        }
    }
    match high {
        Some(_) => Err("encoding/hex: odd length hex string".to_owned()),
        None => Ok(octets),
    }
}

/// What a certificate should contain: the parts of a request that the profile adopts, or
/// the contents of an earlier certificate.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The subject.
    pub subject: Subject,
    /// The alternative names.
    pub names: Names,
    /// `None` if the request's key is of an unknown type or not adopted.
    pub public_key: Option<PublicKey>,
    /// The requested basicConstraints.
    pub(super) constraint: CaConstraint,
    /// Extensions that are copied.
    pub(super) extra: Vec<Extension>,
    /// Extensions that the client requests in addition.
    pub(super) asked: Vec<AskedExtension>,
    /// Whether the alternative names are not the request's own.
    replaces_hosts: bool,
    pub(super) crl_url: Option<String>,
    pub(super) serial: Option<ChosenSerial>,
    pub(super) not_before: Option<OffsetDateTime>,
    pub(super) not_after: Option<OffsetDateTime>,
}

impl Wanted {
    /// The contents requested by a certificate request.
    ///
    /// # Errors
    /// 9003 for malformed names or constraints and for repeated extensions.
    pub fn of_csr(csr: &Csr, profile: &Profile) -> Result<Self> {
        let malformed = |why: Error| Error::wrap(Code::CsrParse, why);
        let hosts = csr.read_back().map_err(malformed)?;
        Wanted::of_parts(&csr.subject, &csr.public_key, hosts, &csr.extensions, profile)
    }

    /// The contents that a request would ask for, without signing a request.
    ///
    /// # Errors
    /// As [`Wanted::of_csr`].
    pub fn of_content(content: &Content, public_key: &PublicKey, profile: &Profile) -> Result<Self> {
        let csr = Csr::unsigned(content, public_key);
        Wanted::of_csr(&csr, profile)
    }

    /// The contents of a certificate, for a new one with this key: subject and alternative
    /// names are copied octet for octet.
    pub fn of_certificate(certificate: &Certificate, public_key: &PublicKey) -> Self {
        let names = match certificate.extension(&oid::SUBJECT_ALT_NAME) {
            Some(value) => Names::Raw(value.to_vec()),
            None => Names::Built(Hosts::default()),
        };
        Wanted {
            subject: Subject::Raw(certificate.subject.clone()),
            names,
            public_key: Some(public_key.clone()),
            constraint: CaConstraint::leaf(),
            extra: Vec::new(),
            asked: Vec::new(),
            replaces_hosts: false,
            crl_url: None,
            serial: None,
            not_before: None,
            not_after: None,
        }
    }

    /// Applies a client's overrides.
    pub fn replace(&mut self, overrides: &Overrides) {
        if let Some(hosts) = &overrides.hosts {
            self.names = Names::Built(hosts.clone());
            self.replaces_hosts = true;
        }
        self.asked.clone_from(&overrides.extensions);
        self.crl_url.clone_from(&overrides.crl_url);
        self.serial.clone_from(&overrides.serial);
        self.not_before = overrides.not_before;
        self.not_after = overrides.not_after;
        if let Some(subject) = &overrides.subject {
            self.subject = Subject::Built(Box::new(subject.clone()));
        }
    }

    /// The DNS names as Go ends up with them: `None` if there was never a list, and none
    /// for a CA.
    pub(super) fn dns_names(&self, profile: &Profile) -> Option<Vec<String>> {
        let dns = self.names.hosts().map(|hosts| hosts.dns.clone())?;
        let is_list = self.replaces_hosts || !dns.is_empty();
        Some(dns).filter(|_| is_list && !profile.constraint.is_ca)
    }

    fn of_parts(
        subject: &[Attribute],
        public_key: &PublicKey,
        mut hosts: Hosts,
        extensions: &[Extension],
        profile: &Profile,
    ) -> Result<Self> {
        let malformed = |why: Error| Error::wrap(Code::CsrParse, why);
        let mut constraint = CaConstraint::leaf();
        let mut extra = Vec::new();
        for extension in extensions {
            if extension.oid == oid::BASIC_CONSTRAINTS {
                let (is_ca, path_len) =
                    extension::read_basic_constraints(&extension.value).map_err(malformed)?;
                constraint = CaConstraint { is_ca, path_len };
            } else if extension.oid == oid::DELEGATION_USAGE
                || (profile.copy_extensions && extension::is_copyable(extension))
            {
                extra.push(extension.clone());
            }
        }
        let known = !matches!(public_key.kind(), KeyKind::Other);
        let mut public_key = known.then(|| public_key.clone());
        let mut subject = name::Subject::from_attributes(subject);
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
            if !profile.takes_subject() {
                subject = name::Subject::default();
            }
            public_key = public_key.filter(|_| allowed.public_key);
            constraint = CaConstraint::leaf();
            extra.clear();
        }
        Ok(Wanted {
            subject: Subject::Built(Box::new(subject)),
            names: Names::Built(hosts),
            public_key,
            constraint,
            extra,
            asked: Vec::new(),
            replaces_hosts: false,
            crl_url: None,
            serial: None,
            not_before: None,
            not_after: None,
        })
    }
}
