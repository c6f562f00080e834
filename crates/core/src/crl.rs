//! Certificate revocation lists (RFC 5280, section 5).

use rcfssl_go::flag;
use time::OffsetDateTime;

use crate::asn1::{self, Writer, tag};
use crate::certificate::{Certificate, assemble};
use crate::error::{Error, Result};
use crate::extension;
use crate::key::SigningKey;
use crate::name::Subject;
use crate::oid;
use crate::serial::Serial;

/// How long a list is good where nothing else is said: a week.
pub const DEFAULT_SECONDS: i64 = 7 * 24 * 3600;

/// Reads a lifetime in seconds: a Go integer of 32 bits, in any of Go's bases.
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

/// What a list says.
#[derive(Debug, Clone)]
pub struct CrlContent {
    /// The revoked certificates.
    pub entries: Entries,
    /// Is a list without entries written as an empty SEQUENCE, as cfssl does? RFC 5280
    /// (section 5.1.2.6) wants it left out.
    pub keep_empty: bool,
    /// thisUpdate
    pub now: OffsetDateTime,
    /// nextUpdate
    pub next_update: OffsetDateTime,
    /// cRLNumber, which RFC 5280 wants and cfssl leaves out.
    pub number: Option<u64>,
}

/// revokedCertificates, encoded as they come: a list may have a million of them.
#[derive(Debug, Clone, Default)]
pub struct Entries(Vec<u8>);

impl Entries {
    /// Adds a certificate. Order and repeats are kept.
    pub fn add(&mut self, serial: &Serial, revoked: OffsetDateTime) {
        let entry = asn1::encode(|w| {
            w.sequence(|w| {
                w.primitive(tag::INTEGER, &serial.contents());
                w.time(revoked);
            });
        });
        self.0.extend(entry);
    }
}

/// Signs a list. The issuer's name is typed anew, as cfssl does, unless that
/// would lose attributes; the only extensions are the key identifier of the
/// issuer and the number, where one is given.
///
/// # Errors
/// Where the key does not sign.
pub fn sign(content: CrlContent, issuer: &Certificate, key: &dyn SigningKey) -> Result<Vec<u8>> {
    let algorithm = key.algorithm().gos_default();
    let to_be_signed = asn1::encode(|w| {
        w.sequence(|w| {
            w.integer(1);
            algorithm.write(w);
            w.raw(&issuer_name(issuer));
            w.time(content.now);
            w.time(content.next_update);
            if content.keep_empty || !content.entries.0.is_empty() {
                w.sequence(|w| w.raw(&content.entries.0));
            }
            write_extensions(w, content.number, issuer);
        });
    });
    drop(content);
    let signature = key.sign(algorithm, &to_be_signed)?;
    Ok(assemble(&to_be_signed, algorithm, &signature))
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

/// cfssl writes the nine usual attributes, typed anew, and leaves others out: a
/// list that names another issuer is of no use, so such a name is repeated as it
/// is.
fn issuer_name(issuer: &Certificate) -> Vec<u8> {
    let name = Subject::from_attributes(&issuer.subject_attributes);
    if name.extra.is_empty() {
        name.to_der()
    } else {
        issuer.subject.clone()
    }
}
