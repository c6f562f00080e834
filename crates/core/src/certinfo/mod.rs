//! The output of `certinfo` for a certificate and for a request.

mod key;
mod value;

use key::{KeyInfo, key_info};
use serde::Serialize;
use time::OffsetDateTime;
use value::TypeAndValue;

use crate::asn1::zone;
use crate::certificate::Certificate;
use crate::csr::Unverified;
use crate::host;
use crate::key::SignatureAlgorithm;
use crate::name::{Attribute, Subject};
use rcfssl_go::base64;
use rcfssl_go::url::Uri;

/// A certificate, for [`json::to_string_indented`](rcfssl_go::json::to_string_indented).
#[derive(Debug, Serialize)]
pub struct CertificateInfo {
    subject: NameInfo,
    issuer: NameInfo,
    serial_number: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    sans: Vec<String>,
    not_before: String,
    not_after: String,
    sigalg: &'static str,
    authority_key_id: String,
    subject_key_id: String,
    pem: String,
}

#[derive(Debug, Serialize)]
struct NameInfo {
    #[serde(skip_serializing_if = "String::is_empty")]
    common_name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    serial_number: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    country: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    organization: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    organizational_unit: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    locality: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    province: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    street_address: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    postal_code: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    names: Vec<String>,
}

impl NameInfo {
    fn new(attributes: &[Attribute]) -> Self {
        let name = Subject::from_attributes(attributes);
        NameInfo {
            common_name: name.common_name,
            serial_number: name.serial_number,
            country: name.country.join(","),
            organization: name.organization.join(","),
            organizational_unit: name.organizational_unit.join(","),
            locality: name.locality.join(","),
            province: name.province.join(","),
            street_address: name.street_address.join(","),
            postal_code: name.postal_code.join(","),
            names: attributes
                .iter()
                .filter_map(|attribute| attribute.value.text())
                .collect(),
        }
    }
}

impl CertificateInfo {
    /// The output for a certificate. Of the alternative names only DNS names and IP
    /// addresses are shown, as in cfssl.
    pub fn new(certificate: &Certificate) -> Self {
        let hosts = &certificate.hosts;
        let addresses = hosts.ip.iter().map(|octets| host::ip_text(octets));
        CertificateInfo {
            subject: NameInfo::new(&certificate.subject_attributes),
            issuer: NameInfo::new(&certificate.issuer_attributes),
            serial_number: certificate.serial_number().to_string(),
            sans: hosts.dns.iter().cloned().chain(addresses).collect(),
            not_before: rfc3339(certificate.not_before),
            not_after: rfc3339(certificate.not_after),
            sigalg: signature_name(certificate.signature_algorithm),
            authority_key_id: colons(certificate.authority_key_identifier().unwrap_or_default()),
            subject_key_id: colons(certificate.subject_key_identifier().unwrap_or_default()),
            pem: certificate.to_pem(),
        }
    }
}

/// A time in seconds with its offset from UTC: `2026-01-31T12:00:00Z`.
pub fn rfc3339(time: OffsetDateTime) -> String {
    let (date, (hour, minute, second)) = (time.date(), time.to_hms());
    let (year, month, day) = (date.year(), u8::from(date.month()), date.day());
    let zone = zone(time, ":");
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{zone}")
}

fn colons(octets: &[u8]) -> String {
    let pairs: Vec<String> = octets.iter().map(|octet| format!("{octet:02X}")).collect();
    pairs.join(":")
}

/// cfssl's name for a signature algorithm.
pub fn signature_name(algorithm: Option<SignatureAlgorithm>) -> &'static str {
    algorithm.map_or("Unknown Signature", SignatureAlgorithm::cfssl_name)
}

