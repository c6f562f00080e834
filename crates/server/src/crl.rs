//! CRLs at URLs: each CA's, made from the certificates on record when somebody asks for it,
//! and made again when something was revoked.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::{Duration, Instant};

use aws_lc_rs::digest::{Digest, SHA256, digest};
use bytes::Bytes;
use hyper::body::Incoming;
use hyper::header::{ALLOW, CACHE_CONTROL, ETAG, EXPIRES, IF_NONE_MATCH, LAST_MODIFIED};
use hyper::{Method, Request, StatusCode};
use rcfssl_ca::Issuer;
use rcfssl_core::crl::{self, CrlContent, Entries};
use rcfssl_core::{Certificate, Error, Result, Serial};
use rcfssl_go::pem;
use rcfssl_store::{Own, Store};
use time::OffsetDateTime;
use tokio::sync::Mutex;

use crate::http::{Reply, error, insert, reply};
use crate::log::Log;
use crate::ocsp::{date, is_among};

/// How old a list may be before the database is read again.
const FRESH: Duration = Duration::from_millis(500);

/// A list is not made more often than this many times the time that it takes.
const SHARE: u32 = 20;

/// The time for which HTTP caches may keep a list.
const MAX_AGE: i64 = 60;

/// The CA of a list.
pub struct Publisher {
    /// Its certificate and key.
    pub issuer: Arc<Issuer>,
    /// The database of its certificates.
    pub store: Arc<Store>,
}

/// The lists below a path.
pub struct Lists {
    path: String,
    lifetime: time::Duration,
    /// By label; a single list has none.
    lists: BTreeMap<String, List>,
    log: Log,
}

struct List {
    publisher: Publisher,
    current: RwLock<Option<Arc<Published>>>,
    /// Held while a list is made.
    making: Mutex<()>,
}

struct Published {
    der: Bytes,
    pem: OnceLock<Bytes>,
    tag: String,
    number: u64,
    entries: Digest,
    this_update: OffsetDateTime,
    next_update: OffsetDateTime,
    checked: Instant,
    cost: Duration,
}

/// A list that somebody asks for.
pub struct Found<'a> {
    list: &'a List,
    is_pem: bool,
}

impl Lists {
    /// The lists at `path`, as DER, and with `.pem` behind it as PEM; with labels, at
    /// `path/LABEL` and `path/LABEL.pem`. Each is valid for `lifetime`.
    ///
    /// # Errors
    /// If a CA's key does not match its certificate; for a lifetime of less than a second
    /// or past the year 9999.
    pub fn new(
        path: &str,
        publishers: BTreeMap<String, Publisher>,
        lifetime: time::Duration,
        log: Log,
    ) -> Result<Self> {
        if publishers.values().any(|publisher| !publisher.issuer.key_fits()) {
            return Err(Error::plain("the key of the CA does not match its certificate"));
        }
        if lifetime < time::Duration::seconds(1) {
            return Err(Error::plain("-crl-expiry must be at least one second"));
        }
        if OffsetDateTime::now_utc().checked_add(lifetime).is_none() {
            return Err(Error::plain(
                "-crl-expiry is too long: CRLs would expire after the year 9999",
            ));
        }
        let lists = publishers.into_iter().map(|(label, publisher)| {
            let list = List {
                publisher,
                current: RwLock::default(),
                making: Mutex::default(),
            };
            (label, list)
        });
        Ok(Lists {
            path: path.trim_end_matches('/').to_owned(),
            lifetime,
            lists: lists.collect(),
            log,
        })
    }

