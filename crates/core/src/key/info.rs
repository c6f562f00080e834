//! Private keys for containers. They are not loaded into the signing library, which is not
//! needed to pack them.

use der::Encode;
use der::asn1::ObjectIdentifier;
use pkcs8::PrivateKeyInfoRef;
use zeroize::Zeroizing;

use super::{read, write};
use crate::error::{Code, Result};
use crate::oid;

/// A PrivateKeyInfo (RFC 5208), with the public half if the key contains it.
pub struct PrivateKeyInfo {
    der: Zeroizing<Vec<u8>>,
    public: Option<Vec<u8>>,
}

impl std::fmt::Debug for PrivateKeyInfo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PrivateKeyInfo")
    }
}

impl PrivateKeyInfo {
    /// Reads the first private key of a PEM text, in PKCS#8, PKCS#1 or SEC 1, whatever its
    /// label. Its numbers are not checked.
    ///
    /// # Errors
    /// 2002 if there is no PEM block, 2100 for an encrypted key, 2003 if it is not a key.
    pub fn read_pem(text: &[u8]) -> Result<Self> {
        let block = read::key_block(text).ok_or(Code::KeyDecode)?;
        if read::is_encrypted_block(&block) {
            return Err(Code::KeyEncrypted.into());
        }
        let der = &block.contents;
        if let Ok(info) = PrivateKeyInfoRef::try_from(der.as_slice()) {
            return Ok(PrivateKeyInfo {
                der: der.clone(),
                public: public_of(&info),
            });
        }
        if let Ok(key) = rsa::pkcs1::RsaPrivateKeyRef::try_from(der.as_slice()) {
            return Ok(PrivateKeyInfo {
                der: write::private_key_info(write::write_rsa_algorithm, der),
                public: key.public_key().to_der().ok(),
            });
        }
        let key = read::ec_private_key(der)?;
        let curve: ObjectIdentifier = key.parameters.ok_or(Code::KeyParse)?;
        let public = key.public_key.and_then(|bits| bits.as_bytes());
        // PKCS#8 has the curve in the outer structure, so the inner one omits it (RFC 5915,
        // section 3).
        let inner = write::secret(|w| {
            w.sequence(|w| {
                w.integer(1);
                w.octet_string(key.private_key.as_bytes());
                if let Some(point) = public {
                    w.context(1, |w| w.bit_string(point));
                }
            });
        });
        Ok(PrivateKeyInfo {
            der: write::private_key_info(|w| write::write_ec_algorithm(w, curve.as_bytes()), &inner),
            public: public.map(<[u8]>::to_vec),
        })
    }

    /// The DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Whether it may be the key for these contents of a subjectPublicKey. Keys without
    /// their public half, such as Ed25519 keys, may be.
    pub fn may_belong_to(&self, key_bits: &[u8]) -> bool {
        self.public.as_ref().is_none_or(|public| public == key_bits)
    }
}

fn public_of(info: &PrivateKeyInfoRef<'_>) -> Option<Vec<u8>> {
    let algorithm = info.algorithm.oid.as_bytes();
    let contents = info.private_key.as_bytes();
    if algorithm == oid::RSA_ENCRYPTION.octets() {
        let key = rsa::pkcs1::RsaPrivateKeyRef::try_from(contents).ok()?;
        key.public_key().to_der().ok()
    } else if algorithm == oid::EC_PUBLIC_KEY.octets() {
        let key = read::ec_private_key(contents).ok()?;
        key.public_key?.as_bytes().map(<[u8]>::to_vec)
    } else {
        info.public_key?.as_bytes().map(<[u8]>::to_vec)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::{self, Curve, KeyFormat, KeySpec, SigningKey};

    #[test]
    fn every_form_becomes_pkcs8() {
        let other = key::generate(KeySpec::Ecdsa(Curve::P256)).unwrap();
        for spec in [
            KeySpec::Ecdsa(Curve::P256),
            KeySpec::Ecdsa(Curve::P384),
            KeySpec::Ecdsa(Curve::P521),
            KeySpec::Ed25519,
            KeySpec::Rsa { bits: 2048 },
        ] {
            let made = key::generate(spec).unwrap();
            for format in [KeyFormat::Traditional, KeyFormat::Pkcs8] {
                let pem = made.to_pem(format).unwrap();
                let info = PrivateKeyInfo::read_pem(pem.as_bytes()).unwrap();
                assert_eq!(info.der(), &**made.to_pkcs8().unwrap(), "{spec:?} {format:?}");
                assert!(info.may_belong_to(made.public_key().key_bits()), "{spec:?}");
                let could = info.may_belong_to(other.public_key().key_bits());
                assert_eq!(could, spec == KeySpec::Ed25519, "{spec:?}");
            }
        }
    }

    #[test]
    fn what_cannot_be_packed_is_refused() {
        for (text, code) in [
            (&b"no PEM"[..], Code::KeyDecode),
            (
                include_bytes!("../../tests/keys/p256-aes256.pem"),
                Code::KeyEncrypted,
            ),
            (
                include_bytes!("../../tests/keys/p256-pkcs8-aes256.pem"),
                Code::KeyEncrypted,
            ),
            (include_bytes!("../../tests/pss/root.pem"), Code::KeyParse),
        ] {
            let refused = PrivateKeyInfo::read_pem(text).unwrap_err();
            assert_eq!(refused, code.into());
        }
        let with_curve_before = include_bytes!("../../tests/keys/p256-params.pem");
        assert!(PrivateKeyInfo::read_pem(with_curve_before).is_ok());
    }
}
