//! Compares a certificate with what it should contain.

mod profile;
mod read;

use std::path::Path;

use rcfssl_ca::{Trap, input};
use rcfssl_core::certificate::Names;
use rcfssl_core::certinfo::rfc3339;
use rcfssl_core::csr::Content;
use rcfssl_core::key::{KeySpec, SigningKey};
use rcfssl_core::renewal::{self, Difference, IssuerMismatch};
use rcfssl_core::{Certificate, Decided, Hosts, Overrides, Profile, Serial, Wanted, ip_text, name};
use rcfssl_go::pem;
use time::OffsetDateTime;

use self::read::is_missing;
pub use self::read::{Existing, KeyFile};
use crate::group::Issuing;
use crate::{Companions, Options, Order, Refusal, Task, Warning, Why};

/// The result for one certificate.
pub enum Finding {
    /// Another CA issued it, and it was only found in a folder.
    Foreign,
    /// It stays as it is.
    Untouched {
        /// When it expires.
        until: OffsetDateTime,
        /// A warning for its owner.
        warning: Option<Warning>,
    },
    /// A new one is to be issued.
    Wanting(Box<Plan>),
}

/// A certificate that is to be issued.
pub struct Plan {
    /// The reason.
    pub why: Why,
    /// The profile's name.
    pub profile: String,
    /// Who signs it.
    pub signing: Signing,
    /// The existing certificate.
    pub existing: Option<Existing>,
    /// Its key.
    pub key: Option<KeyFile>,
    /// The subject and hosts of the request document, if there is one.
    pub content: Option<Content>,
    /// The key type that the document asks for.
    pub key_spec: Option<KeySpec>,
    /// The existing `NAME.csr` is to be replaced even if the key stays.
    pub rewrites_csr: bool,
    /// Warnings for its owner.
    pub warnings: Vec<Warning>,
}

/// Who signs a certificate.
pub enum Signing {
    /// The local CA: the decided contents. Key and serial number are added when it is
    /// issued.
    Local(Box<Decided>),
    /// Another server: the request to it.
    Remote(Box<Wanted>),
}

impl Signing {
    /// The first respect in which a certificate differs from the plan.
    fn difference(&self, certificate: &Certificate) -> Option<Difference> {
        match self {
            Signing::Local(decided) => renewal::difference(certificate, decided.template()),
            Signing::Remote(wanted) => renewal::difference_in_names(certificate, wanted),
        }
    }

    /// The requested alternative names.
    fn names(&self) -> &Names {
        match self {
            Signing::Local(decided) => &decided.template().names,
            Signing::Remote(wanted) => &wanted.names,
        }
    }
}

/// Examines a certificate.
///
/// # Errors
/// Why it cannot or must not be issued as it should be.
pub fn look(
    task: &Task,
    issuing: &Issuing,
    options: &Options,
    companions: &Companions,
) -> Result<Finding, Refusal> {
    let look = Look {
        task,
        issuing,
        options,
        companions,
        now: OffsetDateTime::now_utc(),
    };
    match &task.order {
        Order::Document { request, profile } => look.by_document(request, profile),
        Order::Again => look.again(false),
        Order::Found => look.again(true),
    }
}

struct Look<'a> {
    task: &'a Task,
    issuing: &'a Issuing,
    options: &'a Options,
    companions: &'a Companions,
    now: OffsetDateTime,
}

