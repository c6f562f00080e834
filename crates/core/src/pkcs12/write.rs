//! Writes one private key with its certificates, in the order and with the algorithms of
//! OpenSSL 3 and of Java since 2020 (RFC 7292; PBES2 of RFC 8018 with PBKDF2, HMAC-SHA-256
//! and AES-256 in CBC mode; HMAC-SHA-256 for integrity).

use std::fmt;

use der::Encode;
use pkcs8::pkcs5::{self, pbes2};
use zeroize::Zeroizing;

use super::read::{BAG, PKCS7, X509_CERTIFICATE};
use super::{kdf, mac};
use crate::asn1::read::Reader;
use crate::asn1::{self, Writer, tag};
use crate::key::PrivateKeyInfo;
use crate::oid;

/// Rounds of PBKDF2 for the certificates and for the key. Each guess at the password costs
/// 2^18 runs of SHA-256, whether it is tried on the key (two per round) or on the integrity
/// check (one per round), which is 128 times OpenSSL's default. Together they stay below
/// the 600,000 rounds above which .NET refuses to import a file; Java allows 5,000,000
/// each.
const CIPHER_ROUNDS: u32 = 1 << 17;
/// Rounds for the key of the integrity check.
const MAC_ROUNDS: u32 = 1 << 18;

/// Octets in a salt: the 128 bits of NIST SP 800-132, section 5.1.
const SALT: usize = 16;
/// Octets in an initialization vector of AES.
const IV: usize = 16;

/// The number of random octets for a file: three salts and two initialization vectors.
pub const RANDOM_OCTETS: usize = 3 * SALT + 2 * IV;

/// The only localKeyId, which links key and certificate.
const LOCAL_KEY_ID: [u8; 1] = [1];

/// The contents of a future file.
#[derive(Debug, Clone, Copy)]
pub struct Store<'a> {
    /// The private key.
    pub key: &'a PrivateKeyInfo,
    /// Certificates in DER: that of the key, then its chain.
    pub certificates: &'a [Vec<u8>],
    /// The name under which programs show key and certificate.
    pub friendly_name: &'a str,
}

/// Why nothing could be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unwritable {
    /// There is no certificate, or an invalid one.
    NotCertificate,
    /// The first certificate belongs to another key.
    OtherKey,
    /// The password is longer than the library supports.
    Password,
}

impl fmt::Display for Unwritable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Unwritable::NotCertificate => "it contains something that is not a certificate",
            Unwritable::OtherKey => "its private key does not match its certificate",
            Unwritable::Password => "the password cannot be used",
        })
    }
}

impl Store<'_> {
    /// Encodes the PFX, protected by a password. `random` must be fresh for each file.
    ///
    /// # Errors
    /// See [`Unwritable`].
    pub fn write(
        &self,
        password: &str,
        random: &[u8; RANDOM_OCTETS],
    ) -> Result<Zeroizing<Vec<u8>>, Unwritable> {
        self.check()?;
        let (certificates, rest) = random.split_at(SALT + IV);
        let (key, mac_salt) = rest.split_at(SALT + IV);
        let certificates = Protection::new(password, certificates)?.encrypt(&self.certificate_bags())?;
        let key = Protection::new(password, key)?.encrypt(self.key.der())?;
        let safes = asn1::encode(|w| {
            w.sequence(|w| {
                write_encrypted_data(w, &certificates);
                write_data(w, &self.key_bag(&key));
            });
        });
        let encoded = kdf::encode_password(password);
        let mut pfx = Writer::with_capacity(safes.len() + 256);
        pfx.sequence(|w| {
            w.integer(3);
            write_data(w, &safes);
            mac::write(w, &safes, &encoded, mac_salt, MAC_ROUNDS);
        });
        Ok(Zeroizing::new(pfx.into_bytes()))
    }

    fn check(&self) -> Result<(), Unwritable> {
        let keys: Option<Vec<&[u8]>> = self.certificates.iter().map(|der| public_key(der)).collect();
        match keys.as_deref() {
            None | Some([]) => Err(Unwritable::NotCertificate),
            Some([first, ..]) if !self.key.may_belong_to(first) => Err(Unwritable::OtherKey),
            Some(_) => Ok(()),
        }
    }

    /// SafeContents with a CertBag for each certificate (RFC 7292, section 4.2.3).
    fn certificate_bags(&self) -> Vec<u8> {
        asn1::encode(|w| {
            w.sequence(|w| {
                for (index, certificate) in self.certificates.iter().enumerate() {
                    let value = |w: &mut Writer| {
                        w.sequence(|w| {
                            w.primitive(tag::OBJECT_IDENTIFIER, &X509_CERTIFICATE);
                            w.context(0, |w| w.octet_string(certificate));
                        });
                    };
                    let of_key = (index == 0).then_some(self.friendly_name);
                    write_bag(w, 3, value, of_key);
                }
            });
        })
    }

    /// SafeContents with a PKCS8ShroudedKeyBag (RFC 7292, section 4.2.2).
    fn key_bag(&self, encrypted: &Encrypted) -> Vec<u8> {
        asn1::encode(|w| {
            w.sequence(|w| {
                let value = |w: &mut Writer| {
                    w.sequence(|w| {
                        w.raw(&encrypted.algorithm);
                        w.octet_string(&encrypted.data);
                    });
                };
                write_bag(w, 2, value, Some(self.friendly_name));
            });
        })
    }
}

