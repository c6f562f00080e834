//! Counters of `serve` in Prometheus' text format, for `-metrics-address`.

use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::{Method, Request, StatusCode};

use crate::http::{Peer, Reply, Site, reply};
use crate::site::{not_found, route};
use crate::workers::Workers;

/// The media type of Prometheus' text format.
const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Upper bounds of the histogram of durations, in milliseconds.
const BOUNDS: [u64; 11] = [1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 10000];

/// What is counted.
#[derive(Debug, Default)]
pub struct Metrics {
    /// By endpoint and HTTP status.
    requests: Mutex<BTreeMap<(&'static str, u16), u64>>,
    /// By endpoint.
    durations: Mutex<BTreeMap<&'static str, Histogram>>,
    in_flight: AtomicI64,
    signed: AtomicU64,
    database_errors: AtomicU64,
    reloads: [AtomicU64; 2],
    /// Seconds since 1970; 0 where there is no CA certificate.
    ca_expires: AtomicI64,
}

#[derive(Debug, Default)]
struct Histogram {
    buckets: [u64; BOUNDS.len()],
    sum: Duration,
    count: u64,
}

/// A request in progress.
#[derive(Debug)]
pub struct InFlight<'a>(&'a Metrics);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Metrics {
    /// Counts a request as in progress for as long as the value lives.
    pub fn begin(&self) -> InFlight<'_> {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        InFlight(self)
    }

    /// A request that was answered.
    pub fn answered(&self, endpoint: &'static str, status: StatusCode, took: Duration) {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        *requests.entry((endpoint, status.as_u16())).or_default() += 1;
        drop(requests);
        let mut durations = self.durations.lock().unwrap_or_else(PoisonError::into_inner);
        let histogram = durations.entry(endpoint).or_default();
        for (bucket, bound) in histogram.buckets.iter_mut().zip(BOUNDS) {
            *bucket += u64::from(took <= Duration::from_millis(bound));
        }
        histogram.sum += took;
        histogram.count += 1;
    }

    /// A certificate that was signed.
    pub fn signed(&self) {
        self.signed.fetch_add(1, Ordering::Relaxed);
    }

    /// A request that failed because of the database.
    pub fn database_error(&self) {
        self.database_errors.fetch_add(1, Ordering::Relaxed);
    }

    /// A reload, and whether it succeeded.
    pub fn reloaded(&self, succeeded: bool) {
        self.reloads[usize::from(succeeded)].fetch_add(1, Ordering::Relaxed);
    }

    /// When the CA certificate expires, in seconds since 1970.
    pub fn ca_expires(&self, at: i64) {
        self.ca_expires.store(at, Ordering::Relaxed);
    }

    /// All of them.
    fn text(&self, workers: &Workers) -> String {
        let mut text = Text(String::with_capacity(4096));
        let load = |count: &AtomicU64| count.load(Ordering::Relaxed);
        text.family("rcfssl_requests_total", "counter", "Answered requests.");
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        for ((endpoint, status), count) in requests.iter() {
            let labels = format_args!("{{endpoint=\"{endpoint}\",status=\"{status}\"}}");
            text.sample("rcfssl_requests_total", labels, count);
        }
        drop(requests);
        text.family(
            "rcfssl_request_duration_seconds",
            "histogram",
            "Time from the head of a request to its answer.",
        );
        let durations = self.durations.lock().unwrap_or_else(PoisonError::into_inner);
        for (endpoint, histogram) in durations.iter() {
            text.histogram("rcfssl_request_duration_seconds", endpoint, histogram);
        }
        drop(durations);
        let in_flight = self.in_flight.load(Ordering::Relaxed);
        text.gauge("rcfssl_requests_in_flight", "Requests in progress.", in_flight);
        text.counter(
            "rcfssl_certificates_signed_total",
            "Certificates signed.",
            load(&self.signed),
        );
        let (running, waiting) = workers.rsa_keys();
        text.gauge("rcfssl_rsa_keys_running", "RSA keys being generated.", running);
        text.gauge(
            "rcfssl_rsa_keys_waiting",
            "Requests that wait to generate an RSA key.",
            waiting,
        );
        text.counter(
            "rcfssl_database_errors_total",
            "Requests that failed because of the database.",
            load(&self.database_errors),
        );
        text.family(
            "rcfssl_reloads_total",
            "counter",
            "Reloads of configuration, certificates and keys.",
        );
        for (result, count) in [("failure", &self.reloads[0]), ("success", &self.reloads[1])] {
            let labels = format_args!("{{result=\"{result}\"}}");
            text.sample("rcfssl_reloads_total", labels, load(count));
        }
        let expires = self.ca_expires.load(Ordering::Relaxed);
        if expires != 0 {
            text.gauge(
                "rcfssl_ca_not_after_timestamp_seconds",
                "When the CA certificate expires.",
                expires,
            );
        }
        text.0
    }
}

