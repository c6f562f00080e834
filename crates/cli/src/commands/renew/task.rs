//! The work of a run: certificates, and the CA and configuration that they share.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcfssl_ca::{Issuer, RemoteSigner};
use rcfssl_core::key::KeyFormat;
use rcfssl_core::{Certificate, Duration, Policy, Request};

use crate::ca_files::{self, CaError};
use crate::context::{Context, Failure};
use crate::input;

use super::source::Source;

/// Settings for every certificate of a run.
pub struct Options {
    /// Renew when less than this is left (default: a third of the lifetime).
    pub before: Option<Duration>,
    /// Also renew certificates that are not due.
    pub force: bool,
    /// The format of new keys (default: that of the old key).
    pub key_format: Option<KeyFormat>,
    /// Change nothing.
    pub dry_run: bool,
    /// Keep the old files.
    pub backup: bool,
    /// How long to wait for another process.
    pub wait: std::time::Duration,
    /// The command to run after each certificate that changed.
    pub exec: Option<Arc<str>>,
    /// The profile, instead of the one that matches the certificate.
    pub profile: Option<String>,
    /// The key's file, instead of the one beside the certificate.
    pub key: Option<PathBuf>,
    /// The request document, instead of the certificate's contents.
    pub request: Option<Request>,
    /// The hosts, instead of the certificate's.
    pub hostnames: Option<Vec<String>>,
    /// The common name, instead of the certificate's.
    pub cn: Option<String>,
    /// Treat traps as errors.
    pub strict: bool,
    /// The CA's label, for servers with several CAs.
    pub label: String,
}

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
    /// The configuration, unless `-config` sets one for all groups.
    pub config: Source,
    /// The configuration may be missing, because the user did not name it.
    pub config_is_default: bool,
    /// The certificates.
    pub tasks: Vec<Task>,
}

/// One certificate.
pub struct Task {
    /// Its file.
    pub certificate: PathBuf,
    /// What it should contain.
    pub order: Order,
    /// Overrides the run's.
    pub before: Option<Duration>,
    /// Create a new key.
    pub rekey: bool,
    /// Allow all alternative names to be dropped.
    pub drop_hosts: bool,
    /// Overrides the run's.
    pub exec: Option<Arc<str>>,
}

/// What a certificate should contain.
pub enum Order {
    /// What it contains now; the user named it.
    Again,
    /// What it contains now; it was found in a folder, and another CA may have issued it.
    Found,
    /// What a request document asks for.
    Document {
        /// The document.
        request: PathBuf,
        /// The profile.
        profile: String,
    },
}

/// A CA and its configuration, ready to sign.
pub struct Issuing {
    /// The CA certificate.
    pub certificate: Certificate,
    /// The CA with its key, or why there is none. Only profiles that are signed locally
    /// need it.
    pub issuer: Result<Issuer, String>,
    /// The client for other servers, if the configuration names any.
    pub remote: Option<RemoteSigner>,
    /// The configuration.
    pub policy: Arc<Policy>,
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
            tasks: Vec::new(),
        }
    }

    /// Reads the CA, and the configuration that these certificates need.
    ///
    /// # Errors
    /// What is wrong with them, with the file's name.
    pub fn load(&self, context: &Context, tasks: &[Task]) -> Result<Issuing, String> {
        let certificate = self.ca.read().and_then(|text| Certificate::read_pem(&text));
        let certificate = certificate.map_err(|error| self.ca.named(&error))?;
        if !certificate.is_ca {
            return Err(format!("{} is not a CA certificate", self.ca.shown()));
        }
        let policy = match &context.policy {
            Some(given) => Arc::clone(given),
            None => self.policy(context, tasks)?,
        };
        let policy = context.with_remote(policy);
        let issuer = match policy.needs_local_signer() {
            true => self.issuer(),
            false => Err("no profile is signed for here".to_owned()),
        };
        // If other servers sign as well, the error is reported when the key is needed.
        if let Err(why) = &issuer
            && !policy.needs_remote_signer()
        {
            return Err(why.clone());
        }
        let mut remote = None;
        if policy.needs_remote_signer() {
            let client = crate::remote::settings(context, false).and_then(crate::remote::client);
            let client = client.map_err(|error| error.message().into_owned())?;
            remote = Some(RemoteSigner::new(client, Arc::clone(&policy)));
        }
        Ok(Issuing {
            certificate,
            issuer,
            remote,
            policy,
        })
    }

    /// The CA with its key.
    fn issuer(&self) -> Result<Issuer, String> {
        let issuer = ca_files::read_from(
            || self.ca.read(),
            || self.ca_key.read(),
            |text, _| Certificate::read_pem(text),
            ca_files::encrypted_key,
        );
        let issuer = issuer.map_err(|error| match error {
            CaError::CertificateFile(error) | CaError::Certificate(error) => self.ca.named(&error),
            CaError::KeyFile(error) | CaError::Key(error) => self.ca_key.named(&error),
        })?;
        let [ca, ca_key] = [&self.ca, &self.ca_key].map(Source::shown);
        match issuer.key_fits() {
            true => Ok(issuer),
            false => Err(format!("the key {ca_key} does not match the certificate {ca}")),
        }
    }

    fn policy(&self, context: &Context, tasks: &[Task]) -> Result<Arc<Policy>, String> {
        if self.config_is_default && !self.config.is_there() {
            let named = tasks.iter().find_map(|task| match &task.order {
                Order::Document { profile, .. } if profile != "default" => Some(profile),
                _ => None,
            });
            if let Some(profile) = named {
                let missing = self.config.missing();
                return Err(format!("profile \"{profile}\" needs a configuration: {missing}"));
            }
            if let Some(name) = &self.name {
                let missing = self.config.missing();
                context.hint(format_args!(
                    "organization \"{name}\": there is no configuration, so the built-in default profile is used: {missing}"
                ));
            }
            return Ok(Arc::new(Policy::builtin()));
        }
        let shown = self.config.shown();
        let text = self.config.read().map_err(|error| error.message().into_owned())?;
        let read = Policy::read(&text, &input::Process, &mut context.sink());
        match context.read_document(OsStr::new(&shown), &text, read) {
            Ok(policy) => Ok(Arc::new(policy)),
            Err(Failure::Error(error) | Failure::Crash(error)) => {
                Err(format!("{shown}: {}", error.message()))
            }
            Err(Failure::Strict(trap)) => Err(trap.to_string()),
            Err(Failure::Told | Failure::Status(_)) => Err(format!("{shown} cannot be used")),
        }
    }
}

