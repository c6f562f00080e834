//! Checks for traps that are shared by several commands. Each is reported in a hint, and is
//! an error under `-strict` (see [`Trap`]).

use std::io::{self, IsTerminal};

use rcfssl_ca::{OddHost, Trap};
use rcfssl_core::certinfo::rfc3339;
use rcfssl_core::{Certificate, Hosts, Request};
use time::OffsetDateTime;

use rcfssl_core::policy::{Policy, Selection};

use crate::args::FlagId;
use crate::context::{Context, Outcome};
use crate::hints::Warning;

/// Reports an unknown profile and unknown usages.
///
/// # Errors
/// A trap, under `-strict`.
pub fn profile(context: &Context, policy: &Policy, name: &str, selection: &Selection<'_>) -> Outcome {
    // A remote CA decides itself about an unknown profile.
    if selection.fell_back && !selection.profile.is_remote() {
        context.trap(Trap::UnknownProfile {
            name: name.to_owned(),
            known: policy.profiles().map(|(name, _)| name.to_owned()).collect(),
        })?;
    }
    let unknown = &selection.profile.usages.unknown;
    if !unknown.is_empty() {
        context.trap(Trap::UnknownUsages {
            names: unknown.clone(),
        })?;
    }
    Ok(())
}

/// Reports flags that a new CA ignores, and names that it loses.
///
/// # Errors
/// A trap, under `-strict`.
pub fn authority(context: &Context, request: &Request) -> Outcome {
    let ignored = [
        (FlagId::Config, "config"),
        (FlagId::Profile, "profile"),
        (FlagId::Ca, "ca"),
    ];
    let flags: Vec<_> = ignored
        .into_iter()
        .filter(|(flag, _)| context.args.is_set(*flag))
        .map(|(_, name)| name)
        .collect();
    if !flags.is_empty() {
        context.trap(Warning::IgnoredByInitca { flags })?;
    }
    hosts(context, &request.hosts)?;
    key_on_terminal(context)?;
    lost_names(context, &request.hosts())
}

/// Reports what is odd about a request for which a key is created.
///
/// # Errors
/// A trap, under `-strict`.
pub fn request(context: &Context, request: &Request) -> Outcome {
    hosts(context, &request.hosts)?;
    if request.cn.is_empty() && request.names.is_empty() && request.hosts.is_empty() {
        context.trap(Trap::NamesNobody)?;
    }
    key_on_terminal(context)
}

/// Reports hosts that were probably not intended.
///
/// # Errors
/// The trap, under `-strict`.
pub fn hosts<S: AsRef<str>>(context: &Context, hosts: &[S]) -> Outcome {
    if hosts.iter().any(|host| host.as_ref().is_empty()) {
        context.trap(Trap::EmptyHost)?;
    }
    for host in hosts.iter().map(AsRef::as_ref) {
        if let Some(why) = OddHost::of(host) {
            let host = host.to_owned();
            context.trap(Trap::OddHost { host, why })?;
        }
    }
    Ok(())
}

/// Reports a private key that is about to be printed on a terminal.
///
/// # Errors
/// The trap, under `-strict`.
fn key_on_terminal(context: &Context) -> Outcome {
    match io::stdout().is_terminal() {
        true => context.trap(Warning::KeyOnTerminal),
        false => Ok(()),
    }
}

/// Reports a signer whose signatures clients reject.
///
/// # Errors
/// The trap, under `-strict`.
pub fn signer(context: &Context, signer: &Certificate, now: OffsetDateTime) -> Outcome {
    let file = context.args.path(FlagId::Ca).to_string_lossy().into_owned();
    if !signer.is_ca {
        context.trap(Trap::SignerIsNoCa { file })
    } else if signer.not_after < now {
        let end = rfc3339(signer.not_after);
        context.trap(Trap::SignerExpired { file, end })
    } else if signer.not_before > now {
        context.trap(Trap::SignerNotYetValid {
            file,
            begin: rfc3339(signer.not_before),
            now: rfc3339(now.replace_nanosecond(0).unwrap_or(now)),
        })
    } else {
        Ok(())
    }
}

/// Reports names that a CA certificate does not keep.
///
/// # Errors
/// The trap, under `-strict`.
pub fn lost_names(context: &Context, hosts: &Hosts) -> Outcome {
    let names: Vec<String> = hosts
        .texts()
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect();
    if names.is_empty() {
        return Ok(());
    }
    context.trap(Trap::AuthorityLosesNames { names })
}

/// Reports alternative names that are ignored, by their tags.
///
/// # Errors
/// The trap, under `-strict`.
pub fn dropped_names(context: &Context, tags: &[u8]) -> Outcome {
    if tags.is_empty() {
        return Ok(());
    }
    context.trap(Trap::DroppedNames { kinds: kinds(tags) })
}

/// The types of GeneralName (RFC 5280, section 4.2.1.6).
fn kinds(tags: &[u8]) -> Vec<&'static str> {
    let mut kinds: Vec<_> = tags
        .iter()
        .map(|tag| match tag {
            0 => "otherName",
            3 => "x400Address",
            4 => "directoryName",
            5 => "ediPartyName",
            8 => "registeredID",
            _ => "unknown",
        })
        .collect();
    kinds.dedup();
    kinds
}
