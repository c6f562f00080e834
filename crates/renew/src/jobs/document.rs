//! What stands in a jobs document.

use rcfssl_go::json::{List, Located};
use rcfssl_go::json_object;

/// The whole document.
#[derive(Debug, Default)]
pub struct Document {
    /// The schema's location, for editors; not used.
    pub schema: String,
    /// Default for all organizations: renew certificates with less than this left.
    pub before: Located<String>,
    /// Default for all organizations: create new keys.
    pub rekey: Located<Option<bool>>,
    /// Default for all organizations: revoke certificates that are replaced.
    pub revoke_old: Located<Option<bool>>,
    /// Default for all organizations: the command to run after each certificate that
    /// changed.
    pub exec: Located<String>,
    /// Default for all organizations: the database that records what is signed.
    pub db_config: Located<String>,
    /// At least one.
    pub organizations: List<Located<Organization>>,
}
json_object!(Document as "jobs.Document" {
    "$schema" => schema,
    "before" => before,
    "rekey" => rekey,
    "revoke_old" => revoke_old,
    "exec" => exec,
    "db_config" => db_config,
    "organizations" => organizations,
    "organisations" => organizations,
});

/// A CA and the certificates that it issues.
#[derive(Debug, Default)]
pub struct Organization {
    /// The name used in reports.
    pub name: Located<String>,
    /// Its folder, relative to the document.
    pub folder: Located<String>,
    /// The CA certificate, by default `ca.pem`; may be `env:NAME`.
    pub ca: Located<String>,
    /// The CA key, by default `ca-key.pem`; may be `env:NAME`.
    pub ca_key: Located<String>,
    /// The configuration, by default `ca-config.json`.
    pub config: Located<String>,
    /// The configuration of the database that records what is signed.
    pub db_config: Located<String>,
    /// Renew certificates with less than this left.
    pub before: Located<String>,
    /// Create new keys.
    pub rekey: Located<Option<bool>>,
    /// Revoke certificates that are replaced.
    pub revoke_old: Located<Option<bool>>,
    /// The command to run after each certificate that changed.
    pub exec: Located<String>,
    /// Its certificates.
    pub certificates: List<Located<Wanted>>,
}
json_object!(Organization as "jobs.Organization" {
    "name" => name,
    "folder" => folder,
    "ca" => ca,
    "ca_key" => ca_key,
    "config" => config,
    "db_config" => db_config,
    "before" => before,
    "rekey" => rekey,
    "revoke_old" => revoke_old,
    "exec" => exec,
    "certificates" => certificates,
});

/// A certificate.
#[derive(Debug, Default)]
pub struct Wanted {
    /// The CSR JSON file.
    pub request: Located<String>,
    /// A profile of the configuration, or `default`.
    pub profile: Located<String>,
    /// The certificate's file, with or without `.pem`, or with `.crt`.
    pub output: Located<String>,
    /// Overrides the organization's.
    pub before: Located<String>,
    /// Overrides the organization's.
    pub rekey: Located<Option<bool>>,
    /// Overrides the organization's.
    pub revoke_old: Located<Option<bool>>,
    /// Overrides the organization's.
    pub exec: Located<String>,
    /// Allows a request without hosts where the live certificate has SANs.
    pub drop_hosts: Option<bool>,
}
json_object!(Wanted as "jobs.Certificate" {
    "request" => request,
    "profile" => profile,
    "output" => output,
    "before" => before,
    "rekey" => rekey,
    "revoke_old" => revoke_old,
    "exec" => exec,
    "drop_hosts" => drop_hosts,
});

impl Organization {
    /// The name shown in errors; `at` is its index in the document, from 0.
    pub fn shown(&self, at: usize) -> String {
        let names = [&self.name.value, &self.folder.value];
        let named = names.into_iter().find(|name| !name.is_empty());
        named.cloned().unwrap_or_else(|| format!("number {}", at + 1))
    }
}

impl Wanted {
    /// The name shown in errors; `at` is its index in the organization, from 0.
    pub fn shown(&self, at: usize) -> String {
        match self.output.value.as_str() {
            "" => format!("number {}", at + 1),
            output => output.to_owned(),
        }
    }
}
