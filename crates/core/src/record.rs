//! The database records of a certificate and of an OCSP response: the columns of cfssl's
//! two tables, with types.

use std::fmt;

use time::OffsetDateTime;

use crate::authority::Issued;
use crate::certificate::Certificate;
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
    /// Any other word, for which OCSP has no status.
    Other(String),
}

impl Status {
    /// Parses the word, in lower case as cfssl writes it.
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

/// A row of the table `certificates`. Its primary key is serial number and key identifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateRecord {
    /// The serial number in decimal.
    pub serial: String,
    /// The certificate's authority key identifier in lower-case hexadecimal, or empty. It
    /// is compared as text.
    pub aki: String,
    /// The label of the request, or empty.
    pub ca_label: String,
    /// Good or revoked.
    pub status: Status,
    /// CRLReason (RFC 5280, section 5.3.1); 0 while good.
    pub reason: i32,
    /// notAfter
    pub expiry: OffsetDateTime,
    /// When it was revoked; `None` is Go's zero time, 1 January of the year 1.
    pub revoked_at: Option<OffsetDateTime>,
    /// The certificate as PEM, with a newline at the end.
    pub pem: String,
    /// When it was signed.
    pub issued_at: Option<OffsetDateTime>,
    /// notBefore
    pub not_before: Option<OffsetDateTime>,
    /// JSON text; `null` if the request had none.
    pub metadata: Option<String>,
    /// The DNS names as a JSON list, without addresses and other names; `null` where Go has
    /// no list.
    pub sans: Option<String>,
    /// The common name, or empty.
    pub common_name: Option<String>,
}

impl CertificateRecord {
    /// The row of a certificate that was signed at `now`. `label` comes from the request,
    /// and `metadata` is the client's metadata as JSON, or `null`.
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

/// What identifies a row of the table `certificates`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RecordId {
    /// The serial number in decimal.
    pub serial: String,
    /// The authority key identifier as in [`CertificateRecord::aki`].
    pub aki: String,
}

impl RecordId {
    /// That of a certificate's row.
    pub fn of(certificate: &Certificate) -> Self {
        RecordId {
            serial: certificate.serial_number().to_string(),
            aki: hex(certificate.authority_key_identifier().unwrap_or_default()),
        }
    }
}

/// What a database says of the validity of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Good or revoked.
    pub status: Status,
    /// CRLReason (RFC 5280, section 5.3.1); 0 while good.
    pub reason: i32,
    /// When it was revoked; `None` is Go's zero time.
    pub revoked_at: Option<OffsetDateTime>,
}

/// A key identifier in the recorded form: lower case, without colons.
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
    /// When it should be replaced. cfssl writes now + interval, which is later than
    /// nextUpdate.
    pub expiry: OffsetDateTime,
}
