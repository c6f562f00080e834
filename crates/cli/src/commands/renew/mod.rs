//! `renew`: renews certificates in place, or from a jobs document. The files of each
//! certificate are replaced together or not at all.

mod caller;
mod progress;
mod report;
mod rows;
mod words;

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

use rcfssl_ca::input;
use rcfssl_core::{Duration, Error};
use rcfssl_go::json;
use rcfssl_renew::{Group, Options, Order, Source, Task, jobs};

use crate::args::FlagId;
use crate::context::{Context, Failure, Outcome};
use crate::issuing;
use crate::kinds;
use crate::log;
use crate::signing;
use crate::traps;

use caller::Caller;
use report::Reporter;

/// Flags that describe a certificate; a jobs document sets these itself.
const NOT_WITH_JOBS: [(FlagId, &str); 9] = [
    (FlagId::Ca, "ca"),
    (FlagId::CaKey, "ca-key"),
    (FlagId::Config, "config"),
    (FlagId::DbConfig, "db-config"),
    (FlagId::Profile, "profile"),
    (FlagId::Key, "key"),
    (FlagId::Csr, "csr"),
    (FlagId::Hostname, "hostname"),
    (FlagId::Cn, "cn"),
];

/// Flags that make sense for a single certificate only.
const FOR_ONE: [(FlagId, &str); 4] = [
    (FlagId::Key, "key"),
    (FlagId::Csr, "csr"),
    (FlagId::Hostname, "hostname"),
    (FlagId::Cn, "cn"),
];

/// Renews the certificates of the arguments.
pub fn run(context: &Context) -> Outcome {
    let args = &context.args;
    let groups = if args.is_set(FlagId::Jobs) {
        let [] = args.positional() else {
            return Err(Error::plain("with -jobs, certificates are named in the document only").into());
        };
        refuse(context, &NOT_WITH_JOBS, "-jobs")?;
        read_jobs(context, Path::new(args.path(FlagId::Jobs)))?
    } else {
        named(context)?
    };
    let options = options(context)?;
    let total = groups.iter().map(|group| group.tasks.len()).sum();
    let mut reporter = Reporter::new(&context.log, total, args.bool(FlagId::Json), options.dry_run);
    reporter.hide(groups.iter().filter_map(|group| group.ca_key.variable()));
    rcfssl_renew::run(&Caller::new(context), &options, groups, &mut reporter);
    let counts = reporter.finish();
    if counts.failed + counts.commands_failed + counts.revocations_failed > 0 {
        return Err(Failure::Reported);
    }
    Ok(())
}

/// Reads and checks a jobs document, and prints a line for all that is wrong with it:
/// file, line, organization, certificate and field.
fn read_jobs(context: &Context, path: &Path) -> Result<Vec<Group>, Failure> {
    let text = input::file(path.as_os_str())?;
    let file = path.to_string_lossy();
    let base = path.parent().unwrap_or(Path::new(""));
    let setting = jobs::Setting {
        policy: context.policy.as_deref(),
        is_remote: context.args.is_set(FlagId::Remote),
        rekey: context.args.bool(FlagId::Rekey),
        revoke_old: context.args.bool(FlagId::RevokeOld),
    };
    let unusable = match jobs::read(&text, base, setting) {
        Ok(groups) => return Ok(groups),
        Err(unusable) => unusable,
    };
    if let Some(error) = &unusable.unreadable {
        let places = json::place(&file, &text, error.offset).into_iter().skip(1);
        places.for_each(|line| context.hint(line));
    }
    let mut numbers = json::Lines::new(&text);
    for problem in &unusable.problems {
        let line = numbers.number(problem.offset);
        let problem = words::problem(problem);
        log::print(format_args!("{file}, line {line}: {problem}"));
    }
    if unusable.more_unknown_keys > 0 {
        let more = unusable.more_unknown_keys;
        log::print(format_args!("{file}: {more} more such keys"));
    }
    Err(Failure::Reported)
}

fn refuse(context: &Context, flags: &[(FlagId, &str)], with: &str) -> Outcome {
    let given = flags.iter().find(|(flag, _)| context.args.is_set(*flag));
    match given {
        Some((_, name)) => Err(Error::plain(format!("-{name} cannot be combined with {with}")).into()),
        None => Ok(()),
    }
}

