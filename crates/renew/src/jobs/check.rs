//! A document against itself, against the folders that it names and against their
//! configurations.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcfssl_core::{Duration, Policy};
use rcfssl_go::json::{self, Located, UnknownKey};

use super::Setting;
use super::document::{Document, Organization, Wanted};
use super::places::Places;
use super::problem::{Mistake, Problem};
use crate::{Group, Order, Source, Task};

/// Collects what is wrong, and what is to be done.
pub(super) struct Reader<'a> {
    setting: Setting<'a>,
    /// The document's folder.
    base: &'a Path,
    problems: Vec<Problem>,
    places: Places,
}

/// Defaults for certificates that do not set these fields.
struct Defaults {
    before: Option<Duration>,
    rekey: Option<bool>,
    revoke_old: Located<Option<bool>>,
    exec: Option<Arc<str>>,
}

fn command(value: &Located<String>) -> Option<Arc<str>> {
    (!value.value.is_empty()).then(|| value.value.as_str().into())
}

/// The inner setting, or else the outer one.
fn nearest<T: Clone>(inner: &Located<Option<T>>, outer: &Located<Option<T>>) -> Located<Option<T>> {
    match inner.value {
        Some(_) => inner.clone(),
        None => outer.clone(),
    }
}

/// The current position in the document.
struct Place<'a> {
    organization: &'a str,
    certificate: Option<&'a str>,
    /// The offset of the object's beginning.
    offset: usize,
}

impl<'a> Reader<'a> {
    /// Nothing is known yet.
    pub(super) fn new(base: &'a Path, setting: Setting<'a>) -> Self {
        Reader {
            setting,
            base,
            problems: Vec::new(),
            places: Places::default(),
        }
    }

    /// What was wrong.
    pub(super) fn into_problems(self) -> Vec<Problem> {
        self.problems
    }

    fn problem<T>(&mut self, place: &Place<'_>, field: &'static str, value: &Located<T>, what: Mistake) {
        self.problems.push(Problem {
            offset: value.offset.unwrap_or(place.offset),
            organization: place.organization.to_owned(),
            certificate: place.certificate.map(str::to_owned),
            field,
            what,
        });
    }

    /// Takes a required field.
    fn required(&mut self, place: &Place<'_>, field: &'static str, value: &Located<String>) {
        if value.value.is_empty() {
            let what = match value.offset {
                Some(_) => Mistake::Empty,
                None => Mistake::Missing,
            };
            self.problem(place, field, value, what);
        }
    }

    fn duration(&mut self, place: &Place<'_>, value: &Located<String>) -> Option<Duration> {
        if value.value.is_empty() {
            return None;
        }
        match Duration::parse(&value.value) {
            Ok(_) if value.value.starts_with('-') => {
                self.problem(place, "before", value, Mistake::Negative);
            }
            Ok(duration) => return Some(duration),
            Err(error) => self.problem(place, "before", value, Mistake::Sentence(error.to_string())),
        }
        None
    }

    /// An unknown key is an error here: a `befor` may be a misspelt `before`.
    pub(super) fn unknown(&mut self, document: &Document, unknown: &UnknownKey) {
        let what = Mistake::UnknownKey {
            key: unknown.key.clone(),
            known: unknown.known,
        };
        let depth = match unknown.path.as_str() {
            "" => 0,
            path => 1 + path.matches('.').count(),
        };
        self.somewhere(document, unknown.offset, depth, "", what);
    }

    /// Reports a document that is not JSON or has a value of the wrong type.
    pub(super) fn unreadable(&mut self, document: &Document, error: &json::Error) {
        match &error.mismatch {
            Some(mismatch) => {
                let what = Mistake::Kind {
                    wanted: mismatch.wanted,
                    found: mismatch.found.clone(),
                };
                self.somewhere(document, error.offset, 2, mismatch.field, what);
            }
            None => {
                let what = Mistake::Sentence(error.text.clone());
                self.somewhere(document, error.offset, 0, "", what);
            }
        }
    }

