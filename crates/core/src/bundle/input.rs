//! The input formats of `bundle`: PEM, DER, PKCS#7, PKCS#12.

use crate::asn1::read::Reader;
use crate::certificate::{Certificate, pkcs7};
use crate::error::{Code, Error, Result};
use crate::key::PrivateKey;
use crate::pkcs12;
use rcfssl_go::pem::{self, Block};

/// Certificates with an optional private key.
#[derive(Debug)]
pub struct Input {
    /// The certificates in their original order, at least one.
    pub certificates: Vec<Certificate>,
    /// The key, which only PKCS#12 contains.
    pub key: Option<PrivateKey>,
}

/// Why the input could not be read.
#[derive(Debug)]
pub struct Unreadable {
    /// What is wrong with it as PEM; cfssl reports nothing else.
    pub error: Error,
    /// Why it could not be opened, if it is PKCS#12.
    pub pkcs12: Option<pkcs12::Refusal>,
}

/// Reads any number of PEM blocks that are certificates or PKCS#7 objects with
/// certificates, whatever their labels; text before a block is skipped.
///
/// # Errors
/// 1003 for a block that is neither, 1002 for text after the last one.
pub fn read_pem(text: &[u8]) -> Result<Vec<Certificate>> {
    let mut rest = text.trim_ascii();
    let mut certificates = Vec::new();
    while !rest.is_empty() {
        let (block, after) = pem::decode(rest).ok_or(Code::CertificateDecode)?;
        certificates.extend(read_block(&block).ok_or(Code::CertificateParse)?);
        rest = after;
    }
    Ok(certificates)
}

/// The certificates in one PEM block.
pub(super) fn read_block(block: &Block) -> Option<Vec<Certificate>> {
    match Certificate::read(&block.contents) {
        Ok(certificate) => Some(vec![certificate]),
        Err(_) => pkcs7::certificates(&block.contents),
    }
}

/// Reads PEM, or otherwise DER: PKCS#7, PKCS#12 with this password, or concatenated
/// certificates.
///
/// # Errors
/// See [`Unreadable`].
pub fn read(bytes: &[u8], password: &str) -> std::result::Result<Input, Unreadable> {
    let unreadable = |error, pkcs12| Unreadable { error, pkcs12 };
    match read_pem(bytes) {
        Ok(certificates) if certificates.is_empty() => Err(unreadable(Code::CertificateDecode.into(), None)),
        Ok(certificates) => Ok(certificates.into()),
        Err(error) => read_der(bytes, password).map_err(|refusal| unreadable(error, refusal)),
    }
}

fn read_der(bytes: &[u8], password: &str) -> std::result::Result<Input, Option<pkcs12::Refusal>> {
    if let Some(certificates) = pkcs7::certificates(bytes) {
        return Ok(certificates.into());
    }
    let refusal = match pkcs12::read(bytes, password) {
        Ok(contents) => {
            return Ok(Input {
                certificates: contents.certificates,
                key: contents.key,
            });
        }
        Err(refusal) => Some(refusal).filter(|refusal| *refusal != pkcs12::Refusal::NotPkcs12),
    };
    concatenated(bytes)
        .or_else(|| concatenated(bytes.trim_ascii()))
        .map(Input::from)
        .ok_or(refusal)
}

impl From<Vec<Certificate>> for Input {
    fn from(certificates: Vec<Certificate>) -> Self {
        Input {
            certificates,
            key: None,
        }
    }
}

fn concatenated(bytes: &[u8]) -> Option<Vec<Certificate>> {
    let mut reader = Reader::new(bytes);
    let mut certificates = Vec::new();
    while !reader.is_empty() {
        certificates.push(Certificate::read(reader.next()?.raw).ok()?);
    }
    (!certificates.is_empty()).then_some(certificates)
}
