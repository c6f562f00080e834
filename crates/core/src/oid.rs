//! Object identifiers: all that Go can encode, and the names of known ones.

use std::borrow::Cow;
use std::fmt;

use const_oid::ObjectIdentifier;

use crate::asn1::base_128;
use crate::asn1::fields::refused;
use crate::error::Result;

/// An object identifier, stored as the contents of its DER encoding.
///
/// Arcs may exceed 32 bits, because documents may contain such arcs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Oid(Cow<'static, [u8]>);

impl Oid {
    /// Converts arcs as in Go's `asn1.ObjectIdentifier`; `None` where Go reports `invalid
    /// object identifier` (fewer than two arcs, a first above 2, or a second above 39 if
    /// the first is below 2). As in Go, a negative arc is encoded as no octets.
    pub fn from_arcs(arcs: &[i64]) -> Option<Self> {
        let (&first, &second) = (arcs.first()?, arcs.get(1)?);
        if first > 2 || (first <= 1 && second >= 40) {
            return None;
        }
        let mut octets = Vec::with_capacity(arcs.len() + 2);
        push_arc(&mut octets, first.wrapping_mul(40).wrapping_add(second));
        for &arc in &arcs[2..] {
            push_arc(&mut octets, arc);
        }
        Some(Oid(Cow::Owned(octets)))
    }

    /// Parses the contents of an OBJECT IDENTIFIER like Go, which supports arcs of at most
    /// 31 bits.
    ///
    /// # Errors
    /// Go's message for one that is empty, truncated or not minimally encoded (X.690,
    /// 8.19.2), and for an arc that is too large.
    pub fn read(octets: &[u8]) -> Result<Self> {
        if octets.is_empty() {
            return Err(refused("syntax error: zero length OBJECT IDENTIFIER"));
        }
        let mut rest = octets;
        while !rest.is_empty() {
            base_128(&mut rest).map_err(refused)?;
        }
        Ok(Oid::from_octets(octets))
    }

    /// Whether these are the contents of an OBJECT IDENTIFIER, with arcs of any size.
    pub fn is_well_formed(octets: &[u8]) -> bool {
        let ends = octets.last().is_some_and(|last| *last < 0x80);
        let mut arcs = octets.split_inclusive(|octet| *octet < 0x80);
        ends && arcs.all(|arc| arc[0] != 0x80)
    }

    /// Stores the contents of an OBJECT IDENTIFIER without checks.
    pub fn from_octets(octets: &[u8]) -> Self {
        Oid(Cow::Owned(octets.to_vec()))
    }

    /// Whether it begins with the arcs of another one.
    pub fn is_below(&self, other: &Oid) -> bool {
        self.0.len() > other.0.len() && self.0.starts_with(&other.0)
    }

    /// The contents of the DER encoding.
    pub fn octets(&self) -> &[u8] {
        &self.0
    }

    /// The arcs, truncated to 64 bits.
    pub fn arcs(&self) -> Vec<u64> {
        let mut arcs = Vec::new();
        let mut arc = 0_u64;
        for &octet in self.0.iter() {
            arc = arc << 7 | u64::from(octet & 0x7f);
            if octet & 0x80 == 0 {
                if arcs.is_empty() {
                    let first = (arc / 40).min(2);
                    arcs.push(first);
                    arc -= first * 40;
                }
                arcs.push(arc);
                arc = 0;
            }
        }
        arcs
    }

    /// The last arc, if it belongs to the X.520 attribute types below `2.5.4`.
    pub fn x520_attribute(&self) -> Option<u8> {
        match *self.0 {
            [0x55, 0x04, last] if last < 0x80 => Some(last),
            _ => None,
        }
    }
}

fn push_arc(octets: &mut Vec<u8>, arc: i64) {
    if arc == 0 {
        octets.push(0);
    }
    let Ok(arc) = u64::try_from(arc) else { return };
    let groups = (64 - arc.leading_zeros()).div_ceil(7);
    for group in (0..groups).rev() {
        let more = if group > 0 { 0x80 } else { 0 };
        octets.push((arc >> (group * 7)) as u8 & 0x7f | more);
    }
}

impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let arcs: Vec<String> = self.arcs().iter().map(u64::to_string).collect();
        f.write_str(&arcs.join("."))
    }
}

macro_rules! known {
    ($($name:ident = $dotted:literal, $doc:literal;)*) => {
        $(
            #[doc = concat!($doc, " (", $dotted, ")")]
            pub const $name: Oid = {
                static ID: ObjectIdentifier = ObjectIdentifier::new_unwrap($dotted);
                Oid(Cow::Borrowed(ID.as_bytes()))
            };
        )*
    };
}

