//! OCSP responses (RFC 6960): statuses, reasons, and responses for a single certificate as
//! cfssl signs them.

mod response;

pub use response::{IssuerIds, ResponderId, Signer, Single, check_signer};

use aws_lc_rs::digest::{Algorithm, SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA384, SHA512, digest};
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{Date, OffsetDateTime};

use crate::asn1::{self, Writer, tag};
use crate::certificate::Certificate;
use crate::error::{Code, Error, Result};
use crate::key::SigningKey;
use crate::oid;
use rcfssl_go::duration::Duration;

/// The status of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// good
    Good,
    /// revoked
    Revoked {
        /// CRLReason (RFC 5280, section 5.3.1); omitted for 0.
        reason: u8,
        /// revocationTime
        at: OffsetDateTime,
    },
    /// unknown
    Unknown,
}

/// CRLReason superseded (RFC 5280, section 5.3.1): a new certificate took its place.
pub const SUPERSEDED: u8 = 4;

/// Parses the value of `-reason`: a name in any case, a number from 1 to 9, or an empty
/// string for 0.
///
/// # Errors
/// Code 8200 for any other number, and Go's message if it is not a number.
pub fn parse_reason(text: &str) -> Result<u8> {
    const NAMES: [(&str, u8); 10] = [
        ("unspecified", 0),
        ("keycompromise", 1),
        ("cacompromise", 2),
        ("affiliationchanged", 3),
        ("superseded", 4),
        ("cessationofoperation", 5),
        ("certificatehold", 6),
        ("removefromcrl", 8),
        ("privilegewithdrawn", 9),
        ("aacompromise", 10),
    ];
    if text.is_empty() {
        return Ok(0);
    }
    if let Some((_, reason)) = NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)) {
        return Ok(*reason);
    }
    let number = text.parse::<i64>().map_err(|_| {
        Error::plain(format!(
            "strconv.Atoi: parsing {}: invalid syntax",
            rcfssl_go::quote::quote(text)
        ))
    })?;
    // 10 is a valid reason, but cfssl accepts it by name only.
    match number {
        1..=9 => Ok(number as u8),
        _ => Err(Code::InvalidStatus.into()),
    }
}

/// The digest that identifies the issuer in a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IssuerHash {
    /// SHA-1, which clients use in practice.
    Sha1,
    /// SHA-256
    Sha256,
    /// SHA-384
    Sha384,
    /// SHA-512
    Sha512,
}

impl IssuerHash {
    /// All of them.
    const ALL: [IssuerHash; 4] = [
        IssuerHash::Sha1,
        IssuerHash::Sha256,
        IssuerHash::Sha384,
        IssuerHash::Sha512,
    ];

    /// The algorithm with this OID, given as contents octets.
    pub(crate) fn from_oid(octets: &[u8]) -> Option<Self> {
        let mut all = IssuerHash::ALL.into_iter();
        all.find(|hash| hash.algorithm().0.octets() == octets)
    }

    fn algorithm(self) -> (oid::Oid, &'static Algorithm) {
        match self {
            IssuerHash::Sha1 => (oid::SHA1, &SHA1_FOR_LEGACY_USE_ONLY),
            IssuerHash::Sha256 => (oid::SHA256, &SHA256),
            IssuerHash::Sha384 => (oid::SHA384, &SHA384),
            IssuerHash::Sha512 => (oid::SHA512, &SHA512),
        }
    }
}

/// Parses a date as `YYYY-MM-DD`: its first moment in UTC.
pub fn parse_date(text: &str) -> Option<OffsetDateTime> {
    const DAY: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");
    let date = Date::parse(text, DAY).ok()?;
    Some(date.midnight().assume_utc())
}

/// An OCSP responder.
pub struct Responder<'a> {
    /// The CA that issued the certificate in question.
    pub issuer: &'a Certificate,
    /// The responder's certificate.
    pub certificate: &'a Certificate,
    /// The responder's key. As in cfssl, it is not checked whether it matches the
    /// certificate.
    pub key: &'a (dyn SigningKey + Sync),
    /// How long a response is valid.
    pub interval: Duration,
}

impl Responder<'_> {
    /// Checks that the issuer issued the certificate.
    ///
    /// # Errors
    /// 8100 for a certificate that names another issuer, 8200 for one that the issuer did
    /// not sign.
    pub fn check(&self, about: &Certificate) -> Result<()> {
        if about.issuer != self.issuer.subject {
            return Err(Code::IssuerMismatch.into());
        }
        about
            .check_signature_from(self.issuer)
            .map_err(|error| Error::wrap(Code::InvalidStatus, error))
    }

    /// Signs a response for a certificate.
    ///
    /// # Errors
    /// As [`Responder::check`].
    pub fn answer(&self, about: &Certificate, status: Status, now: OffsetDateTime) -> Result<Vec<u8>> {
        self.answer_with(about, status, now, IssuerHash::Sha1)
    }

    /// The same, identifying the issuer with another digest.
    ///
    /// # Errors
    /// As [`Responder::check`].
    pub fn answer_with(
        &self,
        about: &Certificate,
        status: Status,
        now: OffsetDateTime,
        hash: IssuerHash,
    ) -> Result<Vec<u8>> {
        self.check(about)?;
        let this_update = hour(now);
        let interval = time::Duration::nanoseconds(self.interval.as_nanoseconds());
        let next_update = this_update.checked_add(interval).unwrap_or(this_update);
        let id = asn1::encode(|w| self.write_certificate_id(w, about, hash));
        let single = Single {
            id: &id,
            status,
            this_update,
            next_update,
        };
        let signer = Signer {
            certificate: self.certificate,
            key: self.key,
            id: ResponderId::Name,
            includes_certificate: self.certificate.der != self.issuer.der,
        };
        signer.sign(&[single], minute(now), None)
    }

    /// CertID (RFC 6960, section 4.1.1).
    fn write_certificate_id(&self, w: &mut Writer, about: &Certificate, hash: IssuerHash) {
        let (oid, algorithm) = hash.algorithm();
        w.sequence(|w| {
            w.sequence(|w| {
                w.oid(&oid);
                w.null();
            });
            w.octet_string(digest(algorithm, &self.issuer.subject).as_ref());
            w.octet_string(digest(algorithm, self.issuer.public_key.key_bits()).as_ref());
            w.primitive(tag::INTEGER, &about.serial);
        });
    }
}

fn minute(now: OffsetDateTime) -> OffsetDateTime {
    let minute = now.replace_second(0).and_then(|now| now.replace_nanosecond(0));
    minute.unwrap_or(now)
}

fn hour(now: OffsetDateTime) -> OffsetDateTime {
    minute(now).replace_minute(0).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_names_or_numbers_from_1_to_9() {
        assert_eq!(parse_reason(""), Ok(0));
        assert_eq!(parse_reason("keyCompromise"), Ok(1));
        assert_eq!(parse_reason("AACOMPROMISE"), Ok(10));
        assert_eq!(parse_reason("9"), Ok(9));
        for refused in ["0", "10", "-1"] {
            assert_eq!(parse_reason(refused), Err(Code::InvalidStatus.into()));
        }
        let error = parse_reason("bogus").unwrap_err();
        assert_eq!(
            error.to_string(),
            "strconv.Atoi: parsing \"bogus\": invalid syntax"
        );
    }
}
