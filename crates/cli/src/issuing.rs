//! Shared by the commands that create certificates: the request document, key and request,
//! and new CAs.

use std::ffi::OsStr;

use rcfssl_ca::{input, make};
use rcfssl_core::key::{PrivateKey, SigningKey};
use rcfssl_core::{Csr, Error, Request, Result};
use time::OffsetDateTime;

use crate::args::FlagId;
use crate::context::{Context, Failure};
use crate::output::Made;
use crate::values;

/// Reads the request document, a command's only argument.
///
/// # Errors
/// If there is none or more than one, or if it cannot be read.
pub fn document(context: &Context) -> std::result::Result<Request, Failure> {
    let path = match context.args.positional() {
        [path] => path,
        [] => {
            hint_at_missing_document(context);
            return Err(Error::plain(
                "the request document is missing: name a file, or - for standard input",
            )
            .into());
        }
        [_, extra, ..] => {
            if extra == "-" {
                context
                    .hint("the request document is already named: remove the -, which means standard input");
            } else if let Some(flag) = extra.to_str().filter(|text| text.starts_with('-')) {
                context.hint(format_args!(
                    "{flag} comes after the request document, where flags are ignored; put it before the document"
                ));
            }
            return Err(Error::plain("only the request document is expected as an argument").into());
        }
    };
    document_at(context, path)
}

/// Reads a request document.
///
/// # Errors
/// If it cannot be read.
pub fn document_at(context: &Context, path: &OsStr) -> std::result::Result<Request, Failure> {
    let text = input::file_or_stdin(path)?;
    let request = context.read_document(path, &text, Request::read(&text))?;
    values::explain(path, &text)
        .into_iter()
        .for_each(|line| context.hint(line));
    Ok(request)
}

/// Some published guides renew a certificate with `-profile=client.json` and no request
/// document.
fn hint_at_missing_document(context: &Context) {
    let profile = context.args.text(FlagId::Profile);
    if let Some(stem) = profile.strip_suffix(".json") {
        context.hint(format_args!(
            "-profile names a profile of the configuration, and the request document comes last: \
             -profile={stem} {profile} was probably meant"
        ));
    } else {
        context.hint("the request document is the last argument");
    }
}

/// Creates a key and a request, with cfssl's log lines.
///
/// # Errors
/// As [`make::key_and_csr`].
pub fn key_and_csr(context: &Context, request: &Request) -> Result<(PrivateKey, Csr)> {
    hint_at_key(context, request);
    make::key_and_csr(request, false, &mut context.sink())
}

/// Lists the available key types if the request asks for an unknown one.
fn hint_at_key(context: &Context, request: &Request) {
    if request.key_spec().is_err() {
        context.hint(
            "\"key\" may be \"algo\": \"rsa\" with \"size\" 2048 to 8192, \"ecdsa\" with 256, 384 or 521, or \"ed25519\"",
        );
    }
}

/// Creates a request for an existing key.
///
/// # Errors
/// As [`make::csr`].
pub fn csr(context: &Context, request: &Request, key: &dyn SigningKey) -> Result<Csr> {
    make::csr(request, key, &mut context.sink())
}

/// Creates a new CA: key, request and self-signed certificate.
///
/// # Errors
/// As [`make::ca`].
pub fn new_authority(context: &Context, request: &Request) -> Result<Made> {
    hint_at_key(context, request);
    let (key, made) = make::ca(request, OffsetDateTime::now_utc(), &mut context.sink())?;
    Ok(Made {
        cert: Some(made.certificate.to_pem()),
        csr: Some(made.csr.to_pem()),
        key: Some(context.key_pem(&key)?),
    })
}

/// Reissues the certificate of a CA for its existing key.
///
/// # Errors
/// As [`make::ca_again`].
pub fn authority_again(context: &Context, request: &Request, key: &PrivateKey) -> Result<Made> {
    let made = make::ca_again(request, key, OffsetDateTime::now_utc(), &mut context.sink())?;
    Ok(Made {
        cert: Some(made.certificate.to_pem()),
        csr: Some(made.csr.to_pem()),
        key: None,
    })
}
