//! Scans the TLS configuration of a host with families of scanners, each of which returns a
//! grade and its findings.

mod connectivity;
mod groups;
mod handshake;
mod pki;
mod probe;
mod session;
mod suites;

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rcfssl_core::verify::Pool;
use rcfssl_go::regexp::Regexp;
use serde::Serialize;

use crate::address::Address;
use crate::error::Result;
use crate::{Outgoing, dial};

/// The time limit for one connection.
const PATIENCE: Duration = Duration::from_secs(5);
/// The time limit for checking the revocation of one certificate.
const REVOCATION_PATIENCE: Duration = Duration::from_secs(30);
/// The maximum number of simultaneous scanners per host.
const MAX_AT_ONCE: usize = 8;

/// A scanner's verdict on a host, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Grade {
    /// There is a problem, or the scan failed.
    Bad,
    /// It could be better.
    Warning,
    /// It is as it should be.
    Good,
    /// Nothing was scanned.
    Skipped,
}

/// The result of one scanner.
#[derive(Debug, Serialize)]
pub struct Finding {
    grade: Grade,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<Output>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// What the output omits because cfssl's does; shown as a hint.
    #[serde(skip)]
    pub aside: Option<String>,
}

/// A scanner's findings, in the formats of cfssl's JSON.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Output {
    /// One sentence.
    Text(String),
    /// `null` if there is none, as Go prints an empty list.
    Texts(Option<Vec<String>>),
    /// Whether each address responds.
    ByAddress(BTreeMap<String, bool>),
    /// What each name resolves to or stands for.
    ByName(BTreeMap<String, String>),
    /// The TLS versions that accept each cipher suite.
    Suites(Vec<BTreeMap<String, Vec<handshake::Version>>>),
    /// The signature algorithms that the host accepts.
    Signatures(Vec<handshake::Signature>),
}

impl Finding {
    fn new(grade: Grade, output: Option<Output>) -> Self {
        Finding {
            grade,
            output,
            error: None,
            aside: None,
        }
    }

    fn good() -> Self {
        Finding::new(Grade::Good, None)
    }

    fn failed(grade: Grade, why: impl fmt::Display) -> Self {
        Finding {
            error: Some(why.to_string()),
            ..Finding::new(grade, None)
        }
    }
}

impl From<Result<Finding>> for Finding {
    fn from(result: Result<Finding>) -> Self {
        result.unwrap_or_else(|why| Finding::failed(Grade::Bad, why))
    }
}

/// A host that the user named.
#[derive(Debug, Clone)]
pub struct Target {
    /// Its address.
    pub address: Address,
    /// The host name to send and verify.
    pub host: String,
    /// The roots of `-ca-bundle`, or else the system's.
    pub roots: Option<Arc<Pool>>,
    /// Which addresses may be connected to.
    pub outgoing: Outgoing,
    /// The deadline for the whole scan.
    deadline: Instant,
}

impl Target {
    /// Parses `host[:port]`; connects to `ip` if that is an address. The scan may take
    /// `timeout` from now.
    pub fn new(text: &str, ip: &str, roots: Option<Arc<Pool>>, timeout: Duration) -> Self {
        let named = Address::parse(text);
        let host = if ip.parse::<IpAddr>().is_ok() {
            ip
        } else {
            &named.host
        };
        Target {
            address: Address::new(host, named.port),
            host: named.host,
            roots,
            outgoing: Outgoing::Any,
            deadline: Instant::now() + timeout,
        }
    }

    /// The same host, if it has such an address.
    pub fn through(self, outgoing: Outgoing) -> Self {
        Target { outgoing, ..self }
    }

    /// The addresses of the host.
    fn lookup(&self, host: &str) -> Result<Vec<IpAddr>> {
        dial::lookup(host, self.outgoing, self.patience())
    }

    /// The time left for a connection.
    fn patience(&self) -> Duration {
        self.left().min(PATIENCE)
    }

    fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }
}

/// A scanner.
#[derive(Debug, Serialize)]
pub struct Scanner {
    description: &'static str,
    #[serde(skip)]
    scan: fn(&Target) -> Finding,
}

/// A group of scanners.
#[derive(Debug, Serialize)]
pub struct Family {
    description: &'static str,
    scanners: BTreeMap<&'static str, Scanner>,
}

/// Results by family and scanner.
pub type Findings = BTreeMap<&'static str, BTreeMap<&'static str, Finding>>;

