//! Startup: the endpoints that are available, cfssl's log lines about them, the socket, and
//! the runtime that serves until a signal arrives.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::sync::Arc;

use rcfssl_ca::{Issuer, Signer};
use rcfssl_core::bundle::Bundler;
use rcfssl_core::key::PrivateKey;
use rcfssl_core::ocsp::Responder;
use rcfssl_core::verify::Pool;
use rcfssl_core::{Certificate, Code, Error, Result};
use rcfssl_go::Duration;
use rcfssl_go::regexp::Regexp;
use rcfssl_store::Store;

use crate::api::{Api, ENDPOINTS};
use crate::http::tls::{Clients, MinVersion, Tls};
use crate::http::{Shared, Site, bind, joined};
use crate::limits::Limits;
use crate::log::Log;
use crate::recorder::Recorder;
use crate::site::{ApiSite, Names, PREFIX};
use crate::stash::Stash;
use crate::workers::Workers;

/// The number of concurrent slow tasks, not counting RSA keys.
pub(crate) const SLOW_TASKS: usize = 64;

/// The OCSP responder.
pub struct OcspSigner {
    /// The CA whose certificates it answers for.
    pub issuer: Certificate,
    /// The responder's certificate.
    pub certificate: Certificate,
    /// Its key.
    pub key: PrivateKey,
    /// How long a response is valid.
    pub interval: Duration,
}

impl OcspSigner {
    pub(crate) fn responder(&self) -> Responder<'_> {
        Responder {
            issuer: &self.issuer,
            certificate: &self.certificate,
            key: &self.key,
            interval: self.interval,
        }
    }
}

/// The contents of files, read before the server starts. An error in one disables the
/// endpoints that need it.
pub struct Loaded {
    /// The local CA certificate and key, which sign CRLs.
    pub issuer: Result<Arc<Issuer>>,
    /// The database.
    pub store: Option<Arc<Store>>,
    /// The signer.
    pub signer: Result<Arc<dyn Signer>>,
    /// The OCSP responder.
    pub responder: Result<OcspSigner>,
    /// The builder of chains.
    pub bundler: Result<Bundler>,
    /// Whether new certificates get chains: only if roots and intermediates were
    /// configured.
    pub bundles_new: bool,
    /// The folder for intermediates.
    pub stash: Stash,
    /// The roots for scans, if not the system's.
    pub scan_roots: Result<Option<Arc<Pool>>>,
    /// Whether `newcert` signs without a token for profiles that require one, as cfssl
    /// does.
    pub newcert_without_token: bool,
}

impl Loaded {
    /// The builder of chains for new certificates.
    pub(crate) fn signing_bundler(&self) -> Option<&Bundler> {
        self.bundler.as_ref().ok().filter(|_| self.bundles_new)
    }
}

/// The settings of `serve`.
pub struct Settings {
    /// The host to listen on; empty for all addresses.
    pub address: String,
    /// The port; 0 for any free one.
    pub port: i64,
    /// The server's certificate file; may be empty.
    pub tls_cert: OsString,
    /// The server's key file; may be empty.
    pub tls_key: OsString,
    /// The file with the CAs of clients; may be empty.
    pub mutual_tls_ca: OsString,
    /// The pattern for the common names of clients; empty allows all.
    pub mutual_tls_cn: String,
    /// The lowest TLS version.
    pub min_tls_version: String,
    /// Disabled endpoints, separated by commas.
    pub disable: String,
    /// The limits for a client.
    pub limits: Limits,
}

/// Serves until a signal arrives.
///
/// # Errors
/// Why the server cannot start, as cfssl words it.
pub fn serve(settings: &Settings, loaded: Loaded, log: Log) -> Result<()> {
    let enabled = register(settings, &loaded, &log);
    log.info("Handler set up complete.");
    let address = joined(&settings.address, settings.port);
    let is_tls = !settings.tls_cert.is_empty() && !settings.tls_key.is_empty();
    let clients = match is_tls && !settings.mutual_tls_ca.is_empty() {
        true => Some((Clients::read(&settings.mutual_tls_ca)?, names(settings)?)),
        false => None,
    };
    match (is_tls, &clients) {
        (false, _) => log.info(format_args!("Now listening on {address}")),
        (true, None) => log.info(format_args!("Now listening on https://{address}")),
        (true, Some(_)) => log.info(format_args!("Now listening with mutual TLS on https://{address}")),
    }
    let listener = bind(&settings.address, settings.port)?;
    let (clients, names) = clients.unzip();
    let tls = match is_tls {
        true => {
            let min = min_version(&settings.min_tls_version);
            Some(Tls::read(&settings.tls_cert, &settings.tls_key, min, clients)?)
        }
        false => None,
    };
    let site = ApiSite {
        api: Arc::new(Api {
            recorder: loaded.store.clone().map(Recorder::new),
            loaded,
            workers: Workers::new(settings.limits.rsa_keys, SLOW_TASKS),
            log: Arc::clone(&log),
        }),
        has_pages: enabled.contains("/"),
        enabled,
        clients: names.flatten(),
        limits: settings.limits,
        log: Arc::clone(&log),
    };
    run(site, tls, settings.limits, log, listener)
}

