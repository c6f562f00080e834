//! `gencsr`: a request for an existing key.

use rcfssl_ca::input;
use rcfssl_core::key;
use rcfssl_core::{Error, Request};
use rcfssl_go::json;

use crate::args::FlagId;
use crate::ca_files;
use crate::context::{Context, Outcome};
use crate::issuing;
use crate::kinds::{self, Wanted};
use crate::output::Made;
use crate::signing;
use crate::traps;

/// Creates the request and prints it with the key file's unchanged contents.
pub fn run(context: &Context) -> Outcome {
    let args = &context.args;
    if !args.is_set(FlagId::Key) {
        return Err(Error::plain("gencsr needs the private key: -key FILE").into());
    }
    let file = input::prefixed(args.path(FlagId::Key))?;
    let key = key::read(&file)
        .inspect_err(|_| context.hint(kinds::explain_failure(args.path(FlagId::Key), &file, Wanted::Key)))?;
    let mut request = if args.is_set(FlagId::Cert) {
        if !args.positional().is_empty() {
            return Err(Error::plain("with -cert, gencsr takes no request document").into());
        }
        let certificate = input::prefixed(args.path(FlagId::Cert))?;
        let certificate = ca_files::certificate(context, args.path(FlagId::Cert), &certificate)?;
        if !args.is_set(FlagId::Hostname) {
            traps::dropped_names(context, &certificate.other_names())?;
        }
        Request::from_certificate(&certificate)
    } else {
        issuing::document(context)?
    };
    if let Some(hosts) = signing::hostnames(context) {
        request.hosts = hosts.into();
    }
    traps::request(context, &request)?;
    let csr = issuing::csr(context, &request, &key)?;
    let made = Made {
        cert: None,
        csr: Some(csr.to_pem()),
        key: Some(json::lossy(&file).into()),
    };
    made.print()?;
    Ok(())
}