/// A request, as Go dumps its structure.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct RequestInfo {
    raw: String,
    #[serde(rename = "RawTBSCertificateRequest")]
    raw_tbs_certificate_request: String,
    raw_subject_public_key_info: String,
    raw_subject: String,
    version: i64,
    signature: String,
    signature_algorithm: u8,
    public_key_algorithm: u8,
    public_key: Option<KeyInfo>,
    subject: SubjectInfo,
    attributes: Option<Vec<RequestAttribute>>,
    extensions: Option<Vec<ExtensionInfo>>,
    extra_extensions: Option<()>,
    #[serde(rename = "DNSNames")]
    dns_names: Option<Vec<String>>,
    email_addresses: Option<Vec<String>>,
    #[serde(rename = "IPAddresses")]
    ip_addresses: Option<Vec<String>>,
    #[serde(rename = "URIs")]
    uris: Option<Vec<Uri>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct SubjectInfo {
    country: Option<Vec<String>>,
    organization: Option<Vec<String>>,
    organizational_unit: Option<Vec<String>>,
    locality: Option<Vec<String>>,
    province: Option<Vec<String>>,
    street_address: Option<Vec<String>>,
    postal_code: Option<Vec<String>>,
    serial_number: String,
    common_name: String,
    names: Option<Vec<TypeAndValue>>,
    extra_names: Option<()>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct RequestAttribute {
    r#type: Vec<u64>,
    value: Vec<Vec<TypeAndValue>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ExtensionInfo {
    id: Vec<u64>,
    critical: bool,
    value: String,
}

impl RequestInfo {
    /// The output for a request; its signature is not verified.
    pub fn new(request: &Unverified) -> Self {
        let csr = request.claims();
        let (hosts, _) = csr.hosts().unwrap_or_default();
        let some = |list: Vec<String>| Some(list).filter(|list| !list.is_empty());
        let uris: Vec<Uri> = hosts.uri.iter().filter_map(|uri| Uri::parse(uri).ok()).collect();
        let (public_key_algorithm, public_key) = key_info(&csr.public_key);
        // Go parses each extension as a type and a value, so a critical flag takes the
        // place of the value.
        let attributes = request.attributes.iter().map(|attribute| RequestAttribute {
            r#type: attribute.oid.arcs(),
            value: attribute
                .values
                .iter()
                .map(|list| list.iter().map(TypeAndValue::new).collect())
                .collect(),
        });
        let extensions = csr.extensions.iter().map(|e| ExtensionInfo {
            id: e.oid.arcs(),
            critical: e.critical,
            value: base64::encode(&e.value),
        });
        RequestInfo {
            raw: base64::encode(&csr.der),
            raw_tbs_certificate_request: base64::encode(&request.info),
            raw_subject_public_key_info: base64::encode(csr.public_key.spki()),
            raw_subject: base64::encode(&request.subject),
            version: request.version,
            signature: base64::encode(&request.signature),
            signature_algorithm: request.algorithm.map_or(0, SignatureAlgorithm::number),
            public_key_algorithm,
            public_key,
            subject: SubjectInfo::new(&csr.subject),
            attributes: (!request.attributes.is_empty()).then(|| attributes.collect()),
            extensions: (!csr.extensions.is_empty()).then(|| extensions.collect()),
            extra_extensions: None,
            dns_names: some(hosts.dns),
            email_addresses: some(hosts.email),
            ip_addresses: some(hosts.ip.iter().map(|octets| host::ip_text(octets)).collect()),
            uris: Some(uris).filter(|uris| !uris.is_empty()),
        }
    }
}

impl SubjectInfo {
    fn new(attributes: &[Attribute]) -> Self {
        let name = Subject::from_attributes(attributes);
        let some = |list: Vec<String>| Some(list).filter(|list| !list.is_empty());
        let names: Vec<_> = attributes.iter().map(TypeAndValue::new).collect();
        SubjectInfo {
            country: some(name.country),
            organization: some(name.organization),
            organizational_unit: some(name.organizational_unit),
            locality: some(name.locality),
            province: some(name.province),
            street_address: some(name.street_address),
            postal_code: some(name.postal_code),
            serial_number: name.serial_number,
            common_name: name.common_name,
            names: Some(names).filter(|names| !names.is_empty()),
            extra_names: None,
        }
    }
}