/// A SafeBag of this type; the key and its certificate share a name and an ID.
fn write_bag(w: &mut Writer, kind: u8, value: impl FnOnce(&mut Writer), of_key: Option<&str>) {
    w.sequence(|w| {
        w.primitive(tag::OBJECT_IDENTIFIER, &[&BAG[..], &[kind]].concat());
        w.context(0, value);
        let Some(name) = of_key else { return };
        let name: Vec<u8> = name.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let attribute = |oid, tag, contents: &[u8]| {
            asn1::encode(|w| {
                w.sequence(|w| {
                    w.oid(oid);
                    w.nest(tag::SET, |w| w.primitive(tag, contents));
                });
            })
        };
        w.set_of(vec![
            attribute(&oid::FRIENDLY_NAME, tag::BMP_STRING, &name),
            attribute(&oid::LOCAL_KEY_ID, tag::OCTET_STRING, &LOCAL_KEY_ID),
        ]);
    });
}

/// A ContentInfo of type data.
fn write_data(w: &mut Writer, contents: &[u8]) {
    w.sequence(|w| {
        write_content_type(w, 1);
        w.context(0, |w| w.octet_string(contents));
    });
}

/// A ContentInfo of type encryptedData (RFC 2315, section 13).
fn write_encrypted_data(w: &mut Writer, encrypted: &Encrypted) {
    w.sequence(|w| {
        write_content_type(w, 6);
        w.context(0, |w| {
            w.sequence(|w| {
                w.integer(0);
                w.sequence(|w| {
                    write_content_type(w, 1);
                    w.raw(&encrypted.algorithm);
                    w.primitive(tag::context(0), &encrypted.data);
                });
            });
        });
    });
}

fn write_content_type(w: &mut Writer, kind: u8) {
    w.primitive(tag::OBJECT_IDENTIFIER, &[&PKCS7[..], &[kind]].concat());
}

/// PBES2 with its own salt.
struct Protection<'a> {
    scheme: pkcs5::EncryptionScheme,
    password: &'a str,
}

/// A ciphertext with the AlgorithmIdentifier for decryption.
struct Encrypted {
    algorithm: Vec<u8>,
    data: Vec<u8>,
}

impl<'a> Protection<'a> {
    /// Creates it from a salt and an initialization vector.
    fn new(password: &'a str, random: &[u8]) -> Result<Self, Unwritable> {
        let refused = || Unwritable::Password;
        let (salt, iv) = random.split_at_checked(SALT).ok_or_else(refused)?;
        let iv: [u8; IV] = iv.try_into().map_err(|_| refused())?;
        let parameters = pbes2::Parameters::generate_pbkdf2_sha256_aes256cbc(CIPHER_ROUNDS, salt, iv);
        let scheme = parameters.map_err(|_| refused())?.into();
        Ok(Protection { scheme, password })
    }

    fn encrypt(&self, contents: &[u8]) -> Result<Encrypted, Unwritable> {
        let refused = |_| Unwritable::Password;
        Ok(Encrypted {
            data: self.scheme.encrypt(self.password, contents).map_err(refused)?,
            algorithm: self.scheme.to_der().map_err(|_| Unwritable::Password)?,
        })
    }
}

/// The contents of a certificate's subjectPublicKey (RFC 5280, section 4.1); `None` if it
/// is not a certificate.
fn public_key(certificate: &[u8]) -> Option<&[u8]> {
    let mut certificate = Reader::inside(certificate, tag::SEQUENCE)?;
    let mut signed = certificate.enter(tag::SEQUENCE)?;
    certificate.expect(tag::SEQUENCE)?;
    certificate.expect(tag::BIT_STRING)?;
    signed.optional(tag::context_constructed(0));
    signed.expect(tag::INTEGER)?;
    // signature, issuer, validity, subject
    for _ in 0..4 {
        signed.expect(tag::SEQUENCE)?;
    }
    let mut key = signed.enter(tag::SEQUENCE)?;
    key.expect(tag::SEQUENCE)?;
    key.expect(tag::BIT_STRING)?.strip_prefix(&[0])
}
