//! cfssl's log lines: `2026/01/31 12:00:00 [INFO] message` on standard error, in
//! local time.

use std::fmt;
use std::io::{self, Write};

use rcfssl_core::Event;
use rcfssl_go::json;
use rcfssl_go::line::one_line;
use serde::Serialize;
use time::format_description::well_known::Rfc3339;
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

/// How lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// cfssl's.
    #[default]
    Text,
    /// One JSON object per line.
    Json,
}

/// Prints lines with a minimum level.
#[derive(Debug, Clone)]
pub struct Log {
    threshold: i64,
    format: Format,
}

/// A line as JSON.
#[derive(Debug, Serialize)]
struct Line<'a> {
    /// Local time (RFC 3339) with microseconds.
    time: String,
    level: &'a str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<Request<'a>>,
}

/// The request that an access line is about.
#[derive(Debug, Serialize)]
pub struct Request<'a> {
    /// Address and port.
    pub client: String,
    /// The HTTP method.
    pub method: &'a str,
    /// Path and query.
    pub url: &'a str,
    /// The HTTP status.
    pub status: u16,
    /// The number in the envelope: that of the error, or 200.
    pub code: u32,
    /// How long it took.
    pub seconds: f64,
}

impl Log {
    /// Creates a log with this level: 0 prints everything, 6 and above nothing.
    pub fn new(threshold: i64) -> Self {
        Log {
            threshold,
            format: Format::default(),
        }
    }

    /// Whether hints are printed. They are not if only errors are.
    pub fn shows_hints(&self) -> bool {
        self.threshold < Level::Error as i64
    }

    /// The same log with lines in this format.
    pub fn with_format(self, format: Format) -> Self {
        Log { format, ..self }
    }

    /// Prints a line if its level is enabled.
    pub fn line(&self, level: Level, message: impl fmt::Display) {
        self.about(level, message, None);
    }

    /// The same for the line of a request, whose parts are fields in JSON.
    pub fn request(&self, message: impl fmt::Display, request: Request<'_>) {
        self.about(Level::Info, message, Some(request));
    }

    fn about(&self, level: Level, message: impl fmt::Display, request: Option<Request<'_>>) {
        if (level as i64) < self.threshold {
            return;
        }
        match self.format {
            Format::Text => print(format_args!("{} [{}] {message}", stamp(), level.name())),
            Format::Json => print_json(level.name(), message, request),
        }
    }

    /// Prints lines of our own if their level is enabled.
    pub fn text(&self, level: Level, text: &'static str) {
        if (level as i64) < self.threshold {
            return;
        }
        match self.format {
            Format::Text => print_text(&format!("{} [{}] {text}", stamp(), level.name())),
            Format::Json => print_json(level.name(), text, None),
        }
    }

    /// Prints a line without a level. cfssl prints those of Go's HTTP server that way,
    /// unless logging is off.
    pub fn unlevelled(&self, message: impl fmt::Display) {
        match self.format {
            _ if self.threshold > Level::Critical as i64 => {}
            Format::Text => print(format_args!("{} {message}", stamp())),
            Format::Json => print_json(Level::Warning.name(), message, None),
        }
    }

    /// Prints the error that ends the program, whatever the level.
    pub fn ending(&self, error: impl fmt::Display) {
        match self.format {
            Format::Text => print(error),
            Format::Json => print_json(Level::Fatal.name(), error, None),
        }
    }

    /// Prints a hint, if hints are printed.
    pub fn hint(&self, hint: impl fmt::Display) {
        match self.format {
            _ if !self.shows_hints() => {}
            Format::Text => print(format_args!("hint: {hint}")),
            Format::Json => print_json("HINT", hint, None),
        }
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
            Event::Fetching { url } => {
                self.line(Level::Debug, format_args!("fetching the certificate at {url}"));
            }
            Event::FetchFailed { why, .. } => line(Level::Debug, why),
            Event::IntermediateSaved { file_name } => {
                self.line(Level::Info, format_args!("stashed new intermediate {file_name}"));
            }
            Event::IntermediateNotSaved { file, why } => {
                self.line(
                    Level::Error,
                    format_args!("failed to write new intermediate: open {file}: {why}"),
                );
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

/// The time now in the local zone. Its offset is that of this moment, also after the
/// clocks went forward or back while the program runs.
pub fn now() -> OffsetDateTime {
    let now = OffsetDateTime::now_utc();
    now.to_offset(UtcOffset::local_offset_at(now).unwrap_or(UtcOffset::UTC))
}

/// `2026/01/31 12:00:00`
fn stamp() -> String {
    let now = now();
    let (date, time) = (now.date(), now.time());
    let (year, month, day) = (date.year(), u8::from(date.month()), date.day());
    let (hour, minute, second) = time.as_hms();
    format!("{year}/{month:02}/{day:02} {hour:02}:{minute:02}:{second:02}")
}

/// A line break or control character of the message is an escape in JSON.
fn print_json(level: &str, message: impl fmt::Display, request: Option<Request<'_>>) {
    let now = now();
    let now = now.replace_microsecond(now.microsecond()).unwrap_or(now);
    print_text(&json::to_string(&Line {
        time: now.format(&Rfc3339).unwrap_or_default(),
        level,
        message: one_line(&message.to_string()).into(),
        request,
    }));
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
