//! Certificates from another library, for tests of chains.

#![allow(dead_code, reason = "not every test file needs all of it")]

use std::sync::Arc;

use rcfssl_core::Certificate;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose,
};
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

/// The current time in the tests.
pub const NOW: OffsetDateTime = datetime!(2026-11-22 12:00 UTC);

/// A certificate with its key.
#[derive(Clone)]
pub struct Made {
    pub certificate: Arc<Certificate>,
    pub key: Arc<KeyPair>,
    params: CertificateParams,
}

/// The contents of a certificate before it is signed.
pub fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = NOW - Duration::days(10);
    params.not_after = NOW + Duration::days(300);
    params.use_authority_key_identifier_extension = true;
    params
}

pub fn ca_params(name: &str) -> CertificateParams {
    let mut params = params(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

impl Made {
    /// A self-signed certificate.
    pub fn root(params: CertificateParams) -> Self {
        let key = KeyPair::generate().unwrap();
        let signed = params.self_signed(&key).unwrap();
        Self::new(params, key.into(), signed.der())
    }

    /// Signs a certificate with another key.
    pub fn sign(&self, params: CertificateParams) -> Made {
        self.sign_key(params, KeyPair::generate().unwrap().into())
    }

    /// Signs the key, with the contents of `other` and a modification: a cross-signature.
    pub fn cross_sign(&self, other: &Made, tweak: impl FnOnce(&mut CertificateParams)) -> Made {
        let mut params = other.params.clone();
        tweak(&mut params);
        self.sign_key(params, Arc::clone(&other.key))
    }

    fn sign_key(&self, params: CertificateParams, key: Arc<KeyPair>) -> Made {
        let issuer = Issuer::from_params(&self.params, &*self.key);
        let signed = params.signed_by(&*key, &issuer).unwrap();
        Self::new(params, key, signed.der())
    }

    fn new(params: CertificateParams, key: Arc<KeyPair>, der: &[u8]) -> Self {
        Made {
            certificate: Arc::new(Certificate::read(der).unwrap()),
            key,
            params,
        }
    }
}

pub fn leaf_params(name: &str) -> CertificateParams {
    let mut params = params(name);
    params.subject_alt_names = vec![rcgen::SanType::DnsName(name.try_into().unwrap())];
    params.is_ca = IsCa::ExplicitNoCa;
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params
}

/// authorityInfoAccess with the URL of the issuer.
pub fn issuer_at(url: &str) -> CustomExtension {
    access(&[(2, url)])
}

/// authorityInfoAccess: OCSP responders (1) and issuers (2).
pub fn access(locations: &[(u8, &str)]) -> CustomExtension {
    let descriptions = locations.iter().map(|(method, url)| {
        let method = tlv(6, &[0x2b, 6, 1, 5, 5, 7, 0x30, *method]);
        tlv(0x30, &[method, tlv(0x86, url.as_bytes())].concat())
    });
    let content = descriptions.collect::<Vec<_>>().concat();
    CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 1], tlv(0x30, &content))
}

pub fn tlv(tag: u8, contents: &[u8]) -> Vec<u8> {
    let length = u8::try_from(contents.len()).unwrap();
    assert!(length < 128, "the short form of lengths will do");
    [&[tag, length][..], contents].concat()
}
