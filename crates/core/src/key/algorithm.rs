//! Signature algorithms: the default for each key, and all that Go knows.

use super::{AlgorithmIdentifier, Curve, KeyKind};
use crate::asn1::read::{Reader, signed};
use crate::asn1::{Writer, tag};
use crate::oid::{self, Oid};

/// A signature algorithm (RFC 3279, RFC 4055, RFC 5758, RFC 8410), with Go's number for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureAlgorithm {
    /// md2WithRSAEncryption, never verified
    Md2WithRsa = 1,
    /// md5WithRSAEncryption, never verified
    Md5WithRsa,
    /// sha1WithRSAEncryption
    Sha1WithRsa,
    /// sha256WithRSAEncryption
    Sha256WithRsa,
    /// sha384WithRSAEncryption
    Sha384WithRsa,
    /// sha512WithRSAEncryption
    Sha512WithRsa,
    /// id-dsa-with-sha1, never verified
    DsaWithSha1,
    /// id-dsa-with-sha256, never verified
    DsaWithSha256,
    /// ecdsa-with-SHA1, only verified
    EcdsaWithSha1,
    /// ecdsa-with-SHA256
    EcdsaWithSha256,
    /// ecdsa-with-SHA384
    EcdsaWithSha384,
    /// ecdsa-with-SHA512
    EcdsaWithSha512,
    /// id-RSASSA-PSS with SHA-256 and a salt of 32 octets, only verified
    Sha256WithRsaPss,
    /// id-RSASSA-PSS with SHA-384 and a salt of 48 octets, only verified
    Sha384WithRsaPss,
    /// id-RSASSA-PSS with SHA-512 and a salt of 64 octets, only verified
    Sha512WithRsaPss,
    /// id-Ed25519
    Ed25519,
}

use SignatureAlgorithm::{
    DsaWithSha1, DsaWithSha256, EcdsaWithSha1, EcdsaWithSha256, EcdsaWithSha384, EcdsaWithSha512, Ed25519,
    Md2WithRsa, Md5WithRsa, Sha1WithRsa, Sha256WithRsa, Sha256WithRsaPss, Sha384WithRsa, Sha384WithRsaPss,
    Sha512WithRsa, Sha512WithRsaPss,
};

/// All of them.
const ALL: [SignatureAlgorithm; 16] = [
    Md2WithRsa,
    Md5WithRsa,
    Sha1WithRsa,
    Sha256WithRsa,
    Sha384WithRsa,
    Sha512WithRsa,
    DsaWithSha1,
    DsaWithSha256,
    EcdsaWithSha1,
    EcdsaWithSha256,
    EcdsaWithSha384,
    EcdsaWithSha512,
    Sha256WithRsaPss,
    Sha384WithRsaPss,
    Sha512WithRsaPss,
    Ed25519,
];

impl SignatureAlgorithm {
    /// cfssl's default algorithm: depending on the size of an RSA key or the curve of an EC
    /// key. `None` for keys that cannot sign here.
    pub fn for_key(kind: KeyKind) -> Option<Self> {
        Some(match kind {
            KeyKind::Rsa { bits: 4096.. } => Sha512WithRsa,
            KeyKind::Rsa { bits: 3072.. } => Sha384WithRsa,
            KeyKind::Rsa { bits: 2048.. } => Sha256WithRsa,
            KeyKind::Rsa { .. } => Sha1WithRsa,
            KeyKind::Ecdsa(Curve::P256) => EcdsaWithSha256,
            KeyKind::Ecdsa(Curve::P384) => EcdsaWithSha384,
            KeyKind::Ecdsa(Curve::P521) => EcdsaWithSha512,
            KeyKind::Ed25519 => Ed25519,
            KeyKind::P224 | KeyKind::Other => return None,
        })
    }

    /// The algorithm of an AlgorithmIdentifier, if Go knows it. RSASSA-PSS depends on the
    /// parameters, Ed25519 must have none, and others are accepted with any parameters.
    pub fn read(identifier: &AlgorithmIdentifier<'_>) -> Option<Self> {
        let AlgorithmIdentifier { oid, parameters } = identifier;
        if *oid == oid::RSASSA_PSS {
            return pss(parameters);
        }
        // The same algorithm under its OIW identifier, which old Microsoft tools use.
        if *oid == oid::SHA1_WITH_RSA_OIW {
            return Some(Sha1WithRsa);
        }
        let found = ALL.into_iter().find(|algorithm| algorithm.oid() == *oid)?;
        (found != Ed25519 || parameters.is_empty()).then_some(found)
    }

