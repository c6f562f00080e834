//! What a certificate is wanted to say, before the profile and the issuer have
//! had their say.

use super::Overrides;
use crate::certificate::{Certificate, Names, Subject};
use crate::csr::{Content, Csr};
use crate::error::{Code, Error, Result};
use crate::extension::{self, Extension};
use crate::host::Hosts;
use crate::key::{KeyKind, PublicKey};
use crate::name::{self, Attribute};
use crate::oid;
use crate::policy::{CaConstraint, Profile};

/// What a certificate is wanted to say: of a request as far as the profile takes
/// it over, or of an older certificate.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The subject.
    pub subject: Subject,
    /// Its common name, which the whitelist of names looks at.
    pub common_name: String,
    /// The alternative names.
    pub names: Names,
    /// The same by kind, for that whitelist.
    pub hosts: Hosts,
    /// None where the request's key is of no known kind or not taken over.
    pub public_key: Option<PublicKey>,
    /// What it asks to be.
    pub(super) constraint: CaConstraint,
    /// Extensions that are taken over.
    pub(super) extra: Vec<Extension>,
}

impl Wanted {
    /// What a request asks for.
    ///
    /// # Errors
    /// 9003 for malformed names, constraints and repeated extensions.
    pub fn of_csr(csr: &Csr, profile: &Profile) -> Result<Self> {
        let malformed = |why: Error| Error::wrap(Code::CsrParse, why);
        let (hosts, _) = csr.hosts().map_err(malformed)?;
        csr.check_unique_extensions().map_err(malformed)?;
        Wanted::of_parts(&csr.subject, &csr.public_key, hosts, &csr.extensions, profile)
    }

    /// What a request with this content would ask for, without signing one.
    ///
    /// # Errors
    /// As [`Wanted::of_csr`].
    pub fn of_content(content: &Content, public_key: &PublicKey, profile: &Profile) -> Result<Self> {
        let csr = Csr::unsigned(content, public_key);
        Wanted::of_csr(&csr, profile)
    }

    /// What a certificate says, for one with this key: subject and alternative
    /// names octet for octet.
    pub fn of_certificate(certificate: &Certificate, public_key: &PublicKey) -> Self {
        let subject = name::Subject::from_attributes(&certificate.subject_attributes);
        let names = match certificate.extension(&oid::SUBJECT_ALT_NAME) {
            Some(value) => Names::Raw(value.to_vec()),
            None => Names::Built(Hosts::default()),
        };
        Wanted {
            subject: Subject::Raw(certificate.subject.clone()),
            common_name: subject.common_name,
            names,
            hosts: certificate.hosts.clone(),
            public_key: Some(public_key.clone()),
            constraint: CaConstraint::leaf(),
            extra: Vec::new(),
        }
    }

    /// Puts what a command asks for in the place of what a request says.
    pub fn replace(&mut self, overrides: &Overrides) {
        if let Some(hosts) = &overrides.hosts {
            self.names = Names::Built(hosts.clone());
            self.hosts.clone_from(hosts);
        }
        if let Some(subject) = &overrides.subject {
            self.common_name.clone_from(&subject.common_name);
            self.subject = Subject::Built(Box::new(subject.clone()));
        }
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
                || (profile.copy_extensions && extension::is_copyable(&extension.oid))
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
            common_name: subject.common_name.clone(),
            subject: Subject::Built(Box::new(subject)),
            names: Names::Built(hosts.clone()),
            hosts,
            public_key,
            constraint,
            extra,
        })
    }
}
