//! `sign`: a certificate for an existing certificate request.

use std::ffi::OsStr;

use rcfssl_ca::{SignRequest, SubjectOverride, input};
use rcfssl_core::{Csr, Error, Hosts, Request};
use rcfssl_go::json::{self, Object};

use crate::args::FlagId;
use crate::context::{Context, Document, Failure, Outcome};
use crate::hints::Warning;
use crate::kinds::{self, Wanted};
use crate::output::Made;
use crate::signing::{self, Signing};
use crate::traps;

impl Document for SubjectOverride {
    const WANTED: Wanted = Wanted::Subject;
}

/// Signs the request and prints it with the certificate.
pub fn run(context: &Context) -> Outcome {
    let mut rest = context.args.positional().iter();
    let path: &OsStr = if context.args.is_set(FlagId::Csr) {
        context.args.path(FlagId::Csr)
    } else {
        rest.next().ok_or_else(|| {
            context.hint("rcfssl sign [flags] request.csr, - for standard input");
            Error::plain("sign needs a request")
        })?
    };
    let document = rest
        .next()
        .map(|path| subject_document(context, path))
        .transpose()?;
    if let Some(extra) = rest.next() {
        if extra.to_str().is_some_and(|text| text.starts_with('-')) {
            let extra = extra.to_string_lossy();
            context.hint(format_args!(
                "{extra} comes after the request, where flags are ignored; put it before the request"
            ));
        }
        return Err(Error::plain("sign takes a request and a subject, and nothing more").into());
    }
    let text = input::file_or_stdin(path)?;
    let Some(signing) = Signing::prepare(context, "")? else {
        return Ok(());
    };
    let hostnames = signing::hostnames(context);
    if let Some(hosts) = &hostnames {
        traps::hosts(context, hosts)?;
    }
    // cfssl reports errors in the CA first.
    let csr = Csr::read_pem(&text);
    if csr.is_err() {
        context.hint(kinds::explain_failure(path, &text, Wanted::Csr));
    }
    if let (Ok(csr), Some(_)) = (&csr, signing.profile()) {
        let (asked, others) = csr.hosts().unwrap_or_default();
        let hosts = hostnames.as_ref().map(Hosts::parse);
        if hosts.is_none() {
            traps::dropped_names(context, &others)?;
        }
        signing.check_hosts(hosts.as_ref().unwrap_or(&asked))?;
    }
    let asked = SignRequest {
        subject: document,
        ..signing.request(signing.asked_csr(&text, csr), hostnames)
    };
    let signed = signing.sign(&asked)?;
    // The request is sent as it was read, including any text around the PEM block.
    let made = Made {
        cert: Some(signed.pem),
        csr: Some(json::lossy(&text)),
        key: None,
    };
    made.print()?;
    Ok(())
}

fn subject_document(context: &Context, path: &OsStr) -> Result<SubjectOverride, Failure> {
    let text = input::file(path)?;
    let mut document = SubjectOverride::default();
    let mut read = json::read(&text, &mut document).map_err(Error::from);
    // SUBJECT may be a whole request, of which only some keys are used.
    let mut unused = Vec::new();
    if let Ok(report) = &mut read {
        report.unknown_keys.retain(|unknown| {
            let known = unknown.path.is_empty().then(|| request_key(&unknown.key));
            unused.extend(known.flatten());
            !matches!(known, Some(Some(_)))
        });
    }
    let document = context.read_document(path, &text, read.map(|report| (document, report)))?;
    unused.extend(document.unused_name_keys());
    if !unused.is_empty() {
        context.trap(Warning::UnusedBySign {
            file: path.to_string_lossy().into_owned(),
            keys: unused,
        })?;
    }
    Ok(document)
}

/// The key of a request document that this is, in any case.
fn request_key(key: &str) -> Option<&'static str> {
    let mut keys = Request::KEYS.iter().copied();
    keys.find(|known| known.eq_ignore_ascii_case(key))
}
