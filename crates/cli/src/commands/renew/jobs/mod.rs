//! The jobs document: organizations, their CAs and their certificates.
//!
//! `dist/schemas/jobs.schema.json` in the repository describes it for editors. The whole
//! document is checked before any certificate is created.

mod document;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcfssl_core::{Duration, Policy};
use rcfssl_go::json::{self, Located, UnknownKey};

use document::{Document, Organization, Problem, Wanted};

use super::places::Places;
use super::source::Source;
use super::task::{Group, Order, Task};
use crate::context::{Context, Failure};
use crate::{hints, input, log};

/// Reads and checks a jobs document.
///
/// # Errors
/// All errors in the document, as lines with file, line, organization, certificate and
/// field.
pub fn read(context: &Context, path: &Path) -> Result<Vec<Group>, Failure> {
    let text = input::file(path.as_os_str())?;
    let mut document = Document::default();
    let file = path.to_string_lossy();
    let read = json::read(&text, &mut document);
    let mut reader = Reader {
        context,
        base: path.parent().unwrap_or(Path::new("")),
        problems: Vec::new(),
        places: Places::default(),
    };
    let mut groups = Vec::new();
    let mut more_keys = 0;
    match read {
        Ok(report) => {
            more_keys = report.more;
            for unknown in &report.unknown_keys {
                reader.unknown(&document, unknown);
            }
            groups = reader.organizations(&document);
        }
        Err(error) => {
            let places = json::place(&file, &text, error.offset).into_iter().skip(1);
            places.for_each(|line| context.hint(line));
            reader.unreadable(&document, error);
        }
    }
    let mut problems = reader.problems;
    if problems.is_empty() {
        return Ok(groups);
    }
    problems.sort_by_key(|problem| problem.offset);
    let mut numbers = json::Lines::new(&text);
    for problem in &problems {
        let line = numbers.number(problem.offset);
        log::print(format_args!("{file}, line {line}: {problem}"));
    }
    if more_keys > 0 {
        log::print(format_args!("{file}: {more_keys} more such keys"));
    }
    Err(Failure::Told)
}

struct Reader<'a> {
    context: &'a Context,
    /// The document's folder.
    base: &'a Path,
    problems: Vec<Problem>,
    places: Places,
}

/// Defaults for certificates that do not set these fields.
struct Defaults {
    before: Option<Duration>,
    rekey: Option<bool>,
    exec: Option<Arc<str>>,
}

fn command(value: &Located<String>) -> Option<Arc<str>> {
    (!value.value.is_empty()).then(|| value.value.as_str().into())
}

/// The current position in the document.
struct Place<'a> {
    organization: &'a str,
    certificate: Option<&'a str>,
    /// The offset of the object's beginning.
    offset: usize,
}

impl Reader<'_> {
    fn problem<T>(
        &mut self,
        place: &Place<'_>,
        field: &'static str,
        value: &Located<T>,
        text: impl ToString,
    ) {
        self.problems.push(Problem {
            offset: value.offset.unwrap_or(place.offset),
            organization: place.organization.to_owned(),
            certificate: place.certificate.map(str::to_owned),
            field,
            text: text.to_string(),
        });
    }

    /// Takes a required field.
    fn required(&mut self, place: &Place<'_>, field: &'static str, value: &Located<String>) {
        if value.value.is_empty() {
            let text = if value.offset.is_some() {
                "is empty"
            } else {
                "is missing"
            };
            self.problem(place, field, value, text);
        }
    }

    fn duration(&mut self, place: &Place<'_>, value: &Located<String>) -> Option<Duration> {
        if value.value.is_empty() {
            return None;
        }
        match Duration::parse(&value.value) {
            Ok(_) if value.value.starts_with('-') => self.problem(place, "before", value, "is negative"),
            Ok(duration) => return Some(duration),
            Err(error) => self.problem(place, "before", value, error),
        }
        None
    }

    /// An unknown key is an error here: a `befor` may be a misspelt `before`.
    fn unknown(&mut self, document: &Document, unknown: &UnknownKey) {
        let nearest = hints::nearest(&unknown.key, unknown.known.iter().copied());
        let nearest = nearest.map_or(String::new(), |nearest| format!("; did you mean \"{nearest}\"?"));
        let text = format!("unknown key \"{}\"{nearest}", unknown.key);
        let depth = match unknown.path.as_str() {
            "" => 0,
            path => 1 + path.matches('.').count(),
        };
        self.somewhere(document, unknown.offset, depth, "", text);
    }

    /// Reports a document that is not JSON or has a value of the wrong type.
    fn unreadable(&mut self, document: &Document, error: json::Error) {
        match error.mismatch {
            Some(mismatch) => {
                let text = format!("must be {}, not {}", mismatch.wanted, mismatch.found);
                self.somewhere(document, error.offset, 2, mismatch.field, text);
            }
            None => self.somewhere(document, error.offset, 0, "", error.text),
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
        text: String,
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
            text,
        });
    }

    fn organizations(&mut self, document: &Document) -> Vec<Group> {
        if document.organizations.is_empty() {
            self.problems.push(Problem {
                offset: 0,
                organization: String::new(),
                certificate: None,
                field: "organizations",
                text: "is missing or empty".to_owned(),
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
            exec: command(&document.exec),
        };
        let groups: Vec<Group> = organizations
            .clone()
            .map(|organization| self.group(&organization.value))
            .collect();
        // The CA files of all organizations are protected before any output is checked.
        groups.iter().for_each(|group| self.places.protect(group));
        let located = organizations.zip(groups).enumerate();
        located
            .map(|(at, (organization, group))| self.organization(at, organization, group, &for_all))
            .collect()
    }

    /// An organization's CA and configuration.
    fn group(&self, organization: &Organization) -> Group {
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
        let place = Place {
            organization: &name,
            certificate: None,
            offset: located.offset.unwrap_or(0),
        };
        self.required(&place, "name", &organization.name);
        self.required(&place, "folder", &organization.folder);
        let defaults = Defaults {
            before: self.duration(&place, &organization.before).or(for_all.before),
            rekey: organization.rekey.value.or(for_all.rekey),
            exec: command(&organization.exec).or_else(|| for_all.exec.clone()),
        };
        let folder = self.base.join(&organization.folder.value);
        group.name = Some(name.as_str().into());
        // A configuration that cannot be read is reported when it is needed, and stops only
        // its own organization.
        let own = match &self.context.policy {
            Some(_) => None,
            None => read_policy(&group.config),
        };
        let policy = self.context.policy.as_deref().or(own.as_ref());
        for (at, wanted) in organization.certificates.iter().enumerate() {
            let certificate = wanted.value.shown(at);
            let place = Place {
                organization: &name,
                certificate: Some(&certificate),
                offset: wanted.offset.unwrap_or(0),
            };
            let task = self.certificate(&place, &folder, &wanted.value, policy);
            group.tasks.push(Task {
                before: task.before.or(defaults.before),
                rekey: wanted.value.rekey.value.or(defaults.rekey).unwrap_or(false),
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
            let known: Vec<&str> = policy.profiles().map(|(name, _)| name).collect();
            let text = format!(
                "unknown profile \"{profile}\"; valid are {}, default",
                known.join(", ")
            );
            self.problem(place, "profile", &wanted.profile, text);
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
            drop_hosts: wanted.drop_hosts.unwrap_or(false),
            exec: None,
        }
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

fn read_policy(config: &Source) -> Option<Policy> {
    let text = config.read().ok()?;
    let policy = Policy::read(&text, &input::Process, &mut |_| {});
    policy.ok().map(|(policy, _)| policy)
}
