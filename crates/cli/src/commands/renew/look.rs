//! One certificate: what is there and what it should say.

use std::io;
use std::path::Path;

use rcfssl_core::authority::Overrides;
use rcfssl_core::certificate::Template;
use rcfssl_core::certinfo::rfc3339;
use rcfssl_core::csr::Content;
use rcfssl_core::host::Hosts;
use rcfssl_core::key::{self, KeySpec, PrivateKey, SigningKey};
use rcfssl_core::policy::usage;
use rcfssl_core::renewal::{self, Difference, Stranger};
use rcfssl_core::{Authority, Certificate, Profile, Request, Serial, Wanted, name, pem};
use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::task::{Companions, Issuing, Options, Order, Task};
use super::why::Why;
use crate::hints::{self, Trap};
use crate::input;

/// What was found of a certificate.
pub enum Finding {
    /// It is somebody else's, and was only found in a folder.
    Foreign,
    /// It stays as it is.
    Untouched {
        /// When it ends.
        until: OffsetDateTime,
        /// What its owner should know.
        warning: Option<String>,
    },
    /// It is to be made again.
    Wanting(Box<Plan>),
}

/// A certificate that is to be made.
pub struct Plan {
    /// Why.
    pub why: Why,
    /// The name of its profile.
    pub profile: String,
    /// What it will say; the key and the number are put in when it is made.
    pub template: Template,
    /// What is there.
    pub existing: Option<Existing>,
    /// Its key.
    pub key: Option<KeyFile>,
    /// What the request document says, where there is one.
    pub content: Option<Content>,
    /// The key that the document asks for, where there is one.
    pub key_spec: Option<KeySpec>,
    /// The request beside it is out of date in any case.
    pub rewrites_csr: bool,
    /// What its owner should know.
    pub warnings: Vec<String>,
}

/// A certificate that is there.
pub struct Existing {
    /// The first of its file.
    pub certificate: Certificate,
    /// What follows it: the chain above it.
    pub rest: Zeroizing<Vec<u8>>,
}

/// A key that is there.
pub struct KeyFile {
    /// The key.
    pub key: PrivateKey,
    /// It stands there as PKCS#8.
    pub is_pkcs8: bool,
    /// It stands there encrypted.
    pub is_encrypted: bool,
}

