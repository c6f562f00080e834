//! The context of a command: its arguments, the log, the configuration, and the hints it
//! collects.

use std::ffi::OsStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rcfssl_ca::Trap;
use rcfssl_core::bundle::Platform;
use rcfssl_core::key::{KeyFormat, PrivateKey};
use rcfssl_core::{Code, Error, Event, Policy, Request, Result};
use rcfssl_go::flag;
use rcfssl_go::json::{self, Report};

use zeroize::Zeroizing;

use crate::args::{Args, FlagId};
use crate::hints::Warning;
use crate::kinds::{self, Wanted};
use crate::log::{Level, Log};
use crate::values;

/// How a command fails: with an error to print, or with everything already printed.
#[derive(Debug)]
pub enum Failure {
    /// The error is printed after the log lines.
    Error(Error),
    /// The same where cfssl crashes: even its sibling tools do not exit with 0 then.
    Crash(Error),
    /// A trap, under `-strict`.
    Strict(Warning),
    /// Everything has been printed already.
    Reported,
    /// The same, with an exit status other than 1.
    Status(u8),
}

impl Failure {
    /// The same failure once its error has been printed.
    pub fn reported(self) -> Self {
        match self {
            Failure::Error(_) => Failure::Reported,
            other => other,
        }
    }
}

impl From<Failure> for Error {
    /// For servers, which go on after it.
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Error(error) | Failure::Crash(error) => error,
            Failure::Strict(trap) => Error::plain(trap.to_string()),
            Failure::Reported | Failure::Status(_) => Error::plain("see above"),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Error(error)
    }
}

impl From<Code> for Failure {
    fn from(code: Code) -> Self {
        Failure::Error(code.into())
    }
}

/// The result of a command.
pub type Outcome = std::result::Result<(), Failure>;

/// A document that a command reads.
pub trait Document {
    /// The kind of file that is expected.
    const WANTED: Wanted;
}

impl Document for Request {
    const WANTED: Wanted = Wanted::Request;
}

impl Document for Policy {
    const WANTED: Wanted = Wanted::Configuration;
}

impl Document for Vec<Platform> {
    const WANTED: Wanted = Wanted::Platforms;
}

/// The context of a command.
pub struct Context {
    /// The flags and arguments.
    pub args: Args,
    /// The log.
    pub log: Log,
    /// The configuration of `-config`, if there is one.
    pub policy: Option<Arc<Policy>>,
    strict: bool,
    hints: Mutex<Vec<String>>,
}

impl Context {
    /// Creates a context before the configuration is read.
    pub fn new(args: Args, log: Log) -> Self {
        let variable = std::env::var("RCFSSL_STRICT").unwrap_or_default();
        // Any value except one that means false turns it on.
        let from_environment = !variable.is_empty() && flag::parse_bool(&variable) != Some(false);
        let strict = match args.is_set(FlagId::Strict) {
            true => args.bool(FlagId::Strict),
            false => from_environment,
        };
        Context {
            args,
            log,
            policy: None,
            strict,
            hints: Mutex::default(),
        }
    }

    /// The configuration, or the built-in default.
    pub fn shared_policy(&self) -> Arc<Policy> {
        match &self.policy {
            Some(policy) => Arc::clone(policy),
            None => Arc::new(Policy::builtin()),
        }
    }

    /// The policy for signing: the configuration, with the servers of `-remote` replacing
    /// the ones it names.
    pub fn signing_policy(&self) -> Arc<Policy> {
        self.with_remote(self.shared_policy())
    }

    /// A configuration in which the servers of `-remote` replace the ones it names.
    pub fn with_remote(&self, policy: Arc<Policy>) -> Arc<Policy> {
        match self.args.is_set(FlagId::Remote) {
            true => Arc::new(Policy::clone(&policy).signed_at(&self.args.text(FlagId::Remote))),
            false => policy,
        }
    }

    /// Adds a hint, printed at the end.
    pub fn hint(&self, text: impl ToString) {
        self.collected().push(text.to_string());
    }

