//! Finds the profile for a certificate.

use rcfssl_core::policy::usage;
use rcfssl_core::{Certificate, Profile, renewal};

use super::Look;

impl<'a> Look<'a> {
    /// The profile that the user named, or the one that matches the certificate.
    pub(super) fn profile_of(&self, certificate: &Certificate) -> Result<(String, &'a Profile), String> {
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
                "several profiles match its usages: {names}; choose one with -profile"
            ));
        }
        if let Some(remote) = self.remote_profile() {
            return remote;
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
        let shown = usage::names(certificate.key_usage(), &certificate.extended_key_usages());
        Err(format!(
            "no profile matches its usages: it has {}; the configuration has {}",
            shown.join(", "),
            known.join("; ")
        ))
    }

    /// The only profile for which another server signs. Its usages are not known here.
    fn remote_profile(&self) -> Option<Result<(String, &'a Profile), String>> {
        let policy = &self.issuing.policy;
        let named = policy.profiles();
        let remote: Vec<_> = named.filter(|(_, profile)| profile.is_remote()).collect();
        let default = policy.default_profile();
        match remote[..] {
            [] if default.is_remote() => Some(Ok(("default".to_owned(), default))),
            [] => None,
            [(name, profile)] => Some(Ok((name.to_owned(), profile))),
            _ => {
                let names: Vec<&str> = remote.iter().map(|(name, _)| *name).collect();
                let names = names.join(", ");
                Some(Err(format!(
                    "other servers sign for several profiles, {names}: name one with -profile"
                )))
            }
        }
    }

    pub(super) fn named_profile(&self, name: &str) -> Result<&'a Profile, String> {
        let policy = &self.issuing.policy;
        if let Some((_, profile)) = policy.profiles().find(|(known, _)| *known == name) {
            return Ok(profile);
        }
        if name == "default" {
            return Ok(policy.default_profile());
        }
        let known: Vec<&str> = policy.profiles().map(|(name, _)| name).collect();
        Err(format!(
            "unknown profile \"{name}\"; valid are {}, default",
            known.join(", ")
        ))
    }
}