/// Looks at a certificate.
///
/// # Errors
/// Why it cannot be made as it should be, or must not.
pub fn look(
    task: &Task,
    issuing: &Issuing,
    options: &Options,
    companions: &Companions,
) -> Result<Finding, String> {
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
    /// Renews what is there.
    fn again(&self, found: bool) -> Result<Finding, String> {
        let text = input::file(self.task.certificate.as_os_str()).map_err(message)?;
        let existing = match Existing::read(&text)? {
            // Other things than certificates lie in folders too; what is nothing at all
            // was one once, since it has a key.
            None if found && pem::decode(&text).is_some() => return Ok(Finding::Foreign),
            None => return Err("there is no certificate in it".to_owned()),
            Some(existing) => existing,
        };
        let certificate = &existing.certificate;
        if certificate.der == self.issuing.certificate.der {
            return match found {
                true => Ok(Finding::Foreign),
                false => Err("it is the authority itself; gencert -renewca renews that".to_owned()),
            };
        }
        match renewal::check_issuer(certificate, &self.issuing.certificate) {
            Ok(()) => {}
            Err(Stranger::OtherName) if found => return Ok(Finding::Foreign),
            Err(Stranger::OtherName) => return Err("another authority issued it".to_owned()),
            Err(Stranger::OtherKey) => return Err("another authority of the same name issued it".to_owned()),
        }
        let shown = self.companions.key.to_string_lossy();
        let key = self
            .read_key(false)?
            .ok_or_else(|| format!("its key {shown} is missing"))?;
        if !certificate.public_key.is_same_key(key.key.public_key()) {
            return Err(format!("the key {shown} is not its own"));
        }
        let (profile_name, profile) = self.profile_of(certificate)?;
        let mut warnings = Vec::new();
        let Options { cn, hostnames, .. } = self.options;
        let public_key = key.key.public_key();
        let (wanted, content) = match &self.options.request {
            Some(request) => {
                let content = self.content(request, profile, &mut warnings)?;
                let wanted = Wanted::of_content(&content, public_key, profile).map_err(message)?;
                (wanted, Some(content))
            }
            None => {
                let mut wanted = Wanted::of_certificate(certificate, public_key);
                let subject = || name::Subject::from_attributes(&certificate.subject_attributes);
                wanted.replace(&Overrides {
                    hosts: hostnames.as_ref().map(Hosts::parse),
                    subject: cn.as_ref().map(|cn| name::Subject {
                        common_name: cn.clone(),
                        ..subject()
                    }),
                    crl_url: None,
                });
                (wanted, None)
            }
        };
        let rebuilt = content.is_some() || hostnames.is_some() || cn.is_some();
        let template = self.decide(wanted, profile)?;
        let changed = || renewal::difference(certificate, &template).filter(|_| rebuilt);
        let Some(why) = self.why(certificate, changed) else {
            return Ok(untouched(certificate));
        };
        let key_spec = match &self.options.request {
            Some(request) => Some(request.key_spec().map_err(message)?),
            None => None,
        };
        self.end_with_authority(Plan {
            why,
            profile: profile_name,
            template,
            existing: Some(existing),
            key: Some(key),
            content,
            key_spec,
            rewrites_csr: rebuilt,
            warnings,
        })
    }

    /// Makes what a document asks for, unless it is there already.
    fn by_document(&self, path: &Path, profile_name: &str) -> Result<Finding, String> {
        let mut warnings = Vec::new();
        let request = self.read_request(path, &mut warnings)?;
        let profile = self.named_profile(profile_name)?;
        let content = self.content(&request, profile, &mut warnings)?;
        let key = self.read_key(self.task.rekey)?;
        let existing = if is_missing(&self.task.certificate)? {
            Err(Why::Missing)
        } else {
            let text = input::file(self.task.certificate.as_os_str()).map_err(message)?;
            Existing::read(&text).ok().flatten().ok_or(Why::Unreadable)
        };
        // Nothing that is compared depends on the key: where there is none yet, the
        // authority's stands in.
        let public_key = key
            .as_ref()
            .map_or(self.issuing.key.public_key(), |key| key.key.public_key());
        let wanted = Wanted::of_content(&content, public_key, profile).map_err(message)?;
        let template = self.decide(wanted, profile)?;
        let why = match &existing {
            Err(why) => Some(*why),
            Ok(Existing { certificate, .. }) => self
                .unfit(certificate, key.as_ref())
                .or_else(|| self.why(certificate, || renewal::difference(certificate, &template))),
        };
        let (why, existing) = match (why, existing) {
            (None, Ok(existing)) => return Ok(untouched(&existing.certificate)),
            // What stood above another authority's certificate is not above this one.
            (Some(Why::OtherAuthority), _) => (Why::OtherAuthority, None),
            (Some(why), existing) => (why, existing.ok()),
            (None, Err(why)) => (why, None),
        };
        self.end_with_authority(Plan {
            why,
            profile: profile_name.to_owned(),
            template,
            existing,
            key,
            content: Some(content),
            key_spec: Some(request.key_spec().map_err(message)?),
            rewrites_csr: true,
            warnings,
        })
    }

    /// Is the certificate that is there of no use here?
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

    /// Why a good certificate is made again, if it is.
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

    fn decide(&self, wanted: Wanted, profile: &Profile) -> Result<Template, String> {
        let authority = Authority::new(&self.issuing.certificate, &self.issuing.key);
        let number = Serial::from_magnitude(&[]);
        authority
            .decide(wanted, profile, None, self.now, number, &mut |_| {})
            .map_err(message)
    }

    /// No certificate outlives its authority: its end is cut. Where nothing is won
    /// by that, the old one stays.
    fn end_with_authority(&self, mut plan: Plan) -> Result<Finding, String> {
        let end = self.issuing.certificate.not_after;
        let shown = rfc3339(end);
        if end <= self.now {
            return Err(format!(
                "its authority ended at {shown}; gencert -renewca renews that"
            ));
        }
        if plan.template.not_after <= end {
            return Ok(Finding::Wanting(Box::new(plan)));
        }
        if self.options.strict {
            let own = rfc3339(plan.template.not_after);
            return Err(Trap::OutlivesAuthority {
                end: own,
                authority_end: shown,
            }
            .to_string());
        }
        if let (Why::Due { .. }, Some(existing)) = (plan.why, &plan.existing)
            && existing.certificate.not_after >= end
        {
            return Ok(Finding::Untouched {
                until: existing.certificate.not_after,
                warning: Some(format!(
                    "its authority ends at {shown}, and it cannot last longer; gencert -renewca renews the authority"
                )),
            });
        }
        plan.template.not_after = end;
        plan.warnings.push(format!(
            "cut to the end of its authority, {shown}; gencert -renewca renews the authority"
        ));
        Ok(Finding::Wanting(Box::new(plan)))
    }

    /// The profile that was named, or the one that the certificate shows.
    fn profile_of(&self, certificate: &Certificate) -> Result<(String, &'a Profile), String> {
        if let Some(name) = &self.options.profile {
            return Ok((name.clone(), self.named_profile(name)?));
        }
        let policy = &self.issuing.policy;
        let unclear = match renewal::fitting_profile(policy, certificate) {
            Ok((name, profile)) => return Ok((name.to_owned(), profile)),
            Err(unclear) => unclear,
        };
        if !unclear.fitting.is_empty() {
            let names = unclear.fitting.join(", ");
            return Err(format!(
                "several profiles fit it: {names}; name one with -profile"
            ));
        }
        let describe = |name: &str, profile: &Profile| {
            let usages = &profile.usages;
            let authority = if profile.constraint.is_ca { ", CA" } else { "" };
            format!(
                "{name} ({}{authority})",
                usage::names(usages.key, &usages.extended).join(", ")
            )
        };
        let known: Vec<String> = policy
            .profiles()
            .chain([("default", policy.default_profile())])
            .filter(|(_, profile)| !profile.usages.is_empty())
            .map(|(name, profile)| describe(name, profile))
            .collect();
        let shown = usage::names(certificate.key_usage(), &certificate.extended_key_usage());
        Err(format!(
            "no profile fits it: it shows {}; there are {}",
            shown.join(", "),
            known.join("; ")
        ))
    }

    fn named_profile(&self, name: &str) -> Result<&'a Profile, String> {
        let policy = &self.issuing.policy;
        if let Some((_, profile)) = policy.profiles().find(|(known, _)| *known == name) {
            return Ok(profile);
        }
        if name == "default" {
            return Ok(policy.default_profile());
        }
        let known: Vec<&str> = policy.profiles().map(|(name, _)| name).collect();
        Err(format!(
            "there is no profile \"{name}\"; there are {}, default",
            known.join(", ")
        ))
    }

    fn read_request(&self, path: &Path, warnings: &mut Vec<String>) -> Result<Request, String> {
        let shown = path.to_string_lossy();
        let text = input::file(path.as_os_str()).map_err(message)?;
        let (request, report) = Request::read(&text).map_err(|error| {
            let place = match &error {
                rcfssl_core::Error::Json { error, .. } => hints::place(&shown, &text, error).swap_remove(0),
                _ => format!("{shown}:"),
            };
            format!("{place} {}", error.message())
        })?;
        for unknown in &report.unknown_keys {
            self.trap(hints::unknown_key(&shown, &text, unknown), warnings)?;
        }
        Ok(request)
    }

    /// What a document asks for, with the flags over it, as `gencert` reads it.
    fn content(
        &self,
        request: &Request,
        profile: &Profile,
        warnings: &mut Vec<String>,
    ) -> Result<Content, String> {
        if request.ca.is_some() {
            return Err("ca section only permitted in initca".to_owned());
        }
        let mut request = request.clone();
        if let Some(cn) = &self.options.cn {
            request.cn.clone_from(cn);
        }
        if let Some(hostnames) = &self.options.hostnames {
            request.hosts = hostnames.clone().into();
        }
        if request.hosts.iter().any(String::is_empty) {
            self.trap(Trap::EmptyHost, warnings)?;
        }
        let hosts = request.hosts();
        if profile.constraint.is_ca && hosts.texts().next().is_some() {
            let names = hosts.texts().map(str::to_owned).collect();
            self.trap(Trap::AuthorityLosesNames { names }, warnings)?;
        }
        hosts.check().map_err(message)?;
        Ok(Content {
            subject: request.subject().map_err(message)?,
            hosts,
            extensions: request.extensions().map_err(message)?,
        })
    }

    fn trap(&self, trap: Trap, warnings: &mut Vec<String>) -> Result<(), String> {
        if self.options.strict {
            return Err(trap.to_string());
        }
        warnings.push(trap.to_string());
        Ok(())
    }

    /// The key beside the certificate; none where there is none, or with
    /// `replaces` where what is there is no key.
    fn read_key(&self, replaces: bool) -> Result<Option<KeyFile>, String> {
        let path = &self.companions.key;
        if is_missing(path)? {
            return Ok(None);
        }
        let text = input::file(path.as_os_str()).map_err(message)?;
        let is_encrypted = contains(&text, b"ENCRYPTED");
        let password = input::ca_password();
        match key::read_encrypted(&text, password.as_ref().map(|p| p.as_slice())) {
            Ok(key) => Ok(Some(KeyFile {
                key,
                is_pkcs8: contains(&text, b"-----BEGIN PRIVATE KEY-----"),
                is_encrypted,
            })),
            Err(_) if replaces && !is_encrypted => Ok(None),
            Err(error) => Err(format!("{}: {}", path.to_string_lossy(), error.message())),
        }
    }
}

