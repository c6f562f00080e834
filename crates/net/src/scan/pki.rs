//! The certificates that the host presents.

use rcfssl_core::bundle::is_expiry_acceptable;
use rcfssl_core::revocation::{Checker, Finding as Revocation};
use rcfssl_core::{Certificate, certinfo};
use time::{Duration, OffsetDateTime};

use super::connectivity::chain;
use super::{Finding, Grade, Output, REVOCATION_PATIENCE, Target};
use crate::address::Address;
use crate::error::{Error, Result};
use crate::http::Client;

/// None has expired or will expire within 30 days.
pub fn expiration(target: &Target) -> Finding {
    let checked = chain(target).map(|chain| {
        let end = chain.iter().map(|certificate| certificate.not_after).min();
        let now = OffsetDateTime::now_utc();
        let grade = match end {
            Some(end) if now > end => Grade::Bad,
            Some(end) if now + Duration::days(30) > end => Grade::Warning,
            _ => Grade::Good,
        };
        Finding::new(grade, end.map(|end| Output::Text(certinfo::rfc3339(end))))
    });
    checked.into()
}

/// Each is signed by the next, which is a CA, and is not revoked.
pub fn validation(target: &Target) -> Finding {
    chain(target).and_then(|chain| validate(target, &chain)).into()
}

fn validate(target: &Target, chain: &[Certificate]) -> Result<Finding> {
    let mut checker = Checker::default();
    let mut warnings = Vec::new();
    for pair in chain.windows(2) {
        let (certificate, issuer) = (&pair[0], &pair[1]);
        let (name, issuer_name) = (certificate.common_name(), issuer.common_name());
        if !is_expiry_acceptable(certificate) {
            warnings.push(format!("Certificate for {name} is valid for too long"));
        }
        let now = OffsetDateTime::now_utc();
        let mut web = Client::within(target.left().min(REVOCATION_PATIENCE)).through(target.outgoing);
        match checker.check(certificate, now, &mut web, &mut |_| {}) {
            Revocation::Good => {}
            Revocation::Revoked => return Err(Error::Finding(format!("{name} is revoked"))),
            Revocation::Unknown => warnings.push(format!("couldn't check if {name} is revoked")),
        }
        if !issuer.is_ca {
            return Err(Error::Finding(format!("{issuer_name} is not a CA")));
        }
        let named = certificate.authority_key_identifier().unwrap_or_default();
        if named != issuer.subject_key_identifier().unwrap_or_default() {
            return Err(Error::Finding(format!(
                "{name} AuthorityKeyId differs from {issuer_name} SubjectKeyId"
            )));
        }
        certificate
            .check_signature_from(issuer)
            .map_err(|error| Error::Finding(error.to_string()))?;
    }
    if warnings.is_empty() {
        return Ok(Finding::good());
    }
    Ok(Finding::new(Grade::Warning, Some(Output::Texts(Some(warnings)))))
}

/// All addresses of the host present the same certificate. Addresses that do not respond do
/// not count.
pub fn same_everywhere(target: &Target) -> Finding {
    let checked = chain(target).and_then(|first| {
        let here = first.into_iter().next().ok_or(Error::NoCertificates)?;
        for ip in target.lookup(&target.address.host)? {
            let elsewhere = Target {
                address: Address::new(ip.to_string(), &*target.address.port),
                ..target.clone()
            };
            let there = chain(&elsewhere).ok().and_then(|chain| chain.into_iter().next());
            if let Some(there) = there.filter(|there| there.der != here.der) {
                return Err(Error::Finding(format!(
                    "{} not equal to {}",
                    there.common_name(),
                    here.common_name()
                )));
            }
        }
        Ok(Finding::good())
    });
    checked.into()
}
