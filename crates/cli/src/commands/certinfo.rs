//! `certinfo`: the contents of a certificate or a request as JSON.

use rcfssl_ca::input;
use rcfssl_core::certinfo::{CertificateInfo, RequestInfo};
use rcfssl_core::csr::Unverified;
use rcfssl_core::{Certificate, Code, Error, record};
use rcfssl_go::{json, pem};

use crate::args::FlagId;
use crate::ca_files;
use crate::context::{Context, Failure, Outcome};
use crate::database;
use crate::kinds::{self, Wanted};
use crate::output;
use rcfssl_net::{Outgoing, served};

/// Shows the certificate, the request or the server that the flags name, in that order of
/// precedence.
pub fn run(context: &Context) -> Outcome {
    let args = &context.args;
    let text = if args.is_set(FlagId::Cert) {
        let text = input::file_or_stdin(args.path(FlagId::Cert))?;
        let certificate = ca_files::certificate(context, args.path(FlagId::Cert), &text)?;
        json::to_string_indented(&CertificateInfo::new(&certificate))
    } else if args.is_set(FlagId::Csr) {
        let text = input::file_or_stdin(args.path(FlagId::Csr))?;
        let path = args.path(FlagId::Csr);
        let explain = || context.hint(kinds::explain_failure(path, &text, Wanted::Csr));
        let (block, _) = pem::decode(&text)
            .ok_or(Code::CsrDecode)
            .inspect_err(|_| explain())?;
        json::to_string_indented(&RequestInfo::new(
            &Unverified::read(&block.contents).inspect_err(|_| explain())?,
        ))
    } else if args.is_set(FlagId::Domain) {
        let certificate = served::certificate(&args.text(FlagId::Domain), Outgoing::Any)?;
        json::to_string_indented(&CertificateInfo::new(&certificate))
    } else if args.is_set(FlagId::Serial) && args.is_set(FlagId::Aki) {
        json::to_string_indented(&CertificateInfo::new(&recorded(context)?))
    } else {
        return Err(Error::plain(
            "name what to show: -cert FILE, -csr FILE, -domain NAME, or -serial NUMBER and -aki HEX",
        )
        .into());
    };
    output::stdout((text + "\n").as_bytes())?;
    Ok(())
}

/// Looks up a certificate by the serial number and the key identifier of the flags. The key
/// identifier may be in upper case and contain colons.
fn recorded(context: &Context) -> Result<Certificate, Failure> {
    let args = &context.args;
    let store = database::required(context)?;
    let (serial, aki) = (
        args.text(FlagId::Serial),
        record::normal_identifier(&args.text(FlagId::Aki)),
    );
    let found = database::told(context, store.certificate(&serial, &aki))?;
    let record = found.ok_or_else(|| Error::plain("no certificate found"))?;
    Ok(Certificate::read_pem(record.pem.as_bytes())?)
}
