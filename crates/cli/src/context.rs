//! What a command works with: its arguments, the log, the configuration, and the
//! hints it collects.

use std::cell::RefCell;

use rcfssl_core::{Code, Error, Event, Policy};

use crate::args::{Args, FlagId};
use crate::hints::Trap;
use crate::input;
use crate::log::{self, Level, Log};

/// How a command ends when it fails: an error to print, or nothing more to say.
#[derive(Debug)]
pub enum Failure {
    /// The error is printed as it is, after the log lines.
    Error(Error),
    /// A trap, under `-strict`.
    Strict(Trap),
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

/// What a command returns.
pub type Outcome = Result<(), Failure>;

/// What a command works with.
pub struct Context {
    /// The flags and arguments.
    pub args: Args,
    /// Where log lines go.
    pub log: Log,
    /// The configuration of `-config`, if there was one.
    pub policy: Option<Policy>,
    hints: RefCell<Vec<String>>,
}

impl Context {
    /// A context before the configuration is read.
    pub fn new(args: Args, log: Log) -> Self {
        Context {
            args,
            log,
            policy: None,
            hints: RefCell::new(Vec::new()),
        }
    }

    /// Adds a hint, to be printed at the end.
    pub fn hint(&self, text: impl ToString) {
        self.hints.borrow_mut().push(text.to_string());
    }

    /// Tells of a trap.
    ///
    /// # Errors
    /// The trap itself, under `-strict`.
    pub fn trap(&self, trap: Trap) -> Outcome {
        self.hint(trap);
        Ok(())
    }

    /// Refuses `-db-config`: a certificate that should be recorded is not made
    /// without that.
    ///
    /// # Errors
    /// 5200 for a file that cannot be read, as in cfssl, and that databases are not
    /// done yet.
    pub fn refuse_database(&self) -> Outcome {
        if !self.args.is_set(FlagId::DbConfig) {
            return Ok(());
        }
        let unreadable = |_| Error::wrap(Code::InvalidPolicy, "could not read configuration file");
        input::file(self.args.path(FlagId::DbConfig)).map_err(unreadable)?;
        Err(Error::plain("-db-config: rcfssl does not record certificates in a database yet").into())
    }

    /// Prints an error line of the log.
    pub fn error(&self, message: impl std::fmt::Display) {
        self.log.line(Level::Error, message);
    }

    /// Where events of the core go.
    pub fn sink(&self) -> impl FnMut(Event) + '_ {
        |event| self.log.event(&event)
    }

    /// Prints how it ended and the hints; gives the exit status.
    pub fn finish(self, outcome: Outcome) -> u8 {
        let status = match outcome {
            Ok(()) => 0,
            Err(Failure::Error(error)) => {
                log::print(&error);
                1
            }
            Err(Failure::Strict(trap)) => {
                log::print(trap);
                1
            }
        };
        if self.log.shows_hints() {
            self.hints
                .borrow()
                .iter()
                .for_each(|hint| log::print(format_args!("hint: {hint}")));
        }
        status
    }
}