    /// Its object identifier.
    pub const fn oid(self) -> Oid {
        match self {
            Md2WithRsa => oid::MD2_WITH_RSA,
            Md5WithRsa => oid::MD5_WITH_RSA,
            Sha1WithRsa => oid::SHA1_WITH_RSA,
            Sha256WithRsa => oid::SHA256_WITH_RSA,
            Sha384WithRsa => oid::SHA384_WITH_RSA,
            Sha512WithRsa => oid::SHA512_WITH_RSA,
            DsaWithSha1 => oid::DSA_WITH_SHA1,
            DsaWithSha256 => oid::DSA_WITH_SHA256,
            EcdsaWithSha1 => oid::ECDSA_WITH_SHA1,
            EcdsaWithSha256 => oid::ECDSA_WITH_SHA256,
            EcdsaWithSha384 => oid::ECDSA_WITH_SHA384,
            EcdsaWithSha512 => oid::ECDSA_WITH_SHA512,
            Sha256WithRsaPss | Sha384WithRsaPss | Sha512WithRsaPss => oid::RSASSA_PSS,
            Ed25519 => oid::ED25519,
        }
    }

    /// Go's number for it.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// Go's name for it, as shown in errors.
    pub const fn name(self) -> &'static str {
        match self {
            Md2WithRsa => "MD2-RSA",
            Md5WithRsa => "MD5-RSA",
            Sha1WithRsa => "SHA1-RSA",
            Sha256WithRsa => "SHA256-RSA",
            Sha384WithRsa => "SHA384-RSA",
            Sha512WithRsa => "SHA512-RSA",
            DsaWithSha1 => "DSA-SHA1",
            DsaWithSha256 => "DSA-SHA256",
            EcdsaWithSha1 => "ECDSA-SHA1",
            EcdsaWithSha256 => "ECDSA-SHA256",
            EcdsaWithSha384 => "ECDSA-SHA384",
            EcdsaWithSha512 => "ECDSA-SHA512",
            Sha256WithRsaPss => "SHA256-RSAPSS",
            Sha384WithRsaPss => "SHA384-RSAPSS",
            Sha512WithRsaPss => "SHA512-RSAPSS",
            Ed25519 => "Ed25519",
        }
    }

    /// cfssl's name for it, as shown by `certinfo`.
    pub const fn cfssl_name(self) -> &'static str {
        match self {
            Md2WithRsa => "MD2WithRSA",
            Md5WithRsa => "MD5WithRSA",
            Sha1WithRsa => "SHA1WithRSA",
            Sha256WithRsa => "SHA256WithRSA",
            Sha384WithRsa => "SHA384WithRSA",
            Sha512WithRsa => "SHA512WithRSA",
            DsaWithSha1 => "DSAWithSHA1",
            DsaWithSha256 => "DSAWithSHA256",
            EcdsaWithSha1 => "ECDSAWithSHA1",
            EcdsaWithSha256 => "ECDSAWithSHA256",
            EcdsaWithSha384 => "ECDSAWithSHA384",
            EcdsaWithSha512 => "ECDSAWithSHA512",
            Sha256WithRsaPss | Sha384WithRsaPss | Sha512WithRsaPss => "Unknown Signature",
            Ed25519 => "Ed25519",
        }
    }

    /// Go's name for the type of key that it needs.
    pub const fn key_name(self) -> &'static str {
        match self {
            Md2WithRsa | Md5WithRsa | Sha256WithRsaPss | Sha384WithRsaPss | Sha512WithRsaPss => "RSA",
            Sha1WithRsa | Sha256WithRsa | Sha384WithRsa | Sha512WithRsa => "RSA",
            DsaWithSha1 | DsaWithSha256 => "DSA",
            EcdsaWithSha1 | EcdsaWithSha256 | EcdsaWithSha384 | EcdsaWithSha512 => "ECDSA",
            Ed25519 => "Ed25519",
        }
    }

    /// The algorithm that Go chooses for CRLs and OCSP responses: for RSA always SHA-256,
    /// whatever the size of the key.
    pub const fn gos_default(self) -> Self {
        if self.is_rsa() { Sha256WithRsa } else { self }
    }

    /// Whether RSA keys sign with it here.
    pub const fn is_rsa(self) -> bool {
        matches!(self, Sha1WithRsa | Sha256WithRsa | Sha384WithRsa | Sha512WithRsa)
    }

    /// Encodes the AlgorithmIdentifier of an algorithm with which we sign: RSA has NULL
    /// parameters, the others none.
    pub fn write(self, w: &mut Writer) {
        w.sequence(|w| {
            w.oid(&self.oid());
            if self.is_rsa() {
                w.null();
            }
        });
    }
}

