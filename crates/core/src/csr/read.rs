//! Parses requests from elsewhere.

use super::Csr;
use super::attributes::{self, Attribute};
use crate::asn1::fields::{BitString, Fields, bit_string, elements, integer};
use crate::asn1::read::Element;
use crate::asn1::tag;
use crate::error::{Code, Error, Result};
use crate::key::{self, AlgorithmIdentifier, SignatureAlgorithm, Spki};
use crate::name;
use rcfssl_go::pem;

/// A request whose signature has not been verified.
#[derive(Debug, Clone)]
pub struct Unverified {
    csr: Csr,
    /// The DER of the CertificationRequestInfo.
    pub info: Vec<u8>,
    /// The DER of the subject.
    pub subject: Vec<u8>,
    /// The version, in practice always 0.
    pub version: i64,
    /// The signature algorithm; `None` if Go does not know it.
    pub algorithm: Option<SignatureAlgorithm>,
    /// The signature.
    pub signature: Vec<u8>,
    /// The attributes that Go shows.
    pub attributes: Vec<Attribute>,
}

/// The fields of a request (RFC 2986, section 4).
struct Parts<'a> {
    info: &'a [u8],
    version: i64,
    subject: &'a [u8],
    public_key: Spki<'a>,
    attributes: Vec<Element<'a>>,
    algorithm: AlgorithmIdentifier<'a>,
    signature: BitString<'a>,
}

impl<'a> Parts<'a> {
    fn read(der: &'a [u8]) -> Result<Self> {
        let mut whole = Fields::new(der);
        let mut parts = whole.enter("certificateRequest")?;
        let info = parts.expect(tag::SEQUENCE, "tbsCertificateRequest")?;
        let mut fields = Fields::new(info.contents);
        let version = integer(fields.expect(tag::INTEGER, "int")?.contents)?;
        let subject = fields.any()?;
        let public_key = Spki::read(&mut fields)?;
        let attributes = fields.expect(tag::context_constructed(0), "")?;
        let read = Parts {
            info: info.raw,
            version,
            subject: subject.raw,
            public_key,
            attributes: elements(attributes.contents, None)?,
            algorithm: AlgorithmIdentifier::read(&mut parts)?,
            signature: bit_string(parts.expect(tag::BIT_STRING, "BitString")?.contents)?,
        };
        match whole.is_empty() {
            true => Ok(read),
            false => Err(Error::plain("asn1: syntax error: trailing data")),
        }
    }
}

impl Unverified {
    /// Parses DER; checks are made in Go's order.
    ///
    /// # Errors
    /// Without a number: Go's message for a malformed request, for an invalid key or name,
    /// and for a repeated extension.
    pub fn read(der: &[u8]) -> Result<Self> {
        let parts = Parts::read(der)?;
        let csr = Csr {
            der: der.to_vec(),
            public_key: parts.public_key.key()?,
            subject: name::read(parts.subject)?,
            extensions: attributes::requested_extensions(&parts.attributes)?,
            built: None,
        };
        csr.hosts()?;
        Ok(Unverified {
            info: parts.info.to_vec(),
            subject: parts.subject.to_vec(),
            version: parts.version,
            algorithm: SignatureAlgorithm::read(&parts.algorithm),
            signature: parts.signature.right_aligned(),
            attributes: attributes::shown(&parts.attributes),
            csr,
        })
    }

    /// The unverified contents.
    pub fn claims(&self) -> &Csr {
        &self.csr
    }

    /// Checks the signature.
    ///
    /// # Errors
    /// As [`key::verify`].
    pub fn verify(self) -> Result<Csr> {
        key::verify(&self.csr.public_key, self.algorithm, &self.info, &self.signature)?;
        Ok(self.csr)
    }
}

impl Csr {
    /// Reads the first PEM block of a text and verifies the signature.
    ///
    /// # Errors
    /// 9002 if there is no PEM block, 9300 for another label and for an invalid signature,
    /// 9003 for a malformed request.
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
    fn created_requests_read_back() {
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
    fn invalid_requests_are_refused() {
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
