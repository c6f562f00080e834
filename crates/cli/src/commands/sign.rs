//! `sign`: a certificate for a request that came from elsewhere.

use std::ffi::OsStr;

use rcfssl_core::authority::Overrides;
use rcfssl_core::host::Hosts;
use rcfssl_core::name::Subject;
use rcfssl_core::request::Name;
use rcfssl_core::{Csr, Error, Issued, Profile, Request, Result};
use rcfssl_go::json::{self, List};
use rcfssl_go::json_object;

use crate::args::FlagId;
use crate::context::{Context, Document, Failure, Outcome};
use crate::input;
use crate::kinds::{self, Wanted};
use crate::output::Made;
use crate::signing::{self, Signing};
use crate::traps;

/// The SUBJECT document: what takes the place of the request's subject.
#[derive(Debug, Default)]
struct SubjectDocument {
    cn: String,
    names: List<Name>,
    serial_number: String,
}
json_object!(SubjectDocument as "signer.Subject" {
    "CN" => cn,
    "names" => names,
    "SerialNumber" => serial_number,
});

impl Document for SubjectDocument {
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
                "{extra} stands behind the request, where flags are not read"
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
    // What is wrong with the authority comes first in cfssl.
    let csr = Csr::read_pem(&text);
    if csr.is_err() {
        context.hint(kinds::explain_failure(path, &text, Wanted::Csr));
    }
    let (mut overrides, hosts) = (Overrides::default(), hostnames.map(Hosts::parse));
    if let Ok(csr) = &csr {
        let (asked, others) = csr.hosts().unwrap_or_default();
        if hosts.is_none() {
            traps::dropped_names(context, &others)?;
        }
        signing.check_hosts(context, hosts.as_ref().unwrap_or(&asked))?;
        let takes_subject = signing.profile().is_none_or(Profile::takes_subject);
        let asked = match takes_subject {
            true => Subject::from_attributes(&csr.subject),
            false => Subject::default(),
        };
        overrides.subject = document.map(|document| document.over(asked));
    }
    overrides.hosts = hosts;
    let issued = signing.sign_held(context, csr, overrides)?;
    // The request goes out as it came in, junk around it and all.
    let made = Made {
        cert: Some(issued.to_pem()),
        csr: Some(json::lossy(&text)),
        key: None,
    };
    made.print()?;
    Ok(())
}

fn subject_document(context: &Context, path: &OsStr) -> std::result::Result<SubjectDocument, Failure> {
    let text = input::file(path)?;
    let mut document = SubjectDocument::default();
    let read = json::read(&text, &mut document).map_err(Error::from);
    context.read_document(path, &text, read.map(|report| (document, report)))
}

impl SubjectDocument {
    /// Its names; what it leaves empty comes from what the request asks for, type by
    /// type. Other types of the request are dropped, and so are addresses, as in cfssl.
    fn over(&self, asked: Subject) -> Subject {
        let request = Request {
            cn: self.cn.clone(),
            names: self.names.clone(),
            ..Request::default()
        };
        let own = request.plain_names();
        let list = |own: Vec<String>, asked: Vec<String>| if own.is_empty() { asked } else { own };
        let text = |own: &String, asked: String| if own.is_empty() { asked } else { own.clone() };
        Subject {
            country: list(own.country, asked.country),
            province: list(own.province, asked.province),
            locality: list(own.locality, asked.locality),
            organization: list(own.organization, asked.organization),
            organizational_unit: list(own.organizational_unit, asked.organizational_unit),
            common_name: text(&self.cn, asked.common_name),
            serial_number: text(&self.serial_number, asked.serial_number),
            ..Subject::default()
        }
    }
}

impl Signing<'_> {
    /// Signs a request that may have been refused: what is wrong with the
    /// authority and the profile is said before what is wrong with the request.
    fn sign_held(self, context: &Context, csr: Result<Csr>, overrides: Overrides) -> Result<Issued> {
        match csr {
            Ok(csr) => self.sign(context, &csr, overrides),
            Err(error) => {
                self.check(context)?;
                Err(error)
            }
        }
    }
}