impl<'a> Look<'a> {
    /// Plans the renewal of an existing certificate.
    fn again(&self, found: bool) -> Result<Finding, Refusal> {
        let text = input::found(&self.task.certificate)?;
        let existing = match Existing::read(&text)? {
            // A folder may contain other PEM files. A file without any PEM block was once a
            // certificate, because a key belongs to it.
            None if found && pem::decode(&text).is_some() => return Ok(Finding::Foreign),
            None => return Err(Refusal::NoCertificate),
            Some(existing) => existing,
        };
        let certificate = &existing.certificate;
        if certificate.der == self.issuing.certificate.der {
            return match found {
                true => Ok(Finding::Foreign),
                false => Err(Refusal::OwnCa),
            };
        }
        match renewal::check_issuer(certificate, &self.issuing.certificate) {
            Ok(()) => {}
            Err(IssuerMismatch::OtherName) if found => return Ok(Finding::Foreign),
            Err(IssuerMismatch::OtherName) => return Err(Refusal::OtherCa),
            Err(IssuerMismatch::OtherKey) => return Err(Refusal::OtherCaOfSameName),
        }
        let missing = || Refusal::KeyMissing(self.companions.key.clone());
        let key = self.read_key(false)?.ok_or_else(missing)?;
        if !certificate.public_key.is_same_key(key.key.public_key()) {
            return Err(Refusal::KeyMismatch(self.companions.key.clone()));
        }
        let (profile_name, profile) = self.profile_of(certificate)?;
        let mut warnings = Vec::new();
        let Options { cn, hostnames, .. } = self.options;
        let public_key = key.key.public_key();
        let (wanted, content) = match &self.options.request {
            Some(request) => {
                let content = self.content(request, profile, &mut warnings)?;
                let wanted = Wanted::of_content(&content, public_key, profile)?;
                (wanted, Some(content))
            }
            None => {
                let mut wanted = Wanted::of_certificate(certificate, public_key);
                let subject = || name::Subject::from_attributes(&certificate.subject_attributes);
                let overrides = Overrides {
                    hosts: hostnames.as_ref().map(Hosts::parse),
                    subject: cn.as_ref().map(|cn| name::Subject {
                        common_name: cn.clone(),
                        ..subject()
                    }),
                    ..Overrides::default()
                };
                wanted.replace(&overrides);
                // Another server gets a request with the changes.
                let is_asked = profile.is_remote() && (cn.is_some() || hostnames.is_some());
                let content = is_asked.then(|| Content {
                    subject: overrides.subject.unwrap_or_else(subject),
                    hosts: overrides.hosts.unwrap_or_else(|| certificate.hosts.clone()),
                    extensions: Vec::new(),
                });
                (wanted, content)
            }
        };
        let rebuilt = content.is_some() || hostnames.is_some() || cn.is_some();
        let signing = self.signing(wanted, profile)?;
        let changed = || signing.difference(certificate).filter(|_| rebuilt);
        let Some(why) = self.why(certificate, changed) else {
            return Ok(untouched(certificate));
        };
        self.check_names(certificate, signing.names(), &mut warnings)?;
        let key_spec = match &self.options.request {
            Some(request) => Some(request.key_spec()?),
            None => None,
        };
        self.end_with_authority(Plan {
            why,
            profile: profile_name,
            signing,
            existing: Some(existing),
            key: Some(key),
            content,
            key_spec,
            rewrites_csr: rebuilt,
            warnings,
        })
    }

    /// Plans what a document asks for, unless the existing certificate matches it.
    fn by_document(&self, path: &Path, profile_name: &str) -> Result<Finding, Refusal> {
        let mut warnings = Vec::new();
        let request = self.read_request(path, &mut warnings)?;
        let profile = self.named_profile(profile_name)?;
        let content = self.content(&request, profile, &mut warnings)?;
        let key = self.read_key(self.task.rekey)?;
        let existing = if is_missing(&self.task.certificate)? {
            Err(Why::Missing)
        } else {
            let text = input::found(&self.task.certificate)?;
            Existing::read(&text).ok().flatten().ok_or(Why::Unreadable)
        };
        // None of the compared fields depends on the key, so the CA's key stands in for one
        // that does not exist yet.
        let public_key = key
            .as_ref()
            .map_or(&self.issuing.certificate.public_key, |key| key.key.public_key());
        let wanted = Wanted::of_content(&content, public_key, profile)?;
        let signing = self.signing(wanted, profile)?;
        let why = match &existing {
            Err(why) => Some(*why),
            Ok(Existing { certificate, .. }) => self
                .unfit(certificate, key.as_ref())
                .or_else(|| self.why(certificate, || signing.difference(certificate))),
        };
        if let (Some(_), Ok(Existing { certificate, .. })) = (&why, &existing) {
            self.check_names(certificate, signing.names(), &mut warnings)?;
        }
        let (why, existing) = match (why, existing) {
            (None, Ok(existing)) => return Ok(untouched(&existing.certificate)),
            // The chain above another CA's certificate does not belong above the new one.
            (Some(Why::OtherAuthority), Ok(existing)) if existing.holds_key || existing.holds_another_key => {
                return Err(Refusal::KeyLost);
            }
            (Some(Why::OtherAuthority), _) => (Why::OtherAuthority, None),
            (Some(why), existing) => (why, existing.ok()),
            (None, Err(why)) => (why, None),
        };
        self.end_with_authority(Plan {
            why,
            profile: profile_name.to_owned(),
            signing,
            existing,
            key,
            content: Some(content),
            key_spec: Some(request.key_spec()?),
            rewrites_csr: true,
            warnings,
        })
    }