/// Lines of the format.
struct Text(String);

impl Text {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = write!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
    }

    fn sample(&mut self, name: &str, labels: impl fmt::Display, value: impl fmt::Display) {
        let _ = writeln!(self.0, "{name}{labels} {value}");
    }

    fn counter(&mut self, name: &str, help: &str, value: impl fmt::Display) {
        self.family(name, "counter", help);
        self.sample(name, "", value);
    }

    fn gauge(&mut self, name: &str, help: &str, value: impl fmt::Display) {
        self.family(name, "gauge", help);
        self.sample(name, "", value);
    }

    fn histogram(&mut self, name: &str, endpoint: &str, histogram: &Histogram) {
        let bounds = BOUNDS.map(|bound| format!("{}", Duration::from_millis(bound).as_secs_f64()));
        let buckets = bounds.iter().map(String::as_str).zip(histogram.buckets);
        for (bound, count) in buckets.chain([("+Inf", histogram.count)]) {
            let labels = format_args!("_bucket{{endpoint=\"{endpoint}\",le=\"{bound}\"}}");
            self.sample(name, labels, count);
        }
        let label = format_args!("{{endpoint=\"{endpoint}\"}}");
        let sum = histogram.sum.as_secs_f64();
        self.sample(name, format_args!("_sum{label}"), sum);
        self.sample(name, format_args!("_count{label}"), histogram.count);
    }
}

/// The listener of `-metrics-address`: `/metrics`, and nothing else.
pub struct Page {
    /// What was counted.
    pub metrics: Arc<Metrics>,
    /// Who makes RSA keys.
    pub workers: Arc<Workers>,
}

impl Site for Page {
    async fn answer(&self, _: &Peer, request: Request<Incoming>) -> Reply {
        match route(&request) {
            Err(reply) => *reply,
            Ok(target) if target.path != "/metrics" => not_found(),
            Ok(_) if !matches!(*request.method(), Method::GET | Method::HEAD) => {
                reply(StatusCode::METHOD_NOT_ALLOWED, "", "")
            }
            Ok(_) => reply(StatusCode::OK, MEDIA_TYPE, self.metrics.text(&self.workers)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_counted_with_its_status_and_in_each_bucket_from_its_duration_on() {
        let metrics = Metrics::default();
        let begun = metrics.begin();
        metrics.answered("sign", StatusCode::OK, Duration::from_millis(7));
        metrics.answered("sign", StatusCode::BAD_REQUEST, Duration::from_secs(60));
        metrics.signed();
        metrics.reloaded(true);
        let text = metrics.text(&Workers::new(1, 1));
        for line in [
            "rcfssl_requests_total{endpoint=\"sign\",status=\"200\"} 1",
            "rcfssl_requests_total{endpoint=\"sign\",status=\"400\"} 1",
            "rcfssl_request_duration_seconds_bucket{endpoint=\"sign\",le=\"0.005\"} 0",
            "rcfssl_request_duration_seconds_bucket{endpoint=\"sign\",le=\"0.01\"} 1",
            "rcfssl_request_duration_seconds_bucket{endpoint=\"sign\",le=\"10\"} 1",
            "rcfssl_request_duration_seconds_bucket{endpoint=\"sign\",le=\"+Inf\"} 2",
            "rcfssl_request_duration_seconds_sum{endpoint=\"sign\"} 60.007",
            "rcfssl_request_duration_seconds_count{endpoint=\"sign\"} 2",
            "rcfssl_requests_in_flight 1",
            "rcfssl_certificates_signed_total 1",
            "rcfssl_reloads_total{result=\"success\"} 1",
        ] {
            assert!(text.lines().any(|known| known == line), "{line}\n{text}");
        }
        assert!(!text.contains("not_after"), "{text}");
        drop(begun);
        assert!(metrics.text(&Workers::new(1, 1)).contains("in_flight 0\n"));
    }
}
