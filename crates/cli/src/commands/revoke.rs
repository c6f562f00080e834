//! `revoke`: marks certificates in a database as revoked. The certificate is given by serial
//! number and key identifier as in cfssl, by its file, or by its common name.

use std::fmt::Write as _;
use std::io::{self, BufRead, IsTerminal, Write as _};

use rcfssl_ca::input;
use rcfssl_core::record::{CertificateRecord, RecordId};
use rcfssl_core::{Certificate, Code, Error, ocsp, record};
use rcfssl_store::blocking::Store;

use crate::args::FlagId;
use crate::context::{Context, Outcome};
use crate::{database, output};

/// Marks the certificate; prints nothing on success.
pub fn run(context: &Context) -> Outcome {
    let args = &context.args;
    let (is_file, is_name) = (args.is_set(FlagId::Cert), args.is_set(FlagId::Cn));
    if !is_file && !is_name {
        for (flag, what, name) in [
            (FlagId::Serial, "the serial number of the certificate", "-serial"),
            (FlagId::Aki, "its authority key identifier", "-aki"),
        ] {
            if !args.is_set(flag) {
                return Err(database::missing(what, name));
            }
        }
    } else if [is_file, is_name, args.is_set(FlagId::Serial)]
        .iter()
        .filter(|is_given| **is_given)
        .count()
        > 1
    {
        return Err(Error::plain("give only one of -cert, -cn and -serial").into());
    }
    let store = database::required(context)?;
    let reason = reason(&args.text(FlagId::Reason))
        .inspect_err(|error| context.error(format_args!("Invalid reason code: {error}")))?;
    if is_name {
        return named(context, &store, reason);
    }
    let row = match is_file {
        true => of_file(context)?,
        false => RecordId {
            serial: args.text(FlagId::Serial).into_owned(),
            aki: args.text(FlagId::Aki).into_owned(),
        },
    };
    revoke(context, &store, &row, reason)
}

/// cfssl rejects the flag's own default, 0. Here it means unspecified.
fn reason(text: &str) -> Result<u8, Error> {
    match text {
        "0" => Ok(0),
        text => ocsp::parse_reason(text),
    }
}

/// The row of the certificate in `-cert`, PEM or DER.
fn of_file(context: &Context) -> Result<RecordId, Error> {
    let path = context.args.path(FlagId::Cert);
    let text = input::file(path)?;
    let certificate = Certificate::read_pem(&text).or_else(|error| {
        // The error about PEM is the better one, unless it is DER.
        Certificate::read(&text).map_err(|_| error)
    })?;
    Ok(RecordId::of(&certificate))
}

fn revoke(context: &Context, store: &Store, row: &RecordId, reason: u8) -> Outcome {
    let RecordId { serial, aki } = row;
    if database::told(context, store.revoke(serial, aki, reason))? {
        return Ok(());
    }
    let written = record::normal_identifier(aki);
    if written != *aki {
        context.hint(format_args!(
            "key identifiers are recorded as lower-case hexadecimal without colons: {written}"
        ));
    } else if context.args.is_set(FlagId::Cert) {
        context.hint(format_args!(
            "the database has no certificate with serial number {serial} and key identifier {aki}"
        ));
    }
    Err(Error::from(Code::StoreNotFound).into())
}

/// Revokes every certificate with the name of `-cn`, once the user has confirmed it.
fn named(context: &Context, store: &Store, reason: u8) -> Outcome {
    let name = context.args.text(FlagId::Cn);
    let found = database::told(context, store.named(&name))?;
    if found.is_empty() {
        context.hint("only certificates that are neither expired nor revoked are looked for");
        return Err(Error::from(Code::StoreNotFound).into());
    }
    if !context.args.bool(FlagId::Yes) && !confirmed(&found)? {
        return Err(Error::plain("nothing was revoked").into());
    }
    for record in found {
        let row = RecordId {
            serial: record.serial,
            aki: record.aki,
        };
        revoke(context, store, &row, reason)?;
    }
    Ok(())
}

/// Shows the certificates and asks whether to revoke them.
///
/// # Errors
/// If there is nobody to ask.
fn confirmed(found: &[CertificateRecord]) -> Result<bool, Error> {
    let mut text = String::new();
    for record in found {
        let expires = record.expiry.date();
        let name = record.common_name.as_deref().unwrap_or_default();
        let _ = writeln!(
            text,
            "{}, serial number {}, expires {expires}",
            output::printable(name),
            output::printable(&record.serial)
        );
    }
    let mut error = io::stderr().lock();
    let _ = error.write_all(text.as_bytes());
    if !io::stdin().is_terminal() {
        return Err(Error::plain(
            "nothing was revoked: -yes is needed where there is no terminal to ask at",
        ));
    }
    let question = match found.len() {
        1 => "Revoke this certificate? [y/N] ".to_owned(),
        count => format!("Revoke these {count} certificates? [y/N] "),
    };
    let _ = error.write_all(question.as_bytes()).and_then(|()| error.flush());
    let mut answer = String::new();
    // A line of any length could be piped into a terminal.
    let read = io::Read::take(io::stdin().lock(), 100).read_line(&mut answer);
    let is_yes = ["y", "yes"]
        .iter()
        .any(|yes| answer.trim().eq_ignore_ascii_case(yes));
    Ok(read.is_ok() && is_yes)
}