    /// Reports an error at a byte offset, in the object that contains it, down to the given
    /// depth.
    fn somewhere(
        &mut self,
        document: &Document,
        offset: usize,
        depth: usize,
        field: &'static str,
        what: Mistake,
    ) {
        let around = |start: Option<usize>| start.is_some_and(|start| start <= offset);
        let organizations = document.organizations.iter().enumerate();
        let organization = organizations.take_while(|(_, o)| around(o.offset)).last();
        let organization = organization.filter(|_| depth > 0);
        let certificate = organization.and_then(|(_, organization)| {
            let certificates = organization.value.certificates.iter().enumerate();
            certificates.take_while(|(_, c)| around(c.offset)).last()
        });
        let certificate = certificate.filter(|_| depth > 1);
        self.problems.push(Problem {
            offset,
            organization: organization.map_or(String::new(), |(at, o)| o.value.shown(at)),
            certificate: certificate.map(|(at, c)| c.value.shown(at)),
            field,
            what,
        });
    }

    pub(super) fn organizations(&mut self, document: &Document) -> Vec<Group> {
        if document.organizations.is_empty() {
            self.problems.push(Problem {
                offset: 0,
                organization: String::new(),
                certificate: None,
                field: "organizations",
                what: Mistake::MissingOrEmpty,
            });
        }
        let organizations = document.organizations.iter();
        let everywhere = Place {
            organization: "",
            certificate: None,
            offset: 0,
        };
        let for_all = Defaults {
            before: self.duration(&everywhere, &document.before),
            rekey: document.rekey.value,
            revoke_old: document.revoke_old.clone(),
            exec: command(&document.exec),
        };
        let groups: Vec<Group> = organizations
            .clone()
            .map(|organization| self.group(&organization.value, &document.db_config.value))
            .collect();
        // The CA files of all organizations are protected before any output is checked.
        groups.iter().for_each(|group| self.places.protect(group));
        let located = organizations.zip(groups).enumerate();
        located
            .map(|(at, (organization, group))| self.organization(at, organization, group, &for_all))
            .collect()
    }

    /// An organization's CA, configuration and database; `db_config` is the document's.
    fn group(&self, organization: &Organization, db_config: &str) -> Group {
        let folder = self.base.join(&organization.folder.value);
        let mut group = Group::of_folders(&[&folder, self.base]);
        for (value, target) in [
            (&organization.ca, &mut group.ca),
            (&organization.ca_key, &mut group.ca_key),
        ] {
            if value.value.starts_with("env:") {
                *target = Source::Named(value.value.as_str().into());
            } else if !value.value.is_empty() {
                let path = value.value.strip_prefix("file:").unwrap_or(&value.value);
                *target = Source::in_one_of(&[&folder, self.base], path);
            }
        }
        if !organization.config.value.is_empty() {
            group.config = Source::in_one_of(&[&folder, self.base], &organization.config.value);
            group.config_is_default = false;
        }
        let db_config = match organization.db_config.value.as_str() {
            "" => db_config,
            own => own,
        };
        if !db_config.is_empty() {
            group.database = Some(Source::in_one_of(&[&folder, self.base], db_config));
        }
        group
    }