fn options(context: &Context) -> Result<Options, Failure> {
    let args = &context.args;
    let given = |flag| args.is_set(flag).then(|| args.text(flag).into_owned());
    let request = match args.is_set(FlagId::Csr) {
        true => Some(issuing::document_at(context, args.path(FlagId::Csr))?),
        false => None,
    };
    let hostnames = signing::hostnames(context);
    if let Some(hosts) = &hostnames {
        traps::hosts(context, hosts)?;
    }
    let wait = args.duration(FlagId::Wait).as_nanoseconds();
    let before = args.is_set(FlagId::Before).then(|| args.duration(FlagId::Before));
    if before.is_some_and(|before| before < Duration::ZERO) {
        return Err(Error::plain("-before must not be negative").into());
    }
    Ok(Options {
        before,
        force: args.bool(FlagId::Force),
        key_format: args.is_set(FlagId::KeyFormat).then(|| context.key_format()),
        dry_run: args.bool(FlagId::DryRun),
        backup: args.bool(FlagId::Backup),
        wait: std::time::Duration::from_nanos(u64::try_from(wait).unwrap_or(0)),
        exec: given(FlagId::Exec).map(Into::into),
        policy: context.policy.clone(),
        remote: given(FlagId::Remote),
        profile: given(FlagId::Profile),
        key: given(FlagId::Key).map(PathBuf::from),
        request,
        hostnames,
        cn: given(FlagId::Cn),
        strict: context.is_strict(),
        label: args.text(FlagId::Label).into_owned(),
    })
}

/// The certificates and folders of the arguments.
fn named(context: &Context) -> Result<Vec<Group>, Failure> {
    let arguments = context.args.positional();
    if arguments.is_empty() {
        return Err(
            Error::plain("name the certificates or folders to renew, or a jobs document with -jobs").into(),
        );
    }
    if arguments.len() > 1 {
        refuse(context, &FOR_ONE, "more than one certificate")?;
    }
    let mut groups: Vec<Group> = Vec::new();
    for argument in arguments {
        let path = Path::new(argument);
        if path.extension().is_some_and(|end| end == "json")
            && input::file(argument).is_ok_and(|text| kinds::is_jobs(&text))
        {
            let shown = path.to_string_lossy();
            return Err(Error::plain(format!(
                "{shown} is a jobs document: use `rcfssl renew -jobs {shown}`"
            ))
            .into());
        }
        if path.is_dir() {
            refuse(context, &FOR_ONE, "a folder")?;
            groups.push(listed(context, path)?);
            continue;
        }
        let folder = match path.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        let group = with_flags(context, Group::of_folders(&[folder]));
        let task = task(context, path.to_owned(), Order::Again);
        match groups.last_mut() {
            Some(last) if last.listed.is_none() && last.ca == group.ca && last.config == group.config => {
                last.tasks.push(task);
            }
            _ => groups.push(Group {
                tasks: vec![task],
                ..group
            }),
        }
    }
    let can_revoke =
        |group: &Group| context.args.is_set(FlagId::Remote) || group.can_revoke(context.policy.as_deref());
    if context.args.bool(FlagId::RevokeOld) && !groups.iter().all(can_revoke) {
        return Err(Error::plain(words::NOWHERE_TO_REVOKE).into());
    }
    Ok(groups)
}

fn with_flags(context: &Context, mut group: Group) -> Group {
    let args = &context.args;
    let given = |flag| {
        args.is_set(flag)
            .then(|| Source::Named(args.path(flag).to_owned()))
    };
    group.ca = given(FlagId::Ca).unwrap_or(group.ca);
    group.ca_key = given(FlagId::CaKey).unwrap_or(group.ca_key);
    group.database = given(FlagId::DbConfig);
    group
}

fn task(context: &Context, certificate: PathBuf, order: Order) -> Task {
    Task {
        certificate,
        order,
        before: None,
        rekey: context.args.bool(FlagId::Rekey),
        revoke_old: context.args.bool(FlagId::RevokeOld),
        drop_hosts: false,
        exec: None,
    }
}

/// The files of a folder that may be certificates and have a key beside them.
fn listed(context: &Context, folder: &Path) -> Result<Group, Failure> {
    let about = |error: std::io::Error| {
        let shown = folder.to_string_lossy();
        Error::plain(format!("open {shown}: {}", rcfssl_go::os::describe(&error)))
    };
    let mut names = HashSet::new();
    for entry in fs::read_dir(folder).map_err(about)? {
        names.insert(entry.map_err(about)?.file_name());
    }
    let mut certificates: Vec<&OsString> = names
        .iter()
        .filter(|name| is_certificate_name(name))
        .filter(|name| {
            rcfssl_renew::key_names(Path::new(name))
                .iter()
                .any(|key| names.contains(key))
        })
        .collect();
    certificates.sort();
    let mut group = with_flags(context, Group::of_folders(&[folder]));
    group.listed = Some(folder.to_owned());
    group.tasks = certificates
        .into_iter()
        .map(|name| task(context, folder.join(name), Order::Found))
        .collect();
    Ok(group)
}

/// `NAME.pem` or `NAME.crt`, except for hidden files.
fn is_certificate_name(name: &OsStr) -> bool {
    let path = Path::new(name);
    let extension = path.extension().and_then(OsStr::to_str);
    let hidden = name.as_encoded_bytes().first() == Some(&b'.');
    matches!(extension, Some("pem" | "crt")) && !hidden
}
