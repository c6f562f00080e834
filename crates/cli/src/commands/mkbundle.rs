//! `mkbundle`: collects the certificates of files and folders that are not revoked in one
//! file. In cfssl it is a separate program; here the binary is called by that name.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use rcfssl_ca::input;
use rcfssl_core::revocation::{Checker, Finding};
use rcfssl_core::{Certificate, rfc2253};
use rcfssl_go::flag::{self, FlagError, Kind};
use rcfssl_go::os::describe;
use rcfssl_go::pem;
use rustix::fs::Access;
use time::OffsetDateTime;

use crate::log::{Level, Log};
use rcfssl_net::http::Client;

const FILE: usize = 0;
const WORKERS: usize = 1;

/// The output file without `-f`.
const DEFAULT_FILE: &str = "cert-bundle.crt";
/// The number of files processed at a time without `-nw`.
const DEFAULT_WORKERS: usize = 4;
/// The mode of a new file, less the umask, as in Go.
const NEW_MODE: u32 = 0o666;

/// The text of `mkbundle -h`.
pub const HELP: &str = "\
Usage:
  mkbundle [-f FILE] [-nw N] PATH…

Collects the certificates of files and folders in one PEM file. Expired and revoked
certificates are left out, and so are those whose CRLs and OCSP responders do not
answer.

Flags:
  -f FILE                 the file to write (default cert-bundle.crt)
  -nw N                   files to process at a time (default 4)
";

/// Collects the certificates. As in cfssl, errors are logged and the exit status is 0.
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
    let output = match Output::open(Path::new(target)) {
        Ok(output) => output,
        Err(error) => {
            let (target, why) = (target.to_string_lossy(), describe(&error));
            log.line(Level::Error, format_args!("open {target}: {why}"));
            return Ok(());
        }
    };
    let files = walk_all(args.positional(), &log);
    let mut certificates = Vec::new();
    each_in_order(&files, workers, &output, |read| {
        read.lines.iter().for_each(|(level, line)| log.line(*level, line));
        certificates.extend(read.certificates);
    });
    let text: String = certificates.iter().map(Certificate::to_pem).collect();
    let total = match output.write(text.as_bytes()) {
        Ok(()) => certificates.len(),
        Err(why) => {
            log.line(Level::Error, format_args!("Failed to write PEM block: {why}"));
            0
        }
    };
    log.line(Level::Info, format_args!("Wrote {total} certificates."));
    Ok(())
}

/// The output file. cfssl truncates it before any network request; here its contents stay
/// until the new ones are complete.
struct Output<'a> {
    path: &'a Path,
    /// Anything but a regular file, such as a pipe, is opened once.
    stream: Option<File>,
    /// Device and inode of an existing output file, which must not be read as input.
    identity: Option<(u64, u64)>,
}

impl<'a> Output<'a> {
    /// Checks that the file can be written.
    fn open(path: &'a Path) -> io::Result<Self> {
        let mut output = Output {
            path,
            stream: None,
            identity: None,
        };
        match OpenOptions::new().write(true).open(path) {
            Ok(file) => {
                let metadata = file.metadata()?;
                output.identity = Some((metadata.dev(), metadata.ino()));
                output.stream = Some(file).filter(|_| !metadata.is_file());
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let folder = path.parent().filter(|folder| *folder != Path::new(""));
                rustix::fs::access(folder.unwrap_or(Path::new(".")), Access::WRITE_OK)?;
            }
            Err(error) => return Err(error),
        }
        Ok(output)
    }

    /// Writes the whole text, or leaves the file unchanged.
    fn write(mut self, text: &[u8]) -> Result<(), String> {
        if let Some(stream) = &mut self.stream {
            return stream.write_all(text).map_err(|error| describe(&error));
        }
        rcfssl_files::write(self.path, text, NEW_MODE)
            .map(drop)
            .map_err(|error| describe(&error.source))
    }

    fn is(&self, metadata: &fs::Metadata) -> bool {
        self.identity == Some((metadata.dev(), metadata.ino()))
    }
}

/// All files below the paths, in order of their names. At the first error, the rest of a
/// path is skipped.
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
    let described = |call: &str, error: io::Error| format!("{call} {shown}: {}", describe(&error));
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

/// The result for one file: log lines and valid certificates.
#[derive(Default)]
struct Reading {
    lines: Vec<(Level, String)>,
    certificates: Vec<Certificate>,
}

/// Reads files in several threads and passes on the results in order.
fn each_in_order(files: &[PathBuf], workers: usize, output: &Output<'_>, mut done: impl FnMut(Reading)) {
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
                    let _ = sender.send((index, Reading::of(file, output, &mut checker)));
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
    fn of(path: &Path, output: &Output<'_>, checker: &mut Checker) -> Self {
        let mut reading = Reading::default();
        let shown = path.display();
        reading.info(format!("Loading {shown}"));
        // In cfssl the output file is already empty at this point.
        if fs::metadata(path).is_ok_and(|metadata| output.is(&metadata)) {
            return reading;
        }
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
        match checker.check(&certificate, now, &mut Client::default(), &mut note) {
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
