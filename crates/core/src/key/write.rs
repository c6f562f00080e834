//! Writes private keys as PEM.

use aws_lc_rs::encoding::{AsBigEndian, EcPrivateKeyBin};
use aws_lc_rs::signature::{EcdsaKeyPair, KeyPair};
use zeroize::Zeroizing;

use super::{Curve, KeyKind, PrivateKey, Secret};
use crate::asn1::{Writer, tag};
use crate::error::{Code, Error, Result};
use crate::oid;
use rcfssl_go::pem;

/// The format of a private key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum KeyFormat {
    /// As in cfssl: PKCS#1 labelled `RSA PRIVATE KEY`, SEC 1 labelled `EC PRIVATE KEY`, and
    /// PKCS#8 with cfssl's own label `Ed25519 PRIVATE KEY`.
    #[default]
    Traditional,
    /// PKCS#8 (RFC 5208) labelled `PRIVATE KEY` for all types.
    Pkcs8,
}

impl PrivateKey {
    /// The key as a PEM block.
    ///
    /// # Errors
    /// Code 2000 if the cryptographic library does not export the key.
    pub fn to_pem(&self, format: KeyFormat) -> Result<Zeroizing<String>> {
        let (label, der) = match (format, self.public.kind()) {
            (KeyFormat::Pkcs8, _) => ("PRIVATE KEY", self.to_pkcs8()?),
            (_, KeyKind::Rsa { .. }) => ("RSA PRIVATE KEY", self.to_traditional(true)?),
            (_, KeyKind::Ecdsa(_)) => ("EC PRIVATE KEY", self.to_traditional(true)?),
            _ => ("Ed25519 PRIVATE KEY", self.to_pkcs8()?),
        };
        Ok(Zeroizing::new(pem::encode(label, &der)))
    }

    /// PrivateKeyInfo, version 0, without attributes.
    ///
    /// # Errors
    /// As [`PrivateKey::to_pem`].
    pub fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>> {
        // PKCS#8 has the curve in the outer structure, so the inner one omits it (RFC 5915,
        // section 3).
        let inner = self.to_traditional(false)?;
        let algorithm = |w: &mut Writer| match self.public.kind() {
            KeyKind::Ecdsa(curve) => write_ec_algorithm(w, curve.oid().octets()),
            KeyKind::Rsa { .. } => write_rsa_algorithm(w),
            _ => w.oid(&oid::ED25519),
        };
        Ok(private_key_info(algorithm, &inner))
    }

    /// RSAPrivateKey, ECPrivateKey or CurvePrivateKey.
    fn to_traditional(&self, with_curve: bool) -> Result<Zeroizing<Vec<u8>>> {
        let failed = || Error::from(Code::KeyUnknown);
        match &self.secret {
            Secret::Rsa { pkcs1, .. } | Secret::OddRsa { pkcs1, .. } => Ok(pkcs1.clone()),
            Secret::Ecdsa(pair) => {
                let KeyKind::Ecdsa(curve) = self.public.kind() else {
                    return Err(failed());
                };
                ec_private_key(pair, curve, with_curve)
            }
            Secret::Ed25519(pair) => {
                let seed = pair.seed().map_err(|_| failed())?;
                let seed = seed.as_be_bytes().map_err(|_| failed())?;
                Ok(secret(|w| w.octet_string(seed.as_ref())))
            }
        }
    }
}

/// PrivateKeyInfo (RFC 5208, section 5), version 0, without attributes, around a key in its
/// own format.
pub(super) fn private_key_info(algorithm: impl FnOnce(&mut Writer), key: &[u8]) -> Zeroizing<Vec<u8>> {
    secret(|w| {
        w.sequence(|w| {
            w.integer(0);
            w.sequence(algorithm);
            w.octet_string(key);
        });
    })
}

/// The contents of the AlgorithmIdentifier of RSA keys.
pub(super) fn write_rsa_algorithm(w: &mut Writer) {
    w.oid(&oid::RSA_ENCRYPTION);
    w.null();
}

/// The contents of the AlgorithmIdentifier of keys on a curve.
pub(super) fn write_ec_algorithm(w: &mut Writer, curve: &[u8]) {
    w.oid(&oid::EC_PUBLIC_KEY);
    w.primitive(tag::OBJECT_IDENTIFIER, curve);
}

/// ECPrivateKey (RFC 5915): version 1, the scalar at full length, the curve, the public
/// point. aws-lc's own export omits the curve, which Go requires.
fn ec_private_key(pair: &EcdsaKeyPair, curve: Curve, with_curve: bool) -> Result<Zeroizing<Vec<u8>>> {
    let private = pair.private_key();
    let scalar: EcPrivateKeyBin<'_> = private.as_be_bytes().map_err(|_| Error::from(Code::KeyUnknown))?;
    Ok(secret(|w| {
        w.sequence(|w| {
            w.integer(1);
            w.octet_string(scalar.as_ref());
            if with_curve {
                w.context(0, |w| w.oid(&curve.oid()));
            }
            w.context(1, |w| w.bit_string(pair.public_key().as_ref()));
        });
    }))
}

/// DER that is wiped when dropped. Its capacity is reserved at once, so that growing leaves
/// no copies behind; only RSA keys, which are copied whole, could be longer.
pub(super) fn secret(build: impl FnOnce(&mut Writer)) -> Zeroizing<Vec<u8>> {
    let mut writer = Writer::with_capacity(8 * 1024);
    build(&mut writer);
    Zeroizing::new(writer.into_bytes())
}

/// PrivateKeyInfo around a bare scalar: the library computes the public point.
pub(super) fn ec_scalar_only(curve: Curve, scalar: &[u8]) -> Zeroizing<Vec<u8>> {
    let key = secret(|w| {
        w.sequence(|w| {
            w.integer(1);
            w.octet_string(scalar);
        });
    });
    private_key_info(|w| write_ec_algorithm(w, curve.oid().octets()), &key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asn1;
    use crate::key::{KeySpec, SigningKey, generate, read};

    #[test]
    fn keys_read_back_in_both_forms() {
        for spec in [
            KeySpec::Ecdsa(Curve::P256),
            KeySpec::Ecdsa(Curve::P384),
            KeySpec::Ecdsa(Curve::P521),
            KeySpec::Ed25519,
            KeySpec::Rsa { bits: 2048 },
            KeySpec::Rsa { bits: 2050 },
            KeySpec::Rsa { bits: 2051 },
        ] {
            let key = generate(spec).unwrap();
            for format in [KeyFormat::Traditional, KeyFormat::Pkcs8] {
                let pem = key.to_pem(format).unwrap();
                let again = read(pem.as_bytes()).unwrap();
                assert_eq!(again.public_key(), key.public_key(), "{spec:?} {format:?}");
                assert_eq!(again.to_pem(format).unwrap(), pem);
            }
        }
    }

    #[test]
    fn the_traditional_ec_form_includes_curve_and_point() {
        let key = generate(KeySpec::Ecdsa(Curve::P256)).unwrap();
        let pem = key.to_pem(KeyFormat::Traditional).unwrap();
        let block = pem::decode(pem.as_bytes()).unwrap().0;
        assert_eq!(block.label, "EC PRIVATE KEY");
        let tail = asn1::encode(|w| {
            w.context(0, |w| w.oid(&oid::SECP256R1));
            w.context(1, |w| w.bit_string(key.public_key().key_bits()));
        });
        assert!(block.contents.ends_with(&tail));
        assert_eq!(block.contents.len(), 2 + 3 + 34 + tail.len());
    }
}
