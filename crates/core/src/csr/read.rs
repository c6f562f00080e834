//! Requests that came from elsewhere.

use x509_parser::prelude::FromDer;
use x509_parser::x509::{SubjectPublicKeyInfo, X509Name};

use super::Csr;
use super::attributes::requested_extensions;
use crate::asn1::read::{Reader, signed};
use crate::asn1::{outermost, tag};
use crate::certificate::{check_key, check_name, name_attributes, public_key};
use crate::error::{Code, Error, Result};
use crate::key::{self, SignatureAlgorithm};
use crate::oid::Oid;
use rcfssl_go::pem;

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
    /// The version, which is 0 in all requests there are.
    pub version: i64,
    /// The signature algorithm.
    pub algorithm: Oid,
    /// The signature.
    pub signature: Vec<u8>,
    /// Has it an extensionRequest attribute?
    pub requests_extensions: bool,
}

/// The fields of a request (RFC 2986, section 4).
struct Parts<'a> {
    info: &'a [u8],
    version: i64,
    subject: X509Name<'a>,
    public_key: SubjectPublicKeyInfo<'a>,
    attributes: Reader<'a>,
    algorithm: &'a [u8],
    signature: Vec<u8>,
}

impl<'a> Parts<'a> {
    /// Reads what stands inside the outermost SEQUENCE.
    fn read(mut whole: Reader<'a>) -> Option<Self> {
        let info = whole.next().filter(|info| info.tag == tag::SEQUENCE)?;
        let mut fields = Reader::new(info.contents);
        let version = signed(fields.expect(tag::INTEGER)?)?;
        let (subject, public_key) = (fields.next()?, fields.next()?);
        let attributes = fields.enter(tag::context_constructed(0))?;
        let mut algorithm = whole.enter(tag::SEQUENCE)?;
        let signature = right_aligned(whole.expect(tag::BIT_STRING)?)?;
        Some(Parts {
            info: info.raw,
            version,
            subject: X509Name::from_der(subject.raw).ok()?.1,
            public_key: SubjectPublicKeyInfo::from_der(public_key.raw).ok()?.1,
            attributes,
            algorithm: algorithm.expect(tag::OBJECT_IDENTIFIER)?,
            signature,
        })
    }
}

/// The bits of a BIT STRING as octets, moved to the right where the last octet is not
/// whole, as Go does. Bits that do not count must be zero (X.690, 11.2).
fn right_aligned(contents: &[u8]) -> Option<Vec<u8>> {
    let (&unused, octets) = contents.split_first()?;
    let last = octets.last().copied().unwrap_or(u8::MAX);
    if unused > 7 || last.trailing_zeros() < u32::from(unused) {
        return None;
    }
    let before = std::iter::once(&0).chain(octets);
    let moved = |(&before, &octet): (&u8, &u8)| {
        let both = u16::from_be_bytes([before, octet]) >> unused;
        both.to_be_bytes()[1]
    };
    Some(before.zip(octets).map(moved).collect())
}

impl Unverified {
    /// Reads DER.
    ///
    /// # Errors
    /// A bare sentence: for what is no request, for an unknown curve, for names
    /// that cannot be read and for an extension asked for twice.
    pub fn read(der: &[u8]) -> Result<Self> {
        let malformed = || {
            let words = outermost::refusal(der, "certificateRequest");
            Error::plain(words.as_deref().unwrap_or(MALFORMED))
        };
        let mut whole = Reader::new(der);
        let parts = whole.enter(tag::SEQUENCE).and_then(Parts::read);
        let parts = parts.ok_or_else(malformed)?;
        if !whole.is_empty() {
            return Err(Error::plain("asn1: syntax error: trailing data"));
        }
        let requested = requested_extensions(parts.attributes.clone()).ok_or_else(malformed)?;
        let csr = Csr {
            der: der.to_vec(),
            subject: name_attributes(&parts.subject),
            public_key: public_key(&parts.public_key),
            extensions: requested.concat(),
            built: None,
        };
        check_key(&parts.public_key, &csr.public_key)?;
        check_name(&parts.subject)?;
        csr.hosts()?;
        csr.check_unique_extensions()?;
        Ok(Unverified {
            info: parts.info.to_vec(),
            subject: parts.subject.as_raw().to_vec(),
            version: parts.version,
            algorithm: Oid::from_octets(parts.algorithm),
            signature: parts.signature,
            requests_extensions: !requested.is_empty(),
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

    #[test]
    fn bits_are_moved_to_the_right() {
        assert_eq!(right_aligned(&[0, 0xab, 0xcd]), Some(vec![0xab, 0xcd]));
        assert_eq!(right_aligned(&[4, 0xab, 0xc0]), Some(vec![0x0a, 0xbc]));
        assert_eq!(right_aligned(&[0]), Some(vec![]));
        for bad in [&[][..], &[1], &[8, 0], &[4, 0xab, 0xc8]] {
            assert_eq!(right_aligned(bad), None, "{bad:?}");
        }
    }
}
