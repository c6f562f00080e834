//! `info`: a CA's certificate and the settings of a profile.

use std::sync::Arc;

use rcfssl_ca::{InfoRequest, Router, Signer, remote as api};
use rcfssl_core::{Certificate, Error, Policy};
use rcfssl_go::json;

use crate::args::FlagId;
use crate::compat;
use crate::context::{Context, Failure, Outcome};
use crate::output;
use crate::remote;
use crate::traps;

/// Prints both without a final newline, as cfssl does.
pub fn run(context: &Context) -> Outcome {
    let args = &context.args;
    if !args.positional().is_empty() {
        return Err(Error::plain("info takes flags only").into());
    }
    let request = InfoRequest {
        label: args.text(FlagId::Label).into_owned(),
        profile: args.text(FlagId::Profile).into_owned(),
    };
    let info = if args.is_set(FlagId::Remote) {
        of_server(context, &request)?
    } else if context.policy.is_some() {
        of_configuration(context, &request)?
    } else {
        return Err(Error::plain("info needs -remote, or -config with -ca and -ca-key").into());
    };
    output::stdout(json::to_string(&info).as_bytes())?;
    Ok(())
}

/// Asks the servers of `-remote`; their answer must contain a certificate.
fn of_server(context: &Context, request: &InfoRequest) -> Result<rcfssl_ca::Info, Failure> {
    let client = remote::client(remote::settings(context, false)?)?;
    let policy = Policy::builtin().signed_at(&context.args.text(FlagId::Remote));
    let servers = policy.default_profile().remote();
    let servers = servers.ok_or_else(|| Error::plain("-remote names no server"))?;
    let info = api::info(&client, servers, request, &mut context.sink())?;
    Certificate::read_pem(info.certificate.as_bytes())?;
    Ok(info)
}

/// Asks the signer of the configuration.
fn of_configuration(context: &Context, request: &InfoRequest) -> Result<rcfssl_ca::Info, Failure> {
    let policy = context.shared_policy();
    if let Ok(selection) = policy.profile(&request.profile)
        && !selection.profile.is_remote()
    {
        traps::profile(context, &policy, &request.profile, &selection)?;
    }
    let settings = remote::settings(context, true)?;
    let issuer = || compat::issuer(context).map(Arc::new);
    let client = || remote::client(settings);
    let signer = Router::new(policy, issuer, client, &mut context.sink())?;
    Ok(signer.info(request, &mut context.sink())?)
}
