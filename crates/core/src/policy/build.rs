//! Converts the document's profiles: resolves names, parses durations, and fills in missing
//! settings from the default profile.

use super::document::{self, CertificatePolicy, Document};
use super::profile::{CaConstraint, DEFAULT_BACKDATE, LatePolicies, Profile, Remote, SignedBy, Unsupported};
use super::{Surroundings, Usages, invalid, lints};
use crate::asn1::{self, tag};
use crate::auth::AuthKey;
use crate::error::{Code, Result};
use crate::event::{Event, Sink};
use crate::extension::Extension;
use crate::oid::{self, Oid};
use rcfssl_go::duration::Duration;
use rcfssl_go::regexp::Regexp;

/// Converts the document's profiles with the help of its other sections.
pub(super) struct Builder<'a> {
    pub document: &'a Document,
    pub surroundings: &'a dyn Surroundings,
    pub sink: Sink<'a>,
}

impl Builder<'_> {
    /// `default` is the default profile; `None` for the default profile itself.
    pub fn profile(
        &mut self,
        document: &document::Profile,
        default: Option<&Profile>,
        alone: bool,
    ) -> Result<Profile> {
        let remote = self.remote(document)?;
        let (mut expiry, mut backdate) = (Duration::ZERO, document.backdate_number.0);
        if remote.is_none() {
            if document.expiry.is_empty() {
                return Err(invalid("empty expiry string"));
            }
            expiry = Duration::parse(&document.expiry).map_err(invalid)?;
            if !document.backdate.is_empty() {
                backdate = Duration::parse(&document.backdate).map_err(invalid)?;
            }
            if let (Some(begin), Some(end)) = (document.not_before.0, document.not_after.0) {
                // cfssl crashes here.
                if end < begin {
                    return Err(invalid("not_after is before not_before"));
                }
            }
            let kinds = document
                .policies
                .iter()
                .flat_map(|p| p.qualifiers.iter())
                .map(|q| q.kind.as_str());
            if kinds
                .into_iter()
                .any(|kind| !matches!(kind, "" | "id-qt-unotice" | "id-qt-cps"))
            {
                return Err(invalid("invalid policy qualifier type"));
            }
        }
        let auth_key = self.auth_key(&document.auth_key, "auth_key")?;
        let prev_auth_key = self.auth_key(&document.prev_auth_key, "prev_auth_key")?;
        let remote_key = self.auth_key(&document.auth_remote.auth_key, "auth_remote's auth_key")?;
        let name_whitelist = match document.name_whitelist.as_str() {
            "" => document.compiled_name_whitelist.0.clone(),
            text => {
                let refused = |_| invalid("failed to compile name whitelist section");
                Some(Regexp::compile(text).map_err(refused)?)
            }
        };
        lints::check(document)?;
        let remote =
            remote.or_else(|| Some(document.remote_server.clone()).filter(|given| !given.is_empty()));
        let unsupported = if remote.is_some() {
            None
        } else if !document.ct_log_servers.is_empty() {
            Some(Unsupported::Transparency)
        } else if document.lint_error_level.0 {
            Some(if alone {
                Unsupported::LintAlone
            } else {
                Unsupported::Lint
            })
        } else {
            None
        };
        let signed_by = match remote {
            Some(addresses) => SignedBy::Remote(Remote::new(&addresses, remote_key)),
            None => SignedBy::Local,
        };
        let constraint = match &document.ca_constraint {
            c if c.is_ca => CaConstraint::authority(c.max_path_len, c.max_path_len_zero),
            _ => CaConstraint::leaf(),
        };
        let inherited = |own: &String, theirs: fn(&Profile) -> &String| match default {
            Some(default) if own.is_empty() => theirs(default).clone(),
            _ => own.clone(),
        };
        let own_issuer_urls = document.issuer_urls.to_vec();
        let issuer_urls = match default {
            Some(default) if !document.issuer_urls.is_given() => default.issuer_urls.clone(),
            _ => own_issuer_urls.clone(),
        };
        let own_expiry = expiry;
        let expiry = if expiry.is_zero() {
            default.map_or(expiry, |d| d.expiry)
        } else {
            expiry
        };
        Ok(Profile {
            usage_names: document.usages.is_given().then(|| document.usages.to_vec()),
            usages: Usages::from_names(document.usages.iter()),
            issuer_urls,
            ocsp_url: inherited(&document.ocsp_url, |d| &d.ocsp_url),
            crl_url: inherited(&document.crl_url, |d| &d.crl_url),
            constraint,
            ocsp_no_check: document.ocsp_no_check,
            expiry_text: document.expiry.clone(),
            expiry,
            backdate: if backdate.is_zero() {
                DEFAULT_BACKDATE
            } else {
                backdate
            },
            not_before: document.not_before.0,
            not_after: document.not_after.0,
            copy_extensions: document.copy_extensions,
            policies: certificate_policies(&document.policies),
            csr_whitelist: document.csr_whitelist.clone(),
            allowed_extensions: document
                .allowed_extensions
                .iter()
                .map(|oid| oid.0.clone())
                .collect(),
            client_provides_serial: document.client_provides_serial_numbers,
            signed_by,
            auth_key,
            prev_auth_key,
            name_whitelist,
            unsupported,
            own_issuer_urls,
            own_expiry,
        })
    }

    /// The addresses of the profile's remote servers, if it has any; their name must be
    /// defined.
    fn remote(&mut self, document: &document::Profile) -> Result<Option<String>> {
        let name = match (document.remote.as_str(), document.auth_remote.remote.as_str()) {
            ("", "") => return Ok(None),
            ("", name) | (name, "") => name,
            _ => {
                (self.sink)(Event::RemoteNamedTwice);
                return Err(Code::InvalidPolicy.into());
            }
        };
        match self.document.remotes.get(name) {
            Some(addresses) if !addresses.is_empty() => Ok(Some(addresses.clone())),
            _ => Err(invalid("failed to find remote in remotes section")),
        }
    }

    /// The key with this name, if one is given.
    fn auth_key(&self, name: &str, field: &str) -> Result<Option<AuthKey>> {
        if name.is_empty() {
            return Ok(None);
        }
        let Some(key) = self.document.auth_keys.get(name) else {
            return Err(invalid(format!("failed to find {field} in auth_keys section")));
        };
        if key.kind != "standard" {
            return Err(invalid("unknown authentication type"));
        }
        let refused = || invalid("failed to create new standard auth provider");
        self.read_auth_key(&key.key).ok_or_else(refused).map(Some)
    }

    /// Reads a key: hexadecimal digits, or their location after `env:` or `file:`.
    fn read_auth_key(&self, text: &str) -> Option<AuthKey> {
        match text.split_once(':') {
            None => AuthKey::from_hex(text),
            Some(("env", name)) => AuthKey::from_hex(&self.surroundings.variable(name).unwrap_or_default()),
            Some(("file", path)) => {
                let octets = self.surroundings.file(path)?;
                AuthKey::from_hex(std::str::from_utf8(&octets).ok()?.trim())
            }
            Some(_) => None,
        }
    }
}

