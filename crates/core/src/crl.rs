//! Certificate revocation lists (RFC 5280, section 5).

use rcfssl_go::flag;
use time::OffsetDateTime;

use crate::asn1::read::{Element, Reader, unsigned};
use crate::asn1::{self, Writer, tag};
use crate::certificate::{Certificate, assemble};
use crate::error::{Error, Result};
use crate::extension;
use crate::key::SigningKey;
use crate::name::Subject;
use crate::oid;
use crate::serial::Serial;

/// The default lifetime of a CRL: a week.
pub const DEFAULT_SECONDS: i64 = 7 * 24 * 3600;

/// Parses a lifetime in seconds: a 32-bit Go integer in any of Go's bases.
///
/// # Errors
/// `strconv.ParseInt: parsing "1h": invalid syntax` or `value out of range`.
pub fn parse_seconds(text: &str) -> Result<i64> {
    let text = text.trim();
    let refused = |why: &str| {
        let text = rcfssl_go::quote(text);
        Error::plain(format!("strconv.ParseInt: parsing {text}: {why}"))
    };
    let value = flag::parse_int(text).map_err(|why| match why {
        "value out of range" => refused(why),
        _ => refused("invalid syntax"),
    })?;
    i32::try_from(value)
        .map(i64::from)
        .map_err(|_| refused("value out of range"))
}

/// The contents of a CRL.
#[derive(Debug, Clone)]
pub struct CrlContent {
    /// The revoked certificates.
    pub entries: Entries,
    /// Whether an empty list is encoded as an empty SEQUENCE, as cfssl does. RFC 5280
    /// (section 5.1.2.6) requires it to be omitted.
    pub keep_empty: bool,
    /// thisUpdate
    pub now: OffsetDateTime,
    /// nextUpdate
    pub next_update: OffsetDateTime,
    /// cRLNumber, which RFC 5280 requires and cfssl omits.
    pub number: Option<u64>,
}

/// revokedCertificates, encoded on the fly: a CRL may have a million entries.
#[derive(Debug, Clone, Default)]
pub struct Entries(Writer);

impl Entries {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.as_bytes().is_empty()
    }

    /// Adds a certificate. Order and repetitions are kept.
    pub fn add(&mut self, serial: &Serial, revoked: OffsetDateTime) {
        self.add_with_reason(serial, revoked, 0);
    }

    /// Adds a certificate with its CRLReason (RFC 5280, section 5.3.1). Reasons that a CRL
    /// must not name are omitted: unspecified (0), the unassigned 7, and removeFromCRL (8),
    /// which is for delta CRLs.
    pub fn add_with_reason(&mut self, serial: &Serial, revoked: OffsetDateTime, reason: i32) {
        self.0.sequence(|w| {
            w.primitive(tag::INTEGER, &serial.contents());
            w.time(revoked);
            if let reason @ (1..=6 | 9 | 10) = reason {
                w.sequence(|w| {
                    extension::write(w, &oid::CRL_REASON, false, |w| {
                        w.primitive(tag::ENUMERATED, &[reason as u8]);
                    });
                });
            }
        });
    }

    /// The entries in DER, without the SEQUENCE around them.
    pub fn as_der(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// Signs a CRL. Like cfssl, it re-encodes the issuer's name, unless that would lose
/// attributes. The only extensions are the issuer's key identifier, and the CRL number if
/// given.
///
/// # Errors
/// If the key cannot sign.
pub fn sign(content: CrlContent, issuer: &Certificate, key: &dyn SigningKey) -> Result<Vec<u8>> {
    let algorithm = key.algorithm().gos_default();
    let to_be_signed = asn1::encode(|w| {
        w.sequence(|w| {
            w.integer(1);
            algorithm.write(w);
            w.raw(&issuer_name(issuer));
            w.time(content.now);
            w.time(content.next_update);
            if content.keep_empty || !content.entries.is_empty() {
                w.sequence(|w| w.raw(content.entries.0.as_bytes()));
            }
            write_extensions(w, content.number, issuer);
        });
    });
    drop(content);
    let signature = key.sign(algorithm, &to_be_signed)?;
    Ok(assemble(&to_be_signed, algorithm, &signature))
}

/// A CRL number that only grows (RFC 5280, section 5.2.3): the time in milliseconds, or one
/// more than that of the last CRL if the clock is behind it.
pub fn next_number(now: OffsetDateTime, last: Option<u64>) -> u64 {
    let milliseconds = u64::try_from(now.unix_timestamp_nanos() / 1_000_000).unwrap_or(0);
    last.map_or(milliseconds, |last| milliseconds.max(last.saturating_add(1)))
}

/// The beginning of a CRL, and its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head<'a> {
    /// The issuer's name in DER.
    pub issuer: &'a [u8],
    /// cRLNumber; `None` also for one of more than 64 bits.
    pub number: Option<u64>,
}

/// Reads issuer and number of a CRL in DER. Nothing else is read, and the signature is not
/// verified. `None` if it is no CRL.
pub fn read_head(der: &[u8]) -> Option<Head<'_>> {
    let mut fields = Reader::inside(der, tag::SEQUENCE)?.enter(tag::SEQUENCE)?;
    fields.optional(tag::INTEGER);
    fields.expect(tag::SEQUENCE)?;
    let issuer = fields.next().filter(|element| element.tag == tag::SEQUENCE)?.raw;
    let is_time = |element: &Element<'_>| [tag::UTC_TIME, tag::GENERALIZED_TIME].contains(&element.tag);
    fields.next().filter(is_time)?;
    // nextUpdate and the entries come before the extensions.
    let extensions = fields.find(|element| element.tag == tag::context_constructed(0));
    let number = extensions.and_then(|extensions| number(extensions.contents));
    Some(Head { issuer, number })
}

fn number(extensions: &[u8]) -> Option<u64> {
    let mut list = Reader::inside(extensions, tag::SEQUENCE)?;
    while let Some(mut extension) = list.enter(tag::SEQUENCE) {
        if extension.expect(tag::OBJECT_IDENTIFIER)? == oid::CRL_NUMBER.octets() {
            extension.optional(tag::BOOLEAN);
            let value = extension.expect(tag::OCTET_STRING)?;
            return unsigned(Reader::new(value).only(tag::INTEGER)?);
        }
    }
    None
}

fn write_extensions(w: &mut Writer, number: Option<u64>, issuer: &Certificate) {
    let identifier = issuer.subject_key_identifier();
    if identifier.is_none() && number.is_none() {
        return;
    }
    w.context(0, |w| {
        w.sequence(|w| {
            if let Some(identifier) = identifier {
                extension::write(w, &oid::AUTHORITY_KEY_IDENTIFIER, false, |w| {
                    w.sequence(|w| w.primitive(tag::context(0), identifier));
                });
            }
            if let Some(number) = number {
                extension::write(w, &oid::CRL_NUMBER, false, |w| w.unsigned(&number.to_be_bytes()));
            }
        });
    });
}

/// The issuer's name in a CRL of this CA.
///
/// cfssl re-encodes the nine usual attributes and drops others. A CRL with a different
/// issuer name is useless, so such a name is copied unchanged.
pub fn issuer_name(issuer: &Certificate) -> Vec<u8> {
    let name = Subject::from_attributes(&issuer.subject_attributes);
    if name.extra.is_empty() {
        name.to_der()
    } else {
        issuer.subject.clone()
    }
}
