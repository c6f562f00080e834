//! `gencert`: key, request and certificate in one step. The modes are tried in cfssl's
//! order: `-renewca`, `-initca` with `-ca-key`, `-initca`, and a certificate signed by a
//! CA.

use rcfssl_ca::{SignRequest, input};
use rcfssl_core::key::SigningKey;
use rcfssl_core::{Code, Error, Request, Result};

use crate::args::FlagId;
use crate::ca_files;
use crate::context::{Context, Outcome};
use crate::issuing;
use crate::log::Level;
use crate::output::Made;
use crate::signing::{self, Signing};
use crate::traps;

/// Creates what the flags ask for and prints it.
pub fn run(context: &Context) -> Outcome {
    let args = &context.args;
    if args.bool(FlagId::SignedByCa) && (args.bool(FlagId::RenewCa) || !args.bool(FlagId::InitCa)) {
        return Err(Error::plain("-signed-by-ca needs -initca").into());
    }
    if args.bool(FlagId::RenewCa) {
        context
            .log
            .line(Level::Info, "re-generate a CA certificate from CA cert and key");
        let made = logged(context, renew_authority(context))?;
        made.print()?;
        return Ok(());
    }
    let mut request = issuing::document(context)?;
    if args.is_set(FlagId::Cn) {
        request.cn = args.text(FlagId::Cn).into_owned();
    }
    if !args.bool(FlagId::InitCa) {
        return sign(context, request);
    }
    if args.bool(FlagId::SignedByCa) {
        return intermediate(context, request);
    }
    traps::authority(context, &request)?;
    let made = if args.is_set(FlagId::CaKey) {
        context
            .log
            .line(Level::Info, "re-generate a CA certificate from CSR and CA key");
        logged(context, remake_authority(context, &request))?
    } else {
        context
            .log
            .line(Level::Info, "generating a new CA key and certificate from CSR");
        issuing::new_authority(context, &request)?
    };
    made.print()?;
    Ok(())
}

/// Logs an error that cfssl logs as well as prints.
fn logged<T>(context: &Context, result: Result<T>) -> Result<T> {
    result.inspect_err(|error| context.error(error))
}

/// `-renewca`: the CA's certificate with a new serial number and a new lifetime of the same
/// length.
fn renew_authority(context: &Context) -> Result<Made> {
    let args = &context.args;
    let certificate = input::prefixed(args.path(FlagId::Ca))?;
    let certificate = ca_files::certificate(context, args.path(FlagId::Ca), &certificate)?;
    let key = ca_files::own_key(context)?;
    if !certificate.is_ca {
        return Err(Error::plain("input certificate is not a CA cert"));
    }
    if !certificate.public_key.is_same_key(key.public_key()) {
        return Err(Code::KeyMismatch.into());
    }
    let request = Request::from_certificate(&certificate);
    let made = issuing::authority_again(context, &request, &key)?;
    Ok(Made { csr: None, ..made })
}

/// `-initca -ca-key`: a CA certificate for an existing key.
fn remake_authority(context: &Context, request: &Request) -> Result<Made> {
    let key = ca_files::own_key(context)?;
    issuing::authority_again(context, request, &key)
}

/// `-initca -signed-by-ca`: an intermediate CA. Without a profile, the request's `ca`
/// section sets its lifetime and path length.
fn intermediate(context: &Context, mut request: Request) -> Outcome {
    for (flag, name) in [(FlagId::Ca, "-ca"), (FlagId::CaKey, "-ca-key")] {
        if !context.args.is_set(flag) {
            return Err(Error::plain(format!("-signed-by-ca needs {name}")).into());
        }
    }
    let says_how_long = request.ca.is_some();
    request.ca.get_or_insert_default();
    let own = request.root_profile()?;
    let signing = if context.args.is_set(FlagId::Profile) {
        let Some(signing) = Signing::prepare(context, "a ")? else {
            return Ok(());
        };
        if signing.profile().is_some_and(|profile| !profile.constraint.is_ca) {
            return Err(
                Error::plain("the profile does not issue CA certificates: it has no ca_constraint").into(),
            );
        }
        if says_how_long {
            context.hint("expiry and path length come from the profile; the request's ca section is ignored");
        }
        signing
    } else {
        Signing::with_profile(context, own)?
    };
    signing.check_intermediate()?;
    traps::request(context, &request)?;
    traps::lost_names(context, &request.hosts())?;
    make(context, &request, signing, None)
}

/// A certificate signed by a CA.
fn sign(context: &Context, mut request: Request) -> Outcome {
    if request.ca.is_some() {
        return Err(Error::plain("ca section only permitted in initca").into());
    }
    let hostnames = signing::hostnames(context);
    if let Some(hosts) = &hostnames {
        request.hosts = hosts.clone().into();
    }
    let Some(signing) = Signing::prepare(context, "a ")? else {
        return Ok(());
    };
    traps::request(context, &request)?;
    signing.check_hosts(&request.hosts())?;
    make(context, &request, signing, hostnames)?;
    if request.hosts.is_empty() {
        context.log.text(Level::Warning, NO_HOSTS);
    }
    Ok(())
}

/// Creates the key and the request, has it signed, and prints all three.
fn make(
    context: &Context,
    request: &Request,
    signing: Signing<'_>,
    hostnames: Option<Vec<String>>,
) -> Outcome {
    let (key, csr) = issuing::key_and_csr(context, request)?;
    let csr_pem = csr.to_pem();
    let asked = SignRequest {
        crl_override: context.args.text(FlagId::CrlUrl).into_owned(),
        ..signing.request(csr.into(), hostnames)
    };
    let signed = signing.sign(&asked)?;
    let made = Made {
        cert: Some(signed.pem),
        csr: Some(csr_pem),
        key: Some(context.key_pem(&key)?),
    };
    made.print()?;
    Ok(())
}

/// cfssl's warning; scripts look for it.
const NO_HOSTS: &str = "\
This certificate lacks a \"hosts\" field. This makes it unsuitable for
websites. For more information see the Baseline Requirements for the Issuance and Management
of Publicly-Trusted Certificates, v.1.1.6, from the CA/Browser Forum (https://cabforum.org);
specifically, section 10.2.3 (\"Information Requirements\").";
