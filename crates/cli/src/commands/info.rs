//! `info`: an authority's certificate and what a profile allows.

use rcfssl_core::{Code, Error};
use rcfssl_go::json;
use serde::Serialize;

use crate::args::FlagId;
use crate::compat::Signer;
use crate::context::{Context, Outcome};
use crate::output;
use crate::traps;

#[derive(Serialize)]
struct Info<'a> {
    certificate: &'a str,
    usages: Option<&'a [String]>,
    expiry: &'a str,
}

/// Prints them, without a line end, as cfssl does.
pub fn run(context: &Context) -> Outcome {
    let args = &context.args;
    if !args.positional().is_empty() {
        return Err(Error::plain("info takes flags only").into());
    }
    if args.is_set(FlagId::Remote) {
        context.hint("-remote: rcfssl does not ask other servers yet");
        return Err(Error::wrap(Code::InvalidRequest, "failed to connect to remote").into());
    }
    if context.policy.is_none() {
        return Err(Error::plain("info needs -config with -ca and -ca-key").into());
    }
    let (policy, name) = (context.policy(), args.text(FlagId::Profile));
    let (here, elsewhere) = (policy.needs_local_signer(), policy.needs_remote_signer());
    let warn = || policy.tell_skipped(&mut context.sink());
    warn();
    let signer = here.then(|| Signer::read(context)).transpose()?;
    [here, elsewhere]
        .into_iter()
        .filter(|signs| *signs)
        .for_each(|_| warn());
    let selection = policy.profile(&name)?;
    traps::profile(context, policy, &name, &selection)?;
    let profile = selection.profile;
    // What another server signs with is not ours to tell.
    let Some(signer) = signer.filter(|_| !profile.is_remote()) else {
        context.hint("the profile names another server, which rcfssl does not ask yet");
        return Err(Error::wrap(Code::InvalidRequest, "failed to connect to remote").into());
    };
    let certificate = signer.certificate.to_pem();
    let info = Info {
        certificate: certificate.trim_end(),
        usages: profile.usage_names.as_deref(),
        expiry: &profile.expiry_text,
    };
    output::stdout(json::to_string(&info).as_bytes())?;
    Ok(())
}
