//! Responses that were signed lately. Each is used only while its certificate's status was
//! looked up less than a second ago, so a revocation shows at once, whoever made it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rcfssl_core::ocsp::Status;
use time::OffsetDateTime;

use super::response::Response;

/// After this time the status is looked up again, by one of the requests that ask for it.
const RECHECK: Duration = Duration::from_millis(400);

/// A response whose status was looked up longer ago than this is not used, even if another
/// request is looking it up.
const STALE: Duration = Duration::from_millis(800);

/// The number of responses in a generation; there are two.
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

/// A response, and what it says.
#[derive(Debug)]
pub struct Entry {
    /// The status that it states.
    pub status: Status,
    /// The response.
    pub response: Arc<Response>,
    /// When a new one is to be signed.
    pub renew_at: OffsetDateTime,
    /// When the status was last looked up, in milliseconds since the cache was created.
    checked: AtomicU64,
    is_being_checked: AtomicBool,
}

/// How a cached response may be used.
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

    /// The response to this CertID.
    pub fn get(&self, id: &[u8]) -> Option<Arc<Entry>> {
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = generations.young.get(id) {
            return Some(Arc::clone(entry));
        }
        let (id, entry) = generations.old.remove_entry(id)?;
        generations.add(id, Arc::clone(&entry));
        Some(entry)
    }

    /// Adds a response whose status was looked up at `checked`.
    pub fn put(
        &self,
        id: &[u8],
        status: Status,
        response: Arc<Response>,
        renew_at: OffsetDateTime,
        checked: Instant,
    ) {
        let entry = Entry {
            status,
            response,
            renew_at,
            checked: AtomicU64::new(self.moment(checked)),
            is_being_checked: AtomicBool::new(false),
        };
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        generations.add(id.into(), Arc::new(entry));
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
        let response = Arc::new(Response::live(
            Vec::new(),
            OffsetDateTime::UNIX_EPOCH,
            OffsetDateTime::UNIX_EPOCH,
        ));
        cache.put(
            &number.to_be_bytes(),
            Status::Good,
            response,
            OffsetDateTime::UNIX_EPOCH,
            checked,
        );
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
