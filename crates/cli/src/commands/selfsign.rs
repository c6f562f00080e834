//! `selfsign`: a key and a self-signed certificate.

use rcfssl_core::csr::Unverified;
use rcfssl_core::policy::Policy;
use rcfssl_core::{Authority, Code, Error, Profile};
use time::OffsetDateTime;

use crate::args::FlagId;
use crate::context::{Context, Failure, Outcome};
use crate::issuing;
use crate::log;
use crate::output::Made;
use crate::traps;

/// Creates key, request and certificate and prints them.
pub fn run(context: &Context) -> Outcome {
    let args = &context.args;
    // The host name is required but not used, as in cfssl: even with -hostname the
    // document's hosts are used.
    let skip = usize::from(!args.is_set(FlagId::Hostname) && !args.bool(FlagId::InitCa));
    let (path, rest) = match args.positional().get(skip..) {
        Some([path, rest @ ..]) => (path, rest),
        _ => {
            context.hint("rcfssl selfsign HOSTNAME request.json, or with -hostname rcfssl selfsign -hostname HOST request.json");
            return Err(Error::plain("selfsign needs a host name and a request document").into());
        }
    };
    if !rest.is_empty() {
        return Err(
            Error::plain("selfsign takes a host name and a request document, and nothing more").into(),
        );
    }
    let request = issuing::document_at(context, path)?;
    traps::request(context, &request)?;
    let profile = profile(context)?;
    let (key, csr) = issuing::key_and_csr(context, &request)?;
    // cfssl parses its own request again, which fails for some requests.
    let reread = Unverified::read(&csr.der).and_then(Unverified::verify);
    let csr = reread.map_err(|error| Error::wrap(Code::CsrParse, error))?;
    let issued = Authority::self_signed(&key).sign_itself(&csr, &profile, OffsetDateTime::now_utc())?;
    let made = Made {
        cert: Some(issued.to_pem()),
        csr: Some(csr.to_pem()),
        key: Some(context.key_pem(&key)?),
    };
    made.print()?;
    log::print_text(WARNING);
    Ok(())
}

/// The profile of the configuration, or else gencert's default with a lifetime of three
/// months.
fn profile(context: &Context) -> Result<Profile, Failure> {
    let Some(policy) = &context.policy else {
        return Ok(Policy::selfsign().default_profile().clone());
    };
    let name = context.args.text(FlagId::Profile);
    let selection = policy.profile(&name)?;
    traps::profile(context, policy, &name, &selection)?;
    Ok(selection.profile.by_itself())
}

const WARNING: &str = "\
*** WARNING ***

Clients have no reason to trust a self-signed certificate.
Use it for testing only, not in production.

*** WARNING ***
";
