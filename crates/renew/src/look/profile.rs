//! Finds the profile for a certificate.

use rcfssl_core::policy::usage;
use rcfssl_core::{Certificate, Profile, renewal};

use super::Look;
use crate::Refusal;
use crate::refusal::ProfileUsages;

impl<'a> Look<'a> {
    /// The profile that the user named, or the one that matches the certificate.
    pub(super) fn profile_of(&self, certificate: &Certificate) -> Result<(String, &'a Profile), Refusal> {
        if let Some(name) = &self.options.profile {
            return Ok((name.clone(), self.named_profile(name)?));
        }
        let policy = &self.issuing.policy;
        let unclear = match renewal::fitting_profile(policy, certificate) {
            Ok((name, profile)) => return Ok((name.to_owned(), profile)),
            Err(unclear) => unclear,
        };
        if !unclear.fitting.is_empty() {
            let names = unclear.fitting.into_iter().map(str::to_owned);
            return Err(Refusal::SeveralProfiles(names.collect()));
        }
        if let Some(remote) = self.remote_profile() {
            return remote;
        }
        let known = policy
            .profiles()
            .chain([("default", policy.default_profile())])
            .filter(|(_, profile)| !profile.usages.is_empty())
            .map(|(name, profile)| ProfileUsages {
                name: name.to_owned(),
                usages: usage::names(profile.usages.key, &profile.usages.extended),
                is_ca: profile.constraint.is_ca,
            });
        Err(Refusal::NoProfile {
            usages: usage::names(certificate.key_usage(), &certificate.extended_key_usages()),
            known: known.collect(),
        })
    }

    /// The only profile for which another server signs. Its usages are not known here.
    fn remote_profile(&self) -> Option<Result<(String, &'a Profile), Refusal>> {
        let policy = &self.issuing.policy;
        let named = policy.profiles();
        let remote: Vec<_> = named.filter(|(_, profile)| profile.is_remote()).collect();
        let default = policy.default_profile();
        match remote[..] {
            [] if default.is_remote() => Some(Ok(("default".to_owned(), default))),
            [] => None,
            [(name, profile)] => Some(Ok((name.to_owned(), profile))),
            _ => {
                let names = remote.iter().map(|(name, _)| (*name).to_owned());
                Some(Err(Refusal::SeveralRemoteProfiles(names.collect())))
            }
        }
    }

    pub(super) fn named_profile(&self, name: &str) -> Result<&'a Profile, Refusal> {
        let policy = &self.issuing.policy;
        if let Some((_, profile)) = policy.profiles().find(|(known, _)| *known == name) {
            return Ok(profile);
        }
        if name == "default" {
            return Ok(policy.default_profile());
        }
        Err(Refusal::unknown_profile(name, policy))
    }
}
