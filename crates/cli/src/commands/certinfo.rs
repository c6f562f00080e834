//! `certinfo`: what a certificate or a request says, as JSON.

use rcfssl_core::certinfo::{CertificateInfo, RequestInfo};
use rcfssl_core::csr::Unverified;
use rcfssl_core::{Certificate, Code, Error, json, pem};

use crate::args::FlagId;
use crate::context::{Context, Outcome};
use crate::input;
use crate::output;

/// Shows the first that is named of a certificate, a request and a server.
pub fn run(context: &Context) -> Outcome {
    let args = &context.args;
    let text = if args.is_set(FlagId::Cert) {
        let certificate = Certificate::read_pem(&input::file_or_stdin(args.path(FlagId::Cert))?)?;
        json::to_string_indented(&CertificateInfo::new(&certificate))
    } else if args.is_set(FlagId::Csr) {
        let text = input::file_or_stdin(args.path(FlagId::Csr))?;
        let (block, _) = pem::decode(&text).ok_or(Code::CsrDecode)?;
        json::to_string_indented(&RequestInfo::new(&Unverified::read(&block.contents)?))
    } else {
        context.refuse_database()?;
        return Err(Error::plain(
            "certinfo needs to be told what to show: -cert FILE, -csr FILE or -domain NAME",
        )
        .into());
    };
    output::stdout((text + "\n").as_bytes())?;
    Ok(())
}
