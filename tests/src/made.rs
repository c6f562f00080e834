//! Certificates created with rcgen: chains that no command of cfssl creates.

use std::sync::Arc;

use anyhow::Result;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType, IsCa, Issuer, KeyPair,
    SanType, SignatureAlgorithm,
};
use time::{Duration, OffsetDateTime};

use crate::normal::pem::Block;

/// A certificate with its key.
#[derive(Debug, Clone)]
pub struct Made {
    /// Its contents.
    pub params: CertificateParams,
    /// Its key.
    pub key: Arc<KeyPair>,
    /// The certificate.
    pub der: Vec<u8>,
}

impl Made {
    /// A self-signed CA with a P-256 key, valid for ten years.
    ///
    /// # Errors
    /// The error of rcgen, as below.
    pub fn root(name: &str) -> Result<Self> {
        let mut params = authority(name);
        good_for(&mut params, -1, 3650);
        Self::self_signed(params)
    }

    /// A self-signed certificate with these contents.
    ///
    /// # Errors
    /// As above.
    pub fn self_signed(params: CertificateParams) -> Result<Self> {
        let key = KeyPair::generate()?;
        let der = params.self_signed(&key)?.der().to_vec();
        Ok(Made {
            params,
            key: key.into(),
            der,
        })
    }

    /// Signs a certificate with a new P-256 key.
    ///
    /// # Errors
    /// As above.
    pub fn sign(&self, params: CertificateParams) -> Result<Self> {
        self.sign_key(params, KeyPair::generate()?.into())
    }

    /// Signs a certificate with a new key of this type.
    ///
    /// # Errors
    /// As above.
    pub fn sign_for(
        &self,
        params: CertificateParams,
        algorithm: &'static SignatureAlgorithm,
    ) -> Result<Self> {
        self.sign_key(params, KeyPair::generate_for(algorithm)?.into())
    }

    /// Signs the key of `other` with its contents and a modification.
    ///
    /// # Errors
    /// As above.
    pub fn cross_sign(&self, other: &Made, tweak: impl FnOnce(&mut CertificateParams)) -> Result<Self> {
        let mut params = other.params.clone();
        tweak(&mut params);
        self.sign_key(params, Arc::clone(&other.key))
    }

    fn sign_key(&self, params: CertificateParams, key: Arc<KeyPair>) -> Result<Self> {
        let der = params.signed_by(&*key, &self.issuer())?.der().to_vec();
        Ok(Made { params, key, der })
    }

    /// The issuer in rcgen's form.
    pub fn issuer(&self) -> Issuer<'_, &KeyPair> {
        Issuer::from_params(&self.params, &*self.key)
    }

    /// The certificate as PEM, as Go writes it.
    pub fn pem(&self) -> String {
        pem("CERTIFICATE", &self.der)
    }

    /// The key in PKCS#8.
    pub fn key_pem(&self) -> String {
        pem("PRIVATE KEY", self.key.serialized_der())
    }
}

/// Bytes as PEM.
pub fn pem(label: &str, der: &[u8]) -> String {
    let body = Block::canonical_body(der);
    format!("-----BEGIN {label}-----\n{body}-----END {label}-----\n")
}

/// The contents of a certificate with this name, valid since yesterday, for a year.
pub fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.use_authority_key_identifier_extension = true;
    good_for(&mut params, -1, 365);
    params
}

/// The contents of a CA certificate.
pub fn authority(name: &str) -> CertificateParams {
    let mut params = named(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

/// The contents of a server certificate for a DNS name and 127.0.0.1.
///
/// # Errors
/// For an invalid DNS name.
pub fn server(name: &str) -> Result<CertificateParams> {
    let mut params = named(name);
    params.is_ca = IsCa::ExplicitNoCa;
    params.subject_alt_names = vec![
        SanType::DnsName(name.try_into()?),
        SanType::IpAddress([127, 0, 0, 1].into()),
    ];
    Ok(params)
}

/// Sets the validity in days from now.
pub fn good_for(params: &mut CertificateParams, from: i64, to: i64) {
    let now = OffsetDateTime::now_utc();
    let now = now.replace_nanosecond(0).unwrap_or(now);
    params.not_before = now + Duration::days(from);
    params.not_after = now + Duration::days(to);
}

/// The type of an address in authorityInfoAccess (RFC 5280, section 4.2.2.1).
#[derive(Debug, Clone, Copy)]
pub enum Access {
    /// id-ad-ocsp
    Ocsp = 1,
    /// id-ad-caIssuers
    Issuers = 2,
}

/// authorityInfoAccess
pub fn access(locations: &[(Access, &str)]) -> CustomExtension {
    let descriptions = locations.iter().map(|(method, url)| {
        let method = tlv(6, &[0x2b, 6, 1, 5, 5, 7, 0x30, *method as u8]);
        tlv(0x30, &[method, tlv(0x86, url.as_bytes())].concat())
    });
    let content = descriptions.collect::<Vec<_>>().concat();
    CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 1], tlv(0x30, &content))
}

/// An element of less than 64 KB.
fn tlv(tag: u8, contents: &[u8]) -> Vec<u8> {
    let length = contents.len();
    let header = match length {
        0..0x80 => vec![tag, length as u8],
        0x80..0x100 => vec![tag, 0x81, length as u8],
        _ => vec![tag, 0x82, (length >> 8) as u8, length as u8],
    };
    [&header, contents].concat()
}