    fn organization(
        &mut self,
        at: usize,
        located: &Located<Organization>,
        mut group: Group,
        for_all: &Defaults,
    ) -> Group {
        let organization = &located.value;
        let name = organization.shown(at);
        let around = Place {
            organization: &name,
            certificate: None,
            offset: located.offset.unwrap_or(0),
        };
        self.required(&around, "name", &organization.name);
        self.required(&around, "folder", &organization.folder);
        let defaults = Defaults {
            before: self.duration(&around, &organization.before).or(for_all.before),
            rekey: organization.rekey.value.or(for_all.rekey),
            revoke_old: nearest(&organization.revoke_old, &for_all.revoke_old),
            exec: command(&organization.exec).or_else(|| for_all.exec.clone()),
        };
        let folder = self.base.join(&organization.folder.value);
        group.name = Some(name.as_str().into());
        // A configuration that cannot be read is reported when it is needed, and stops only
        // its own organization.
        let own = match self.setting.policy {
            Some(_) => None,
            None => group.known_policy(),
        };
        let policy = self.setting.policy.or(own.as_ref());
        let mut told = false;
        for (at, wanted) in organization.certificates.iter().enumerate() {
            let certificate = wanted.value.shown(at);
            let place = Place {
                organization: &name,
                certificate: Some(&certificate),
                offset: wanted.offset.unwrap_or(0),
            };
            let task = self.certificate(&place, &folder, &wanted.value, policy);
            let revoke_old = nearest(&wanted.value.revoke_old, &defaults.revoke_old);
            let revokes = self.setting.revoke_old || revoke_old.value.unwrap_or(false);
            if revokes && !self.can_revoke(&group, &wanted.value.profile.value, policy) {
                let what = Mistake::NowhereToRevoke;
                match wanted.value.revoke_old.value {
                    Some(true) => self.problem(&place, "revoke_old", &revoke_old, what),
                    // The organization's mistake is told once.
                    _ if std::mem::replace(&mut told, true) => {}
                    _ => self.problem(&around, "revoke_old", &defaults.revoke_old, what),
                }
            }
            let rekey = wanted.value.rekey.value.or(defaults.rekey);
            group.tasks.push(Task {
                before: task.before.or(defaults.before),
                rekey: self.setting.rekey || rekey.unwrap_or(false),
                revoke_old: revokes,
                exec: command(&wanted.value.exec).or_else(|| defaults.exec.clone()),
                ..task
            });
        }
        group
    }

    fn certificate(
        &mut self,
        place: &Place<'_>,
        folder: &Path,
        wanted: &Wanted,
        policy: Option<&Policy>,
    ) -> Task {
        self.required(place, "request", &wanted.request);
        self.required(place, "profile", &wanted.profile);
        self.required(place, "output", &wanted.output);
        let before = self.duration(place, &wanted.before);
        let profile = &wanted.profile.value;
        if let Some(policy) = policy
            && !profile.is_empty()
            && profile != "default"
            && !policy.profiles().any(|(known, _)| known == profile)
        {
            let what = Mistake::UnknownProfile {
                name: profile.clone(),
                known: policy.profiles().map(|(name, _)| name.to_owned()).collect(),
            };
            self.problem(place, "profile", &wanted.profile, what);
        }
        let output = &wanted.output.value;
        let certificate = match output.ends_with(".pem") || output.ends_with(".crt") {
            true => folder.join(output),
            false => folder.join(format!("{output}.pem")),
        };
        let request = self.resolve(folder, &wanted.request.value);
        if !output.is_empty()
            && let Err(why) = self.places.take(&certificate, &request, output)
        {
            self.problem(place, "output", &wanted.output, why);
        }
        Task {
            order: Order::Document {
                request,
                profile: profile.clone(),
            },
            certificate,
            before,
            rekey: false,
            revoke_old: false,
            drop_hosts: wanted.drop_hosts.unwrap_or(false),
            exec: None,
        }
    }

    /// Whether a certificate that is replaced can be revoked: in the database that records
    /// the new one, or at the server that signs it. What cannot be read is reported when it
    /// is needed.
    fn can_revoke(&self, group: &Group, profile: &str, policy: Option<&Policy>) -> bool {
        let is_local = |policy: &Policy| {
            let named = policy.profiles().find(|(name, _)| *name == profile);
            let default = (profile == "default").then(|| policy.default_profile());
            let found = named.map(|(_, profile)| profile).or(default);
            found.is_some_and(|profile| !profile.is_remote())
        };
        let is_local = policy.map_or_else(|| group.lacks_policy(), is_local);
        self.setting.is_remote || group.database.is_some() || !is_local
    }

    /// Resolves a path of the document: in the organization's folder, or else beside the
    /// document.
    fn resolve(&self, folder: &Path, value: &str) -> PathBuf {
        let inside = folder.join(value);
        let beside = self.base.join(value);
        if !inside.exists() && beside.exists() {
            beside
        } else {
            inside
        }
    }
}
