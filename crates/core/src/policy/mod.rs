//! The configuration: a default profile and named ones, complete and valid once built.

mod build;
mod document;
mod key_pair;
pub mod lints;
mod profile;
pub mod usage;

pub use document::{CsrWhitelist, DottedOid, Time};
pub use profile::{CaConstraint, LatePolicies, Profile, Remote, SignedBy, Unsupported};
pub use usage::Usages;

use crate::error::{Code, Error, Result};
use crate::event::{Event, Sink};
use rcfssl_go::duration::Duration;
use rcfssl_go::json::{self, Report};
use zeroize::Zeroizing;

use build::Builder;
use document::Document;

/// The lifetime of a certificate without a configuration: a year.
const DEFAULT_EXPIRY: Duration = Duration::hours(8760);
/// The default lifetime of a new CA: five years.
pub const DEFAULT_CA_EXPIRY: Duration = Duration::hours(43800);

/// Access to what documents refer to: auth keys may be in the environment or in files.
pub trait Surroundings {
    /// The value of an environment variable.
    fn variable(&self, name: &str) -> Option<Zeroizing<String>>;
    /// The contents of a file.
    fn file(&self, path: &str) -> Option<Zeroizing<Vec<u8>>>;
}

/// No variables and no files.
impl Surroundings for () {
    fn variable(&self, _: &str) -> Option<Zeroizing<String>> {
        None
    }

    fn file(&self, _: &str) -> Option<Zeroizing<Vec<u8>>> {
        None
    }
}

/// The signing section of a configuration.
#[derive(Debug, Clone)]
pub struct Policy {
    default: Profile,
    named: Vec<(String, Profile)>,
    /// The remote profiles with settings for local signing; `None` stands for the default
    /// profile.
    skipping: Vec<Option<String>>,
}

/// The result of looking up a profile.
#[derive(Debug, Clone, Copy)]
pub struct Selection<'a> {
    /// The profile.
    pub profile: &'a Profile,
    /// The name is unknown, and the default profile is used.
    pub fell_back: bool,
}

impl Policy {
    /// The policy without a configuration: one profile for servers and clients with a
    /// lifetime of a year.
    pub fn builtin() -> Self {
        let usages = ["signing", "key encipherment", "server auth", "client auth"];
        let default = Profile {
            expiry_text: "8760h".to_owned(),
            ..Profile::local(&usages, DEFAULT_EXPIRY)
        };
        Policy {
            default,
            named: Vec::new(),
            skipping: Vec::new(),
        }
    }

    /// The policy of `selfsign` without a configuration: the same with 2190 hours.
    pub fn selfsign() -> Self {
        let mut policy = Policy::builtin();
        policy.default.expiry = profile::SELFSIGN_EXPIRY;
        policy
    }

    /// Parses a configuration document.
    ///
    /// # Errors
    /// Code 5200 with the reason, or `No "signing" field present`.
    pub fn read(text: &[u8], surroundings: &dyn Surroundings, sink: Sink<'_>) -> Result<(Self, Report)> {
        let mut document = Option::<Document>::None;
        let report = json::read(text, &mut document).map_err(|error| {
            let text = format!("failed to unmarshal configuration: {error}");
            Error::Json {
                code: Some(Code::InvalidPolicy),
                error: json::Error { text, ..error },
            }
        })?;
        // cfssl crashes on `null`.
        let document = document.ok_or_else(|| invalid("the configuration is null"))?;
        let Some(signing) = &document.signing else {
            return Err(Error::plain("No \"signing\" field present"));
        };
        let mut builder = Builder {
            document: &document,
            surroundings,
            sink,
        };
        let default = match &signing.default {
            Some(profile) => builder.profile(profile, None, signing.profiles.is_empty())?,
            None => Policy::builtin().default,
        };
        let mut named = Vec::new();
        for (name, profile) in signing.profiles.iter() {
            let profile = profile
                .as_ref()
                .ok_or_else(|| invalid("can't parse nil profile"))?;
            named.push((name.clone(), builder.profile(profile, Some(&default), false)?));
        }
        let policy = Policy {
            default,
            named,
            skipping: skipping(signing),
        };
        policy.check(signing)?;
        policy.tell_skipped(builder.sink);
        Ok((policy, report))
    }

