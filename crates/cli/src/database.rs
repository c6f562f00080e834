//! The database of `-db-config`. The runtime that it needs is built here, and only where
//! a command asks for a database.

use rcfssl_core::record::CertificateRecord;
use rcfssl_core::{Code, Error, Issued, Result};
use rcfssl_store::Config;
use rcfssl_store::blocking::Store;
use time::OffsetDateTime;

use crate::args::FlagId;
use crate::context::{Context, Document, Failure};
use crate::input;
use crate::kinds::Wanted;

impl Document for Config {
    const WANTED: Wanted = Wanted::Database;
}

/// Reads the document and opens the database that it names, without connecting.
///
/// # Errors
/// A trap, under `-strict`. What is wrong with the document is held, for commands that
/// report something else first.
pub fn open(context: &Context) -> std::result::Result<Result<Store>, Failure> {
    let path = context.args.path(FlagId::DbConfig);
    let text = match input::file(path) {
        Ok(text) => text,
        Err(_) => {
            return Ok(Err(Error::wrap(
                Code::InvalidPolicy,
                "could not read configuration file",
            )));
        }
    };
    match context.read_document(path, &text, Config::read(&text)) {
        Ok(config) => Ok(Store::new(&config)),
        Err(Failure::Error(error)) => Ok(Err(error)),
        Err(failure) => Err(failure),
    }
}

/// The database of a server, where there is one. Nothing is connected yet.
///
/// # Errors
/// What is wrong with the document; a trap, under `-strict`.
pub fn server(context: &Context) -> std::result::Result<Option<rcfssl_store::Store>, Failure> {
    if !context.args.is_set(FlagId::DbConfig) {
        return Ok(None);
    }
    let path = context.args.path(FlagId::DbConfig);
    let unreadable = |_| Error::wrap(Code::InvalidPolicy, "could not read configuration file");
    let text = input::file(path).map_err(unreadable)?;
    let config = context.read_document(path, &text, Config::read(&text))?;
    Ok(Some(rcfssl_store::Store::new(&config, CONNECTIONS)?))
}

/// Connections of a server to its database.
pub const CONNECTIONS: usize = 8;

/// The same for a command that cannot do without.
///
/// # Errors
/// Where the flag is missing, as [`open`], and what is wrong with the document.
pub fn required(context: &Context) -> std::result::Result<Store, Failure> {
    if !context.args.is_set(FlagId::DbConfig) {
        return Err(missing("the database", "-db-config"));
    }
    Ok(open(context)??)
}

/// A flag that is missing.
pub fn missing(what: &str, flag: &str) -> Failure {
    Error::plain(format!("need {what} (provide it with {flag})")).into()
}

/// What the database gave, or its error as [`refused`] reports it.
pub fn told<T>(context: &Context, done: rcfssl_store::Result<T>) -> Result<T> {
    done.map_err(|error| refused(context, error))
}

/// The error of the database as cfssl prints it, with a hint where one helps.
pub fn refused(context: &Context, error: rcfssl_store::Error) -> Error {
    if let Some(hint) = error.hint() {
        context.hint(hint);
    }
    error.error
}

/// Records a certificate that was just signed. When this returns, its row is there to
/// stay.
///
/// # Errors
/// 11000, in the words of the database.
pub fn record(context: &Context, store: &Store, issued: &Issued, now: OffsetDateTime) -> Result<()> {
    let label = context.args.text(FlagId::Label);
    let record = CertificateRecord::of(issued, &label, "null", now);
    told(context, store.record(&[record]))
}
