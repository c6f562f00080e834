//! Starting: endpoints that there are, cfssl's lines about them, the socket, and the
//! runtime that serves until a signal comes.

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

/// Slow tasks at a time, beside RSA keys.
pub(crate) const SLOW_TASKS: usize = 64;

/// Who answers for OCSP.
pub struct OcspSigner {
    /// The CA whose certificates are asked about.
    pub issuer: Certificate,
    /// The responder's certificate.
    pub certificate: Certificate,
    /// Its key.
    pub key: PrivateKey,
    /// How long an answer is good.
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

/// What was read of files before the server starts. What is wrong with a part disables
/// the endpoints that need it.
pub struct Loaded {
    /// The CA's certificate and key, where they are here: it signs CRLs.
    pub issuer: Result<Arc<Issuer>>,
    /// The database.
    pub store: Option<Arc<Store>>,
    /// Who signs.
    pub signer: Result<Arc<dyn Signer>>,
    /// Who answers for OCSP.
    pub responder: Result<OcspSigner>,
    /// What chains are built from.
    pub bundler: Result<Bundler>,
    /// Do new certificates get chains? They do where roots and intermediates were named.
    pub bundles_new: bool,
    /// Where intermediates are kept.
    pub stash: Stash,
    /// The roots of scans, where they are not the system's.
    pub scan_roots: Result<Option<Arc<Pool>>>,
    /// Does `newcert` sign by profiles that want a token, as cfssl does?
    pub newcert_without_token: bool,
}

impl Loaded {
    /// What the chains of new certificates are built from.
    pub(crate) fn signing_bundler(&self) -> Option<&Bundler> {
        self.bundler.as_ref().ok().filter(|_| self.bundles_new)
    }
}

/// What `serve` is told.
pub struct Settings {
    /// The host to listen on; empty for all.
    pub address: String,
    /// The port; 0 for any.
    pub port: i64,
    /// The server's certificate; empty for none.
    pub tls_cert: OsString,
    /// The server's key; empty for none.
    pub tls_key: OsString,
    /// The authorities of clients; empty for none.
    pub mutual_tls_ca: OsString,
    /// The names of clients; empty for all.
    pub mutual_tls_cn: String,
    /// The lowest version of TLS.
    pub min_tls_version: String,
    /// Endpoints that are left out, between commas.
    pub disable: String,
    /// What a client may take.
    pub limits: Limits,
}

/// Serves until a signal comes.
///
/// # Errors
/// Why the server cannot start, in cfssl's words.
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

/// Serves a site until a signal comes.
///
/// # Errors
/// Where the system does not let us.
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
    // What a worker still does is of no use to anybody.
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

/// Unknown versions, with which cfssl goes down to TLS 1.0, mean the default.
fn min_version(text: &str) -> MinVersion {
    match text {
        "1.3" => MinVersion::Tls13,
        _ => MinVersion::Tls12,
    }
}

/// Says of every endpoint whether it is there, and why not; gives the names of those
/// that are.
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
