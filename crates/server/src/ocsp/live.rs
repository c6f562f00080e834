//! Responses that are signed when they are asked for, from the certificates on record.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use rcfssl_ca::Issuer;
use rcfssl_core::ocsp::{IssuerIds, ResponderId, Signer, Single, Status, check_signer};
use rcfssl_core::record::{self, Standing};
use rcfssl_core::responding::{CertId, OcspRequest};
use rcfssl_core::{Certificate, Error, Result, Serial};
use rcfssl_store::{Own, Store};
use time::{Duration, OffsetDateTime};

use super::cache::{Cache, Entry, Use};
use super::response::Response;
use crate::workers::{Task, Workers};

/// The time limit for a signature.
const DEADLINE: std::time::Duration = std::time::Duration::from_secs(30);

/// The longest serial number that is looked up, in octets. RFC 5280 allows 20.
const LONGEST_SERIAL: usize = 64;

/// A CA for whose certificates responses are signed.
pub struct Ca {
    /// Its certificate.
    pub certificate: Certificate,
    /// The responder: the CA itself, or one that it has certified.
    pub responder: Arc<Issuer>,
    /// The database of its certificates.
    pub store: Arc<Store>,
}

/// Signs responses for any number of CAs.
pub struct Live {
    cas: Vec<Known>,
    interval: Duration,
    responder_id: ResponderId,
    workers: Arc<Workers>,
    cache: Cache,
}

struct Known {
    ids: IssuerIds,
    /// The CA's key identifier in hexadecimal, as databases have it.
    aki: String,
    ca: Ca,
}

/// Why there is no response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The certificates are of other CAs.
    Unauthorized,
    /// The database or the key failed.
    Failed(String),
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.cas.iter().map(|known| known.ca.certificate.common_name());
        f.debug_list().entries(names).finish()
    }
}

impl Live {
    /// A responder for these CAs. Responses are valid for `interval`.
    ///
    /// # Errors
    /// If a responder's key does not match its certificate, or if the certificate may not
    /// sign for the CA (RFC 6960, section 4.2.2.2).
    pub fn new(cas: Vec<Ca>, interval: Duration, responder_id: ResponderId) -> Result<Self> {
        if interval < Duration::seconds(1) {
            return Err(Error::plain("-interval must be at least one second"));
        }
        let now = OffsetDateTime::now_utc();
        if now.checked_add(interval).is_none() {
            return Err(Error::plain(
                "-interval is too long: responses would expire after the year 9999",
            ));
        }
        let mut known = Vec::with_capacity(cas.len());
        for ca in cas {
            if !ca.responder.key_fits() {
                return Err(Error::plain(
                    "the key of the OCSP responder does not match its certificate",
                ));
            }
            check_signer(ca.responder.certificate(), &ca.certificate, now)?;
            let identifier = ca.certificate.subject_key_identifier();
            known.push(Known {
                ids: IssuerIds::of(&ca.certificate),
                aki: identifier.map(record::hex).unwrap_or_default(),
                ca,
            });
        }
        Ok(Live {
            cas: known,
            interval,
            responder_id,
            workers: Arc::new(Workers::new(1, crate::serve::SLOW_TASKS)),
            cache: Cache::new(),
        })
    }

    /// Answers a request. If it asks for certificates of several CAs, the first known one
    /// answers, and the status of the others is unknown.
    ///
    /// # Errors
    /// See `Refusal`.
    pub async fn answer(&self, asked: &OcspRequest<'_>) -> std::result::Result<Arc<Response>, Refusal> {
        let known = asked.ids.iter().find_map(|id| self.ca_of(id));
        let known = known.ok_or(Refusal::Unauthorized)?;
        match (&asked.ids[..], asked.nonce) {
            ([id], None) => self.cached(known, id).await,
            (ids, nonce) => {
                let mut statuses = Vec::with_capacity(ids.len());
                for id in ids {
                    statuses.push(match known.ids.contain(id) {
                        true => self.status(known, id).await?.status,
                        false => Status::Unknown,
                    });
                }
                let response = self.sign(known, ids, statuses, nonce).await?;
                Ok(Arc::new(response))
            }
        }
    }

    fn ca_of(&self, id: &CertId<'_>) -> Option<&Known> {
        self.cas.iter().find(|known| known.ids.contain(id))
    }

    async fn cached(&self, known: &Known, id: &CertId<'_>) -> std::result::Result<Arc<Response>, Refusal> {
        let now = OffsetDateTime::now_utc();
        let entry = self.status(known, id).await?;
        if let Some(response) = entry.response(now) {
            return Ok(response);
        }
        let response = self.sign(known, &[*id], vec![entry.status], None).await?;
        let response = Arc::new(response);
        entry.set_response(&response, now.checked_add(self.interval / 2).unwrap_or(now));
        Ok(response)
    }

