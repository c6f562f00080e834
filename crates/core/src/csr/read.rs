//! Requests that came from elsewhere.

use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::cri_attributes::ParsedCriAttribute;
use x509_parser::prelude::FromDer;

use super::Csr;
use crate::asn1::outermost;
use crate::certificate::{check_key, check_name, extensions, name_attributes, our_oid, public_key};
use crate::error::{Code, Error, Result};
use crate::key::{self, SignatureAlgorithm};
use crate::oid::Oid;
use crate::pem;

/// For what is wrong deeper inside.
const MALFORMED: &str = "asn1: structure error: malformed certification request";

/// A request whose signature was not looked at yet.
#[derive(Debug, Clone)]
pub struct Unverified {
    csr: Csr,
    /// The DER of the CertificationRequestInfo.
    pub info: Vec<u8>,
    /// The DER of the subject.
    pub subject: Vec<u8>,
    /// The signature algorithm.
    pub algorithm: Oid,
    /// The signature.
    pub signature: Vec<u8>,
    /// Has it an extensionRequest attribute?
    pub requests_extensions: bool,
}

impl Unverified {
    /// Reads DER.
    ///
    /// # Errors
    /// A bare sentence: for what is no request, for an unknown curve, for names
    /// that cannot be read and for an extension asked for twice.
    pub fn read(der: &[u8]) -> Result<Self> {
        let malformed = |_| {
            let words = outermost::refusal(der, "certificateRequest");
            Error::plain(words.as_deref().unwrap_or(MALFORMED))
        };
        let (rest, parsed) = X509CertificationRequest::from_der(der).map_err(malformed)?;
        if !rest.is_empty() {
            return Err(Error::plain("asn1: syntax error: trailing data"));
        }
        let info = &parsed.certification_request_info;
        let requested = info
            .attributes()
            .iter()
            .find_map(|attribute| match attribute.parsed_attribute() {
                ParsedCriAttribute::ExtensionRequest(request) => Some(extensions(&request.extensions)),
                _ => None,
            });
        let csr = Csr {
            der: der.to_vec(),
            subject: name_attributes(&info.subject),
            public_key: public_key(&info.subject_pki),
            extensions: requested.clone().unwrap_or_default(),
            built: None,
        };
        check_key(&info.subject_pki, &csr.public_key)?;
        check_name(&info.subject)?;
        csr.hosts()?;
        csr.check_unique_extensions()?;
        Ok(Unverified {
            info: info.raw.to_vec(),
            subject: info.subject.as_raw().to_vec(),
            algorithm: our_oid(&parsed.signature_algorithm.algorithm),
            signature: parsed.signature_value.data.to_vec(),
            requests_extensions: requested.is_some(),
            csr,
        })
    }

    /// What it says, true or not.
    pub fn claims(&self) -> &Csr {
        &self.csr
    }

    /// Checks the signature.
    ///
    /// # Errors
    /// As [`key::verify`].
    pub fn verify(self) -> Result<Csr> {
        let unimplemented = || Error::plain("x509: cannot verify signature: algorithm unimplemented");
        let algorithm = SignatureAlgorithm::from_oid(&self.algorithm).ok_or_else(unimplemented)?;
        key::verify(&self.csr.public_key, algorithm, &self.info, &self.signature)?;
        Ok(self.csr)
    }
}

impl Csr {
    /// Reads the first PEM block of a text and checks the signature.
    ///
    /// # Errors
    /// 9002 where there is no PEM, 9300 for another label and for a signature that
    /// is not good, 9003 for a malformed request.
    pub fn read_pem(text: &[u8]) -> Result<Self> {
        let (block, _) = pem::decode(text).ok_or(Code::CsrDecode)?;
        if !matches!(
            block.label.as_str(),
            "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST"
        ) {
            return Err(Error::wrap(Code::CsrBadRequest, "not a csr"));
        }
        let unverified =
            Unverified::read(&block.contents).map_err(|error| Error::wrap(Code::CsrParse, error))?;
        unverified
            .verify()
            .map_err(|error| Error::wrap(Code::CsrBadRequest, error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::csr::Content;
    use crate::host::Hosts;
    use crate::key::{Curve, KeySpec};
    use crate::name::Subject;

    fn made() -> Csr {
        let key = key::generate(KeySpec::Ecdsa(Curve::P256)).unwrap();
        let subject = Subject {
            common_name: "x".into(),
            ..Subject::default()
        };
        let content = Content {
            subject,
            hosts: Hosts::parse(["a.b", "10.0.0.1"]),
            extensions: Vec::new(),
        };
        Csr::make(&content, &key).unwrap()
    }

    #[test]
    fn what_is_made_reads_back() {
        let csr = made();
        let read = Csr::read_pem(csr.to_pem().as_bytes()).unwrap();
        assert_eq!(
            (&read.der, &read.subject, &read.public_key),
            (&csr.der, &csr.subject, &csr.public_key)
        );
        assert_eq!(read.extensions, csr.extensions);
        assert_eq!(read.hosts(), csr.hosts());
    }

    #[test]
    fn what_is_no_good_request_is_refused() {
        let csr = made();
        let refusal = |label: &str, der: &[u8]| {
            Csr::read_pem(pem::encode(label, der).as_bytes())
                .unwrap_err()
                .to_string()
        };
        assert_eq!(
            Csr::read_pem(b"garbage").unwrap_err(),
            Error::from(Code::CsrDecode)
        );
        assert_eq!(
            refusal("CERTIFICATE", &csr.der),
            r#"{"code":9300,"message":"not a csr"}"#
        );
        assert!(refusal("CERTIFICATE REQUEST", &csr.der[..40]).contains("9003"));
        let mut tampered = csr.der.clone();
        let at = tampered.windows(3).position(|w| w == b"a.b").unwrap();
        tampered[at] = b'c';
        assert_eq!(
            refusal("NEW CERTIFICATE REQUEST", &tampered),
            r#"{"code":9300,"message":"x509: ECDSA verification failure"}"#
        );
    }
}
