//! The database of `-db-config`. The async runtime is built here, and only for commands
//! that use a database.

use std::ffi::OsStr;

use rcfssl_ca::input;
use rcfssl_core::record::CertificateRecord;
use rcfssl_core::{Code, Error, Issued, Result};
use rcfssl_store::Config;
use rcfssl_store::blocking::Store;
use time::OffsetDateTime;

use crate::args::FlagId;
use crate::context::{Context, Document, Failure};
use crate::kinds::Wanted;

impl Document for Config {
    const WANTED: Wanted = Wanted::Database;
}

/// Reads the configuration and opens the database that it names, without connecting.
///
/// # Errors
/// A trap, under `-strict`. An error in the configuration is held back for commands that
/// report something else first.
pub fn open(context: &Context) -> std::result::Result<Result<Store>, Failure> {
    open_file(context, context.args.path(FlagId::DbConfig))
}

/// As [`open`], with a configuration of this name.
pub fn open_file(context: &Context, path: &OsStr) -> std::result::Result<Result<Store>, Failure> {
    let text = match input::file(path) {
        Ok(text) => text,
        Err(error) => {
            context.hint(&error);
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

/// The database of a server, if there is one. It does not connect yet.
///
/// # Errors
/// What is wrong with the configuration; a trap, under `-strict`.
pub fn server(context: &Context) -> std::result::Result<Option<rcfssl_store::Store>, Failure> {
    if !context.args.is_set(FlagId::DbConfig) {
        return Ok(None);
    }
    let path = context.args.path(FlagId::DbConfig);
    let unreadable = |_| Error::wrap(Code::InvalidPolicy, "could not read configuration file");
    let text = input::file(path)
        .inspect_err(|error| context.hint(error))
        .map_err(unreadable)?;
    let config = context.read_document(path, &text, Config::read(&text))?;
    Ok(Some(rcfssl_store::Store::new(&config, CONNECTIONS)?))
}

/// The number of connections of a server to its database.
pub const CONNECTIONS: usize = 8;

/// As [`open`], for commands that require a database.
///
/// # Errors
/// If the flag is missing, as [`open`], or what is wrong with the configuration.
pub fn required(context: &Context) -> std::result::Result<Store, Failure> {
    if !context.args.is_set(FlagId::DbConfig) {
        return Err(missing("the database", "-db-config"));
    }
    Ok(open(context)??)
}

/// The error for a missing flag.
pub fn missing(what: &str, flag: &str) -> Failure {
    Error::plain(format!("need {what} (provide it with {flag})")).into()
}

/// The result of the database, or its error as [`refused`] reports it.
pub fn told<T>(context: &Context, done: rcfssl_store::Result<T>) -> Result<T> {
    done.map_err(|error| refused(context, error))
}

/// An error of the database as cfssl prints it, with a hint if one helps.
pub fn refused(context: &Context, error: rcfssl_store::Error) -> Error {
    if let Some(hint) = error.hint() {
        context.hint(hint);
    }
    error.error
}

/// Records a certificate that was just signed. When this returns, the row is committed.
///
/// # Errors
/// 11000, with the database's message.
pub fn record(context: &Context, store: &Store, issued: &Issued, now: OffsetDateTime) -> Result<()> {
    let label = context.args.text(FlagId::Label);
    let record = CertificateRecord::of(issued, &label, "null", now);
    told(context, store.record(&[record]))
}
