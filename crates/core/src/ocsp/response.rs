//! Encodes and signs basic OCSP responses (RFC 6960, section 4.2.1) for any number of
//! certificates, and checks who may sign them.

use aws_lc_rs::digest::digest;
use time::OffsetDateTime;

use super::{IssuerHash, Status};
use crate::asn1::{self, Writer, tag};
use crate::certificate::Certificate;
use crate::error::{Error, Result};
use crate::extension;
use crate::key::SigningKey;
use crate::oid;
use crate::responding::CertId;

/// The status of one certificate in a response.
#[derive(Debug, Clone, Copy)]
pub struct Single<'a> {
    /// Its CertID in DER.
    pub id: &'a [u8],
    /// certStatus
    pub status: Status,
    /// thisUpdate
    pub this_update: OffsetDateTime,
    /// nextUpdate
    pub next_update: OffsetDateTime,
}

/// How a response names its signer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ResponderId {
    /// By the subject of its certificate.
    #[default]
    Name,
    /// By the SHA-1 hash of its key, which makes responses shorter.
    Key,
}

/// What signs responses: a CA, or a responder that the CA has certified.
pub struct Signer<'a> {
    /// The signer's certificate.
    pub certificate: &'a Certificate,
    /// Its key.
    pub key: &'a dyn SigningKey,
    /// How responses name it.
    pub id: ResponderId,
    /// Whether responses carry the certificate.
    pub includes_certificate: bool,
}

impl Signer<'_> {
    /// Signs a response. It repeats the nonce of the request (RFC 9654).
    ///
    /// # Errors
    /// If the key cannot sign.
    pub fn sign(
        &self,
        singles: &[Single<'_>],
        produced_at: OffsetDateTime,
        nonce: Option<&[u8]>,
    ) -> Result<Vec<u8>> {
        let algorithm = self.key.algorithm().gos_default();
        let data = asn1::encode(|w| {
            w.sequence(|w| {
                match self.id {
                    ResponderId::Name => w.context(1, |w| w.raw(&self.certificate.subject)),
                    ResponderId::Key => {
                        let identifier = self.certificate.public_key.identifier();
                        w.context(2, |w| w.octet_string(&identifier));
                    }
                }
                w.generalized_time(produced_at);
                w.sequence(|w| singles.iter().for_each(|single| single.write(w)));
                if let Some(nonce) = nonce {
                    w.context(1, |w| {
                        w.sequence(|w| {
                            extension::write(w, &oid::OCSP_NONCE, false, |w| w.octet_string(nonce));
                        });
                    });
                }
            });
        });
        let signature = self.key.sign(algorithm, &data)?;
        let basic = asn1::encode(|w| {
            w.sequence(|w| {
                w.raw(&data);
                algorithm.write(w);
                w.bit_string(&signature);
                if self.includes_certificate {
                    w.context(0, |w| w.sequence(|w| w.raw(&self.certificate.der)));
                }
            });
        });
        Ok(asn1::encode(|w| {
            w.sequence(|w| {
                w.primitive(tag::ENUMERATED, &[0]);
                w.context(0, |w| {
                    w.sequence(|w| {
                        w.oid(&oid::OCSP_BASIC);
                        w.octet_string(&basic);
                    });
                });
            });
        }))
    }
}

impl Single<'_> {
    fn write(&self, w: &mut Writer) {
        w.sequence(|w| {
            w.raw(self.id);
            match self.status {
                Status::Good => w.primitive(tag::context(0), &[]),
                Status::Unknown => w.primitive(tag::context(2), &[]),
                Status::Revoked { reason, at } => w.context(1, |w| {
                    w.generalized_time(at);
                    if reason != 0 {
                        w.context(0, |w| w.primitive(tag::ENUMERATED, &[reason]));
                    }
                }),
            }
            w.generalized_time(self.this_update);
            w.context(0, |w| w.generalized_time(self.next_update));
        });
    }
}

/// Checks that a certificate may sign responses for a CA (RFC 6960, section 4.2.2.2): it is
/// the CA's own, or the CA issued it for this purpose and it is valid now.
///
/// # Errors
/// What it lacks.
pub fn check_signer(certificate: &Certificate, issuer: &Certificate, now: OffsetDateTime) -> Result<()> {
    let refused = |why: &str| Err(Error::plain(format!("the OCSP responder's certificate {why}")));
    if now < certificate.not_before {
        return refused("is not yet valid");
    }
    if now > certificate.not_after {
        return refused("has expired");
    }
    if certificate.der == issuer.der {
        return Ok(());
    }
    if certificate.issuer != issuer.subject || certificate.check_signature_from(issuer).is_err() {
        return refused("was not issued by the CA for which it is to sign");
    }
    match certificate.extended_key_usages().contains(&oid::OCSP_SIGNING) {
        true => Ok(()),
        false => refused("lacks the usage \"ocsp signing\""),
    }
}

/// The hashes by which requests name a CA (RFC 6960, section 4.1.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerIds(Vec<IssuerId>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct IssuerId {
    hash: IssuerHash,
    name: Vec<u8>,
    key: Vec<u8>,
}

impl IssuerIds {
    /// The hashes of a CA's name and key with each known algorithm.
    pub fn of(issuer: &Certificate) -> Self {
        let ids = IssuerHash::ALL.into_iter().map(|hash| {
            let (_, algorithm) = hash.algorithm();
            IssuerId {
                hash,
                name: digest(algorithm, &issuer.subject).as_ref().to_vec(),
                key: digest(algorithm, issuer.public_key.key_bits()).as_ref().to_vec(),
            }
        });
        IssuerIds(ids.collect())
    }

    /// Whether a request asks for a certificate of this CA.
    pub fn contain(&self, id: &CertId<'_>) -> bool {
        self.0
            .iter()
            .any(|own| id.hash == Some(own.hash) && id.key_hash == own.key && id.name_hash == own.name)
    }

    /// Whether a key hash is that of this CA, whatever the name.
    pub fn contain_key(&self, id: &CertId<'_>) -> bool {
        self.0
            .iter()
            .any(|own| id.hash == Some(own.hash) && id.key_hash == own.key)
    }
}