    /// Reports remote profiles with settings for local signing. cfssl does so whenever it
    /// checks a configuration: when it is parsed, and for each kind of signer.
    pub fn tell_skipped(&self, sink: Sink<'_>) {
        for profile in &self.skipping {
            sink(Event::LocalSettingsSkipped {
                profile: profile.clone(),
            });
        }
    }

    /// Makes other servers sign for every profile, whatever the configuration says; keys
    /// for tokens are kept.
    #[must_use]
    pub fn signed_at(mut self, addresses: &str) -> Self {
        let named = self.named.iter_mut().map(|(_, profile)| profile);
        for profile in named.chain([&mut self.default]) {
            profile.sign_at(addresses);
        }
        self
    }

    /// The default profile and the named ones.
    fn all(&self) -> impl Iterator<Item = &Profile> {
        let named = self.named.iter().map(|(_, profile)| profile);
        named.chain([&self.default])
    }

    /// Whether a profile needs a local key.
    pub fn needs_local_signer(&self) -> bool {
        self.all().any(|profile| !profile.is_remote())
    }

    /// Whether a profile needs another server.
    pub fn needs_remote_signer(&self) -> bool {
        self.all().any(Profile::is_remote)
    }

    /// cfssl's checks after all profiles are parsed.
    fn check(&self, signing: &document::Signing) -> Result<()> {
        let named = signing
            .profiles
            .iter()
            .filter_map(|(_, profile)| profile.as_ref())
            .zip(&self.named);
        for (document, (_, profile)) in named {
            check_remote(document)?;
            if is_local(document) && profile.usages.is_empty() {
                return Err(invalid("invalid configuration"));
            }
        }
        if let Some(document) = &signing.default {
            check_remote(document)?;
            if is_local(document) && self.default.expiry.is_zero() {
                return Err(invalid("invalid configuration"));
            }
        }
        Ok(())
    }

    /// The default profile.
    pub fn default_profile(&self) -> &Profile {
        &self.default
    }

    /// The named profiles in the order of the document.
    pub fn profiles(&self) -> impl Iterator<Item = (&str, &Profile)> {
        self.named.iter().map(|(name, profile)| (name.as_str(), profile))
    }

    /// The profile with this name, matched exactly; the default profile for an empty or
    /// unknown name.
    ///
    /// # Errors
    /// Code 5400 for an unknown name if some profiles are local and others remote.
    pub fn profile(&self, name: &str) -> Result<Selection<'_>> {
        if name.is_empty() {
            return Ok(Selection {
                profile: &self.default,
                fell_back: false,
            });
        }
        if let Some((_, profile)) = self.named.iter().find(|(known, _)| known == name) {
            return Ok(Selection {
                profile,
                fell_back: false,
            });
        }
        if self.needs_local_signer() && self.needs_remote_signer() {
            return Err(Code::UnknownProfile.into());
        }
        Ok(Selection {
            profile: &self.default,
            fell_back: true,
        })
    }
}

fn invalid(why: impl std::fmt::Display) -> Error {
    Error::wrap(Code::InvalidPolicy, why)
}

/// The remote profiles with settings for local signing.
fn skipping(signing: &document::Signing) -> Vec<Option<String>> {
    let named = signing.profiles.iter();
    let named = named.map(|(name, profile)| (Some(name.clone()), profile.as_ref()));
    [(None, signing.default.as_ref())]
        .into_iter()
        .chain(named)
        .filter(|(_, profile)| profile.is_some_and(|p| !is_local(p) && p.has_local_settings()))
        .map(|(name, _)| name)
        .collect()
}

fn is_local(profile: &document::Profile) -> bool {
    profile.remote.is_empty() && profile.auth_remote.remote.is_empty()
}

fn check_remote(profile: &document::Profile) -> Result<()> {
    let auth = &profile.auth_remote;
    if auth.remote.is_empty() != auth.auth_key.is_empty() {
        return Err(invalid("invalid configuration"));
    }
    Ok(())
}
