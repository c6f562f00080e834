//! cfssl's log lines: `2026/01/31 12:00:00 [INFO] message` on standard error, in
//! local time.

use std::fmt;
use std::io::{self, Write};
use std::sync::OnceLock;

use rcfssl_core::Event;
use rcfssl_go::line::one_line;
use time::{OffsetDateTime, UtcOffset};

/// The level of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// 0: only our own lines; cfssl's are not printed
    Debug,
    /// 1
    Info,
    /// 2
    Warning,
    /// 3
    Error,
    /// 4
    Critical,
    /// 5: the program ends
    Fatal,
}

impl Level {
    const fn name(self) -> &'static str {
        match self {
            Level::Debug => "DEBUG",
            Level::Info => "INFO",
            Level::Warning => "WARNING",
            Level::Error => "ERROR",
            Level::Critical => "CRITICAL",
            Level::Fatal => "FATAL",
        }
    }
}

/// Prints lines from a given level upwards.
#[derive(Debug, Clone)]
pub struct Log {
    threshold: i64,
    offset: OnceLock<UtcOffset>,
}

impl Log {
    /// Creates a log with this level: 0 prints everything, 6 and above nothing.
    pub fn new(threshold: i64) -> Self {
        Log {
            threshold,
            offset: OnceLock::new(),
        }
    }

    /// Whether hints are printed. They are not if only errors are.
    pub fn shows_hints(&self) -> bool {
        self.threshold < Level::Error as i64
    }

    /// Prints a line if its level is enabled.
    pub fn line(&self, level: Level, message: impl fmt::Display) {
        if let Some(begin) = self.begin(level) {
            print(format_args!("{begin} {message}"));
        }
    }

    /// Prints lines of our own if their level is enabled.
    pub fn text(&self, level: Level, text: &'static str) {
        if let Some(begin) = self.begin(level) {
            print_text(&format!("{begin} {text}"));
        }
    }

    /// The time and the level.
    fn begin(&self, level: Level) -> Option<String> {
        if (level as i64) < self.threshold {
            return None;
        }
        Some(format!("{} [{}]", self.stamp(), level.name()))
    }

    /// Prints a line without a level. cfssl prints those of Go's HTTP server that way,
    /// unless logging is off.
    pub fn unlevelled(&self, message: impl fmt::Display) {
        if self.threshold <= Level::Critical as i64 {
            print(format_args!("{} {message}", self.stamp()));
        }
    }

    /// `2026/01/31 12:00:00`
    fn stamp(&self) -> String {
        let now = OffsetDateTime::now_utc().to_offset(self.offset());
        let (date, time) = (now.date(), now.time());
        let (year, month, day) = (date.year(), u8::from(date.month()), date.day());
        let (hour, minute, second) = time.as_hms();
        format!("{year}/{month:02}/{day:02} {hour:02}:{minute:02}:{second:02}")
    }

    /// The local time zone, read once: the system's answer is considered safe only before
    /// any thread is started.
    pub fn offset(&self) -> UtcOffset {
        let local = || UtcOffset::current_local_offset().unwrap_or(UtcOffset::UTC);
        *self.offset.get_or_init(local)
    }

    /// Prints the line of an event.
    pub fn event(&self, event: &Event) {
        let line = |level, message: &str| self.line(level, message);
        match event {
            Event::RequestReceived => line(Level::Info, "generate received request"),
            Event::CsrReceived => line(Level::Info, "received CSR"),
            Event::GeneratingKey { algorithm, size } => {
                self.line(Level::Info, format_args!("generating key: {algorithm}-{size}"));
            }
            Event::CsrEncoded => line(Level::Info, "encoded CSR"),
            Event::CertificateSigned { serial } => {
                self.line(
                    Level::Info,
                    format_args!("signed certificate with serial number {serial}"),
                );
            }
            Event::AuthorityDisallowedByPolicy => line(
                Level::Error,
                "local signer policy disallows issuing CA certificate",
            ),
            Event::AuthorityDisallowedByIssuer => {
                line(
                    Level::Error,
                    "local signer certificate disallows issuing CA certificate",
                );
            }
            Event::PathTooLongForIssuer => line(
                Level::Error,
                "local signer certificate disallows CA MaxPathLen extending",
            ),
            Event::RemoteNamedTwice => {
                line(
                    Level::Error,
                    "profile has both a remote and an auth remote specified",
                );
            }
            Event::LocalSettingsSkipped { profile } => {
                let profile = match profile {
                    None => "default profile".to_owned(),
                    Some(name) => format!("Profiles[{name}]"),
                };
                self.line(
                    Level::Warning,
                    format_args!("{profile} points to a remote signer: {SKIPPED}"),
                );
            }
            Event::BadRemoteAddress { why, .. } => self.line(Level::Error, format_args!("bad url: {why}")),
            Event::RemoteHttpError { url } => {
                self.line(Level::Error, format_args!("http error with {url}"));
            }
            Event::RemoteFailed { server, why } => {
                self.line(Level::Debug, format_args!("{server} did not sign: {why}"));
            }
            Event::UnnamedCa { error } => self.line(Level::Warning, format_args!("invalid request: {error}")),
            Event::CsrFailed { error } => {
                self.line(Level::Error, format_args!("failed to generate a CSR: {error}"));
            }
            Event::RequestFailed { error } => {
                self.line(Level::Error, format_args!("failed to process request: {error}"));
            }
            Event::SignerFailed { error } => {
                self.line(Level::Error, format_args!("failed to create signer: {error}"));
            }
            Event::PathLenZeroIgnored => line(Level::Info, "ignore invalid 'pathlenzero' value"),
            Event::Bundling { subject } => {
                self.line(Level::Info, format_args!("bundling certificate for {subject}"));
            }
            Event::FallsBackToOptimal => {
                line(Level::Warning, "No metadata, Ubiquitous falls back to Optimal.");
            }
            Event::AnchoringRoot { subject } => {
                self.line(Level::Info, format_args!("the anchoring root is {subject}"));
            }
            Event::PlatformLoaded { name, keys } => {
                self.line(
                    Level::Info,
                    format_args!("Platform metadata is loaded: {name} {keys}"),
                );
            }
        }
    }
}

/// cfssl's list of the settings that are ignored in a profile with a remote server.
const SKIPPED: &str = r#"The configuration value by "usages", "issuer_urls", "ocsp_url", "crl_url", "ca_constraint", "expiry", "backdate", "not_before", "not_after", "cert_store" and "ct_log_servers" are skipped"#;

/// Prints a line on standard error. Line breaks in quoted certificates, documents and file
/// names are escaped.
pub fn print(line: impl fmt::Display) {
    print_text(&one_line(&line.to_string()));
}

/// Prints lines of our own on standard error in a single write, so that they are not
/// interleaved with others' output. If standard error is closed, there is nobody to inform.
pub fn print_text(text: &str) {
    let _ = io::stderr().write_all(format!("{text}\n").as_bytes());
}
