//! Creates OCSP requests and parses the responses (RFC 6960, section 4).

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

use crate::asn1::fields::Fields;
use crate::asn1::read::Reader;
use crate::asn1::{self, Writer, tag};
use crate::certificate::Certificate;
use crate::key::{self, AlgorithmIdentifier, SignatureAlgorithm};
use crate::oid;
use crate::responding::basic_response;

/// OCSPRequest, without a nonce and without a signature.
pub fn request(certificate: &Certificate, issuer: &Certificate) -> Vec<u8> {
    asn1::encode(|w| {
        w.sequence(|w| {
            w.sequence(|w| {
                w.sequence(|w| {
                    w.sequence(|w| write_certificate_id(w, certificate, issuer));
                });
            });
        });
    })
}

/// CertID with SHA-1, which every responder supports.
fn write_certificate_id(w: &mut Writer, certificate: &Certificate, issuer: &Certificate) {
    w.sequence(|w| {
        w.sequence(|w| {
            w.oid(&oid::SHA1);
            w.null();
        });
        w.octet_string(digest(&SHA1_FOR_LEGACY_USE_ONLY, &issuer.subject).as_ref());
        w.octet_string(&issuer.public_key.identifier());
        w.primitive(tag::INTEGER, &certificate.serial);
    });
}

/// The status of a certificate in a response, if it is signed by the issuer or by a
/// responder that the issuer has certified: good, or revoked or unknown.
pub fn is_good(response: &[u8], certificate: &Certificate, issuer: &Certificate) -> Option<bool> {
    let mut basic = basic_response(response)?;
    let data = basic.next()?;
    let algorithm = Fields::new(basic.expect(tag::SEQUENCE)?);
    let algorithm = SignatureAlgorithm::read(&AlgorithmIdentifier::read_inside(algorithm).ok()?);
    let (_, signature) = basic.expect(tag::BIT_STRING)?.split_first()?;
    let signer = match basic.enter(tag::context_constructed(0)) {
        Some(mut certificates) => delegate(certificates.enter(tag::SEQUENCE)?, issuer)?,
        None => None,
    };
    let key = &signer.as_ref().unwrap_or(issuer).public_key;
    key::verify(key, algorithm, data.raw, signature).ok()?;
    status(Reader::inside(data.raw, tag::SEQUENCE)?, certificate)
}

/// The first of the included certificates; `None` if there are none. The issuer must have
/// signed it for this purpose (RFC 6960, section 4.2.2.2; Go does not check the purpose, so
/// that any certificate of an issuer could sign responses there).
fn delegate(mut certificates: Reader<'_>, issuer: &Certificate) -> Option<Option<Certificate>> {
    let Some(first) = certificates.next() else {
        return Some(None);
    };
    let signer = Certificate::read(first.raw).ok()?;
    if signer.der == issuer.der {
        return Some(Some(signer));
    }
    signer.check_signature_from(issuer).ok()?;
    let may = signer.extended_key_usages().contains(&oid::OCSP_SIGNING);
    may.then_some(Some(signer))
}

/// Whether the status for this certificate is good.
fn status(mut data: Reader<'_>, certificate: &Certificate) -> Option<bool> {
    data.optional(tag::context_constructed(0));
    // responderID and producedAt
    data.next()?;
    data.expect(tag::GENERALIZED_TIME)?;
    let mut responses = data.enter(tag::SEQUENCE)?;
    while let Some(mut single) = responses.enter(tag::SEQUENCE) {
        let mut id = single.enter(tag::SEQUENCE)?;
        id.expect(tag::SEQUENCE)?;
        id.expect(tag::OCTET_STRING)?;
        id.expect(tag::OCTET_STRING)?;
        if id.expect(tag::INTEGER)? == certificate.serial {
            return Some(single.next()?.tag == tag::context(0));
        }
    }
    None
}
