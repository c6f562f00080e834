//! Signing requests with an authority on this machine: what `gencert` and `sign`
//! have in common.

use rcfssl_core::authority::{self, Overrides};
use rcfssl_core::certinfo::rfc3339;
use rcfssl_core::host::Hosts;
use rcfssl_core::key::{KeyKind, SigningKey};
use rcfssl_core::{Authority, Code, Csr, Error, Issued, Policy, Profile, Result};
use rcfssl_store::blocking::Store;
use time::OffsetDateTime;

use crate::args::FlagId;
use crate::compat::{self, Signer};
use crate::context::{Context, Failure, Outcome};
use crate::database;
use crate::hints::Trap;
use crate::traps;

/// What is known before a request is there: the authority and the profile, or
/// what is wrong with them, held until cfssl's turn to say it.
pub struct Signing<'a> {
    database: Result<Option<Store>>,
    signer: Result<Signer>,
    profile: Result<&'a Profile>,
    /// None where the profile is of no configuration.
    policy: Option<&'a Policy>,
    now: OffsetDateTime,
    remote: bool,
}

impl<'a> Signing<'a> {
    /// Looks at the flags, reads the authority's files and picks the profile.
    ///
    /// # Errors
    /// A trap, under `-strict`; or, already logged, nothing more to do because
    /// `-ca` or `-ca-key` is missing (`Ok(None)`, status 0, as in cfssl). `article`
    /// is what stands before "CA" in that log line.
    pub fn prepare(context: &'a Context, article: &str) -> std::result::Result<Option<Self>, Failure> {
        let args = &context.args;
        let remote = args.is_set(FlagId::Remote);
        if !remote && context.policy.is_none() {
            for (flag, name, what) in [
                (FlagId::Ca, "ca", "certificate"),
                (FlagId::CaKey, "ca-key", "key"),
            ] {
                if !args.is_set(flag) {
                    context.error(format_args!("need {article}CA {what} (provide one with -{name})"));
                    context.trap(Trap::MissingAuthority { flag: name })?;
                    return Ok(None);
                }
            }
        }
        let name = args.text(FlagId::Profile);
        let policy = context.policy();
        let selection = policy.profile(&name);
        if let Ok(selection) = &selection {
            // The profile of a remote CA is the remote's business.
            if !remote {
                traps::profile(context, policy, &name, selection)?;
            }
        }
        let signing = Signing {
            database: database(context)?,
            signer: Signer::read(context),
            profile: selection.map(|selection| selection.profile),
            policy: Some(policy),
            now: OffsetDateTime::now_utc(),
            remote,
        };
        signing.look_for_traps(context)?;
        Ok(Some(signing))
    }

    /// The same, with a profile that is not in the configuration.
    ///
    /// # Errors
    /// A trap, under `-strict`.
    pub fn with_profile(context: &'a Context, profile: &'a Profile) -> std::result::Result<Self, Failure> {
        let signing = Signing {
            database: database(context)?,
            signer: Signer::read(context),
            profile: Ok(profile),
            policy: None,
            now: OffsetDateTime::now_utc(),
            remote: false,
        };
        signing.look_for_traps(context)?;
        Ok(signing)
    }

