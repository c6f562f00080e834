//! Routes each profile to its signer: the local one or other servers.

use std::sync::Arc;

use rcfssl_core::{Code, Event, Policy, Result};
use rcfssl_net::client::Client;
use time::OffsetDateTime;

use crate::{Cost, Info, InfoRequest, Issuer, LocalSigner, RemoteSigner, SignRequest, Signed, Signer};

/// Signs with the signer that each profile specifies.
#[derive(Debug, Clone)]
pub struct Router {
    policy: Arc<Policy>,
    local: Option<LocalSigner>,
    remote: Option<RemoteSigner>,
}

impl Router {
    /// A signer for all profiles of a policy. `issuer` and `client` are called only if a
    /// profile needs them.
    ///
    /// # Errors
    /// The errors of these two functions.
    pub fn new(
        policy: Arc<Policy>,
        issuer: impl FnOnce() -> Result<Arc<Issuer>>,
        client: impl FnOnce() -> Result<Arc<Client>>,
        sink: &mut dyn FnMut(Event),
    ) -> Result<Self> {
        // cfssl checks the policy for itself and again for each signer that it creates.
        policy.tell_skipped(sink);
        let mut local = None;
        if policy.needs_local_signer() {
            let issuer = issuer()?;
            policy.tell_skipped(sink);
            local = Some(LocalSigner::new(issuer, Arc::clone(&policy)));
        }
        let mut remote = None;
        if policy.needs_remote_signer() {
            policy.tell_skipped(sink);
            remote = Some(RemoteSigner::new(client()?, Arc::clone(&policy)));
        }
        Ok(Router {
            policy,
            local,
            remote,
        })
    }

    /// The local CA, if one is needed.
    pub fn issuer(&self) -> Option<&Arc<Issuer>> {
        self.local.as_ref().map(LocalSigner::issuer)
    }

    fn signer(&self, profile: &str) -> Result<&dyn Signer> {
        let is_remote = self.policy.profile(profile)?.profile.is_remote();
        let remote = self.remote.as_ref().filter(|_| is_remote);
        let local = self.local.as_ref().filter(|_| !is_remote);
        match (remote, local) {
            (Some(remote), _) => Ok(remote),
            (None, Some(local)) => Ok(local),
            // Each is set if a profile needs it.
            (None, None) => Err(Code::UnknownProfile.into()),
        }
    }
}

impl Signer for Router {
    fn policy(&self) -> &Policy {
        &self.policy
    }

    fn info(&self, request: &InfoRequest, sink: &mut dyn FnMut(Event)) -> Result<Info> {
        self.signer(&request.profile)?.info(request, sink)
    }

    fn sign(
        &self,
        request: &SignRequest,
        now: OffsetDateTime,
        sink: &mut dyn FnMut(Event),
    ) -> Result<Signed> {
        self.signer(&request.profile)?.sign(request, now, sink)
    }

    fn cost(&self, profile: &str) -> Cost {
        match self.signer(profile) {
            Ok(signer) => signer.cost(profile),
            Err(_) => Cost::Inline,
        }
    }
}