impl Existing {
    /// The first certificate of a PEM file and what follows it.
    fn read(text: &[u8]) -> Result<Option<Self>, String> {
        let Some((block, rest)) = pem::decode(text) else {
            return Ok(None);
        };
        if block.label != "CERTIFICATE" {
            return Ok(None);
        }
        let certificate = Certificate::read(&block.contents).map_err(message)?;
        Ok(Some(Existing {
            certificate,
            rest: Zeroizing::new(rest.to_vec()),
        }))
    }
}

fn untouched(certificate: &Certificate) -> Finding {
    Finding::Untouched {
        until: certificate.not_after,
        warning: None,
    }
}

/// An error's sentence, without its number.
pub fn message(error: rcfssl_core::Error) -> String {
    error.message().into_owned()
}

/// Is there nothing at this path? A link that leads nowhere is nothing.
fn is_missing(path: &Path) -> Result<bool, String> {
    let about = |error: io::Error| {
        let why = rcfssl_files::describe(&error);
        format!("open {}: {why}", path.to_string_lossy())
    };
    path.try_exists().map(|there| !there).map_err(about)
}

/// Does a text hold these bytes?
pub fn contains(text: &[u8], wanted: &[u8]) -> bool {
    text.windows(wanted.len()).any(|window| window == wanted)
}
