//! Signing requests locally or by other servers, for `gencert` and `sign`.

use std::sync::Arc;

use rcfssl_ca::{AskedCsr, Issuer, LocalSigner, Router, SignRequest, Signed, Signer, Trap};
use rcfssl_core::certinfo::rfc3339;
use rcfssl_core::key::KeyKind;
use rcfssl_core::{Csr, Error, Hosts, Policy, Profile, Result};
use rcfssl_store::blocking::Store;
use time::OffsetDateTime;

use crate::args::FlagId;
use crate::context::{Context, Failure, Outcome};
use crate::hints::Warning;
use crate::{compat, database, remote, traps};

/// What is known before there is a request: the CA and the profile, or errors in them,
/// which are held back until the point at which cfssl reports them.
pub struct Signing<'a> {
    context: &'a Context,
    database: Result<Option<Store>>,
    policy: Arc<Policy>,
    /// `None` if other servers sign for every profile.
    issuer: Option<Result<Arc<Issuer>>>,
    /// A profile that does not come from the configuration.
    own_profile: Option<Profile>,
    name: String,
    now: OffsetDateTime,
}

impl<'a> Signing<'a> {
    /// Evaluates the flags, reads the CA's files and selects the profile.
    ///
    /// # Errors
    /// A trap, under `-strict`. If `-ca` or `-ca-key` is missing, that is logged and the
    /// result is `Ok(None)` (status 0, as in cfssl). `article` precedes "CA" in that log
    /// line.
    pub fn prepare(context: &'a Context, article: &str) -> std::result::Result<Option<Self>, Failure> {
        let args = &context.args;
        if !args.is_set(FlagId::Remote) && context.policy.is_none() {
            for (flag, name, what) in [
                (FlagId::Ca, "ca", "certificate"),
                (FlagId::CaKey, "ca-key", "key"),
            ] {
                if !args.is_set(flag) {
                    context.error(format_args!("need {article}CA {what} (provide one with -{name})"));
                    context.trap(Warning::MissingAuthority { flag: name })?;
                    return Ok(None);
                }
            }
        }
        let policy = context.signing_policy();
        let name = args.text(FlagId::Profile);
        if let Ok(selection) = policy.profile(&name)
            && !selection.profile.is_remote()
        {
            traps::profile(context, &policy, &name, &selection)?;
        }
        let signing = Signing::new(context, policy, None)?;
        signing.look_for_traps()?;
        Ok(Some(signing))
    }

    /// The same with a profile that does not come from the configuration.
    ///
    /// # Errors
    /// A trap, under `-strict`.
    pub fn with_profile(context: &'a Context, profile: Profile) -> std::result::Result<Self, Failure> {
        let signing = Signing::new(context, context.shared_policy(), Some(profile))?;
        signing.look_for_traps()?;
        Ok(signing)
    }

    fn new(
        context: &'a Context,
        policy: Arc<Policy>,
        own_profile: Option<Profile>,
    ) -> std::result::Result<Self, Failure> {
        let reads_ca = own_profile.is_some() || policy.needs_local_signer();
        Ok(Signing {
            database: open_database(context)?,
            issuer: reads_ca.then(|| compat::issuer(context).map(Arc::new)),
            policy,
            own_profile,
            name: context.args.text(FlagId::Profile).into_owned(),
            now: OffsetDateTime::now_utc(),
            context,
        })
    }

    /// The profile, if it is valid and signed locally.
    pub fn profile(&self) -> Option<&Profile> {
        if let Some(profile) = &self.own_profile {
            return Some(profile);
        }
        let selection = self.policy.profile(&self.name).ok()?;
        Some(selection.profile).filter(|profile| !profile.is_remote())
    }

    fn issuer(&self) -> Option<&Issuer> {
        let issuer = self.issuer.as_ref()?.as_ref().ok()?;
        Some(issuer)
    }

    fn look_for_traps(&self) -> Outcome {
        let (Some(profile), Some(issuer)) = (self.profile(), self.issuer()) else {
            return Ok(());
        };
        let context = self.context;
        if let KeyKind::Rsa { bits: bits @ ..2048 } = issuer.key().public_key().kind() {
            context.hint(format_args!(
                "the CA's key has only {bits} bits, so the certificate is signed with SHA-1, as in cfssl: most \
                 clients reject it"
            ));
        }
        traps::signer(context, issuer.certificate(), self.now)?;
        match self.outlives(profile) {
            Some(trap) if context.is_strict() => context.trap(trap),
            // Without -strict the hint follows once something was signed.
            _ => Ok(()),
        }
    }

    /// The trap of a certificate that expires after its CA. Up to a day is ignored: a CA
    /// and its certificates are often created together with the same lifetime.
    fn outlives(&self, profile: &Profile) -> Option<Trap> {
        let authority_end = self.issuer()?.certificate().not_after;
        let (_, end) = rcfssl_core::validity(profile, self.now).ok()?;
        (authority_end > self.now && end - authority_end > time::Duration::DAY).then(|| {
            Trap::OutlivesAuthority {
                end: rfc3339(end),
                authority_end: rfc3339(authority_end),
            }
        })
    }

