//! Creates keys, certificate requests and new CAs from request documents.

use rcfssl_core::key::{self, PrivateKey, SigningKey};
use rcfssl_core::{Authority, Code, Csr, Error, Event, Hosts, Issued, Overrides, Profile, Request, Result};
use time::OffsetDateTime;

/// A new or reissued CA.
#[derive(Debug)]
pub struct MadeCa {
    /// The certificate.
    pub certificate: Issued,
    /// The certificate request.
    pub csr: Csr,
}

/// Creates a key and a request. `is_ca` is for requests that must have a subject.
///
/// # Errors
/// 5300 for a CA without a subject, 2400 for an unsupported key, 9300 for contents that
/// cannot be encoded in a request.
pub fn key_and_csr(request: &Request, is_ca: bool, sink: &mut dyn FnMut(Event)) -> Result<(PrivateKey, Csr)> {
    sink(Event::RequestReceived);
    if is_ca && let Err(error) = request.check_named() {
        sink(Event::UnnamedCa { error: error.clone() });
        return Err(error);
    }
    sink(Event::CsrReceived);
    let wanted = request.key();
    sink(Event::GeneratingKey {
        algorithm: wanted.algo,
        size: wanted.size,
    });
    let key = key::generate(request.key_spec()?)?;
    let csr = csr(request, &key, sink).map_err(|error| match error {
        Error::Plain(_) => csr_failed(error, sink),
        coded => coded,
    })?;
    Ok((key, csr))
}

/// Creates a request for a key.
///
/// # Errors
/// Without a number for a subject that cannot be built; 9300 for contents that cannot be
/// encoded in a request.
pub fn csr(request: &Request, key: &dyn SigningKey, sink: &mut dyn FnMut(Event)) -> Result<Csr> {
    request.check_types()?;
    let csr = request.content().and_then(|content| Csr::make(&content, key));
    let csr = csr.map_err(|error| csr_failed(error, sink))?;
    sink(Event::CsrEncoded);
    Ok(csr)
}

fn csr_failed(error: Error, sink: &mut dyn FnMut(Event)) -> Error {
    sink(Event::CsrFailed { error: error.clone() });
    Error::wrap(Code::CsrBadRequest, error)
}

/// Creates a new CA: key, request and self-signed certificate.
///
/// # Errors
/// Without a number for a malformed duration; otherwise as [`key_and_csr`], and 5200 for a
/// lifetime of zero.
pub fn ca(
    request: &Request,
    now: OffsetDateTime,
    sink: &mut dyn FnMut(Event),
) -> Result<(PrivateKey, MadeCa)> {
    let profile = request.root_profile()?;
    note_ignored_zero(request, sink);
    let (key, csr) = key_and_csr(request, true, sink).inspect_err(|error| {
        sink(Event::RequestFailed { error: error.clone() });
    })?;
    let hosts = request.hosts.is_given().then(|| request.hosts());
    let certificate = self_sign(&key, &csr, &profile, hosts, now, sink)?;
    Ok((key, MadeCa { certificate, csr }))
}

/// Reissues the certificate of a CA for its existing key.
///
/// # Errors
/// As [`ca`].
pub fn ca_again(
    request: &Request,
    key: &PrivateKey,
    now: OffsetDateTime,
    sink: &mut dyn FnMut(Event),
) -> Result<MadeCa> {
    // cfssl ignores both fields here.
    let mut request = request.clone();
    request.crl_url.clear();
    if let Some(ca) = &mut request.ca {
        ca.backdate.clear();
    }
    let profile = request.root_profile()?;
    note_ignored_zero(&request, sink);
    let csr = csr(&request, key, sink)?;
    let certificate = self_sign(key, &csr, &profile, None, now, sink)?;
    Ok(MadeCa { certificate, csr })
}

fn note_ignored_zero(request: &Request, sink: &mut dyn FnMut(Event)) {
    if request.ca.as_ref().is_some_and(|ca| ca.zero_is_ignored()) {
        sink(Event::PathLenZeroIgnored);
    }
}

fn self_sign(
    key: &PrivateKey,
    csr: &Csr,
    profile: &Profile,
    hosts: Option<Hosts>,
    now: OffsetDateTime,
    sink: &mut dyn FnMut(Event),
) -> Result<Issued> {
    if profile.expiry.is_zero() {
        let error = Error::from(Code::InvalidPolicy);
        sink(Event::SignerFailed { error: error.clone() });
        return Err(error);
    }
    let overrides = Overrides {
        hosts,
        ..Overrides::default()
    };
    Authority::self_signed(key).sign(csr, profile, &overrides, now, sink)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcfssl_core::Certificate;
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2026-11-25 12:00 UTC);

    fn request(text: &str) -> Request {
        Request::read(text.as_bytes()).unwrap().0
    }

    #[test]
    fn a_ca_is_created_and_reissued_for_its_key() {
        let mut events = Vec::new();
        let request = request(r#"{"CN":"CA","ca":{"expiry":"24h","pathlen":1,"pathlenzero":true}}"#);
        let (key, made) = ca(&request, NOW, &mut |event| events.push(event)).unwrap();
        let certificate = Certificate::read(&made.certificate.der).unwrap();
        assert!(certificate.is_ca && certificate.path_len == 1);
        assert_eq!(events.len(), 6, "{events:?}");
        assert_eq!(events[0], Event::PathLenZeroIgnored);
        let again = ca_again(&request, &key, NOW, &mut |_| {}).unwrap();
        let again = Certificate::read(&again.certificate.der).unwrap();
        assert!(again.public_key == certificate.public_key && again.serial != certificate.serial);
    }

    #[test]
    fn each_step_reports_its_error() {
        let told = |text: &str| {
            let mut events = Vec::new();
            let error = ca(&request(text), NOW, &mut |event| events.push(event)).unwrap_err();
            (error.to_string(), events)
        };
        let (error, events) = told("{}");
        assert_eq!(error, r#"{"code":5300,"message":"missing subject information"}"#);
        assert!(matches!(
            events[..],
            [
                Event::RequestReceived,
                Event::UnnamedCa { .. },
                Event::RequestFailed { .. }
            ]
        ));
        let (error, events) = told(r#"{"CN":"x","key":{"algo":"rsa","size":1024}}"#);
        assert_eq!(error, r#"{"code":2400,"message":"RSA key is too weak"}"#);
        assert!(matches!(events.last(), Some(Event::RequestFailed { .. })));
        let (error, events) = told(r#"{"CN":"x","hosts":["münchen.de"]}"#);
        assert!(error.contains("9300"), "{error}");
        assert!(
            events
                .iter()
                .any(|event| matches!(event, Event::CsrFailed { .. }))
        );
        let (error, events) = told(r#"{"CN":"x","ca":{"expiry":"0h"}}"#);
        assert!(error.contains("5200"), "{error}");
        assert!(matches!(events.last(), Some(Event::SignerFailed { .. })));
    }
}
