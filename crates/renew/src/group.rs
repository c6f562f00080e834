//! Certificates that share an authority and a configuration, and these two ready to
//! sign.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcfssl_ca::{CaError, Issuer, RemoteSigner, input};
use rcfssl_core::{Certificate, Policy};

use crate::{Caller, Note, Options, Order, Refusal, Source, Task};

/// Certificates that share a CA.
pub struct Group {
    /// The organization's name in a jobs document.
    pub name: Option<Arc<str>>,
    /// The folder that was searched, if there is one.
    pub listed: Option<PathBuf>,
    /// The CA certificate.
    pub ca: Source,
    /// The CA key.
    pub ca_key: Source,
    /// The configuration, unless [`Options::policy`] gives one for all.
    pub config: Source,
    /// The configuration may be missing, because the user did not name it.
    pub config_is_default: bool,
    /// The configuration of the database that records what is signed here, if there is one.
    pub database: Option<Source>,
    /// The certificates.
    pub tasks: Vec<Task>,
}

/// A CA and its configuration, ready to sign.
pub(crate) struct Issuing {
    /// The CA certificate.
    pub certificate: Certificate,
    /// The CA with its key, or why there is none. Only profiles that are signed locally
    /// need it.
    pub issuer: Result<Issuer, Refusal>,
    /// The client for other servers, if the configuration names any.
    pub remote: Option<RemoteSigner>,
    /// The configuration.
    pub policy: Arc<Policy>,
    /// The configuration of the database that records what is signed here.
    pub database: Option<Source>,
}

impl Group {
    /// A group whose CA is in the first of these folders that has it, under the file names
    /// of the etcd walk-through.
    pub fn of_folders(folders: &[&Path]) -> Self {
        Group {
            name: None,
            listed: None,
            ca: Source::in_one_of(folders, "ca.pem"),
            ca_key: Source::in_one_of(folders, "ca-key.pem"),
            config: Source::in_one_of(folders, "ca-config.json"),
            config_is_default: true,
            database: None,
            tasks: Vec::new(),
        }
    }

    /// Reads the CA, and the configuration that these certificates need.
    ///
    /// # Errors
    /// What is wrong with them, with the file's name.
    pub(crate) fn load(
        &self,
        caller: &dyn Caller,
        options: &Options,
        tasks: &[Task],
    ) -> Result<Issuing, Refusal> {
        let certificate = self.ca.read().and_then(|text| Certificate::read_pem(&text));
        let certificate = certificate.map_err(|error| self.ca.refusal(&error))?;
        if !certificate.is_ca {
            return Err(Refusal::NoCa(self.ca.shown()));
        }
        let policy = match &options.policy {
            Some(given) => Arc::clone(given),
            None => self.policy(caller, tasks)?,
        };
        let policy = match &options.remote {
            Some(servers) => Arc::new(Policy::clone(&policy).signed_at(servers)),
            None => policy,
        };
        let issuer = match policy.needs_local_signer() {
            true => self.issuer(),
            false => Err(Refusal::NothingSignedHere),
        };
        // If other servers sign as well, the error is reported when the key is needed.
        if let Err(why) = &issuer
            && !policy.needs_remote_signer()
        {
            return Err(why.clone());
        }
        let mut remote = None;
        if policy.needs_remote_signer() {
            remote = Some(RemoteSigner::new(caller.client()?, Arc::clone(&policy)));
        }
        Ok(Issuing {
            certificate,
            issuer,
            remote,
            policy,
            database: self.database.clone(),
        })
    }

    /// The CA with its key.
    fn issuer(&self) -> Result<Issuer, Refusal> {
        let issuer = Issuer::load(
            || self.ca.read(),
            || self.ca_key.read(),
            |text, _| Certificate::read_pem(text),
            rcfssl_ca::read_key,
        );
        let issuer = issuer.map_err(|error| match error {
            CaError::CertificateFile(error) | CaError::Certificate(error) => self.ca.refusal(&error),
            CaError::KeyFile(error) | CaError::Key(error) => self.ca_key.refusal(&error),
        })?;
        match issuer.key_fits() {
            true => Ok(issuer),
            false => Err(Refusal::CaKeyMismatch {
                key: self.ca_key.shown(),
                certificate: self.ca.shown(),
            }),
        }
    }

    /// The configuration for checks before a run, if there is one that can be read.
    pub(crate) fn known_policy(&self) -> Option<Policy> {
        let text = self.config.read().ok()?;
        let policy = Policy::read(&text, &input::Process, &mut |_| {});
        policy.ok().map(|(policy, _)| policy)
    }

    /// Whether there is no configuration, so that the built-in default profile is used.
    pub(crate) fn lacks_policy(&self) -> bool {
        self.config_is_default && !self.config.is_there()
    }

    /// Whether certificates that are replaced can be revoked: in a database, or at a server
    /// that signs for one of the profiles. `given` is a configuration that is used instead
    /// of the group's own. What cannot be read is reported when it is needed.
    pub fn can_revoke(&self, given: Option<&Policy>) -> bool {
        if self.database.is_some() {
            return true;
        }
        match given {
            Some(policy) => policy.needs_remote_signer(),
            None if self.lacks_policy() => false,
            None => self
                .known_policy()
                .is_none_or(|policy| policy.needs_remote_signer()),
        }
    }

    fn policy(&self, caller: &dyn Caller, tasks: &[Task]) -> Result<Arc<Policy>, Refusal> {
        if self.lacks_policy() {
            let named = tasks.iter().find_map(|task| match &task.order {
                Order::Document { profile, .. } if profile != "default" => Some(profile),
                _ => None,
            });
            if let Some(profile) = named {
                return Err(Refusal::NoConfiguration {
                    profile: profile.clone(),
                    missing: self.config.files(),
                });
            }
            if let Some(organization) = &self.name {
                caller.note(&Note::BuiltinProfile {
                    organization: Arc::clone(organization),
                    missing: self.config.files(),
                });
            }
            return Ok(Arc::new(Policy::builtin()));
        }
        let text = self.config.read()?;
        let read = Policy::read(&text, &input::Process, &mut |event| caller.event(&event));
        caller
            .configuration(&self.config.shown(), &text, read)
            .map(Arc::new)
    }
}