    /// Reports names that the certificate will not contain.
    ///
    /// # Errors
    /// A trap, under `-strict`.
    pub fn check_hosts(&self, hosts: &Hosts) -> Outcome {
        match self.profile() {
            Some(profile) if profile.constraint.is_ca => traps::lost_names(self.context, hosts),
            _ => Ok(()),
        }
    }

    /// Whether the CA may issue this intermediate CA. cfssl checks only what requests ask
    /// for.
    ///
    /// # Errors
    /// If the signer is not a CA, or its path length does not allow it.
    pub fn check_intermediate(&self) -> Result<()> {
        let (Some(issuer), Some(profile)) = (self.issuer(), self.profile()) else {
            return Ok(());
        };
        let certificate = issuer.certificate();
        let (reach, wanted) = (certificate.path_len, profile.constraint.path_len);
        if !certificate.is_ca {
            return Err(Error::plain(
                "the certificate given with -ca is not a CA certificate",
            ));
        }
        if reach == 0 {
            return Err(Error::plain(
                "the CA must not sign another CA: its path length is 0",
            ));
        }
        if reach > 0 && wanted >= reach {
            return Err(Error::plain(format!(
                "the path length {wanted} must be lower than that of the CA, which is {reach}"
            )));
        }
        Ok(())
    }

    /// A request with the settings of the flags, for these hosts if any are given.
    pub fn request(&self, csr: AskedCsr, hosts: Option<Vec<String>>) -> SignRequest {
        let text = |flag| self.context.args.text(flag).into_owned();
        SignRequest {
            csr,
            hosts,
            profile: self.name.clone(),
            label: text(FlagId::Label),
            ..SignRequest::default()
        }
    }

    /// A request that was given as text. If it is signed locally, it is not parsed again;
    /// other servers receive the text.
    pub fn asked_csr(&self, text: &[u8], csr: Result<Csr>) -> AskedCsr {
        match csr {
            Ok(csr) if self.profile().is_some() => csr.into(),
            _ => AskedCsr::Pem(text.to_vec()),
        }
    }

    /// Signs, and records the certificate if there is a database.
    ///
    /// # Errors
    /// The errors held back, in cfssl's order, then as [`Signer::sign`] and
    /// [`database::record`].
    pub fn sign(self, request: &SignRequest) -> Result<Signed> {
        let unsupported = self.profile().and_then(Profile::unsupported);
        let outlives = self.profile().and_then(|profile| self.outlives(profile));
        let Signing { context, now, .. } = self;
        let database = self.database?;
        let settings = remote::settings(context, true)?;
        if let Some(feature) = unsupported {
            context.hint(format_args!(
                "the profile sets \"{}\", which rcfssl does not support",
                feature.field()
            ));
        }
        let issuer = || match self.issuer {
            Some(issuer) => issuer.inspect_err(|_| hint_missing(context)),
            None => compat::issuer(context).map(Arc::new),
        };
        let mut sink = context.sink();
        let signed = match self.own_profile {
            Some(profile) => {
                let signer = LocalSigner::new(issuer()?, self.policy);
                signer.sign_by(&profile, request, now, &mut sink)?
            }
            None => {
                let client = || remote::client(settings);
                let signer = Router::new(self.policy, issuer, client, &mut sink)?;
                signer.sign(request, now, &mut sink)?
            }
        };
        if let Some(issued) = &signed.issued {
            outlives
                .into_iter()
                .for_each(|trap| context.hint(Warning::from(trap)));
            if let Some(store) = database {
                database::record(context, &store, issued, now)?;
            }
            if issued.is_self_issued() {
                context.hint(
                    "the certificate has the same subject as its CA: openssl and others consider it self-signed; \
                     give it another CN",
                );
            }
        } else if database.is_some() {
            context
                .hint("the certificate is not recorded here: the server that signed it keeps its own record");
        }
        Ok(signed)
    }
}

/// The database of `-db-config`, if given.
fn open_database(context: &Context) -> std::result::Result<Result<Option<Store>>, Failure> {
    if !context.args.is_set(FlagId::DbConfig) {
        return Ok(Ok(None));
    }
    Ok(database::open(context)?.map(Some))
}

/// A possible cause of an unreadable CA: cfssl then reads a file with an empty name and
/// finds no key in it.
fn hint_missing(context: &Context) {
    let missing: Vec<_> = [(FlagId::Ca, "-ca"), (FlagId::CaKey, "-ca-key")]
        .into_iter()
        .filter(|(flag, _)| !context.args.is_set(*flag))
        .map(|(_, name)| name)
        .collect();
    if !missing.is_empty() {
        context.hint(format_args!("missing: {}", missing.join(", ")));
    }
}

/// The hosts of `-hostname`, if given: split at commas, not trimmed.
pub fn hostnames(context: &Context) -> Option<Vec<String>> {
    rcfssl_ca::split_hosts(&context.args.text(FlagId::Hostname))
}