/// RSASSA-PSS by its parameters (RFC 4055, section 3.1). Go supports only the same digest
/// for the message and MGF1, with a salt of the digest's length.
fn pss(parameters: &[u8]) -> Option<SignatureAlgorithm> {
    let mut parameters = Reader::new(parameters).enter(tag::SEQUENCE)?;
    let mut field = |number: u8, inner: u8| {
        let field = parameters.enter(tag::context_constructed(number))?;
        field.only(inner)
    };
    let hash = hash(field(0, tag::SEQUENCE)?)?;
    let mut mask = Reader::new(field(1, tag::SEQUENCE)?);
    let mask_is_alike = mask.expect(tag::OBJECT_IDENTIFIER)? == oid::MGF1.octets()
        && self::hash(mask.expect(tag::SEQUENCE)?)? == hash;
    let salt = signed(field(2, tag::INTEGER)?)?;
    let trailer = match parameters.is_empty() {
        true => 1,
        false => signed(
            parameters
                .enter(tag::context_constructed(3))?
                .only(tag::INTEGER)?,
        )?,
    };
    let (_, algorithm, length) = [
        (oid::SHA256, Sha256WithRsaPss, 32),
        (oid::SHA384, Sha384WithRsaPss, 48),
        (oid::SHA512, Sha512WithRsaPss, 64),
    ]
    .into_iter()
    .find(|(oid, ..)| oid.octets() == hash)?;
    (mask_is_alike && salt == length && trailer == 1).then_some(algorithm)
}

/// The object identifier of a digest, whose parameters are NULL or absent.
fn hash(algorithm: &[u8]) -> Option<&[u8]> {
    let mut algorithm = Reader::new(algorithm);
    let oid = algorithm.expect(tag::OBJECT_IDENTIFIER)?;
    let none_or_null = algorithm.is_empty() || algorithm.next()?.raw == [tag::NULL, 0];
    none_or_null.then_some(oid)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(oid: &Oid, parameters: &[u8]) -> Option<SignatureAlgorithm> {
        let oid = oid.clone();
        SignatureAlgorithm::read(&AlgorithmIdentifier { oid, parameters })
    }

    #[test]
    fn algorithms_are_recognized_by_identifier() {
        const NULL: &[u8] = &[5, 0];
        for algorithm in ALL.into_iter().filter(|a| a.oid() != oid::RSASSA_PSS) {
            assert_eq!(read(&algorithm.oid(), &[]), Some(algorithm));
            let with_null = (algorithm != Ed25519).then_some(algorithm);
            assert_eq!(read(&algorithm.oid(), NULL), with_null);
        }
        assert_eq!(read(&oid::SHA1_WITH_RSA_OIW, NULL), Some(Sha1WithRsa));
        assert_eq!(read(&oid::RSASSA_PSS, NULL), None);
        assert_eq!(read(&oid::COMMON_NAME, NULL), None);
        assert_eq!(
            (Md2WithRsa.number(), Sha256WithRsaPss.number(), Ed25519.number()),
            (1, 13, 16)
        );
    }

    #[test]
    fn pss_parameters_have_no_trailing_data() {
        let parameters = |after: [&[u8]; 3], salt: &[u8]| {
            let digest = |w: &mut Writer| {
                w.sequence(|w| {
                    w.oid(&oid::SHA256);
                    w.null();
                });
            };
            crate::asn1::encode(|w| {
                w.sequence(|w| {
                    w.context(0, |w| {
                        digest(w);
                        w.raw(after[0]);
                    });
                    w.context(1, |w| {
                        w.sequence(|w| {
                            w.oid(&oid::MGF1);
                            digest(w);
                        });
                        w.raw(after[1]);
                    });
                    w.context(2, |w| w.primitive(tag::INTEGER, salt));
                    w.raw(after[2]);
                });
            })
        };
        let read = |after: [&[u8]; 3], salt: &[u8]| pss(&parameters(after, salt));
        assert_eq!(read([&[]; 3], &[32]), Some(Sha256WithRsaPss));
        let trailer = [0xa3, 3, 2, 1, 1];
        assert_eq!(read([&[], &[], &trailer], &[32]), Some(Sha256WithRsaPss));
        assert_eq!(read([&[]; 3], &[0, 32]), None);
        assert_eq!(read([&[]; 3], &[20]), None);
        for at in 0..3 {
            let mut after: [&[u8]; 3] = [&[]; 3];
            after[at] = &[5, 0];
            assert_eq!(read(after, &[32]), None, "{at}");
        }
    }
}
