//! Determines which certificates in a database a CA issued. Several CAs may share a
//! database.

use rcfssl_core::{Certificate, record};
use time::OffsetDateTime;
use time::macros::datetime;

use crate::Revoked;

/// The criteria for a CA's own certificates.
#[derive(Debug)]
pub struct Own<'a> {
    key_identifier: String,
    certificate: &'a Certificate,
}

impl<'a> Own<'a> {
    /// Go's zero time, which means none.
    pub const NO_TIME: OffsetDateTime = datetime!(0001-01-01 0:00 UTC);

    /// The criteria for this CA.
    pub fn of(certificate: &'a Certificate) -> Self {
        let identifier = certificate.subject_key_identifier();
        Own {
            key_identifier: identifier.map(record::hex).unwrap_or_default(),
            certificate,
        }
    }

    /// Whether the CA issued this certificate. Rows of cfssl 1.2 have no key identifier and
    /// are compared by the issuer's name.
    pub fn issued(&self, row: &Revoked<'_>) -> bool {
        if !row.aki.is_empty() {
            return row.aki == self.key_identifier
                || record::normal_identifier(&row.aki) == self.key_identifier;
        }
        let certificate = row
            .pem
            .as_ref()
            .and_then(|pem| Certificate::read_pem(pem.as_bytes()).ok());
        certificate.is_some_and(|certificate| certificate.issuer == self.certificate.subject)
    }
}
