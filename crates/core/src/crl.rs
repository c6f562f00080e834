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
    pub fn add(&mut self, serial: &SerialNumber, revoked: OffsetDateTime) {
        let entry = asn1::encode(|w| {
            w.sequence(|w| {
                w.primitive(tag::INTEGER, &serial.0);
                w.time(revoked);
            });
        });
        self.0.extend(entry);
    }
}

/// A whole number of any size, as the contents octets of an INTEGER.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SerialNumber(Vec<u8>);

impl SerialNumber {
    /// Reads a decimal number as cfssl does: the sign and the digits at the
    /// beginning of the line count, what follows is passed over, and what begins
    /// otherwise is 0.
    pub fn parse_prefix(line: &str) -> Self {
        let (negative, rest) = match line.as_bytes().first() {
            Some(b'-') => (true, &line[1..]),
            Some(b'+') => (false, &line[1..]),
            _ => (false, line),
        };
        // Most significant octet first; one more for the sign.
        let mut octets = vec![0_u8];
        for digit in rest.bytes().take_while(u8::is_ascii_digit) {
            let mut carry = u32::from(digit - b'0');
            for octet in octets.iter_mut().rev() {
                let value = u32::from(*octet) * 10 + carry;
                *octet = value as u8;
                carry = value >> 8;
            }
            if carry > 0 || octets[0] >= 0x80 {
                octets.insert(0, carry as u8);
            }
        }
        if negative {
            octets.iter_mut().for_each(|octet| *octet = !*octet);
            octets.iter_mut().rev().find_map(|octet| {
                let (sum, overflow) = octet.overflowing_add(1);
                *octet = sum;
                (!overflow).then_some(())
            });
        }
        let redundant = |pair: &[u8]| matches!(pair, [0, 0..0x80] | [0xff, 0x80..=0xff]);
        let skip = octets.windows(2).take_while(|pair| redundant(pair)).count();
        SerialNumber(octets.split_off(skip))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serial_numbers_are_the_beginning_of_a_line() {
        for (line, want) in [
            ("7", &[7][..]),
            ("7\r", &[7]),
            ("9 ", &[9]),
            ("1_000", &[1]),
            ("+5", &[5]),
            ("-9", &[0xf7]),
            ("-0", &[0]),
            (" 8", &[0]),
            ("abc", &[0]),
            ("0x10", &[0]),
            ("", &[0]),
            ("127", &[0x7f]),
            ("128", &[0, 0x80]),
            ("255", &[0, 0xff]),
            ("256", &[1, 0]),
            ("-128", &[0x80]),
            ("-129", &[0xff, 0x7f]),
            ("-256", &[0xff, 0]),
            ("18446744073709551616", &[1, 0, 0, 0, 0, 0, 0, 0, 0]),
            (
                "123456789012345678901234567890",
                &[
                    1, 0x8e, 0xe9, 0x0f, 0xf6, 0xc3, 0x73, 0xe0, 0xee, 0x4e, 0x3f, 0x0a, 0xd2,
                ],
            ),
        ] {
            assert_eq!(SerialNumber::parse_prefix(line).0, want, "{line:?}");
        }
    }
}
