//! Signing with a local key.

use std::sync::Arc;

use rcfssl_core::name::Subject;
use rcfssl_core::{Csr, Event, Hosts, Overrides, Policy, Profile, Result, Serial, Wanted};
use time::OffsetDateTime;

use crate::{AskedCsr, Cost, Info, InfoRequest, Issuer, SignRequest, Signed, Signer};

/// Signs with a CA's key, using the profiles of a policy.
#[derive(Debug, Clone)]
pub struct LocalSigner {
    issuer: Arc<Issuer>,
    policy: Arc<Policy>,
}

impl LocalSigner {
    /// Creates a signer. The caller must check whether the CA's key matches.
    pub fn new(issuer: Arc<Issuer>, policy: Arc<Policy>) -> Self {
        LocalSigner { issuer, policy }
    }

    /// The CA.
    pub fn issuer(&self) -> &Arc<Issuer> {
        &self.issuer
    }

    /// Signs with a profile that need not be part of the policy.
    ///
    /// # Errors
    /// As [`Signer::sign`].
    pub fn sign_by(
        &self,
        profile: &Profile,
        request: &SignRequest,
        now: OffsetDateTime,
        sink: &mut dyn FnMut(Event),
    ) -> Result<Signed> {
        let read;
        let csr = match &request.csr {
            AskedCsr::Verified(csr) => csr,
            AskedCsr::Pem(text) => {
                read = Csr::read_pem(text)?;
                &read
            }
        };
        let mut wanted = Wanted::of_csr(csr, profile)?;
        wanted.replace(&overrides(request, csr, profile));
        let authority = self.issuer.authority();
        let decided = authority.decide(wanted, profile, now, Serial::random()?, sink)?;
        if request.return_precert {
            let issued = authority.issue(&decided.as_precertificate(), sink)?;
            return Ok(Signed {
                pem: issued.to_pem(),
                issued: None,
            });
        }
        let issued = authority.issue(&decided, sink)?;
        Ok(Signed {
            pem: issued.to_pem(),
            issued: Some(issued),
        })
    }
}

/// The client's settings beyond the certificate request.
fn overrides(request: &SignRequest, csr: &Csr, profile: &Profile) -> Overrides {
    let asked = || match profile.takes_subject() {
        true => Subject::from_attributes(&csr.subject),
        false => Subject::default(),
    };
    let crl_url = Some(&request.crl_override).filter(|url| !url.is_empty());
    Overrides {
        hosts: request.hosts.as_ref().map(Hosts::parse),
        subject: request.subject.as_ref().map(|subject| subject.over(asked())),
        crl_url: crl_url.cloned(),
        serial: request.serial.clone(),
        not_before: request.not_before,
        not_after: request.not_after,
        extensions: request.extensions.clone(),
    }
}

impl Signer for LocalSigner {
    fn policy(&self) -> &Policy {
        &self.policy
    }

    fn info(&self, request: &InfoRequest, _: &mut dyn FnMut(Event)) -> Result<Info> {
        let profile = self.policy.profile(&request.profile)?.profile;
        let certificate = self.issuer.certificate().to_pem();
        Ok(Info {
            certificate: certificate.trim_end().to_owned(),
            usages: profile.usage_names.clone(),
            expiry: profile.expiry_text.clone(),
        })
    }

    fn sign(
        &self,
        request: &SignRequest,
        now: OffsetDateTime,
        sink: &mut dyn FnMut(Event),
    ) -> Result<Signed> {
        let profile = self.policy.profile(&request.profile)?.profile;
        self.sign_by(profile, request, now, sink)
    }

    fn cost(&self, _: &str) -> Cost {
        match self.issuer.signs_fast() {
            true => Cost::Inline,
            false => Cost::Blocking,
        }
    }
}
