//! Certificate revocation lists (RFC 5280, section 5).

use std::collections::HashSet;

use time::OffsetDateTime;
use x509_parser::asn1_rs::FromDer;
use x509_parser::revocation_list::CertificateRevocationList;

use crate::certificate::{Certificate, our_oid};
use crate::error::{Error, Result};
use crate::key::{self, SignatureAlgorithm};
use crate::oid::Oid;
use rcfssl_go::pem;

/// A list as it was read.
#[derive(Debug)]
pub struct RevocationList {
    to_be_signed: Vec<u8>,
    algorithm: Oid,
    signature: Vec<u8>,
    next_update: Option<OffsetDateTime>,
    /// The contents octets of the serial numbers.
    serials: HashSet<Vec<u8>>,
}

impl RevocationList {
    /// Reads PEM or DER.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let block = pem::decode(bytes).filter(|(block, _)| block.label == "X509 CRL");
        let der = block.as_ref().map_or(bytes, |(block, _)| &block.contents);
        let (rest, list) = CertificateRevocationList::from_der(der).ok()?;
        if !rest.is_empty() {
            return None;
        }
        Some(RevocationList {
            to_be_signed: list.tbs_cert_list.as_ref().to_vec(),
            algorithm: our_oid(&list.signature_algorithm.algorithm),
            signature: list.signature_value.data.to_vec(),
            next_update: list.next_update().map(|time| time.to_datetime()),
            serials: list
                .iter_revoked_certificates()
                .map(|revoked| revoked.raw_serial().to_vec())
                .collect(),
        })
    }

    /// Is a newer one not due yet?
    pub fn is_current(&self, now: OffsetDateTime) -> bool {
        self.next_update.is_some_and(|due| now < due)
    }

    /// Does it name this certificate?
    pub fn names(&self, certificate: &Certificate) -> bool {
        self.serials.contains(&certificate.serial)
    }

    /// Checks that `issuer` signed it.
    ///
    /// # Errors
    /// As [`key::verify`].
    pub fn check_signature(&self, issuer: &Certificate) -> Result<()> {
        let algorithm = SignatureAlgorithm::from_oid(&self.algorithm)
            .ok_or_else(|| Error::plain("x509: cannot verify signature: algorithm unimplemented"))?;
        key::verify(&issuer.public_key, algorithm, &self.to_be_signed, &self.signature)
    }
}
