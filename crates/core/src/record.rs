//! What a database keeps of a certificate and of an OCSP response: the columns of
//! cfssl's two tables, in types.

use std::fmt;

use time::OffsetDateTime;

use crate::authority::Issued;
use rcfssl_go::json;

/// The word in the column `status`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// `good`
    Good,
    /// `revoked`
    Revoked,
    /// `unknown`
    Unknown,
    /// Any other word. OCSP has no answer for it.
    Other(String),
}

impl Status {
    /// Reads the word, in lower case as cfssl writes it.
    pub fn parse(word: &str) -> Self {
        match word {
            "good" => Status::Good,
            "revoked" => Status::Revoked,
            "unknown" => Status::Unknown,
            other => Status::Other(other.to_owned()),
        }
    }

    /// The word.
    pub fn as_str(&self) -> &str {
        match self {
            Status::Good => "good",
            Status::Revoked => "revoked",
            Status::Unknown => "unknown",
            Status::Other(word) => word,
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A row of the table `certificates`. Serial number and key identifier together
/// are its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateRecord {
    /// The serial number in decimal.
    pub serial: String,
    /// The authority key identifier of the certificate in lower-case hexadecimal;
    /// empty where it has none. It is compared as text.
    pub aki: String,
    /// The label of the request, or empty.
    pub ca_label: String,
    /// Good or revoked.
    pub status: Status,
    /// CRLReason (RFC 5280, section 5.3.1); 0 while good.
    pub reason: i32,
    /// notAfter
    pub expiry: OffsetDateTime,
    /// When it was revoked; none is Go's zero time, 1 January of the year 1.
    pub revoked_at: Option<OffsetDateTime>,
    /// The certificate as PEM, with a newline at the end.
    pub pem: String,
    /// When it was signed.
    pub issued_at: Option<OffsetDateTime>,
    /// notBefore
    pub not_before: Option<OffsetDateTime>,
    /// JSON text; `null` where the request had none.
    pub metadata: Option<String>,
    /// The DNS names as a JSON list, addresses and other names left out; `null` where Go
    /// has no list at all.
    pub sans: Option<String>,
    /// The common name, or empty.
    pub common_name: Option<String>,
}

impl CertificateRecord {
    /// The row of a certificate that was signed at `now`. `label` is that of the request,
    /// `metadata` the JSON text of what the client sent along, `null` where it sent
    /// nothing.
    pub fn of(issued: &Issued, label: &str, metadata: &str, now: OffsetDateTime) -> Self {
        CertificateRecord {
            serial: issued.serial.to_string(),
            aki: hex(&issued.authority_key_identifier),
            ca_label: label.to_owned(),
            status: Status::Good,
            reason: 0,
            expiry: issued.not_after,
            revoked_at: None,
            pem: issued.to_pem(),
            issued_at: Some(now),
            not_before: Some(issued.not_before),
            metadata: Some(metadata.to_owned()),
            sans: Some(json::to_string(&issued.dns_names)),
            common_name: Some(issued.common_name.clone()),
        }
    }
}

/// A key identifier as it is recorded: lower-case, without colons.
pub fn normal_identifier(aki: &str) -> String {
    aki.to_lowercase().replace(':', "")
}

/// Lower-case hexadecimal.
pub fn hex(octets: &[u8]) -> String {
    octets.iter().map(|b| format!("{b:02x}")).collect()
}

/// A row of the table `ocsp_responses`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OcspRecord {
    /// The serial number in decimal.
    pub serial: String,
    /// The key identifier of the issuer, as in [`CertificateRecord::aki`].
    pub aki: String,
    /// The response in DER.
    pub body: Vec<u8>,
    /// When it should be made anew. cfssl writes now + interval, which is later
    /// than nextUpdate.
    pub expiry: OffsetDateTime,
}
