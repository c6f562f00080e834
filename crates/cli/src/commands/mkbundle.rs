//! `mkbundle`: certificates from files and folders, those that are not revoked,
//! in one file. A program of its own in cfssl, and here one by its name.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use rcfssl_core::revocation::{Checker, Finding};
use rcfssl_core::{Certificate, rfc2253};
use rcfssl_go::flag::{self, FlagError, Kind};
use rcfssl_go::pem;
use time::OffsetDateTime;

use crate::input;
use crate::log::{Level, Log};
use rcfssl_net::http::Network;

const FILE: usize = 0;
const WORKERS: usize = 1;

/// Where the certificates go, unless `-f` says otherwise.
const DEFAULT_FILE: &str = "cert-bundle.crt";
/// How many files are looked at together, unless `-nw` says otherwise.
const DEFAULT_WORKERS: usize = 4;

/// What `mkbundle -h` prints.
pub const HELP: &str = "\
Usage:
  mkbundle [-f FILE] [-nw N] PATH…

Collects the certificates of files and folders in one PEM file. Certificates that
are revoked or out of date are left out, and so are those whose revocation lists
and OCSP responders do not answer.

Flags:
  -f FILE                 the file to write (default cert-bundle.crt)
  -nw N                   files to look at together (default 4)
";

/// Collects. What goes wrong is logged and is no failure, as in cfssl.
///
/// # Errors
/// For a wrong flag.
pub fn run(arguments: Vec<OsString>) -> Result<(), FlagError> {
    let find = |name: &str| match name {
        "f" => Some((FILE, Kind::File)),
        "nw" => Some((WORKERS, Kind::Int)),
        _ => None,
    };
    let args = flag::parse(find, arguments)?;
    let workers = args.text(WORKERS).and_then(|n| flag::parse_int(&n).ok());
    let workers = workers.map_or(DEFAULT_WORKERS, |n| n.clamp(1, 256) as usize);
    let log = Log::new(Level::Info as i64);
    let target = args.value(FILE).unwrap_or(OsStr::new(DEFAULT_FILE));
    // Made at once, as in cfssl, so that what cannot be written is known before
    // anything is asked of the network.
    let mut file = match File::create(target) {
        Ok(file) => file,
        Err(error) => {
            let (target, why) = (target.to_string_lossy(), rcfssl_go::os::describe(&error));
            log.line(Level::Error, format_args!("open {target}: {why}"));
            return Ok(());
        }
    };
    let files = walk_all(args.positional(), &log);
    let mut total = 0;
    each_in_order(&files, workers, |read| {
        read.lines.iter().for_each(|(level, line)| log.line(*level, line));
        for certificate in &read.certificates {
            match file.write_all(certificate.to_pem().as_bytes()) {
                Ok(()) => total += 1,
                Err(error) => log.line(
                    Level::Error,
                    format_args!("Failed to write PEM block: {}", rcfssl_go::os::describe(&error)),
                ),
            }
        }
    });
    log.line(Level::Info, format_args!("Wrote {total} certificates."));
    Ok(())
}

/// The files below all paths, in the order of their names. A path that cannot be
/// walked ends there.
fn walk_all(paths: &[OsString], log: &Log) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for path in paths {
        if let Err(why) = walk(Path::new(path), &mut files, log) {
            log.line(Level::Error, format_args!("Walk failed: {why}"));
        }
    }
    files
}

fn walk(path: &Path, files: &mut Vec<PathBuf>, log: &Log) -> Result<(), String> {
    let shown = path.display();
    let found = || log.line(Level::Info, format_args!("Found {shown}"));
    found();
    let described =
        |call: &str, error: io::Error| format!("{call} {shown}: {}", rcfssl_go::os::describe(&error));
    let metadata = fs::symlink_metadata(path).map_err(|error| described("lstat", error))?;
    if metadata.is_file() {
        files.push(path.to_owned());
    }
    if !metadata.is_dir() {
        return Ok(());
    }
    let listing = fs::read_dir(path).map_err(|error| {
        found();
        described("open", error)
    })?;
    let mut entries: Vec<PathBuf> = listing.flatten().map(|entry| entry.path()).collect();
    entries.sort();
    entries.iter().try_for_each(|entry| walk(entry, files, log))
}

/// What became of one file: lines for the log, and good certificates.
#[derive(Default)]
struct Reading {
    lines: Vec<(Level, String)>,
    certificates: Vec<Certificate>,
}

/// Reads files with several threads, and hands the results on in their order.
fn each_in_order(files: &[PathBuf], workers: usize, mut done: impl FnMut(Reading)) {
    let next = AtomicUsize::new(0);
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..workers.min(files.len()) {
            let sender = sender.clone();
            let next = &next;
            scope.spawn(move || {
                let mut checker = Checker::default();
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(file) = files.get(index) else { break };
                    let _ = sender.send((index, Reading::of(file, &mut checker)));
                }
            });
        }
        drop(sender);
        let mut waiting = BTreeMap::new();
        let mut wanted = 0;
        for (index, reading) in receiver {
            waiting.insert(index, reading);
            while let Some(reading) = waiting.remove(&wanted) {
                done(reading);
                wanted += 1;
            }
        }
    });
}

impl Reading {
    fn of(path: &Path, checker: &mut Checker) -> Self {
        let mut reading = Reading::default();
        let shown = path.display();
        reading.info(format!("Loading {shown}"));
        let text = match input::file(path.as_os_str()) {
            Ok(text) => text,
            Err(error) => {
                reading.warn(error.to_string());
                return reading;
            }
        };
        let mut rest = &text[..];
        while !rest.is_empty() {
            let Some((block, after)) = pem::decode(rest) else {
                reading.warn(format!("{shown}: no PEM data found"));
                break;
            };
            rest = after;
            if block.label != "CERTIFICATE" {
                reading.info("Skipping non-certificate".to_owned());
                continue;
            }
            match Certificate::read(&block.contents) {
                Ok(certificate) => reading.check(certificate, checker),
                Err(_) => reading.warn("Invalid certificate: x509: malformed certificate".to_owned()),
            }
        }
        reading
    }

    fn check(&mut self, certificate: Certificate, checker: &mut Checker) {
        self.info(format!(
            "Validating {}",
            rfc2253::text(&certificate.subject_attributes)
        ));
        let mut note = |note: rcfssl_core::revocation::Note| {
            let level = if note.is_warning() {
                Level::Warning
            } else {
                Level::Info
            };
            self.lines.push((level, note.to_string()));
        };
        let now = OffsetDateTime::now_utc();
        match checker.check(&certificate, now, &mut Network, &mut note) {
            Finding::Good => self.certificates.push(certificate),
            Finding::Revoked => self.info("Skipping revoked certificate".to_owned()),
            Finding::Unknown => self.warn("Failed to verify certificate.".to_owned()),
        }
    }

    fn info(&mut self, line: String) {
        self.lines.push((Level::Info, line));
    }

    fn warn(&mut self, line: String) {
        self.lines.push((Level::Warning, line));
    }
}