/// Serves a site until a signal arrives.
///
/// # Errors
/// If the runtime or the socket cannot be set up.
pub(crate) fn run(
    site: impl Site,
    tls: Option<Tls>,
    limits: Limits,
    log: Log,
    listener: std::net::TcpListener,
) -> Result<()> {
    let shared = Arc::new(Shared {
        site: Arc::new(site),
        tls,
        limits,
        log,
    });
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_io()
        .enable_time()
        .max_blocking_threads(SLOW_TASKS + limits.rsa_keys)
        .build()
        .map_err(|error| Error::plain(rcfssl_go::os::describe(&error)))?;
    let ended = runtime.block_on(shared.run(listener));
    // The results of workers that are still running are no longer needed.
    runtime.shutdown_background();
    ended
}

fn names(settings: &Settings) -> Result<Option<Names>> {
    let text = settings.mutual_tls_cn.clone();
    if text.is_empty() {
        return Ok(None);
    }
    let expression =
        Regexp::compile(&text).map_err(|error| Error::plain(format!("malformed CN regex: {error}")))?;
    Ok(Some(Names { text, expression }))
}

/// Unknown versions mean the default; cfssl falls back to TLS 1.0 for them.
fn min_version(text: &str) -> MinVersion {
    match text {
        "1.3" => MinVersion::Tls13,
        _ => MinVersion::Tls12,
    }
}

/// Logs for every endpoint whether it is enabled, and if not, why; returns the names of the
/// enabled ones.
fn register(settings: &Settings, loaded: &Loaded, log: &Log) -> BTreeSet<&'static str> {
    let disabled: BTreeSet<&str> = settings.disable.split(',').collect();
    let names = ENDPOINTS.iter().map(|endpoint| endpoint.name).chain(["/"]);
    names
        .filter(|name| {
            if disabled.contains(name) {
                log.info(format_args!("endpoint '{name}' is explicitly disabled"));
                return false;
            }
            match is_possible(name, loaded, log) {
                Ok(()) => {
                    let prefix = if *name == "/" { "" } else { PREFIX };
                    log.info(format_args!("endpoint '{prefix}{name}' is enabled"));
                    true
                }
                Err(why) => {
                    log.warning(format_args!("endpoint '{name}' is disabled: {why}"));
                    false
                }
            }
        })
        .collect()
}

fn is_possible(name: &str, loaded: &Loaded, log: &Log) -> Result<()> {
    let absent = || Error::plain("signer not initialized");
    let signer = || loaded.signer.as_ref().map_err(|_| absent());
    match name {
        "sign" | "authsign" | "newcert" => {
            let signer = signer()?;
            let policy = signer.policy();
            let named = policy.profiles().map(|(_, profile)| profile);
            let mut wants_token = named
                .chain([policy.default_profile()])
                .map(|profile| profile.auth_key.is_some());
            let wanted = match name {
                "sign" => wants_token.any(|wants| !wants),
                "authsign" => wants_token.any(|wants| wants),
                _ => true,
            };
            if !wanted {
                return Err(Code::InvalidPolicy.into());
            }
            match loaded.bundles_new {
                true => loaded.bundler.as_ref().map(drop).map_err(Error::clone),
                false => Ok(()),
            }
        }
        "info" | "gencrl" => signer().map(drop),
        "crl" => {
            signer()?;
            database(loaded)?;
            loaded.issuer.as_ref().map(drop).map_err(Error::clone)
        }
        "revoke" => database(loaded),
        "ocspsign" => loaded.responder.as_ref().map(drop).map_err(|_| absent()),
        "scan" => loaded.scan_roots.as_ref().map(drop).map_err(Error::clone),
        "bundle" => {
            loaded.bundler.as_ref().map_err(Error::clone)?;
            log.info("bundler API ready");
            Ok(())
        }
        "newkey" => {
            log.info("setting up key / CSR generator");
            Ok(())
        }
        _ => Ok(()),
    }
}

fn database(loaded: &Loaded) -> Result<()> {
    match loaded.store {
        Some(_) => Ok(()),
        None => Err(Error::plain("cert db not configured (missing -db-config)")),
    }
}