/// All families, with cfssl's names and descriptions.
pub fn families() -> BTreeMap<&'static str, Family> {
    type Row = (&'static str, &'static str, fn(&Target) -> Finding);
    let family = |description, rows: &[Row]| Family {
        description,
        scanners: rows
            .iter()
            .map(|&(name, description, scan)| (name, Scanner { description, scan }))
            .collect(),
    };
    let broad: &[Row] = &[(
        "IntermediateCAs",
        "Scans a CIDR IP range for unknown Intermediate CAs",
        connectivity::ranges,
    )];
    let connectivity: &[Row] = &[
        (
            "CloudFlareStatus",
            "Host is on CloudFlare",
            connectivity::cloudflare,
        ),
        (
            "DNSLookup",
            "Host can be resolved through DNS",
            connectivity::lookup,
        ),
        ("TCPDial", "Host accepts TCP connection", connectivity::tcp),
        ("TLSDial", "Host can perform TLS handshake", connectivity::tls),
    ];
    let pki: &[Row] = &[
        (
            "ChainExpiration",
            "Host's chain hasn't expired and won't expire in the next 30 days",
            pki::expiration,
        ),
        (
            "ChainValidation",
            "All certificates in host's chain are valid",
            pki::validation,
        ),
        (
            "MultipleCerts",
            "Host serves same certificate chain across all IPs",
            pki::same_everywhere,
        ),
    ];
    let handshake: &[Row] = &[
        (
            "CertsByCiphers",
            "Determines host's certificate signature algorithm matching client's accepted ciphers",
            handshake::certificates_by_suites,
        ),
        (
            "CertsBySigAlgs",
            "Determines host's certificate signature algorithm matching client's accepted signature and hash algorithms",
            handshake::certificates_by_signatures,
        ),
        (
            "CipherSuite",
            "Determines host's cipher suites accepted and preferred order",
            handshake::suites,
        ),
        (
            "ECCurves",
            "Determines the host's ec curve support for TLS 1.2",
            handshake::curves,
        ),
        (
            "SigAlgs",
            "Determines host's accepted signature and hash algorithms",
            handshake::signatures,
        ),
    ];
    let session: &[Row] = &[(
        "SessionResume",
        "Host is able to resume sessions across all addresses",
        session::resumption,
    )];
    BTreeMap::from([
        ("Broad", family("Large scale scans of TLS hosts", broad)),
        (
            "Connectivity",
            family(
                "Scans for basic connectivity with the host through DNS and TCP/TLS dials",
                connectivity,
            ),
        ),
        ("PKI", family("Scans for the Public Key Infrastructure", pki)),
        (
            "TLSHandshake",
            family(
                "Scans for host's SSL/TLS version and cipher suite negotiation",
                handshake,
            ),
        ),
        (
            "TLSSession",
            family(
                "Scans host's implementation of TLS session resumption using session tickets/session IDs",
                session,
            ),
        ),
    ])
}

/// Runs the scanners whose names and families match, several at a time; returns whether all
/// finished in time.
pub fn run(target: &Target, family: &Regexp, scanner: &Regexp) -> (Findings, bool) {
    let wanted: Vec<_> = families()
        .into_iter()
        .filter(|(name, _)| family.is_match(name))
        .flat_map(|(family, found)| found.scanners.into_iter().map(move |found| (family, found)))
        .filter(|(_, (name, _))| scanner.is_match(name))
        .collect();
    let next = AtomicUsize::new(0);
    let findings = Mutex::new(Findings::new());
    let complete = AtomicBool::new(true);
    let work = || {
        while let Some((family, (name, found))) = wanted.get(next.fetch_add(1, Ordering::Relaxed)) {
            // Connections end with the deadline, so scanners finish soon after it.
            let finding = (!target.left().is_zero()).then(|| (found.scan)(target));
            match finding.filter(|_| !target.left().is_zero()) {
                Some(finding) => {
                    let mut findings = findings.lock().unwrap_or_else(PoisonError::into_inner);
                    findings.entry(family).or_default().insert(name, finding);
                }
                None => complete.store(false, Ordering::Relaxed),
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..wanted.len().min(MAX_AT_ONCE) {
            scope.spawn(work);
        }
    });
    let findings = findings.into_inner().unwrap_or_else(PoisonError::into_inner);
    (findings, complete.into_inner())
}
