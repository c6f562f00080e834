//! The jobs document: organizations, their authorities and their certificates.
//!
//! `schemas/jobs.schema.json` in the repository describes it for editors. The
//! document is checked as a whole before anything is made.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcfssl_core::json::{self, List, Located, UnknownKey};
use rcfssl_core::{Duration, Policy, json_object};

use super::task::{Companions, Group, Order, Task, as_value};
use crate::context::{Context, Failure};
use crate::hints;
use crate::input;

#[derive(Debug, Default)]
struct Document {
    /// Where editors find the schema; not used.
    schema: String,
    organizations: List<Located<Organization>>,
}
json_object!(Document as "jobs.Document" {
    "$schema" => schema,
    "organizations" => organizations,
    "organisations" => organizations,
});

#[derive(Debug, Default)]
struct Organization {
    name: Located<String>,
    folder: Located<String>,
    ca: Located<String>,
    ca_key: Located<String>,
    config: Located<String>,
    before: Located<String>,
    rekey: Located<bool>,
    exec: Located<String>,
    certificates: List<Located<Wanted>>,
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

#[derive(Debug, Default)]
struct Wanted {
    request: Located<String>,
    profile: Located<String>,
    output: Located<String>,
    before: Located<String>,
    rekey: Located<bool>,
    exec: Located<String>,
}
json_object!(Wanted as "jobs.Certificate" {
    "request" => request,
    "profile" => profile,
    "output" => output,
    "before" => before,
    "rekey" => rekey,
    "exec" => exec,
});

/// Something that is wrong with the document.
struct Problem {
    offset: usize,
    organization: String,
    certificate: Option<String>,
    field: &'static str,
    text: String,
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

/// Reads and checks a jobs document.
///
/// # Errors
/// All that is wrong with it, as lines with file, line, organization, certificate
/// and field.
pub fn read(context: &Context, path: &Path) -> Result<Vec<Group>, Failure> {
    let text = input::file(path.as_os_str())?;
    let mut document = Document::default();
    let file = path.to_string_lossy();
    let read = json::read(&text, &mut document);
    let mut reader = Reader {
        context,
        base: path.parent().unwrap_or(Path::new("")),
        working: std::env::current_dir().unwrap_or_default(),
        problems: Vec::new(),
        taken: HashMap::new(),
    };
    let mut groups = Vec::new();
    match read {
        Ok(report) => {
            for unknown in &report.unknown_keys {
                reader.unknown(&document, unknown);
            }
            groups = reader.organizations(&document);
        }
        Err(error) => {
            let places = hints::place(&file, &text, &error).into_iter().skip(1);
            places.for_each(|line| context.hint(line));
            reader.unreadable(&document, error);
        }
    }
    let mut problems = reader.problems;
    if problems.is_empty() {
        return Ok(groups);
    }
    problems.sort_by_key(|problem| problem.offset);
    let lines: Vec<String> = problems
        .iter()
        .map(|problem| {
            let (line, _, _) = json::locate(&text, problem.offset);
            format!("{file}, line {line}: {problem}")
        })
        .collect();
    Err(rcfssl_core::Error::plain(lines.join("\n")).into())
}

struct Reader<'a> {
    context: &'a Context,
    /// The folder of the document.
    base: &'a Path,
    /// The folder that we are in.
    working: PathBuf,
    problems: Vec<Problem>,
    /// Every file that is written, and by which output.
    taken: HashMap<PathBuf, String>,
}

/// Where in the document we are.
struct Place<'a> {
    organization: &'a str,
    certificate: Option<&'a str>,
    /// Where the object begins.
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

