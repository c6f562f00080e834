//! What the commands that make certificates share: the request document, key and
//! request, and new authorities.

use std::ffi::OsStr;

use rcfssl_ca::make;
use rcfssl_core::key::{PrivateKey, SigningKey};
use rcfssl_core::{Csr, Error, Request, Result};
use time::OffsetDateTime;

use crate::args::FlagId;
use crate::context::{Context, Failure};
use crate::input;
use crate::kinds;
use crate::output::Made;

/// Reads the request document, the one argument of a command.
///
/// # Errors
/// Where there is none or more than one, and where it cannot be read.
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
                context.hint("the request document is named already: - stands for standard input, remove it");
            } else if let Some(flag) = extra.to_str().filter(|text| text.starts_with('-')) {
                context.hint(format_args!(
                    "{flag} stands behind the request document, where flags are not read; put it before the document"
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
/// Where it cannot be read.
pub fn document_at(context: &Context, path: &OsStr) -> std::result::Result<Request, Failure> {
    let text = input::file_or_stdin(path)?;
    let request = context.read_document(path, &text, Request::read(&text))?;
    kinds::bad_durations(path, &text)
        .into_iter()
        .for_each(|line| context.hint(line));
    Ok(request)
}

/// Some published guides renew a certificate with `-profile=client.json` and no
/// document at all.
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

/// Makes a key and a request, with cfssl's log lines as it goes.
///
/// # Errors
/// As [`make::key_and_csr`].
pub fn key_and_csr(context: &Context, request: &Request) -> Result<(PrivateKey, Csr)> {
    hint_at_key(context, request);
    make::key_and_csr(request, false, &mut context.sink())
}

/// Says which keys there are where the request names none of them.
fn hint_at_key(context: &Context, request: &Request) {
    if request.key_spec().is_err() {
        context.hint(
            "\"key\" may be \"algo\": \"rsa\" with \"size\" 2048 to 8192, \"ecdsa\" with 256, 384 or 521, or \"ed25519\"",
        );
    }
}

/// Makes a request for a key that is there.
///
/// # Errors
/// As [`make::csr`].
pub fn csr(context: &Context, request: &Request, key: &dyn SigningKey) -> Result<Csr> {
    make::csr(request, key, &mut context.sink())
}

/// Makes a new CA: key, request and self-signed certificate.
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

/// Makes the certificate of a CA anew for the key it has.
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
