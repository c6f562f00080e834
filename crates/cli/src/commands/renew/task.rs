//! What is to be done: certificates, and the authority and configuration that
//! they share.

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

/// What holds for every certificate of a run.
pub struct Options {
    /// Renew when less than this is left; a third of the lifetime where not given.
    pub before: Option<Duration>,
    /// Renew also what is not due.
    pub force: bool,
    /// The form of new keys; that of the old one where not given.
    pub key_format: Option<KeyFormat>,
    /// Change nothing.
    pub dry_run: bool,
    /// Keep the old files.
    pub backup: bool,
    /// How long to wait for another process.
    pub wait: std::time::Duration,
    /// Run after each certificate that changed.
    pub exec: Option<Arc<str>>,
    /// The profile, instead of the one that the certificate shows.
    pub profile: Option<String>,
    /// The key's file, instead of the one beside the certificate.
    pub key: Option<PathBuf>,
    /// The request document, instead of what the certificate says.
    pub request: Option<Request>,
    /// The hosts, instead of the certificate's.
    pub hostnames: Option<Vec<String>>,
    /// The common name, instead of the certificate's.
    pub cn: Option<String>,
    /// Traps are errors.
    pub strict: bool,
    /// The CA's label, for servers that have several.
    pub label: String,
}

/// Certificates that share an authority.
pub struct Group {
    /// The organization's name, in a jobs document.
    pub name: Option<Arc<str>>,
    /// The folder that was listed, where one was.
    pub listed: Option<PathBuf>,
    /// The authority's certificate.
    pub ca: Source,
    /// Its key.
    pub ca_key: Source,
    /// The configuration, unless `-config` gave one for all.
    pub config: Source,
    /// The configuration may be missing: nobody has named it.
    pub config_is_default: bool,
    /// The certificates.
    pub tasks: Vec<Task>,
}

/// One certificate.
pub struct Task {
    /// Its file.
    pub certificate: PathBuf,
    /// What it is to say.
    pub order: Order,
    /// Instead of the run's, where given.
    pub before: Option<Duration>,
    /// Makes a new key.
    pub rekey: bool,
    /// All alternative names may go.
    pub drop_hosts: bool,
    /// Instead of the run's, where given.
    pub exec: Option<Arc<str>>,
}

/// What a certificate is to say.
pub enum Order {
    /// What it says now; it was named.
    Again,
    /// What it says now; it was found in a folder, and may be somebody else's.
    Found,
    /// What a request document says.
    Document {
        /// The document.
        request: PathBuf,
        /// The profile.
        profile: String,
    },
}

/// An authority and its configuration, ready to sign.
pub struct Issuing {
    /// The CA's certificate.
    pub certificate: Certificate,
    /// The CA with its key, or why there is none here. Only profiles that are signed for
    /// here need one.
    pub issuer: Result<Issuer, String>,
    /// What lets other servers sign, where the configuration names any.
    pub remote: Option<RemoteSigner>,
    /// The configuration.
    pub policy: Arc<Policy>,
}

impl Group {
    /// A group whose authority lies in one of these folders, which are looked into in
    /// turn, under the names of the etcd walk-through.
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

    /// Reads the authority, and the configuration that these certificates need.
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
        // Where other servers sign too, it is told when the key is needed.
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

/// The files beside a certificate that belong to it.
pub struct Companions {
    /// What scripts know it by: the file's name without `.pem` or `.crt`.
    pub name: String,
    /// The private key.
    pub key: PathBuf,
    /// The request.
    pub csr: PathBuf,
}

/// How a certificate's key may be called, by the certificate's name without its
/// extension; the first that is there is its key.
pub fn key_names(certificate: &Path) -> [OsString; 2] {
    let stem = certificate.file_stem().unwrap_or_default();
    ["-key.pem", ".key"].map(|end| {
        let mut name = stem.to_owned();
        name.push(end);
        name
    })
}

/// `NAME-key.pem`, else `NAME.key`, of which the first is taken that is there. A
/// new `tls.crt` goes with `tls.key`, as in Kubernetes.
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
    fn of_two_keys_the_first_is_taken_and_a_new_one_goes_with_its_certificate() {
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