    /// A field that must be given.
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
            Ok(duration) => Some(duration),
            Err(error) => {
                self.problem(place, "before", value, error);
                None
            }
        }
    }

    /// A key that nobody knows is an error here: it may be a `befor` that was
    /// meant.
    fn unknown(&mut self, document: &Document, unknown: &UnknownKey) {
        let nearest = hints::nearest(&unknown.key, unknown.known.iter().copied());
        let nearest = nearest.map_or(String::new(), |nearest| format!(": \"{nearest}\"?"));
        let text = format!("the key \"{}\" is not known{nearest}", unknown.key);
        let depth = match unknown.path.as_str() {
            "" => 0,
            path => 1 + path.matches('.').count(),
        };
        self.somewhere(document, unknown.offset, depth, "", text);
    }

    /// A document that is no JSON, or has a value of the wrong kind.
    fn unreadable(&mut self, document: &Document, error: json::Error) {
        match error.mismatch {
            Some(mismatch) => {
                let text = format!("{} belongs here, not {}", mismatch.wanted, mismatch.found);
                self.somewhere(document, error.offset, 2, mismatch.field, text);
            }
            None => self.somewhere(document, error.offset, 0, "", error.text),
        }
    }

    /// Notes a problem at a byte of the document, at most so many objects deep.
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
            organization: organization.map_or(String::new(), |(at, o)| organization_name(at, &o.value)),
            certificate: certificate.map(|(at, c)| certificate_name(at, &c.value)),
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
        let organizations = document.organizations.iter().enumerate();
        organizations
            .map(|(at, organization)| self.organization(at, organization))
            .collect()
    }

    fn organization(&mut self, at: usize, located: &Located<Organization>) -> Group {
        let organization = &located.value;
        let name = organization_name(at, organization);
        let place = Place {
            organization: &name,
            certificate: None,
            offset: located.offset.unwrap_or(0),
        };
        self.required(&place, "name", &organization.name);
        self.required(&place, "folder", &organization.folder);
        let before = self.duration(&place, &organization.before);
        let folder = self.base.join(&organization.folder.value);
        let mut group = Group::of_folder(&folder);
        group.name = Some(name.as_str().into());
        for (value, target) in [
            (&organization.ca, &mut group.ca),
            (&organization.ca_key, &mut group.ca_key),
        ] {
            if !value.value.is_empty() {
                *target = self.value(&folder, &value.value);
            }
        }
        if !organization.config.value.is_empty() {
            group.config = self.resolve(&folder, &organization.config.value);
            group.config_is_default = false;
        }
        // A configuration that cannot be read is told when it is needed, and stops
        // only its own organization.
        let own = match &self.context.policy {
            Some(_) => None,
            None => read_policy(&group.config),
        };
        let policy = self.context.policy.as_deref().or(own.as_ref());
        for (at, wanted) in organization.certificates.iter().enumerate() {
            let certificate = certificate_name(at, &wanted.value);
            let place = Place {
                organization: &name,
                certificate: Some(&certificate),
                offset: wanted.offset.unwrap_or(0),
            };
            let task = self.certificate(&place, &folder, &wanted.value, policy);
            let rekey = if wanted.value.rekey.offset.is_some() {
                &wanted.value.rekey
            } else {
                &organization.rekey
            };
            let exec = [&wanted.value.exec, &organization.exec];
            let exec = exec.iter().find(|exec| !exec.value.is_empty());
            group.tasks.push(Task {
                before: task.before.or(before),
                rekey: rekey.value,
                exec: exec.map(|exec| Arc::from(exec.value.as_str())),
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
                "there is no profile \"{profile}\"; there are {}",
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
        if !output.is_empty() {
            self.take(place, folder, &certificate, &request, &wanted.output);
        }
        Task {
            order: Order::Document {
                request,
                profile: profile.clone(),
            },
            certificate,
            before,
            rekey: false,
            exec: None,
        }
    }

    /// No two outputs share a file, and none writes over its authority or what it
    /// is made from.
    fn take(
        &mut self,
        place: &Place<'_>,
        folder: &Path,
        certificate: &Path,
        request: &Path,
        output: &Located<String>,
    ) {
        // The same path in the same spelling; `..` and links are left as they are.
        let plain = |path: &Path| self.working.join(path).components().collect::<PathBuf>();
        let sources = ["ca.pem", "ca-key.pem", "ca-config.json"].map(|name| plain(&folder.join(name)));
        let request = plain(request);
        let Companions { key, csr, .. } = Companions::of(certificate);
        for path in [certificate, &key, &csr] {
            let file = plain(path);
            let shown = path.to_string_lossy();
            let text = if sources.contains(&file) || file == request {
                format!("it would write over {shown}")
            } else if let Some(other) = self.taken.get(&file) {
                format!("it writes {shown}, as \"{other}\" does")
            } else {
                self.taken.insert(file, output.value.clone());
                continue;
            };
            return self.problem(place, "output", output, text);
        }
    }

    /// A path of a document: in the organization's folder, or else beside the
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

    /// The same for what may have a prefix.
    fn value(&self, folder: &Path, value: &str) -> std::ffi::OsString {
        if value.starts_with("env:") {
            return value.into();
        }
        as_value(&self.resolve(folder, value.strip_prefix("file:").unwrap_or(value)))
    }
}

fn read_policy(path: &Path) -> Option<Policy> {
    if !path.exists() {
        return None;
    }
    let text = input::file(path.as_os_str()).ok()?;
    let policy = Policy::read(&text, &input::Process, &mut |_| {});
    policy.ok().map(|(policy, _)| policy)
}

/// What errors call it.
fn organization_name(at: usize, organization: &Organization) -> String {
    let names = [&organization.name.value, &organization.folder.value];
    let named = names.into_iter().find(|name| !name.is_empty());
    named.cloned().unwrap_or_else(|| format!("number {}", at + 1))
}

fn certificate_name(at: usize, wanted: &Wanted) -> String {
    match wanted.output.value.as_str() {
        "" => format!("number {}", at + 1),
        output => output.to_owned(),
    }
}