/// The certificatePolicies extension (RFC 5280, section 4.2.1.4), not critical.
fn certificate_policies(policies: &[CertificatePolicy]) -> LatePolicies {
    if policies.is_empty() {
        return Ok(None);
    }
    let invalid_oid = || invalid("asn1: structure error: invalid object identifier");
    let qualifiers = || policies.iter().flat_map(|policy| policy.qualifiers.iter());
    if qualifiers().any(|qualifier| qualifier.kind.is_empty()) {
        return Err(invalid("Invalid qualifier type in Policies "));
    }
    let mut entries = Vec::new();
    for policy in policies {
        let id = Oid::from_arcs(&policy.id.0).ok_or_else(invalid_oid)?;
        let is_ia5 =
            |qualifier: &document::Qualifier| qualifier.kind != "id-qt-cps" || qualifier.value.is_ascii();
        if !policy.qualifiers.iter().all(is_ia5) {
            return Err(invalid(
                "asn1: structure error: IA5String contains invalid character",
            ));
        }
        entries.push((id, &policy.qualifiers));
    }
    let value = asn1::encode(|w| {
        w.sequence(|w| {
            for (id, qualifiers) in entries {
                w.sequence(|w| {
                    w.oid(&id);
                    if !qualifiers.is_empty() {
                        w.sequence(|w| {
                            qualifiers
                                .iter()
                                .for_each(|qualifier| write_qualifier(w, qualifier))
                        });
                    }
                });
            }
        });
    });
    Ok(Some(Extension {
        oid: oid::CERTIFICATE_POLICIES,
        critical: false,
        value,
    }))
}

fn write_qualifier(w: &mut asn1::Writer, qualifier: &document::Qualifier) {
    let value = qualifier.value.as_bytes();
    w.sequence(|w| {
        if qualifier.kind == "id-qt-cps" {
            w.oid(&oid::QUALIFIER_CPS);
            w.primitive(tag::IA5_STRING, value);
        } else {
            w.oid(&oid::QUALIFIER_USER_NOTICE);
            w.sequence(|w| w.primitive(tag::UTF8_STRING, value));
        }
    });
}