    /// The profile, if there is one.
    pub fn profile(&self) -> Option<&'a Profile> {
        self.profile.as_ref().ok().copied()
    }

    fn look_for_traps(&self, context: &Context) -> Outcome {
        let Some(profile) = self.profile() else {
            return Ok(());
        };
        if let Ok(signer) = &self.signer
            && let KeyKind::Rsa { bits: bits @ ..2048 } = signer.key.public_key().kind()
        {
            context.hint(format_args!(
                "the CA's key has only {bits} bits, so the certificate is signed with SHA-1, as in cfssl: most \
                 clients reject it"
            ));
        }
        if self.remote || profile.is_remote() {
            return Ok(());
        }
        if let Ok(signer) = &self.signer {
            traps::signer(context, &signer.certificate, self.now)?;
        }
        match self.outlives(profile) {
            Some(trap) if context.is_strict() => context.trap(trap),
            // Without -strict it is worth a hint once something was signed.
            _ => Ok(()),
        }
    }

    /// The trap of a certificate that expires after its CA. Up to a day is nothing to
    /// mention: a CA and what it signs are often made together, for the same time.
    fn outlives(&self, profile: &Profile) -> Option<Trap> {
        let authority_end = self.signer.as_ref().ok()?.certificate.not_after;
        let (_, end) = authority::validity(profile, self.now).ok()?;
        (authority_end > self.now && end - authority_end > time::Duration::DAY).then(|| {
            Trap::OutlivesAuthority {
                end: rfc3339(end),
                authority_end: rfc3339(authority_end),
            }
        })
    }

    /// Tells of names that will not be in the certificate.
    ///
    /// # Errors
    /// A trap, under `-strict`.
    pub fn check_hosts(&self, context: &Context, hosts: &Hosts) -> Outcome {
        match self.profile() {
            Some(profile) if profile.constraint.is_ca => traps::lost_names(context, hosts),
            _ => Ok(()),
        }
    }

    /// May the authority have this one below it? cfssl asks only of what requests want.
    ///
    /// # Errors
    /// Where the signer is no authority, or may have none of that reach below it.
    pub fn check_intermediate(&self) -> Result<()> {
        let (Ok(signer), Some(profile)) = (&self.signer, self.profile()) else {
            return Ok(());
        };
        let (reach, wanted) = (signer.certificate.path_len, profile.constraint.path_len);
        if !signer.certificate.is_ca {
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

    /// What was held back, in cfssl's order.
    ///
    /// # Errors
    /// What is wrong with the authority's files, then with the profile.
    pub fn check(self, context: &Context) -> Result<()> {
        self.database?;
        compat::check_remote_files(context)?;
        warn(context, self.policy, &self.signer);
        self.signer.inspect_err(|_| hint_missing(context))?;
        self.profile.map(drop)
    }

    /// Signs, and records the certificate where there is a database for it.
    ///
    /// # Errors
    /// What was held back, in cfssl's order, then as [`Authority::sign`] and
    /// [`database::record`].
    pub fn sign(self, context: &Context, csr: &Csr, overrides: Overrides) -> Result<Issued> {
        let profile = self.profile();
        let outlives = profile.and_then(|profile| self.outlives(profile));
        let database = self.database?;
        compat::check_remote_files(context)?;
        let elsewhere = || Error::wrap(Code::InvalidRequest, "failed to connect to remote");
        if self.remote {
            context.hint("-remote: rcfssl does not support remote signing yet");
            return Err(elsewhere());
        }
        warn(context, self.policy, &self.signer);
        if let Some(feature) = profile.and_then(Profile::unsupported) {
            context.hint(format_args!(
                "the profile sets \"{}\", which rcfssl does not support",
                feature.field()
            ));
        }
        if profile.is_some_and(Profile::is_remote) {
            context.hint("the profile sets \"remote\", which rcfssl does not support yet");
            return Err(elsewhere());
        }
        let signer = self.signer.inspect_err(|_| hint_missing(context))?;
        let authority = Authority::new(&signer.certificate, &signer.key);
        let issued = authority.sign(csr, self.profile?, &overrides, self.now, &mut context.sink())?;
        if let Some(trap) = outlives {
            context.hint(trap);
        }
        if let Some(store) = database {
            database::record(context, &store, &issued, self.now)?;
        }
        if issued.is_self_issued() {
            context.hint(
                "the certificate has the same subject as its CA: openssl and others take it for self-signed; give \
                 it another CN",
            );
        }
        Ok(issued)
    }
}

/// The database of `-db-config`, if it is given.
fn database(context: &Context) -> std::result::Result<Result<Option<Store>>, Failure> {
    if !context.args.is_set(FlagId::DbConfig) {
        return Ok(Ok(None));
    }
    Ok(database::open(context)?.map(Some))
}

/// Warns of settings that do not count: as the signers are put together, and as each of
/// the local and the remote one is.
fn warn(context: &Context, policy: Option<&Policy>, signer: &Result<Signer>) {
    let Some(policy) = policy else {
        return;
    };
    let here = policy.needs_local_signer() && signer.is_ok();
    let times = 1 + usize::from(here) + usize::from(policy.needs_remote_signer());
    (0..times).for_each(|_| policy.tell_skipped(&mut context.sink()));
}

/// What an authority that cannot be read may come from: cfssl reads the file with
/// no name then, and finds no key in it.
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

/// The hosts of `-hostname`, where it is given: split at commas, not trimmed.
pub fn hostnames(context: &Context) -> Option<Vec<String>> {
    let list = context
        .args
        .is_set(FlagId::Hostname)
        .then(|| context.args.text(FlagId::Hostname))?;
    Some(list.split(',').map(str::to_owned).collect())
}
