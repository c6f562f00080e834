//! Checks who signed a certificate.

use super::Certificate;
use crate::error::{Error, Result};
use crate::key::{self, SignatureAlgorithm};
use crate::oid;

/// keyCertSign among the keyUsage bits, in the first octet.
const KEY_CERT_SIGN: u8 = 0x04;

impl Certificate {
    /// Checks that `parent` signed it and may sign certificates, as Go does; the names are
    /// not compared.
    ///
    /// # Errors
    /// Go's messages: `x509: invalid signature: parent certificate cannot sign this kind of
    /// certificate`, or for an insecure or unknown algorithm, or an invalid signature.
    pub fn check_signature_from(&self, parent: &Certificate) -> Result<()> {
        if !parent.may_sign_certificates() {
            return Err(Error::plain(
                "x509: invalid signature: parent certificate cannot sign this kind of certificate",
            ));
        }
        let insecure = |algorithm: SignatureAlgorithm, hint| {
            let name = algorithm.name();
            Err(Error::plain(format!(
                "x509: cannot verify signature: insecure algorithm {name}{hint}"
            )))
        };
        match self.signature_algorithm {
            // The hint is Go's; rcfssl has no such override.
            Some(old @ (SignatureAlgorithm::Sha1WithRsa | SignatureAlgorithm::EcdsaWithSha1)) => {
                insecure(old, " (temporarily override with GODEBUG=x509sha1=1)")
            }
            Some(old @ SignatureAlgorithm::DsaWithSha1) => insecure(old, ""),
            algorithm => key::verify(&parent.public_key, algorithm, &self.to_be_signed, &self.signature),
        }
    }

    /// basicConstraints and keyUsage must allow it if present; a version 3 certificate must
    /// have the former.
    fn may_sign_certificates(&self) -> bool {
        let constrained = self.extension(&oid::BASIC_CONSTRAINTS).is_some();
        if (self.version == 3 && !constrained) || (constrained && !self.is_ca) {
            return false;
        }
        // BIT STRING: header, number of unused bits, first octet.
        match self.extension(&oid::KEY_USAGE) {
            Some([_, _, _, bits @ ..]) if bits.iter().any(|octet| *octet != 0) => {
                bits[0] & KEY_CERT_SIGN != 0
            }
            // As in Go, an empty keyUsage counts as absent.
            _ => true,
        }
    }
}
