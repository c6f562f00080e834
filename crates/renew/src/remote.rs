//! Renewals that another server signs, and its revocations. They need no CA key on this machine.

use rcfssl_ca::{SignRequest, Signer};
use rcfssl_core::key::{PrivateKey, SigningKey};
use rcfssl_core::record::RecordId;
use rcfssl_core::renewal;
use rcfssl_core::{Certificate, Csr, Event, Serial};
use time::OffsetDateTime;

use crate::group::Issuing;
use crate::look::Plan;
use crate::make::Signed;
use crate::{Options, Refusal};

/// Requests a certificate, and accepts it only if it is for this key and was issued by this
/// CA.
///
/// # Errors
/// The server's error, or what is wrong with its answer.
pub fn sign(plan: &Plan, issuing: &Issuing, options: &Options, key: &PrivateKey) -> Result<Signed, Refusal> {
    let csr = match (&plan.content, &plan.existing) {
        (Some(content), _) => Csr::make(content, key),
        (None, Some(existing)) => Csr::of_certificate(&existing.certificate, key),
        (None, None) => return Err(Refusal::NothingToAsk),
    };
    let signer = issuing.remote.as_ref().ok_or(Refusal::NoServer)?;
    let request = SignRequest {
        csr: csr?.into(),
        profile: asked_profile(issuing, &plan.profile).to_owned(),
        label: options.label.clone(),
        ..SignRequest::default()
    };
    let now = OffsetDateTime::now_utc();
    let signed = explained(|sink| signer.sign(&request, now, sink))?;
    let certificate = Certificate::read_pem(signed.pem.as_bytes())
        .map_err(|error| Refusal::ServerSentNone(error.message().into_owned()))?;
    check(&certificate, issuing, key, now)?;
    Ok(Signed {
        serial: Serial::from_magnitude(&certificate.serial),
        // The server that signed it keeps its own record.
        record: None,
        not_after: certificate.not_after,
        der: certificate.der,
    })
}

/// Has the servers that sign with a profile revoke a certificate that was replaced. Returns
/// whether one of them has recorded it.
///
/// # Errors
/// The server's error.
pub fn supersede(issuing: &Issuing, profile: &str, certificate: &RecordId) -> Result<bool, Refusal> {
    let signer = issuing.remote.as_ref().ok_or(Refusal::NoServer)?;
    let profile = asked_profile(issuing, profile);
    explained(|sink| signer.supersede(profile, certificate, sink))
}

/// The name of a profile for a server; empty for the default one.
fn asked_profile<'a>(issuing: &Issuing, profile: &'a str) -> &'a str {
    match issuing.policy.profiles().any(|(name, _)| name == profile) {
        true => profile,
        false => "",
    }
}

/// The result of a call, with the reason where cfssl's error does not tell it.
fn explained<T>(call: impl FnOnce(&mut dyn FnMut(Event)) -> rcfssl_core::Result<T>) -> Result<T, Refusal> {
    let mut cause = None;
    let result = call(&mut |event| {
        if let Event::BadRemoteAddress { why, tried } = event {
            cause = Some(tried.unwrap_or(why));
        }
    });
    result.map_err(|error| cause.map_or_else(|| error.into(), Refusal::Sentence))
}

fn check(
    certificate: &Certificate,
    issuing: &Issuing,
    key: &PrivateKey,
    now: OffsetDateTime,
) -> Result<(), Refusal> {
    if !certificate.public_key.is_same_key(key.public_key()) {
        return Err(Refusal::ServerSentOtherKey);
    }
    if renewal::check_issuer(certificate, &issuing.certificate).is_err() {
        return Err(Refusal::ServerSentOtherCa);
    }
    if certificate.not_after <= now {
        return Err(Refusal::ServerSentExpired);
    }
    Ok(())
}
