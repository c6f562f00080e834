//! Renewals that another server signs. They need no CA key on this machine.

use rcfssl_ca::{SignRequest, Signer};
use rcfssl_core::key::{PrivateKey, SigningKey};
use rcfssl_core::renewal;
use rcfssl_core::{Certificate, Csr, Event, Serial};
use time::OffsetDateTime;

use super::look::{Plan, message};
use super::make::Signed;
use super::task::{Issuing, Options};

/// Requests a certificate, and accepts it only if it is for this key and was issued by this
/// CA.
///
/// # Errors
/// The server's error, or what is wrong with its answer.
pub fn sign(plan: &Plan, issuing: &Issuing, options: &Options, key: &PrivateKey) -> Result<Signed, String> {
    let csr = match (&plan.content, &plan.existing) {
        (Some(content), _) => Csr::make(content, key),
        (None, Some(existing)) => Csr::of_certificate(&existing.certificate, key),
        (None, None) => return Err("there is nothing to ask for".to_owned()),
    };
    let signer = issuing.remote.as_ref().ok_or("no server signs for its profile")?;
    let named = issuing.policy.profiles().any(|(name, _)| name == plan.profile);
    let request = SignRequest {
        csr: csr.map_err(message)?.into(),
        profile: if named {
            plan.profile.clone()
        } else {
            String::new()
        },
        label: options.label.clone(),
        ..SignRequest::default()
    };
    let now = OffsetDateTime::now_utc();
    let mut cause = None;
    let signed = signer.sign(&request, now, &mut |event| {
        if let Event::BadRemoteAddress { why, tried } = event {
            cause = Some(tried.unwrap_or(why));
        }
    });
    let signed = signed.map_err(|error| cause.unwrap_or_else(|| message(error)))?;
    let certificate = Certificate::read_pem(signed.pem.as_bytes())
        .map_err(|error| format!("the server sent no certificate: {}", error.message()))?;
    check(&certificate, issuing, key, now)?;
    Ok(Signed {
        serial: Serial::from_magnitude(&certificate.serial),
        not_after: certificate.not_after,
        der: certificate.der,
    })
}

fn check(
    certificate: &Certificate,
    issuing: &Issuing,
    key: &PrivateKey,
    now: OffsetDateTime,
) -> Result<(), String> {
    if !certificate.public_key.is_same_key(key.public_key()) {
        return Err("the server sent a certificate for another key".to_owned());
    }
    if renewal::check_issuer(certificate, &issuing.certificate).is_err() {
        return Err("the server sent a certificate that the CA here has not issued".to_owned());
    }
    if certificate.not_after <= now {
        return Err("the server sent a certificate that has expired".to_owned());
    }
    Ok(())
}
