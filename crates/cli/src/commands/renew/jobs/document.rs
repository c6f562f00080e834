//! What stands in a jobs document, and how a mistake in it is told.

use std::fmt;

use rcfssl_go::json::{List, Located};
use rcfssl_go::json_object;

/// The whole document.
#[derive(Debug, Default)]
pub struct Document {
    /// Where editors find the schema; not used.
    pub schema: String,
    /// For all organizations that do not say it themselves: certificates with less left
    /// are renewed.
    pub before: Located<String>,
    /// The same: new keys come with new certificates.
    pub rekey: Located<Option<bool>>,
    /// The same: run after each certificate that changed.
    pub exec: Located<String>,
    /// At least one.
    pub organizations: List<Located<Organization>>,
}
json_object!(Document as "jobs.Document" {
    "$schema" => schema,
    "before" => before,
    "rekey" => rekey,
    "exec" => exec,
    "organizations" => organizations,
    "organisations" => organizations,
});

/// An authority and the certificates that it is to have issued.
#[derive(Debug, Default)]
pub struct Organization {
    /// What reports call it.
    pub name: Located<String>,
    /// Where its files are, seen from the document.
    pub folder: Located<String>,
    /// The authority's certificate, `ca.pem` where not given; `env:NAME` too.
    pub ca: Located<String>,
    /// Its key, `ca-key.pem` where not given; `env:NAME` too.
    pub ca_key: Located<String>,
    /// The configuration, `ca-config.json` where not given.
    pub config: Located<String>,
    /// A duration: certificates with less left are renewed.
    pub before: Located<String>,
    /// New keys come with new certificates.
    pub rekey: Located<Option<bool>>,
    /// Run after each certificate that changed.
    pub exec: Located<String>,
    /// What it is to have.
    pub certificates: List<Located<Wanted>>,
}
json_object!(Organization as "jobs.Organization" {
    "name" => name,
    "folder" => folder,
    "ca" => ca,
    "ca_key" => ca_key,
    "config" => config,
    "before" => before,
    "rekey" => rekey,
    "exec" => exec,
    "certificates" => certificates,
});

/// A certificate that is to be there.
#[derive(Debug, Default)]
pub struct Wanted {
    /// The request document.
    pub request: Located<String>,
    /// The profile's name in the configuration, or `default`.
    pub profile: Located<String>,
    /// The certificate's file, without `.pem` or with `.pem` or `.crt`.
    pub output: Located<String>,
    /// Instead of the organization's.
    pub before: Located<String>,
    /// Instead of the organization's.
    pub rekey: Located<Option<bool>>,
    /// Instead of the organization's.
    pub exec: Located<String>,
    /// The request may have no hosts where the live certificate has SANs.
    pub drop_hosts: Option<bool>,
}
json_object!(Wanted as "jobs.Certificate" {
    "request" => request,
    "profile" => profile,
    "output" => output,
    "before" => before,
    "rekey" => rekey,
    "exec" => exec,
    "drop_hosts" => drop_hosts,
});

/// Something that is wrong with the document.
pub struct Problem {
    /// The byte of the document.
    pub offset: usize,
    /// What errors call the organization; empty outside of all.
    pub organization: String,
    /// What they call the certificate.
    pub certificate: Option<String>,
    /// The key; empty where it is the object as a whole.
    pub field: &'static str,
    /// What is wrong.
    pub text: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if !self.organization.is_empty() {
            parts.push(format!("organization \"{}\"", self.organization));
        }
        parts.extend(
            self.certificate
                .iter()
                .map(|name| format!("certificate \"{name}\"")),
        );
        if !self.field.is_empty() {
            parts.push(self.field.to_owned());
        }
        match parts.is_empty() {
            true => f.write_str(&self.text),
            false => write!(f, "{}: {}", parts.join(", "), self.text),
        }
    }
}

impl Organization {
    /// What errors call it; `at` is its place in the document, from 0.
    pub fn shown(&self, at: usize) -> String {
        let names = [&self.name.value, &self.folder.value];
        let named = names.into_iter().find(|name| !name.is_empty());
        named.cloned().unwrap_or_else(|| format!("number {}", at + 1))
    }
}

impl Wanted {
    /// What errors call it; `at` is its place in the organization, from 0.
    pub fn shown(&self, at: usize) -> String {
        match self.output.value.as_str() {
            "" => format!("number {}", at + 1),
            output => output.to_owned(),
        }
    }
}