/// The files that belong to a certificate.
pub struct Companions {
    /// The name that scripts use: the file name without `.pem` or `.crt`.
    pub name: String,
    /// The private key.
    pub key: PathBuf,
    /// The request.
    pub csr: PathBuf,
}

/// The possible file names of a certificate's key, given the certificate's name without its
/// extension. The first one that exists is its key.
pub fn key_names(certificate: &Path) -> [OsString; 2] {
    let stem = certificate.file_stem().unwrap_or_default();
    ["-key.pem", ".key"].map(|end| {
        let mut name = stem.to_owned();
        name.push(end);
        name
    })
}

/// `NAME-key.pem`, or else `NAME.key`, whichever exists. A new `tls.crt` gets `tls.key`, as
/// in Kubernetes.
fn key_of(certificate: &Path, is_there: impl Fn(&Path) -> bool) -> PathBuf {
    let folder = certificate.parent().unwrap_or(Path::new(""));
    let [dash, dot] = key_names(certificate).map(|name| folder.join(name));
    let is_crt = certificate
        .extension()
        .is_some_and(|extension| extension == "crt");
    let takes_dot = !is_there(&dash) && (is_crt || is_there(&dot));
    if takes_dot { dot } else { dash }
}

impl Companions {
    /// Finds them: the key by [`key_of`]; `NAME.csr`.
    pub fn of(certificate: &Path) -> Self {
        let stem = certificate.file_stem().unwrap_or_default();
        let mut csr = stem.to_owned();
        csr.push(".csr");
        Companions {
            name: stem.to_string_lossy().into_owned(),
            key: key_of(certificate, |path| path.symlink_metadata().is_ok()),
            csr: certificate.with_file_name(csr),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_two_keys_is_used_and_a_new_one_is_named_after_its_certificate() {
        let key = |certificate: &str, there: &[&str]| {
            let is_there = |path: &Path| there.iter().any(|name| path == Path::new("f").join(name));
            key_of(&Path::new("f").join(certificate), is_there)
        };
        for (certificate, there, expected) in [
            ("a.pem", &[][..], "f/a-key.pem"),
            ("a.crt", &[], "f/a.key"),
            ("a.pem", &["a.key"], "f/a.key"),
            ("a.pem", &["a.key", "a-key.pem"], "f/a-key.pem"),
            ("a.crt", &["a.key", "a-key.pem"], "f/a-key.pem"),
            ("a.crt", &["a-key.pem"], "f/a-key.pem"),
        ] {
            assert_eq!(
                key(certificate, there),
                Path::new(expected),
                "{certificate} {there:?}"
            );
        }
    }
}