    /// The status of a certificate of this CA, looked up less than a second ago.
    async fn status(&self, known: &Known, id: &CertId<'_>) -> std::result::Result<Arc<Entry>, Refusal> {
        let entry = self.cache.get(id.der);
        if let Some(entry) = &entry
            && self.cache.usability(entry) == Use::AsIs
        {
            return Ok(Arc::clone(entry));
        }
        let checked = Instant::now();
        let status = known.status(id).await?;
        match entry.filter(|entry| entry.status == status) {
            Some(entry) => {
                self.cache.confirm(&entry, checked);
                Ok(entry)
            }
            None => Ok(self.cache.put(id.der, status, checked)),
        }
    }

    async fn sign(
        &self,
        known: &Known,
        ids: &[CertId<'_>],
        statuses: Vec<Status>,
        nonce: Option<&[u8]>,
    ) -> std::result::Result<Response, Refusal> {
        let now = OffsetDateTime::now_utc();
        let now = now.replace_nanosecond(0).unwrap_or(now);
        let next_update = now.checked_add(self.interval).unwrap_or(now);
        let signing = Signing {
            responder: Arc::clone(&known.ca.responder),
            id: self.responder_id,
            includes_certificate: includes_certificate(known),
            statuses: ids.iter().map(|id| id.der.to_vec()).zip(statuses).collect(),
            now,
            next_update,
            nonce: nonce.map(<[u8]>::to_vec),
        };
        let signed = match signing.responder.signs_fast() {
            true => Ok(signing.run()),
            false => {
                self.workers
                    .run(Task::Slow, DEADLINE, move || signing.run())
                    .await
            }
        };
        let body = signed
            .map_err(|failure| Refusal::Failed(failure.to_string()))?
            .map_err(|error| Refusal::Failed(error.to_string()))?;
        Ok(match nonce {
            Some(_) => Response::once(body, now, next_update),
            None => Response::live(body, now, next_update),
        })
    }
}

/// Whether responses carry the signer's certificate. An intermediate CA's own is in the
/// chain that TLS servers send. A root's is not, and nginx looks for the signer there and in
/// the response only.
fn includes_certificate(known: &Known) -> bool {
    let signer = known.ca.responder.certificate();
    signer.der != known.ca.certificate.der || signer.issuer == signer.subject
}

/// All that a signature needs, for another thread.
struct Signing {
    responder: Arc<Issuer>,
    id: ResponderId,
    includes_certificate: bool,
    /// Each CertID in DER, and its status.
    statuses: Vec<(Vec<u8>, Status)>,
    now: OffsetDateTime,
    next_update: OffsetDateTime,
    nonce: Option<Vec<u8>>,
}

impl Signing {
    fn run(&self) -> Result<Vec<u8>> {
        let singles: Vec<_> = self
            .statuses
            .iter()
            .map(|(id, status)| Single {
                id,
                status: *status,
                this_update: self.now,
                next_update: self.next_update,
            })
            .collect();
        let signer = Signer {
            certificate: self.responder.certificate(),
            key: self.responder.key(),
            id: self.id,
            includes_certificate: self.includes_certificate,
        };
        signer.sign(&singles, self.now, self.nonce.as_deref())
    }
}

impl Known {
    /// The status on record of a certificate of this CA: unknown if there is none.
    async fn status(&self, id: &CertId<'_>) -> std::result::Result<Status, Refusal> {
        if id.serial.len() > LONGEST_SERIAL {
            return Ok(Status::Unknown);
        }
        let serial = Serial::from_contents(id.serial).to_string();
        let failed = |error: rcfssl_store::Error| Refusal::Failed(error.to_string());
        let store = &self.ca.store;
        if !self.aki.is_empty()
            && let Some(standing) = store.standing(&serial, &self.aki).await.map_err(failed)?
        {
            return Ok(status(&standing));
        }
        // Rows of cfssl 1.2 have no key identifier, nor have certificates of a CA without one.
        let Some(row) = store.certificate(&serial, "").await.map_err(failed)? else {
            return Ok(Status::Unknown);
        };
        let certificate = Certificate::read_pem(row.pem.as_bytes());
        let is_own = certificate.is_ok_and(|certificate| {
            certificate.issuer == self.ca.certificate.subject
                && certificate.check_signature_from(&self.ca.certificate).is_ok()
        });
        Ok(match is_own {
            true => status(&Standing {
                status: row.status,
                reason: row.reason,
                revoked_at: row.revoked_at,
            }),
            false => Status::Unknown,
        })
    }
}

fn status(standing: &Standing) -> Status {
    match standing.status {
        record::Status::Good => Status::Good,
        record::Status::Revoked => Status::Revoked {
            // What is no CRLReason is not stated.
            reason: match standing.reason {
                reason @ (1..=6 | 8..=10) => reason as u8,
                _ => 0,
            },
            at: standing.revoked_at.unwrap_or(Own::NO_TIME),
        },
        record::Status::Unknown | record::Status::Other(_) => Status::Unknown,
    }
}
