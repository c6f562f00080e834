//! Reads the outermost structure, its safes and their bags (RFC 7292, sections 4 and 5).

use std::fmt;

use zeroize::Zeroizing;

use super::cipher;
use super::kdf;
use super::mac::Mac;
use crate::asn1::read::{Reader, unsigned};
use crate::asn1::tag;
use crate::certificate::Certificate;
use crate::key::{self, PrivateKey, SigningKey};
use crate::pbes2::{self, Budget};

/// The maximum nesting of safes.
const MAX_DEPTH: u8 = 4;

/// pkcs-7, 1.2.840.113549.1.7, without the last arc.
pub(super) const PKCS7: [u8; 8] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07];
/// bagtypes, 1.2.840.113549.1.12.10.1, without the last arc.
pub(super) const BAG: [u8; 10] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x0a, 0x01];
/// x509Certificate, 1.2.840.113549.1.9.22.1
pub(super) const X509_CERTIFICATE: [u8; 10] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x16, 0x01];

/// The contents of a file.
#[derive(Debug)]
pub struct Contents {
    /// The certificates, starting with that of the key; at least one.
    pub certificates: Vec<Certificate>,
    /// The first private key.
    pub key: Option<PrivateKey>,
}

/// Why nothing could be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It is not PKCS#12.
    NotPkcs12,
    /// It begins like PKCS#12 but is malformed.
    Malformed,
    /// The password is wrong.
    WrongPassword,
    /// It uses an unknown algorithm.
    UnknownAlgorithm,
    /// It requires too much work.
    TooManyIterations,
    /// It contains no certificate.
    NoCertificate,
    /// The private key is of an unknown type.
    UnknownKey,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Refusal::NotPkcs12 => "it is not a PKCS#12 file",
            Refusal::Malformed => "it is a PKCS#12 file that is damaged, or not in DER",
            Refusal::WrongPassword => "it is a PKCS#12 file, and the password is wrong",
            Refusal::UnknownAlgorithm => "it is a PKCS#12 file, protected with an unknown algorithm",
            Refusal::TooManyIterations => {
                "it is a PKCS#12 file that asks for too many rounds of key derivation"
            }
            Refusal::NoCertificate => "it is a PKCS#12 file without a certificate",
            Refusal::UnknownKey => "it is a PKCS#12 file with a key of an unknown kind",
        })
    }
}

impl From<pbes2::Refusal> for Refusal {
    fn from(refusal: pbes2::Refusal) -> Self {
        match refusal {
            pbes2::Refusal::Malformed => Refusal::Malformed,
            pbes2::Refusal::UnknownAlgorithm => Refusal::UnknownAlgorithm,
            pbes2::Refusal::TooManyRounds => Refusal::TooManyIterations,
            pbes2::Refusal::WrongPassword => Refusal::WrongPassword,
        }
    }
}

/// A password in both of its forms, and the rounds that may be spent on it.
pub(super) struct Password<'a> {
    /// As given, for PBES2.
    pub text: &'a str,
    /// Encoded, for the ciphers of PKCS#12 and its integrity check.
    pub encoded: &'a [u8],
    /// The rounds left for the file.
    pub budget: Budget,
}

impl Password<'_> {
    /// Deducts rounds; returns their number in the type that the derivation needs.
    pub(super) fn spend(&self, rounds: u64) -> Result<u32, Refusal> {
        self.budget.spend(rounds)?;
        u32::try_from(rounds).map_err(|_| Refusal::TooManyIterations)
    }
}

/// Reads a PFX with a password.
///
/// Files with a chain are read completely; cfssl accepts only those with one key and one
/// certificate, and only the legacy ciphers.
///
/// # Errors
/// See [`Refusal`].
pub fn read(der: &[u8], password: &str) -> Result<Contents, Refusal> {
    let mut pfx = Reader::inside(der, tag::SEQUENCE).ok_or(Refusal::NotPkcs12)?;
    let version = pfx.expect(tag::INTEGER).and_then(unsigned);
    let content = match version {
        Some(3) => pfx.enter(tag::SEQUENCE).and_then(data_of),
        _ => None,
    };
    let safes = content.ok_or(Refusal::NotPkcs12)?;
    let encoded = kdf::encode_password(password);
    let mut password = Password {
        text: password,
        encoded: &encoded,
        budget: Budget::of_a_file(),
    };
    if let Some(mac) = pfx.enter(tag::SEQUENCE) {
        let mac = Mac::read(mac)?;
        let mut fits = mac.fits(safes, &password)?;
        if !fits && password.text.is_empty() {
            // Some programs represent an empty password by no octets at all.
            password.encoded = &[];
            fits = mac.fits(safes, &password)?;
        }
        if !fits {
            return Err(Refusal::WrongPassword);
        }
    }
    let mut found = Found::default();
    let mut safes = Reader::inside(safes, tag::SEQUENCE).ok_or(Refusal::Malformed)?;
    while !safes.is_empty() {
        let info = safes.enter(tag::SEQUENCE).ok_or(Refusal::Malformed)?;
        let contents = open_safe(info, &password)?;
        found.read_bags(&contents, &password, MAX_DEPTH)?;
    }
    found.into_contents()
}

