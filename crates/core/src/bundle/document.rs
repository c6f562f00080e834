//! A bundle as the JSON that cfssl prints, with keys in alphabetical order.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Serialize;
use zeroize::Zeroizing;

use super::{Bundle, Status, rank};
use crate::certificate::Certificate;
use crate::certinfo::{rfc3339, signature_name};
use crate::error::{Error, Result};
use crate::key::{KeyFormat, KeyKind};
use crate::name::Attribute;
use rcfssl_go::json;

#[derive(Serialize)]
struct Document<'a> {
    bundle: String,
    crl_support: bool,
    crt: String,
    expires: String,
    hostnames: BTreeSet<String>,
    issuer: String,
    key: Zeroizing<String>,
    key_size: u32,
    key_type: String,
    leaf_expires: String,
    ocsp: Option<Vec<String>>,
    ocsp_support: bool,
    root: String,
    signature: &'static str,
    status: &'a Status,
    subject: String,
}

impl Bundle {
    /// The JSON as one line without line ending. It contains the private key.
    ///
    /// # Errors
    /// Code 2000 if the cryptographic library does not export the key; without a number for
    /// a name on which cfssl crashes.
    pub fn to_json(&self) -> Result<Zeroizing<String>> {
        let certificate = &self.certificate;
        let key = match &self.key {
            Some(key) => Zeroizing::new(key.to_pem(KeyFormat::Traditional)?.trim_end().to_owned()),
            None => Zeroizing::default(),
        };
        let (key_size, key_type) = key_info(certificate.public_key.kind());
        let ocsp = Some(certificate.ocsp_urls()).filter(|urls| !urls.is_empty());
        let chain: String = self.chain.iter().map(|c| c.to_pem()).collect();
        let moment = |time: Option<_>| time.map(rfc3339).unwrap_or_default();
        let document = Document {
            bundle: chain.trim_end().to_owned(),
            crl_support: !certificate.crl_urls().is_empty(),
            crt: pem(certificate),
            expires: moment(rank::expiry(&self.chain)),
            hostnames: hostnames(certificate),
            issuer: slashed(&certificate.issuer_attributes)?,
            key,
            key_size,
            key_type,
            leaf_expires: moment(self.chain.first().map(|leaf| leaf.not_after)),
            ocsp_support: ocsp.is_some(),
            ocsp,
            root: self.root.as_ref().map(pem).unwrap_or_default(),
            signature: signature_name(certificate.signature_algorithm),
            status: &self.status,
            subject: slashed(&certificate.subject_attributes)?,
        };
        Ok(Zeroizing::new(json::to_string(&document)))
    }
}

fn pem(certificate: &Arc<Certificate>) -> String {
    certificate.to_pem().trim_end().to_owned()
}

/// The common name and the DNS names without repetitions. cfssl's order is random.
fn hostnames(certificate: &Certificate) -> BTreeSet<String> {
    let common_name = Some(certificate.common_name()).filter(|name| !name.is_empty());
    certificate.hosts.dns.iter().cloned().chain(common_name).collect()
}

/// The size and type of a key in cfssl's terms.
fn key_info(kind: KeyKind) -> (u32, String) {
    match kind {
        KeyKind::Rsa { bits } => (bits, format!("{bits}-bit RSA")),
        KeyKind::Ecdsa(curve) => (curve.bits(), format!("{}-bit ECDSA", curve.bits())),
        KeyKind::P224 => (224, "224-bit ECDSA".to_owned()),
        // cfssl counts the size of its encoding.
        KeyKind::Ed25519 => (32, "Ed25519".to_owned()),
        KeyKind::Other => (0, "Unknown".to_owned()),
    }
}

/// `/Country=US/CommonName=x`: the fourth arc of a type determines its name, whatever the
/// other arcs are; types without a name appear as `/=x`.
///
/// # Errors
/// For a type with fewer arcs, where cfssl crashes.
fn slashed(attributes: &[Attribute]) -> Result<String> {
    let one = |attribute: &Attribute| {
        let oid = &attribute.oid;
        let arcs = oid.arcs();
        if arcs.len() < 4 {
            return Err(Error::plain(format!(
                "a name has an attribute of the type {oid}, which has no name in the JSON of a bundle"
            )));
        }
        let name = match arcs.get(3) {
            Some(3) => "CommonName",
            Some(5) => "SerialNumber",
            Some(6) => "Country",
            Some(7) => "Locality",
            Some(8) => "Province",
            Some(9) => "StreetAddress",
            Some(10) => "Organization",
            Some(11) => "OrganizationalUnit",
            Some(17) => "PostalCode",
            _ => "",
        };
        Ok(format!("/{name}={}", attribute.value.text().unwrap_or_default()))
    };
    attributes.iter().map(one).collect()
}
