//! Statuses that were looked up lately, and the responses that state them. A status is used
//! for less than a second, so a revocation shows at once, whoever made it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use rcfssl_core::ocsp::Status;
use time::OffsetDateTime;

use super::response::Response;

/// After this time the status is looked up again, by one of the requests that ask for it.
const RECHECK: Duration = Duration::from_millis(400);

/// A status that was looked up longer ago than this is not used, even if another request is
/// looking it up again.
const STALE: Duration = Duration::from_millis(800);

/// The number of statuses in a generation; there are two.
const GENERATION: usize = 4096;

/// The cache, by CertID.
#[derive(Debug)]
pub struct Cache {
    began: Instant,
    generations: Mutex<Generations>,
}

/// When the young generation is full, it replaces the old one, so what nobody asked for
/// meanwhile is dropped.
#[derive(Debug, Default)]
struct Generations {
    young: HashMap<Box<[u8]>, Arc<Entry>>,
    old: HashMap<Box<[u8]>, Arc<Entry>>,
}

/// The status of a certificate.
#[derive(Debug)]
pub struct Entry {
    /// The status.
    pub status: Status,
    /// The response that states it, if one was signed, and when to sign a new one.
    signed: RwLock<Option<(Arc<Response>, OffsetDateTime)>>,
    /// When the status was last looked up, in milliseconds since the cache was created.
    checked: AtomicU64,
    is_being_checked: AtomicBool,
}

/// How a cached status may be used.
#[derive(Debug, PartialEq, Eq)]
pub enum Use {
    /// As it is.
    AsIs,
    /// Once the status has been looked up.
    AfterCheck,
}

impl Cache {
    /// An empty cache.
    pub fn new() -> Self {
        Cache {
            began: Instant::now(),
            generations: Mutex::default(),
        }
    }

    /// The status of the certificate with this CertID.
    pub fn get(&self, id: &[u8]) -> Option<Arc<Entry>> {
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = generations.young.get(id) {
            return Some(Arc::clone(entry));
        }
        let (id, entry) = generations.old.remove_entry(id)?;
        generations.add(id, Arc::clone(&entry));
        Some(entry)
    }

    /// Adds a status that was looked up at `checked`.
    pub fn put(&self, id: &[u8], status: Status, checked: Instant) -> Arc<Entry> {
        let entry = Arc::new(Entry {
            status,
            signed: RwLock::default(),
            checked: AtomicU64::new(self.moment(checked)),
            is_being_checked: AtomicBool::new(false),
        });
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        generations.add(id.into(), Arc::clone(&entry));
        entry
    }

    /// How an entry may be used now. Only one of the requests that come at the same time is
    /// told to look the status up.
    pub fn usability(&self, entry: &Entry) -> Use {
        let age = self
            .moment(Instant::now())
            .saturating_sub(entry.checked.load(Ordering::Acquire));
        let age = Duration::from_millis(age);
        let is_first = || !entry.is_being_checked.swap(true, Ordering::AcqRel);
        match age {
            age if age < RECHECK => Use::AsIs,
            age if age < STALE && !is_first() => Use::AsIs,
            _ => Use::AfterCheck,
        }
    }

    /// The status of an entry was looked up at `checked` and has not changed.
    pub fn confirm(&self, entry: &Entry, checked: Instant) {
        entry.checked.fetch_max(self.moment(checked), Ordering::AcqRel);
        entry.is_being_checked.store(false, Ordering::Release);
    }

    fn moment(&self, at: Instant) -> u64 {
        let since = at.saturating_duration_since(self.began);
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }
}

impl Entry {
    /// The response that states it, unless it is time for a new one.
    pub fn response(&self, now: OffsetDateTime) -> Option<Arc<Response>> {
        let signed = self.signed.read().unwrap_or_else(PoisonError::into_inner);
        let (response, renew_at) = signed.as_ref()?;
        (now < *renew_at).then(|| Arc::clone(response))
    }

    /// Keeps the response that states it, until `renew_at`.
    pub fn set_response(&self, response: &Arc<Response>, renew_at: OffsetDateTime) {
        let mut signed = self.signed.write().unwrap_or_else(PoisonError::into_inner);
        *signed = Some((Arc::clone(response), renew_at));
    }
}

impl Generations {
    fn add(&mut self, id: Box<[u8]>, entry: Arc<Entry>) {
        if self.young.len() >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(id, entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(cache: &Cache, number: usize, checked: Instant) {
        cache.put(&number.to_be_bytes(), Status::Good, checked);
    }

    #[test]
    fn a_response_is_kept_until_it_is_time_for_a_new_one() {
        let cache = Cache::new();
        let entry = cache.put(b"id", Status::Unknown, Instant::now());
        let due = OffsetDateTime::UNIX_EPOCH;
        let before = due - time::Duration::SECOND;
        assert_eq!(entry.response(before), None);
        let response = Arc::new(Response::live(vec![1], before, due));
        entry.set_response(&response, due);
        assert_eq!(cache.get(b"id").unwrap().response(before), Some(response));
        assert_eq!(entry.response(due), None);
    }

    #[test]
    fn a_full_cache_keeps_what_is_asked_for() {
        let cache = Cache::new();
        let now = Instant::now();
        for number in 0..4 * GENERATION {
            put(&cache, number, now);
            assert!(cache.get(&0_usize.to_be_bytes()).is_some(), "{number}");
        }
        assert!(cache.get(&1_usize.to_be_bytes()).is_none());
        let generations = cache.generations.lock().unwrap();
        assert!(generations.young.len() + generations.old.len() <= 2 * GENERATION);
    }

    #[test]
    fn one_request_looks_the_status_up_again() {
        let mut cache = Cache::new();
        let now = Instant::now();
        cache.began = now.checked_sub(Duration::from_secs(10)).unwrap();
        let entry = |age: u64| {
            put(&cache, 0, now.checked_sub(Duration::from_millis(age)).unwrap());
            cache.get(&0_usize.to_be_bytes()).unwrap()
        };
        assert_eq!(cache.usability(&entry(0)), Use::AsIs);
        let aged = entry(500);
        assert_eq!(cache.usability(&aged), Use::AfterCheck);
        assert_eq!(cache.usability(&aged), Use::AsIs);
        cache.confirm(&aged, now);
        assert_eq!(cache.usability(&aged), Use::AsIs);
        let stale = entry(900);
        assert_eq!(cache.usability(&stale), Use::AfterCheck);
        assert_eq!(cache.usability(&stale), Use::AfterCheck);
    }
}
