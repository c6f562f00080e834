//! `gencert`: key, request and certificate in one step. Its modes in the order
//! in which cfssl looks for them: `-renewca`, `-initca` with `-ca-key`,
//! `-initca`, and a certificate signed by an authority.

use rcfssl_core::authority::Overrides;
use rcfssl_core::host::Hosts;
use rcfssl_core::key::{self, KeyFormat, SigningKey};
use rcfssl_core::{Authority, Certificate, Code, Error, Policy, Request, Result};
use time::OffsetDateTime;

use crate::args::FlagId;
use crate::compat::Signer;
use crate::context::{Context, Outcome};
use crate::hints::Trap;
use crate::input;
use crate::issuing;
use crate::log::Level;
use crate::output::Made;

/// Makes what the flags ask for and prints it.
pub fn run(context: &Context) -> Outcome {
    let args = &context.args;
    context.refuse_database()?;
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

/// Where cfssl logs an error before it prints it.
fn logged<T>(context: &Context, result: Result<T>) -> Result<T> {
    result.inspect_err(|error| context.error(error))
}

/// `-renewca`: the authority's certificate with a new number and a new lifetime
/// of the old length.
fn renew_authority(context: &Context) -> Result<Made> {
    let args = &context.args;
    let certificate = Certificate::read_pem(&input::prefixed(args.path(FlagId::Ca))?)?;
    let key = key::read(&input::prefixed(args.path(FlagId::CaKey))?)?;
    if !certificate.is_ca {
        return Err(Error::plain("input certificate is not a CA cert"));
    }
    if certificate.public_key.kind() != key.public_key().kind()
        || certificate.public_key.key_bits() != key.public_key().key_bits()
    {
        return Err(Code::KeyMismatch.into());
    }
    let request = Request::from_certificate(&certificate);
    let made = issuing::authority_again(context, &request, &key)?;
    Ok(Made { csr: None, ..made })
}

/// `-initca -ca-key`: a certificate for an authority that has its key already.
fn remake_authority(context: &Context, request: &Request) -> Result<Made> {
    let key = key::read(&input::prefixed(context.args.path(FlagId::CaKey))?)?;
    issuing::authority_again(context, request, &key)
}

/// A certificate signed by an authority.
fn sign(context: &Context, mut request: Request) -> Outcome {
    let args = &context.args;
    if request.ca.is_some() {
        return Err(Error::plain("ca section only permitted in initca").into());
    }
    let hostname = args
        .is_set(FlagId::Hostname)
        .then(|| args.text(FlagId::Hostname).into_owned());
    let hostnames: Option<Vec<String>> = hostname.map(|list| list.split(',').map(str::to_owned).collect());
    if let Some(hosts) = &hostnames {
        request.hosts = hosts.clone().into();
    }
    let remote = args.is_set(FlagId::Remote);
    if !remote && context.policy.is_none() {
        for (flag, name, error) in [
            (FlagId::Ca, "ca", "need a CA certificate (provide one with -ca)"),
            (
                FlagId::CaKey,
                "ca-key",
                "need a CA key (provide one with -ca-key)",
            ),
        ] {
            if !args.is_set(flag) {
                context.error(error);
                return context.trap(Trap::MissingAuthority { flag: name });
            }
        }
    }
    // Decided early, told in cfssl's order: the key comes first.
    let signer = Signer::read(args);
    let builtin;
    let policy = match &context.policy {
        Some(policy) => policy,
        None => {
            builtin = Policy::builtin();
            &builtin
        }
    };
    let name = args.text(FlagId::Profile);
    let selection = policy.profile(&name);
    if let Ok(selection) = &selection
        && selection.fell_back
    {
        let known = policy.profiles().map(|(name, _)| name.to_owned()).collect();
        context.trap(Trap::UnknownProfile {
            name: name.into_owned(),
            known,
        })?;
    }
    let (key, csr) = issuing::key_and_csr(context, &request, false)?;
    if remote {
        context.hint("-remote: rcfssl does not ask other servers to sign yet");
        return Err(Error::wrap(Code::InvalidRequest, "failed to connect to remote").into());
    }
    let signer = if selection.as_ref().is_ok_and(|s| s.profile.is_remote()) {
        None
    } else {
        Some(signer?)
    };
    let profile = selection?.profile;
    if let Some(elsewhere) = profile.elsewhere() {
        context.hint(format_args!(
            "the profile has \"{}\", which rcfssl does not do yet",
            elsewhere.field()
        ));
    }
    let Some(Signer {
        certificate,
        key: ca_key,
    }) = signer
    else {
        return Err(Error::wrap(Code::InvalidRequest, "failed to connect to remote").into());
    };
    let overrides = Overrides {
        hosts: hostnames.as_ref().map(Hosts::parse),
        subject: None,
        crl_url: args
            .is_set(FlagId::CrlUrl)
            .then(|| args.text(FlagId::CrlUrl).into_owned()),
    };
    let authority = Authority::new(&certificate, &ca_key);
    let issued = authority.sign(
        &csr,
        profile,
        &overrides,
        OffsetDateTime::now_utc(),
        &mut context.sink(),
    )?;
    let made = Made {
        cert: Some(issued.to_pem()),
        csr: Some(csr.to_pem()),
        key: Some(key.to_pem(KeyFormat::Traditional)?),
    };
    made.print()?;
    if request.hosts.is_empty() {
        context.log.line(Level::Warning, NO_HOSTS);
    }
    Ok(())
}

/// cfssl's warning, which scripts look for.
const NO_HOSTS: &str = "\
This certificate lacks a \"hosts\" field. This makes it unsuitable for
websites. For more information see the Baseline Requirements for the Issuance and Management
of Publicly-Trusted Certificates, v.1.1.6, from the CA/Browser Forum (https://cabforum.org);
specifically, section 10.2.3 (\"Information Requirements\").";
