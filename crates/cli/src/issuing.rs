//! What the commands that make certificates share: the request document, key and
//! request, and new authorities.

use std::ffi::OsStr;

use rcfssl_core::authority::Overrides;
use rcfssl_core::host::Hosts;
use rcfssl_core::key::{self, PrivateKey, SigningKey};
use rcfssl_core::{Authority, Code, Csr, Error, Event, Profile, Request, Result};
use time::OffsetDateTime;

use crate::args::FlagId;
use crate::context::{Context, Failure};
use crate::input;
use crate::kinds;
use crate::log::Level;
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
/// 5300 for an authority that names nobody, 2400 for a key that cannot be made,
/// 9300 for what a request cannot hold.
pub fn key_and_csr(context: &Context, request: &Request, authority: bool) -> Result<(PrivateKey, Csr)> {
    let mut sink = context.sink();
    sink(Event::RequestReceived);
    if authority && let Err(error) = request.check_named() {
        context
            .log
            .line(Level::Warning, format_args!("invalid request: {error}"));
        return Err(error);
    }
    sink(Event::CsrReceived);
    let wanted = request.key();
    sink(Event::GeneratingKey {
        algorithm: wanted.algo,
        size: wanted.size,
    });
    let spec = request.key_spec().inspect_err(|_| {
        context.hint(
            "\"key\" may be \"algo\": \"rsa\" with \"size\" 2048 to 8192, \"ecdsa\" with 256, 384 or 521, or \"ed25519\"",
        );
    })?;
    let key = key::generate(spec)?;
    let csr = csr(context, request, &key).map_err(|error| match error {
        Error::Plain(_) => refused_csr(context, error),
        told => told,
    })?;
    Ok((key, csr))
}

/// Makes a request around a key.
///
/// # Errors
/// Bare for a subject that cannot be built; 9300 for what a request cannot hold,
/// which is logged first.
pub fn csr(context: &Context, request: &Request, key: &dyn SigningKey) -> Result<Csr> {
    request.check_types()?;
    let csr = request.content().and_then(|content| Csr::make(&content, key));
    let csr = csr.map_err(|error| refused_csr(context, error))?;
    context.sink()(Event::CsrEncoded);
    Ok(csr)
}

fn refused_csr(context: &Context, error: Error) -> Error {
    context.error(format_args!("failed to generate a CSR: {error}"));
    Error::wrap(Code::CsrBadRequest, error)
}

/// Makes a new authority: key, request and self-signed certificate.
///
/// # Errors
/// Bare for a malformed duration; else as [`key_and_csr`], logged once more, and
/// 5200 for a lifetime of zero.
pub fn new_authority(context: &Context, request: &Request) -> Result<Made> {
    let profile = request.root_profile()?;
    note_ignored_zero(context, request);
    let (key, csr) = key_and_csr(context, request, true).inspect_err(|error| {
        context.error(format_args!("failed to process request: {error}"));
    })?;
    let cert = self_sign(
        context,
        &key,
        &csr,
        &profile,
        request.hosts.is_given().then(|| request.hosts()),
    )?;
    Ok(Made {
        cert: Some(cert),
        csr: Some(csr.to_pem()),
        key: Some(context.key_pem(&key)?),
    })
}

/// Makes the certificate of an authority anew around the key it has.
///
/// # Errors
/// As [`new_authority`].
pub fn authority_again(context: &Context, request: &Request, key: &PrivateKey) -> Result<Made> {
    // cfssl looks at neither field here.
    let mut request = request.clone();
    request.crl_url.clear();
    if let Some(ca) = &mut request.ca {
        ca.backdate.clear();
    }
    let profile = request.root_profile()?;
    note_ignored_zero(context, &request);
    let csr = csr(context, &request, key)?;
    let cert = self_sign(context, key, &csr, &profile, None)?;
    Ok(Made {
        cert: Some(cert),
        csr: Some(csr.to_pem()),
        key: None,
    })
}

fn note_ignored_zero(context: &Context, request: &Request) {
    if request.ca.as_ref().is_some_and(|ca| ca.zero_is_ignored()) {
        context.sink()(Event::PathLenZeroIgnored);
    }
}

fn self_sign(
    context: &Context,
    key: &PrivateKey,
    csr: &Csr,
    profile: &Profile,
    hosts: Option<Hosts>,
) -> Result<String> {
    if profile.expiry.is_zero() {
        let error = Error::from(Code::InvalidPolicy);
        context.error(format_args!("failed to create signer: {error}"));
        return Err(error);
    }
    let overrides = Overrides {
        hosts,
        ..Overrides::default()
    };
    let issued = Authority::self_signed(key).sign(
        csr,
        profile,
        &overrides,
        OffsetDateTime::now_utc(),
        &mut context.sink(),
    )?;
    Ok(issued.to_pem())
}
