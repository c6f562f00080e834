//! One certificate: what is there and what it should say.

mod profile;
mod read;

use std::path::Path;

use rcfssl_core::authority::{Decided, Overrides};
use rcfssl_core::certificate::Names;
use rcfssl_core::certinfo::rfc3339;
use rcfssl_core::csr::Content;
use rcfssl_core::host::{Hosts, ip_text};
use rcfssl_core::key::{KeySpec, SigningKey};
use rcfssl_core::renewal::{self, Difference, IssuerMismatch};
use rcfssl_core::{Certificate, Profile, Serial, Wanted, name};
use rcfssl_go::pem;
use time::OffsetDateTime;

use self::read::is_missing;
pub use self::read::{Existing, KeyFile};
use super::task::{Companions, Issuing, Options, Order, Task};
use super::why::Why;
use crate::hints::Trap;
use crate::input;

/// A key is never thrown away unasked.
const LOST_KEY: &str = "its file also holds a private key, which would be lost";

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
    /// Who signs it.
    pub signing: Signing,
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

/// Who signs a certificate.
pub enum Signing {
    /// The CA that is here: what it will say. The key and the number are put in when it
    /// is made.
    Local(Box<Decided>),
    /// Another server: what it is asked for.
    Remote(Box<Wanted>),
}

impl Signing {
    /// The first thing that a certificate says otherwise.
    fn difference(&self, certificate: &Certificate) -> Option<Difference> {
        match self {
            Signing::Local(decided) => renewal::difference(certificate, decided.template()),
            Signing::Remote(wanted) => renewal::difference_in_names(certificate, wanted),
        }
    }

    /// The alternative names that are asked for.
    fn names(&self) -> &Names {
        match self {
            Signing::Local(decided) => &decided.template().names,
            Signing::Remote(wanted) => &wanted.names,
        }
    }
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
        let text = input::found(&self.task.certificate).map_err(message)?;
        let existing = match Existing::read(&text)? {
            // Other things than certificates lie in folders too; what is nothing at all
            // was one once, since it has a key.
            None if found && pem::decode(&text).is_some() => return Ok(Finding::Foreign),
            None => return Err("it contains no certificate".to_owned()),
            Some(existing) => existing,
        };
        let certificate = &existing.certificate;
        if certificate.der == self.issuing.certificate.der {
            return match found {
                true => Ok(Finding::Foreign),
                false => Err("it is the CA's own certificate: renew it with gencert -renewca".to_owned()),
            };
        }
        match renewal::check_issuer(certificate, &self.issuing.certificate) {
            Ok(()) => {}
            Err(IssuerMismatch::OtherName) if found => return Ok(Finding::Foreign),
            Err(IssuerMismatch::OtherName) => return Err("it was issued by another CA".to_owned()),
            Err(IssuerMismatch::OtherKey) => {
                return Err("it was issued by another CA with the same name".to_owned());
            }
        }
        let shown = self.companions.key.to_string_lossy();
        let key = self
            .read_key(false)?
            .ok_or_else(|| format!("its key {shown} is missing"))?;
        if !certificate.public_key.is_same_key(key.key.public_key()) {
            return Err(format!("the key {shown} does not match the certificate"));
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
                let overrides = Overrides {
                    hosts: hostnames.as_ref().map(Hosts::parse),
                    subject: cn.as_ref().map(|cn| name::Subject {
                        common_name: cn.clone(),
                        ..subject()
                    }),
                    ..Overrides::default()
                };
                wanted.replace(&overrides);
                // Another server gets a request that says what is to be changed.
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
            Some(request) => Some(request.key_spec().map_err(message)?),
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
            let text = input::found(&self.task.certificate).map_err(message)?;
            Existing::read(&text).ok().flatten().ok_or(Why::Unreadable)
        };
        // Nothing that is compared depends on the key: where there is none yet, the
        // authority's stands in.
        let public_key = key
            .as_ref()
            .map_or(&self.issuing.certificate.public_key, |key| key.key.public_key());
        let wanted = Wanted::of_content(&content, public_key, profile).map_err(message)?;
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
            // What stood above another authority's certificate is not above this one.
            (Some(Why::OtherAuthority), Ok(existing)) if existing.holds_key || existing.holds_another_key => {
                return Err(LOST_KEY.to_owned());
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

    fn signing(&self, wanted: Wanted, profile: &Profile) -> Result<Signing, String> {
        if profile.is_remote() {
            return Ok(Signing::Remote(Box::new(wanted)));
        }
        let issuer = self.issuing.issuer.as_ref().map_err(String::clone)?;
        let number = Serial::from_magnitude(&[]);
        let decided = issuer
            .authority()
            .decide(wanted, profile, self.now, number, &mut |_| {});
        decided
            .map(|decided| Signing::Local(Box::new(decided)))
            .map_err(message)
    }

    /// A request whose hosts were forgotten makes a certificate that clients reject.
    /// Jobs run unattended, so there it is an error.
    fn check_names(
        &self,
        live: &Certificate,
        names: &Names,
        warnings: &mut Vec<String>,
    ) -> Result<(), String> {
        if self.task.drop_hosts || !renewal::drops_all_names(live, names) {
            return Ok(());
        }
        let addresses = live.hosts.ip.iter().map(|octets| ip_text(octets));
        let mut names: Vec<String> = live.hosts.texts().map(str::to_owned).chain(addresses).collect();
        if names.is_empty() {
            names.push("names of other kinds".to_owned());
        }
        match self.task.order {
            Order::Document { .. } => Err(format!(
                "the live certificate has SANs ({}) and the request has no hosts: add them to the request, or \
                 allow it with \"drop_hosts\": true",
                names.join(", ")
            )),
            _ => self.trap(Trap::DropsAllNames { names }, warnings),
        }
    }

    /// No certificate outlives its authority: its end is cut. Where nothing is won
    /// by that, the old one stays.
    fn end_with_authority(&self, mut plan: Plan) -> Result<Finding, String> {
        if plan
            .existing
            .as_ref()
            .is_some_and(|existing| existing.holds_another_key)
        {
            return Err(LOST_KEY.to_owned());
        }
        let left_out = plan.existing.as_ref().and_then(Existing::warning);
        plan.warnings.extend(left_out);
        let end = self.issuing.certificate.not_after;
        let shown = rfc3339(end);
        if end <= self.now {
            return Err(format!(
                "the CA expired at {shown}: renew it with gencert -renewca"
            ));
        }
        // How long another server lets it live is not known before.
        let Signing::Local(decided) = &mut plan.signing else {
            return Ok(Finding::Wanting(Box::new(plan)));
        };
        if decided.template().not_after <= end {
            return Ok(Finding::Wanting(Box::new(plan)));
        }
        // gencert lets up to a day pass too.
        let own = decided.template().not_after;
        if self.options.strict && own - end > time::Duration::DAY {
            let own = rfc3339(own);
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
                    "the CA expires at {shown}, so the certificate cannot last longer: renew the CA with gencert -renewca"
                )),
            });
        }
        decided.end_by(end);
        plan.warnings.push(format!(
            "its lifetime is cut to that of the CA, which expires at {shown}: renew the CA with gencert -renewca"
        ));
        Ok(Finding::Wanting(Box::new(plan)))
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