/// The octets of a ContentInfo of type data.
fn data_of(mut info: Reader<'_>) -> Option<&[u8]> {
    let oid = info.expect(tag::OBJECT_IDENTIFIER)?;
    if oid.strip_prefix(&PKCS7) != Some(&[1]) {
        return None;
    }
    let mut content = info.enter(tag::context_constructed(0))?;
    content.expect(tag::OCTET_STRING)
}

/// The SafeContents of a ContentInfo, decrypted if necessary.
fn open_safe(info: Reader<'_>, password: &Password<'_>) -> Result<Zeroizing<Vec<u8>>, Refusal> {
    if let Some(plain) = data_of(info.clone()) {
        return Ok(Zeroizing::new(plain.to_vec()));
    }
    let (algorithm, data) = encrypted_content(info).ok_or(Refusal::UnknownAlgorithm)?;
    cipher::decrypt(algorithm, data, password)
}

/// EncryptedData (RFC 2315, section 13): the algorithm and the ciphertext.
fn encrypted_content(mut info: Reader<'_>) -> Option<(&[u8], &[u8])> {
    let oid = info.expect(tag::OBJECT_IDENTIFIER)?;
    if oid.strip_prefix(&PKCS7) != Some(&[6]) {
        return None;
    }
    let mut encrypted = info.enter(tag::context_constructed(0))?.enter(tag::SEQUENCE)?;
    encrypted.expect(tag::INTEGER)?;
    let mut content = encrypted.enter(tag::SEQUENCE)?;
    content.expect(tag::OBJECT_IDENTIFIER)?;
    let algorithm = content.next()?;
    let data = content.expect(tag::context(0))?;
    Some((algorithm.raw, data))
}

#[derive(Default)]
struct Found {
    certificates: Vec<Certificate>,
    key: Option<PrivateKey>,
}

impl Found {
    fn read_bags(&mut self, contents: &[u8], password: &Password<'_>, depth: u8) -> Result<(), Refusal> {
        let mut bags = Reader::inside(contents, tag::SEQUENCE).ok_or(Refusal::Malformed)?;
        while !bags.is_empty() {
            let mut bag = bags.enter(tag::SEQUENCE).ok_or(Refusal::Malformed)?;
            let oid = bag.expect(tag::OBJECT_IDENTIFIER).ok_or(Refusal::Malformed)?;
            let value = bag
                .expect(tag::context_constructed(0))
                .ok_or(Refusal::Malformed)?;
            match oid.strip_prefix(&BAG) {
                Some([1]) => self.add_key(value)?,
                Some([2]) => {
                    let opened = open_key(value, password)?;
                    self.add_key(&opened)?;
                }
                Some([3]) => self.add_certificate(value)?,
                Some([6]) if depth > 0 => self.read_bags(value, password, depth - 1)?,
                // CRLs and secrets are not needed here.
                _ => {}
            }
        }
        Ok(())
    }

    fn add_key(&mut self, pkcs8: &[u8]) -> Result<(), Refusal> {
        if self.key.is_none() {
            self.key = Some(key::read_der(pkcs8).map_err(|_| Refusal::UnknownKey)?);
        }
        Ok(())
    }

    /// CertBag (RFC 7292, section 4.2.3); certificates that are not X.509 are skipped.
    fn add_certificate(&mut self, value: &[u8]) -> Result<(), Refusal> {
        let mut bag = Reader::inside(value, tag::SEQUENCE).ok_or(Refusal::Malformed)?;
        if bag.expect(tag::OBJECT_IDENTIFIER) != Some(&X509_CERTIFICATE) {
            return Ok(());
        }
        let der = bag
            .enter(tag::context_constructed(0))
            .and_then(|mut certificate| certificate.expect(tag::OCTET_STRING))
            .ok_or(Refusal::Malformed)?;
        let certificate = Certificate::read(der).map_err(|_| Refusal::Malformed)?;
        self.certificates.push(certificate);
        Ok(())
    }

    fn into_contents(mut self) -> Result<Contents, Refusal> {
        if self.certificates.is_empty() {
            return Err(Refusal::NoCertificate);
        }
        if let Some(key) = &self.key {
            let public = key.public_key();
            let of_key = |certificate: &Certificate| certificate.public_key.is_same_key(public);
            self.certificates.sort_by_key(|certificate| !of_key(certificate));
        }
        Ok(Contents {
            certificates: self.certificates,
            key: self.key,
        })
    }
}

fn open_key(value: &[u8], password: &Password<'_>) -> Result<Zeroizing<Vec<u8>>, Refusal> {
    let (algorithm, data) = pbes2::encrypted_private_key(value).ok_or(Refusal::Malformed)?;
    cipher::decrypt(algorithm, data, password)
}
