//! Certificate revocation lists (RFC 5280, section 5).

use std::collections::HashSet;

use time::OffsetDateTime;

use crate::asn1::fields::{Fields, bit_string};
use crate::asn1::read::{Reader, is_shortest};
use crate::asn1::read_time;
use crate::asn1::tag;
use crate::certificate::Certificate;
use crate::error::Result;
use crate::key::{self, AlgorithmIdentifier, SignatureAlgorithm};
use crate::name;
use rcfssl_go::pem;

/// A parsed CRL.
#[derive(Debug)]
pub struct RevocationList {
    to_be_signed: Vec<u8>,
    /// `None` if Go does not know it.
    algorithm: Option<SignatureAlgorithm>,
    signature: Vec<u8>,
    next_update: Option<OffsetDateTime>,
    /// The contents octets of the serial numbers.
    serials: HashSet<Vec<u8>>,
}

impl RevocationList {
    /// Parses PEM or DER.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let block = pem::decode(bytes).filter(|(block, _)| block.label == "X509 CRL");
        let der = block.as_ref().map_or(bytes, |(block, _)| &block.contents);
        read(der)
    }

    /// Whether its nextUpdate has not passed.
    pub fn is_current(&self, now: OffsetDateTime) -> bool {
        self.next_update.is_some_and(|due| now < due)
    }

    /// Whether it lists this certificate.
    pub fn names(&self, certificate: &Certificate) -> bool {
        self.serials.contains(&certificate.serial)
    }

    /// Checks that `issuer` signed it.
    ///
    /// # Errors
    /// As [`key::verify`].
    pub fn check_signature(&self, issuer: &Certificate) -> Result<()> {
        key::verify(
            &issuer.public_key,
            self.algorithm,
            &self.to_be_signed,
            &self.signature,
        )
    }
}

/// Parses DER as strictly as Go, which supports version 2 only.
fn read(der: &[u8]) -> Option<RevocationList> {
    let mut outer = Reader::inside(der, tag::SEQUENCE)?;
    let to_be_signed = outer.next().filter(|element| element.tag == tag::SEQUENCE)?;
    let mut fields = Reader::new(to_be_signed.contents);
    if fields.expect(tag::INTEGER)? != [1] {
        return None;
    }
    let algorithm = fields.expect(tag::SEQUENCE)?;
    if outer.expect(tag::SEQUENCE)? != algorithm {
        return None;
    }
    let algorithm = AlgorithmIdentifier::read_inside(Fields::new(algorithm)).ok()?;
    name::read(fields.next()?.raw).ok()?;
    read_time(&mut fields)?;
    let is_dated = [tag::UTC_TIME, tag::GENERALIZED_TIME]
        .iter()
        .any(|tag| fields.is_next(*tag));
    let next_update = if is_dated {
        Some(read_time(&mut fields)?)
    } else {
        None
    };
    let mut serials = HashSet::new();
    if fields.is_next(tag::SEQUENCE) {
        let mut entries = fields.enter(tag::SEQUENCE)?;
        while !entries.is_empty() {
            let mut entry = entries.enter(tag::SEQUENCE)?;
            let serial = entry.expect(tag::INTEGER).filter(|serial| is_shortest(serial))?;
            read_time(&mut entry)?;
            serials.insert(serial.to_vec());
        }
    }
    Some(RevocationList {
        to_be_signed: to_be_signed.raw.to_vec(),
        algorithm: SignatureAlgorithm::read(&algorithm),
        signature: bit_string(outer.expect(tag::BIT_STRING)?).ok()?.right_aligned(),
        next_update,
        serials,
    })
}
