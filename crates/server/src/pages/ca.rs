//! What the page says of the CA itself: facts, and its certificate and chain to save.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use rcfssl_core::bundle::{Flavor, Intermediates};
use rcfssl_core::{Answer, Certificate, Error, Result, Web, rfc2253};
use rcfssl_go::pem;
use time::OffsetDateTime;

use super::html::Html;
use crate::serve::Loaded;

/// The CA as the page shows it.
pub struct Ca {
    certificate: Certificate,
    /// PEM, the CA's own certificate first.
    pub chain: String,
}

impl Ca {
    /// The CA that is here; none where other servers sign.
    pub fn of(loaded: &Loaded) -> Option<Self> {
        let certificate = loaded.issuer.as_ref().ok()?.certificate().clone();
        let chain = chain(loaded, &certificate).unwrap_or_else(|| certificate.to_pem());
        Some(Ca { certificate, chain })
    }

    /// The certificate as DER.
    pub fn der(&self) -> Vec<u8> {
        self.certificate.der.clone()
    }

    /// The certificate as PEM.
    pub fn pem(&self) -> String {
        self.certificate.to_pem()
    }

    /// The name that heads the page.
    pub fn name(&self) -> String {
        match self.certificate.common_name() {
            name if name.is_empty() => rfc2253::text(&self.certificate.subject_attributes),
            name => name,
        }
    }

    /// Writes the section.
    pub fn write(&self, html: &mut Html) {
        html.raw("<section id=\"ca\">\n<h2>This CA</h2>\n<dl>\n");
        write_facts(html, &self.certificate);
        html.raw("<dt>Chain</dt><dd><ol>");
        for certificate in certificates(&self.chain) {
            html.raw("<li>")
                .text(&rfc2253::text(&certificate.subject_attributes))
                .raw("</li>");
        }
        html.raw("</ol></dd>\n</dl>\n<p>Certificate: <a href=\"/ca.pem\" download>PEM</a>, <a href=\"/ca.der\" download>DER</a>");
        html.raw("; <a href=\"/chain.pem\" download>chain (PEM)</a></p>\n</section>\n");
    }
}

/// Writes what everybody wants to know of a certificate.
pub fn write_facts(html: &mut Html, certificate: &Certificate) {
    let now = OffsetDateTime::now_utc();
    let fingerprint = digest(&SHA256, &certificate.der);
    html.fact("Name", &rfc2253::text(&certificate.subject_attributes));
    html.fact("Issuer", &rfc2253::text(&certificate.issuer_attributes));
    html.fact("Valid from", &moment(certificate.not_before));
    html.raw("<dt>Expires</dt><dd>")
        .text(&moment(certificate.not_after));
    if certificate.not_after < now {
        html.raw(" <strong>(expired)</strong>");
    }
    html.raw("</dd>\n");
    html.fact("Serial number", &certificate.serial_number().to_string());
    html.fact("SHA-256 fingerprint", &colons(fingerprint.as_ref()));
}

/// `2031-01-31 12:00:00 UTC`
pub fn moment(time: OffsetDateTime) -> String {
    let (date, clock) = (time.date(), time.time());
    let (hour, minute, second) = clock.as_hms();
    format!("{date} {hour:02}:{minute:02}:{second:02} UTC")
}

/// `AB:CD:…`
fn colons(octets: &[u8]) -> String {
    let pairs: Vec<String> = octets.iter().map(|octet| format!("{octet:02X}")).collect();
    pairs.join(":")
}

fn certificates(text: &str) -> Vec<Certificate> {
    let (mut found, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((block, after)) = pem::decode(rest) {
        found.extend(Certificate::read(&block.contents).ok());
        rest = after;
    }
    found
}

/// The chain from what the server was given, as far as that goes.
fn chain(loaded: &Loaded, certificate: &Certificate) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Document {
        bundle: String,
    }
    let mut bundler = loaded.bundler.as_ref().ok()?.clone();
    let bundle = bundler.bundle(
        vec![Arc::new(certificate.clone())],
        None,
        Flavor::Optimal,
        OffsetDateTime::now_utc(),
        &mut Nowhere,
        &mut |_| {},
    );
    let json = bundle.ok()?.to_json().ok()?;
    let document: Document = serde_json::from_str(&json).ok()?;
    Some(document.bundle + "\n")
}

/// No network: a page is not worth it.
struct Nowhere;

impl Web for Nowhere {
    fn get(&mut self, _: &str, _: u64) -> Result<Answer> {
        Err(Error::plain("not asked"))
    }

    fn post(&mut self, _: &str, _: &str, _: &[u8], _: u64) -> Result<Answer> {
        Err(Error::plain("not asked"))
    }
}

impl Intermediates for Nowhere {
    fn keep(&mut self, _: &str, _: &Certificate) {}
}