known! {
    COMMON_NAME = "2.5.4.3", "X.520 commonName";
    SERIAL_NUMBER = "2.5.4.5", "X.520 serialNumber";
    COUNTRY = "2.5.4.6", "X.520 countryName";
    LOCALITY = "2.5.4.7", "X.520 localityName";
    PROVINCE = "2.5.4.8", "X.520 stateOrProvinceName";
    STREET_ADDRESS = "2.5.4.9", "X.520 streetAddress";
    ORGANIZATION = "2.5.4.10", "X.520 organizationName";
    ORGANIZATIONAL_UNIT = "2.5.4.11", "X.520 organizationalUnitName";
    POSTAL_CODE = "2.5.4.17", "X.520 postalCode";
    EMAIL_ADDRESS = "1.2.840.113549.1.9.1", "PKCS#9 emailAddress";

    FRIENDLY_NAME = "1.2.840.113549.1.9.20", "PKCS#9 friendlyName";
    LOCAL_KEY_ID = "1.2.840.113549.1.9.21", "PKCS#9 localKeyId";
    EXTENSION_REQUEST = "1.2.840.113549.1.9.14", "PKCS#9 extensionRequest";

    SUBJECT_KEY_IDENTIFIER = "2.5.29.14", "RFC 5280 subjectKeyIdentifier";
    KEY_USAGE = "2.5.29.15", "RFC 5280 keyUsage";
    SUBJECT_ALT_NAME = "2.5.29.17", "RFC 5280 subjectAltName";
    ISSUER_ALT_NAME = "2.5.29.18", "RFC 5280 issuerAltName";
    BASIC_CONSTRAINTS = "2.5.29.19", "RFC 5280 basicConstraints";
    NAME_CONSTRAINTS = "2.5.29.30", "RFC 5280 nameConstraints";
    CRL_DISTRIBUTION_POINTS = "2.5.29.31", "RFC 5280 cRLDistributionPoints";
    CERTIFICATE_POLICIES = "2.5.29.32", "RFC 5280 certificatePolicies";
    POLICY_MAPPINGS = "2.5.29.33", "RFC 5280 policyMappings";
    AUTHORITY_KEY_IDENTIFIER = "2.5.29.35", "RFC 5280 authorityKeyIdentifier";
    POLICY_CONSTRAINTS = "2.5.29.36", "RFC 5280 policyConstraints";
    EXTENDED_KEY_USAGE = "2.5.29.37", "RFC 5280 extKeyUsage";
    CRL_NUMBER = "2.5.29.20", "RFC 5280 cRLNumber";
    FRESHEST_CRL = "2.5.29.46", "RFC 5280 freshestCRL";
    INHIBIT_ANY_POLICY = "2.5.29.54", "RFC 5280 inhibitAnyPolicy";
    AUTHORITY_INFORMATION_ACCESS = "1.3.6.1.5.5.7.1.1", "RFC 5280 authorityInfoAccess";
    SUBJECT_INFORMATION_ACCESS = "1.3.6.1.5.5.7.1.11", "RFC 5280 subjectInfoAccess";
    ACCESS_OCSP = "1.3.6.1.5.5.7.48.1", "RFC 5280 id-ad-ocsp";
    ACCESS_CA_ISSUERS = "1.3.6.1.5.5.7.48.2", "RFC 5280 id-ad-caIssuers";
    OCSP_NO_CHECK = "1.3.6.1.5.5.7.48.1.5", "RFC 6960 id-pkix-ocsp-nocheck";
    QUALIFIER_CPS = "1.3.6.1.5.5.7.2.1", "RFC 5280 id-qt-cps";
    QUALIFIER_USER_NOTICE = "1.3.6.1.5.5.7.2.2", "RFC 5280 id-qt-unotice";
    CT_POISON = "1.3.6.1.4.1.11129.2.4.3", "RFC 6962 precertificate poison";
    OLD_AUTHORITY_KEY_IDENTIFIER = "2.5.29.1", "X.509 (1996) authorityKeyIdentifier";
    OLD_KEY_ATTRIBUTES = "2.5.29.2", "X.509 (1996) keyAttributes";
    OLD_KEY_USAGE_RESTRICTION = "2.5.29.4", "X.509 (1996) keyUsageRestriction";
    OLD_BASIC_CONSTRAINTS = "2.5.29.10", "X.509 (1996) basicConstraints";
    PRIVATE_KEY_USAGE_PERIOD = "2.5.29.16", "RFC 3280 privateKeyUsagePeriod";
    PROXY_CERT_INFO = "1.3.6.1.5.5.7.1.14", "RFC 3820 proxyCertInfo";
    IP_ADDRESS_BLOCKS = "1.3.6.1.5.5.7.1.7", "RFC 3779 ipAddrBlocks";
    AUTONOMOUS_SYSTEMS = "1.3.6.1.5.5.7.1.8", "RFC 3779 autonomousSysIds";
    IP_ADDRESS_BLOCKS_V2 = "1.3.6.1.5.5.7.1.28", "RFC 8360 ipAddrBlocks-v2";
    AUTONOMOUS_SYSTEMS_V2 = "1.3.6.1.5.5.7.1.29", "RFC 8360 autonomousSysIds-v2";
    CERTIFICATE_EXTENSIONS = "2.5.29", "X.509 certificateExtension";
    PKIX_EXTENSIONS = "1.3.6.1.5.5.7.1", "RFC 5280 id-pe";
    TLS_FEATURE = "1.3.6.1.5.5.7.1.24", "RFC 7633 id-pe-tlsfeature";
    QUALIFIED_STATEMENTS = "1.3.6.1.5.5.7.1.3", "RFC 3739 qcStatements";
    TELEPHONE_NUMBERS = "1.3.6.1.5.5.7.1.26", "RFC 8226 TNAuthList";
    OLD_PROXY_CERT_INFO = "1.3.6.1.4.1.3536.1.222", "Globus proxyCertInfo, before RFC 3820";
    MICROSOFT_CERTIFICATE_SERVICES = "1.3.6.1.4.1.311.21", "Microsoft certificate services";
    MICROSOFT_DIRECTORY = "1.3.6.1.4.1.311.25", "Microsoft directory service";
    MICROSOFT_TEMPLATE_NAME = "1.3.6.1.4.1.311.20.2", "Microsoft certificate template name";
    MICROSOFT_TEMPLATE = "1.3.6.1.4.1.311.21.7", "Microsoft certificate template";
    MICROSOFT_CROSS_CERTIFICATES = "1.3.6.1.4.1.311.10.9.1", "Microsoft cross certificate distribution points";
    APPLICATION_POLICY_MAPPINGS = "1.3.6.1.4.1.311.21.11", "Microsoft application policy mappings";
    APPLICATION_POLICY_CONSTRAINTS = "1.3.6.1.4.1.311.21.12", "Microsoft application policy constraints";
    NETSCAPE_EXTENSIONS = "2.16.840.1.113730.1", "Netscape certificate extensions";
    NETSCAPE_REVOCATION_URL = "2.16.840.1.113730.1.3", "Netscape revocation URL";
    NETSCAPE_SERVER_NAME = "2.16.840.1.113730.1.12", "Netscape TLS server name";
    NETSCAPE_COMMENT = "2.16.840.1.113730.1.13", "Netscape comment";
    OLD_SUBJECT_ALT_NAME = "2.5.29.7", "X.509 (1993) subjectAltName";
    APPLICATION_POLICIES = "1.3.6.1.4.1.311.21.10", "Microsoft application policies";
    SECURITY_IDENTIFIER = "1.3.6.1.4.1.311.25.2", "Microsoft security identifier (SID)";
    NETSCAPE_CERT_TYPE = "2.16.840.1.113730.1.1", "Netscape certificate type";
    DELEGATION_USAGE = "1.3.6.1.4.1.44363.44", "RFC 9345 delegationUsage";

    OCSP_BASIC = "1.3.6.1.5.5.7.48.1.1", "RFC 6960 id-pkix-ocsp-basic";
    OCSP_NONCE = "1.3.6.1.5.5.7.48.1.2", "RFC 9654 id-pkix-ocsp-nonce";
    CRL_REASON = "2.5.29.21", "RFC 5280 reasonCode";
    SHA1 = "1.3.14.3.2.26", "RFC 3279 id-sha1";
    RSA_ENCRYPTION = "1.2.840.113549.1.1.1", "PKCS#1 rsaEncryption";
    SHA1_WITH_RSA = "1.2.840.113549.1.1.5", "PKCS#1 sha1WithRSAEncryption";
    SHA1_WITH_RSA_OIW = "1.3.14.3.2.29", "OIW sha1WithRSASignature";
    MD2_WITH_RSA = "1.2.840.113549.1.1.2", "PKCS#1 md2WithRSAEncryption";
    MD5_WITH_RSA = "1.2.840.113549.1.1.4", "PKCS#1 md5WithRSAEncryption";
    DSA_WITH_SHA1 = "1.2.840.10040.4.3", "RFC 3279 id-dsa-with-sha1";
    DSA_WITH_SHA256 = "2.16.840.1.101.3.4.3.2", "RFC 5758 id-dsa-with-sha256";
    SHA256_WITH_RSA = "1.2.840.113549.1.1.11", "PKCS#1 sha256WithRSAEncryption";
    SHA384_WITH_RSA = "1.2.840.113549.1.1.12", "PKCS#1 sha384WithRSAEncryption";
    SHA512_WITH_RSA = "1.2.840.113549.1.1.13", "PKCS#1 sha512WithRSAEncryption";
    EC_PUBLIC_KEY = "1.2.840.10045.2.1", "RFC 5480 id-ecPublicKey";
    SECP224R1 = "1.3.132.0.33", "RFC 5480 secp224r1 (P-224)";
    SECP256R1 = "1.2.840.10045.3.1.7", "RFC 5480 secp256r1 (P-256)";
    SECP384R1 = "1.3.132.0.34", "RFC 5480 secp384r1 (P-384)";
    SECP521R1 = "1.3.132.0.35", "RFC 5480 secp521r1 (P-521)";
    ECDSA_WITH_SHA1 = "1.2.840.10045.4.1", "RFC 3279 ecdsa-with-SHA1";
    ECDSA_WITH_SHA256 = "1.2.840.10045.4.3.2", "RFC 5758 ecdsa-with-SHA256";
    ECDSA_WITH_SHA384 = "1.2.840.10045.4.3.3", "RFC 5758 ecdsa-with-SHA384";
    ECDSA_WITH_SHA512 = "1.2.840.10045.4.3.4", "RFC 5758 ecdsa-with-SHA512";
    ED25519 = "1.3.101.112", "RFC 8410 id-Ed25519";
    RSASSA_PSS = "1.2.840.113549.1.1.10", "PKCS#1 id-RSASSA-PSS";
    MGF1 = "1.2.840.113549.1.1.8", "PKCS#1 id-mgf1";
    SHA256 = "2.16.840.1.101.3.4.2.1", "RFC 4055 id-sha256";
    SHA384 = "2.16.840.1.101.3.4.2.2", "RFC 4055 id-sha384";
    SHA512 = "2.16.840.1.101.3.4.2.3", "RFC 4055 id-sha512";
    DSA = "1.2.840.10040.4.1", "RFC 3279 id-dsa";

    OCSP_SIGNING = "1.3.6.1.5.5.7.3.9", "RFC 6960 id-kp-OCSPSigning";
    SERVER_AUTH = "1.3.6.1.5.5.7.3.1", "RFC 5280 id-kp-serverAuth";
    ANY_EXTENDED_KEY_USAGE = "2.5.29.37.0", "RFC 5280 anyExtendedKeyUsage";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arcs_become_the_octets_that_go_writes() {
        let octets = |arcs: &[i64]| Oid::from_arcs(arcs).map(|o| o.octets().to_vec());
        assert_eq!(octets(&[2, 5, 4, 3]), Some(vec![0x55, 4, 3]));
        assert_eq!(octets(&[2, 999, 3]), Some(vec![0x88, 0x37, 3]));
        assert_eq!(
            octets(&[1, 2, 840, 113549]),
            Some(vec![0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d])
        );
        assert_eq!(
            octets(&[1, 2, 99_999_999_999]),
            Some(vec![0x2a, 0x82, 0xf4, 0xc3, 0xdb, 0xcf, 0x7f])
        );
        assert_eq!(octets(&[1, 2, -3]), Some(vec![0x2a]));
        assert_eq!(octets(&[1, 2, 0]), Some(vec![0x2a, 0]));
        for refused in [&[1][..], &[], &[3, 1], &[1, 40, 1], &[0, 40]] {
            assert_eq!(octets(refused), None, "{refused:?}");
        }
    }

    #[test]
    fn identifiers_are_parsed_as_strictly_as_by_go() {
        let read = |octets: &[u8]| Oid::read(octets).map_err(|error| error.to_string());
        assert_eq!(read(&[0x55, 4, 3]), Ok(COMMON_NAME));
        for (octets, words) in [
            (&[][..], "syntax error: zero length OBJECT IDENTIFIER"),
            (&[0x55, 0x80, 4], "syntax error: integer is not minimally encoded"),
            (&[0x55, 0x84], "syntax error: truncated base 128 integer"),
            (
                &[0x2a, 0x88, 0x80, 0x80, 0x80, 0],
                "structure error: base 128 integer too large",
            ),
        ] {
            assert_eq!(read(octets), Err(format!("asn1: {words}")), "{octets:?}");
        }
    }

    #[test]
    fn displays_as_dotted_numbers() {
        assert_eq!(COMMON_NAME.to_string(), "2.5.4.3");
        assert_eq!(SHA256_WITH_RSA.to_string(), "1.2.840.113549.1.1.11");
        assert_eq!(
            Oid::from_arcs(&[2, 999, 99_999_999_999]).unwrap().to_string(),
            "2.999.99999999999"
        );
        assert_eq!(Oid::from_octets(&[]).to_string(), "");
    }
}