    /// Whether the existing certificate cannot be kept, and why.
    fn unfit(&self, certificate: &Certificate, key: Option<&KeyFile>) -> Option<Why> {
        if renewal::check_issuer(certificate, &self.issuing.certificate).is_err() {
            return Some(Why::OtherAuthority);
        }
        match key {
            None => Some(Why::NoKey),
            Some(key) if !certificate.public_key.is_same_key(key.key.public_key()) => Some(Why::OtherKey),
            Some(_) => None,
        }
    }

    /// Why a valid certificate is renewed, if it is.
    fn why(&self, certificate: &Certificate, changed: impl FnOnce() -> Option<Difference>) -> Option<Why> {
        let before = self.task.before.or(self.options.before);
        if certificate.not_after <= self.now {
            Some(Why::Ended)
        } else if renewal::is_due(certificate, before, self.now) {
            let days = (certificate.not_after - self.now).whole_days();
            Some(Why::Due { days })
        } else {
            let forced = self.options.force.then_some(Why::Forced);
            changed().map(Why::Changed).or(forced)
        }
    }

    fn signing(&self, wanted: Wanted, profile: &Profile) -> Result<Signing, Refusal> {
        if profile.is_remote() {
            return Ok(Signing::Remote(Box::new(wanted)));
        }
        let issuer = self.issuing.issuer.as_ref().map_err(Refusal::clone)?;
        let number = Serial::from_magnitude(&[]);
        let decided = issuer
            .authority()
            .decide(wanted, profile, self.now, number, &mut |_| {})?;
        Ok(Signing::Local(Box::new(decided)))
    }

    /// Clients reject a certificate without hosts. Jobs run unattended, so a request that
    /// lost its hosts is an error there.
    fn check_names(
        &self,
        live: &Certificate,
        names: &Names,
        warnings: &mut Vec<Warning>,
    ) -> Result<(), Refusal> {
        if self.task.drop_hosts || !renewal::drops_all_names(live, names) {
            return Ok(());
        }
        let addresses = live.hosts.ip.iter().map(|octets| ip_text(octets));
        let mut names: Vec<String> = live.hosts.texts().map(str::to_owned).chain(addresses).collect();
        if names.is_empty() {
            names.push("names of other kinds".to_owned());
        }
        match self.task.order {
            Order::Document { .. } => Err(Refusal::DropsNames(names)),
            _ => self.trap(Trap::DropsAllNames { names }, warnings),
        }
    }

    /// No certificate outlives its CA, so the expiry date is capped. If that gains nothing
    /// over the existing certificate, that one stays.
    fn end_with_authority(&self, mut plan: Plan) -> Result<Finding, Refusal> {
        if plan
            .existing
            .as_ref()
            .is_some_and(|existing| existing.holds_another_key)
        {
            return Err(Refusal::KeyLost);
        }
        let left_out = plan.existing.as_ref().and_then(Existing::warning);
        plan.warnings.extend(left_out);
        let end = self.issuing.certificate.not_after;
        if end <= self.now {
            return Err(Refusal::CaExpired(end));
        }
        // The lifetime that another server will choose is not known in advance.
        let Signing::Local(decided) = &mut plan.signing else {
            return Ok(Finding::Wanting(Box::new(plan)));
        };
        if decided.template().not_after <= end {
            return Ok(Finding::Wanting(Box::new(plan)));
        }
        // gencert also tolerates up to a day.
        let own = decided.template().not_after;
        if self.options.strict && own - end > time::Duration::DAY {
            return Err(Refusal::Trap(Trap::OutlivesAuthority {
                end: rfc3339(own),
                authority_end: rfc3339(end),
            }));
        }
        if let (Why::Due { .. }, Some(existing)) = (plan.why, &plan.existing)
            && existing.certificate.not_after >= end
        {
            return Ok(Finding::Untouched {
                until: existing.certificate.not_after,
                warning: Some(Warning::CaExpiresFirst(end)),
            });
        }
        decided.end_by(end);
        plan.warnings.push(Warning::CutToCa(end));
        Ok(Finding::Wanting(Box::new(plan)))
    }
}

fn untouched(certificate: &Certificate) -> Finding {
    Finding::Untouched {
        until: certificate.not_after,
        warning: None,
    }
}