    fn collected(&self) -> MutexGuard<'_, Vec<String>> {
        self.hints.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reports a trap.
    ///
    /// # Errors
    /// The trap itself, under `-strict`.
    pub fn trap(&self, trap: impl Into<Warning>) -> Outcome {
        let trap = trap.into();
        if self.strict {
            return Err(Failure::Strict(trap));
        }
        self.hint(trap);
        Ok(())
    }

    /// Reports how a document was read: hints at the position of an error, and at unknown
    /// keys.
    ///
    /// # Errors
    /// The error; or a trap, under `-strict`.
    pub fn read_document<T: Document>(
        &self,
        file: &OsStr,
        text: &[u8],
        read: Result<(T, Report)>,
    ) -> std::result::Result<T, Failure> {
        let (path, other) = (file, kinds::explain(file, text, T::WANTED));
        let file = match file.to_string_lossy() {
            name if name == "-" => "standard input".into(),
            name => name,
        };
        match (&read, &other) {
            (Ok(_), _) => {}
            (Err(_), Some(what)) => self.hint(what),
            (Err(Error::Json { error, .. }), None) => {
                let lines = json::place(&file, text, error.offset);
                lines.into_iter().for_each(|line| self.hint(line));
            }
            (Err(_), None) => {
                let values = values::explain(path, text);
                match values.is_empty() {
                    true => self.hint(format_args!("the error is in {file}")),
                    false => values.into_iter().for_each(|line| self.hint(line)),
                }
            }
        }
        let (document, report) = read?;
        if let Some(what) = other {
            // Its contents would only produce a list of unknown keys.
            self.trap(Warning::OtherDocument { what })?;
            return Ok(document);
        }
        for unknown in &report.unknown_keys {
            self.trap(Trap::unknown_key(&file, text, unknown))?;
        }
        for repeated in &report.repeated_keys {
            self.trap(Trap::repeated_key(&file, text, repeated))?;
        }
        if report.more > 0 {
            self.hint(format_args!("{file}: {} more such keys", report.more));
        }
        Ok(document)
    }

    /// A key in the format of `-key-format`.
    ///
    /// # Errors
    /// As [`PrivateKey::to_pem`].
    pub fn key_pem(&self, key: &PrivateKey) -> Result<Zeroizing<String>> {
        key.to_pem(self.key_format())
    }

    /// The format of `-key-format`.
    pub fn key_format(&self) -> KeyFormat {
        match &*self.args.text(FlagId::KeyFormat) {
            "pkcs8" => KeyFormat::Pkcs8,
            _ => KeyFormat::Traditional,
        }
    }

    /// Whether traps are errors.
    pub fn is_strict(&self) -> bool {
        self.strict
    }

    /// Logs an error.
    pub fn error(&self, message: impl std::fmt::Display) {
        self.log.line(Level::Error, message);
    }

    /// The sink for events of the core.
    pub fn sink(&self) -> impl FnMut(Event) + '_ {
        |event| self.event(&event)
    }

    /// Logs an event of the core.
    pub fn event(&self, event: &Event) {
        self.log.event(event);
        match event {
            Event::BadRemoteAddress { tried: Some(why), .. } => self.hint(format_args!(
                "the address was tried with http:// before it: {why}"
            )),
            Event::FetchFailed { why, is_proxy: true } => self.hint(why),
            _ => {}
        }
    }

    /// Prints the outcome and the hints, and returns the exit status.
    pub fn finish(self, outcome: Outcome) -> u8 {
        let status = match outcome {
            Ok(()) => 0,
            Err(Failure::Error(error) | Failure::Crash(error)) => {
                self.log.ending(&error);
                1
            }
            Err(Failure::Reported) => 1,
            Err(Failure::Status(status)) => status,
            Err(Failure::Strict(trap)) => {
                self.log.ending(trap);
                1
            }
        };
        self.print_hints();
        status
    }

    /// Prints the hints that were collected.
    pub fn print_hints(&self) {
        self.collected().iter().for_each(|hint| self.log.hint(hint));
    }
}