    /// The list at a path.
    pub fn find(&self, path: &str) -> Option<Found<'_>> {
        let rest = path.strip_prefix(self.path.as_str())?;
        let (label, is_pem) = match rest.strip_suffix(".pem") {
            Some(label) => (label, true),
            None => (rest, false),
        };
        let label = match label {
            "" => "",
            label => label.strip_prefix('/').filter(|label| !label.is_empty())?,
        };
        let list = self.lists.get(label)?;
        Some(Found { list, is_pem })
    }

    /// Sends a list.
    pub async fn answer(&self, found: &Found<'_>, request: &Request<Incoming>) -> Reply {
        if ![Method::GET, Method::HEAD].contains(request.method()) {
            let mut refusal = error(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed\n");
            insert(&mut refusal, ALLOW, "GET, HEAD");
            return refusal;
        }
        let list = match self.current(found.list).await {
            Ok(list) => list,
            Err(why) => {
                self.log.error(format_args!("the CRL cannot be made: {why}"));
                return error(StatusCode::INTERNAL_SERVER_ERROR, "the CRL cannot be made\n");
            }
        };
        let tag = match found.is_pem {
            true => format!("\"{}-pem\"", list.tag),
            false => format!("\"{}\"", list.tag),
        };
        let known = request.headers().get(IF_NONE_MATCH);
        let mut answer = match (known.is_some_and(|known| is_among(&tag, known)), found.is_pem) {
            (true, _) => reply(StatusCode::NOT_MODIFIED, "", ""),
            (false, true) => reply(StatusCode::OK, "application/x-pem-file", list.pem()),
            (false, false) => reply(StatusCode::OK, "application/pkix-crl", list.der.clone()),
        };
        let left = (list.next_update - OffsetDateTime::now_utc()).whole_seconds();
        let age = left.clamp(0, MAX_AGE);
        insert(
            &mut answer,
            CACHE_CONTROL,
            &format!("max-age={age}, public, no-transform"),
        );
        insert(&mut answer, ETAG, &tag);
        insert(&mut answer, LAST_MODIFIED, &date(list.this_update, "GMT"));
        insert(&mut answer, EXPIRES, &date(list.next_update, "GMT"));
        answer
    }

    /// The list as it is now. Requests that come while it is made get the last one, if it
    /// is not much older than a new one would be.
    async fn current(&self, list: &List) -> std::result::Result<Arc<Published>, String> {
        let last = list.current();
        if let Some(last) = last.as_ref().filter(|last| last.is_fresh(1)) {
            return Ok(Arc::clone(last));
        }
        let _making = match (&last, list.making.try_lock()) {
            (_, Ok(making)) => making,
            (Some(last), Err(_)) if last.is_fresh(2) => return Ok(Arc::clone(last)),
            _ => list.making.lock().await,
        };
        // Somebody else may have made it meanwhile.
        let last = list.current();
        if let Some(last) = last.as_ref().filter(|last| last.is_fresh(1)) {
            return Ok(Arc::clone(last));
        }
        match (self.make(list, last.as_deref()).await, last) {
            (Ok(made), _) => {
                let made = Arc::new(made);
                let mut current = list.current.write().unwrap_or_else(PoisonError::into_inner);
                *current = Some(Arc::clone(&made));
                Ok(made)
            }
            // A list is good until its nextUpdate, also if the database is gone.
            (Err(why), Some(last)) if OffsetDateTime::now_utc() < last.next_update => {
                self.log.error(format_args!(
                    "the CRL cannot be made again, the last one is sent: {why}"
                ));
                Ok(last)
            }
            (Err(why), _) => Err(why),
        }
    }

    async fn make(&self, list: &List, last: Option<&Published>) -> std::result::Result<Published, String> {
        let checked = Instant::now();
        let issuer = Arc::clone(&list.publisher.issuer);
        let read = entries(&list.publisher.store, issuer.certificate(), true);
        let entries = read.await.map_err(|error| error.to_string())?;
        let now = OffsetDateTime::now_utc();
        let sum = digest(&SHA256, entries.as_der());
        if let Some(last) = last.filter(|last| {
            last.entries.as_ref() == sum.as_ref() && now < last.this_update + self.lifetime / 2
        }) {
            return Ok(last.checked_at(checked));
        }
        let number = crl::next_number(now, last.map(|last| last.number));
        let next_update = now.checked_add(self.lifetime).unwrap_or(now);
        let content = CrlContent {
            entries,
            keep_empty: false,
            now,
            next_update,
            number: Some(number),
        };
        let sign = move || crl::sign(content, issuer.certificate(), issuer.key());
        let der = tokio::task::spawn_blocking(sign).await;
        let der = der
            .map_err(|_| "the signing thread failed".to_owned())?
            .map_err(|error| error.to_string())?;
        Ok(Published {
            tag: data_encoding::HEXLOWER.encode(&digest(&SHA256, &der).as_ref()[..16]),
            der: der.into(),
            pem: OnceLock::new(),
            number,
            entries: sum,
            this_update: now,
            next_update,
            checked,
            cost: checked.elapsed(),
        })
    }
}

/// The revoked certificates of a CA, with or without the reasons, which cfssl's lists lack.
///
/// # Errors
/// If the database cannot be read.
pub async fn entries(
    store: &Store,
    issuer: &Certificate,
    has_reasons: bool,
) -> rcfssl_store::Result<Entries> {
    let own = Own::of(issuer);
    let mut entries = Entries::default();
    let read = store.each_revoked(|row| {
        if own.issued(&row) {
            let serial = Serial::parse_prefix(&row.serial);
            let at = row.revoked_at.unwrap_or(Own::NO_TIME);
            entries.add_with_reason(&serial, at, if has_reasons { row.reason } else { 0 });
        }
        Ok::<_, rcfssl_store::Error>(())
    });
    read.await?;
    Ok(entries)
}

impl List {
    fn current(&self) -> Option<Arc<Published>> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        current.clone()
    }
}

impl Published {
    fn is_fresh(&self, times: u32) -> bool {
        self.checked.elapsed() < (self.cost * SHARE).max(FRESH) * times
    }

    /// The same list, which says what the database said at `checked`.
    fn checked_at(&self, checked: Instant) -> Self {
        Published {
            der: self.der.clone(),
            pem: self.pem.clone(),
            tag: self.tag.clone(),
            checked,
            cost: checked.elapsed(),
            ..*self
        }
    }

    fn pem(&self) -> Bytes {
        let made = || pem::encode("X509 CRL", &self.der).into();
        self.pem.get_or_init(made).clone()
    }
}
