//! Startup: the endpoints that are available, cfssl's log lines about them, the socket, and
//! the runtime that serves until a signal arrives.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use rcfssl_ca::{Issuer, Signer};
use rcfssl_core::bundle::Bundler;
use rcfssl_core::key::PrivateKey;
use rcfssl_core::ocsp::Responder;
use rcfssl_core::verify::Pool;
use rcfssl_core::{Certificate, Code, Error, Result};
use rcfssl_go::Duration;
use rcfssl_go::regexp::Regexp;
use rcfssl_net::Outgoing;
use rcfssl_store::Store;

use crate::api::{Api, ENDPOINTS};
use crate::host::{Host, State};
use crate::http::tls::{Clients, MinVersion, Tls};
use crate::http::{Beside, Cores, Listener, Reload, Serving, Shared, Site, adopt, bind, bind_text, joined};
use crate::limits::Limits;
use crate::log::Log;
use crate::metrics::{self, Metrics};
use crate::public::Public;
use crate::recorder::Recorder;
use crate::site::{ApiSite, Names, PREFIX};
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
    /// The lines that say why there is none. Each endpoint that needs it logs them: cfssl
    /// reads the files for each.
    pub bundler_complaints: Vec<String>,
    /// Whether new certificates get chains: only if roots and intermediates were
    /// configured.
    pub bundles_new: bool,
    /// The folder for intermediates.
    pub intermediates: Option<PathBuf>,
    /// The roots for scans, if not the system's.
    pub scan_roots: Result<Option<Arc<Pool>>>,
    /// OCSP and CRLs.
    pub public: Public,
    /// Does the configuration name anything that signs?
    pub wants_signer: bool,
    /// Whether `newcert` signs without a token for profiles that require one, as cfssl
    /// does.
    pub newcert_without_token: bool,
}

impl Loaded {
    /// Why parts do not work, in a fixed order.
    fn errors(&self) -> [Option<Error>; 5] {
        [
            self.signer.as_ref().err().cloned(),
            self.issuer.as_ref().err().cloned(),
            self.responder.as_ref().err().cloned(),
            self.bundler.as_ref().err().cloned(),
            self.scan_roots.as_ref().err().cloned(),
        ]
    }

    /// Which of them work.
    fn works(&self) -> [bool; 5] {
        self.errors().map(|error| error.is_none())
    }

    /// Is there a builder of chains? If not, the log says why.
    fn needs_bundler(&self, log: &Log) -> Result<()> {
        self.bundler_complaints.iter().for_each(|line| log.error(line));
        self.bundler.as_ref().map(drop).map_err(Error::clone)
    }

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
    /// A socket that is open already, and who hears of what the server does.
    pub host: Host,
    /// Where Prometheus may ask, as `host:port`; empty for nowhere.
    pub metrics_address: String,
    /// Which addresses `bundle`, `certinfo` and `scan` may connect to.
    pub outgoing: Outgoing,
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

/// What files say, read again; at each SIGHUP.
pub type Load = Box<dyn Fn() -> Result<Loaded> + Send + Sync>;

/// Serves until a signal arrives.
///
/// # Errors
/// Why the server cannot start, as cfssl words it.
pub fn serve(mut settings: Settings, loaded: Loaded, load: Load, log: Log) -> Result<()> {
    let enabled = register(&settings, &loaded, &log);
    log.info("Handler set up complete.");
    let given = settings.host.listener.take().map(adopt).transpose()?;
    let address = match &given {
        Some((_, address)) => address.clone(),
        None => joined(&settings.address, settings.port),
    };
    let clients = settings.clients()?;
    match (settings.is_tls(), &clients) {
        (false, _) => log.info(format_args!("Now listening on {address}")),
        (true, None) => log.info(format_args!("Now listening on https://{address}")),
        (true, Some(_)) => log.info(format_args!("Now listening with mutual TLS on https://{address}")),
    }
    let listener = match given {
        Some((listener, _)) => listener,
        None => bind(&settings.address, settings.port)?,
    };
    let tls = settings.tls(clients)?;
    let limits = settings.limits;
    let (workers, metrics) = (
        Arc::new(Workers::new(limits.rsa_keys, SLOW_TASKS)),
        Arc::new(Metrics::default()),
    );
    let beside = match settings.metrics_address.as_str() {
        "" => None,
        address => {
            let listener = bind_text(address)?;
            log.info(format_args!("metrics are at http://{address}/metrics"));
            let site = metrics::Page {
                metrics: Arc::clone(&metrics),
                workers: Arc::clone(&workers),
            };
            let page = Serving { site, tls: None };
            Some((Arc::new(Shared::new(page, limits, Arc::clone(&log))), listener))
        }
    };
    let report = settings.host.report;
    let server = Server {
        settings,
        workers,
        metrics,
        log: Arc::clone(&log),
    };
    let worked = loaded.works();
    let first = Serving {
        site: server.site(loaded, enabled)?,
        tls,
    };
    let reload = Arc::new(move || {
        let again = server.again(&load, worked);
        server.metrics.reloaded(again.is_ok());
        again
    });
    let running = Running {
        listener,
        beside,
        reload,
        report,
    };
    run(first, limits, log, running)
}

impl Settings {
    fn is_tls(&self) -> bool {
        !self.tls_cert.is_empty() && !self.tls_key.is_empty()
    }

    /// Whose certificates are wanted.
    fn clients(&self) -> Result<Option<Clients>> {
        match self.is_tls() && !self.mutual_tls_ca.is_empty() {
            true => {
                let clients = Clients::read(&self.mutual_tls_ca)?;
                // cfssl looks at the names behind the file.
                names(self)?;
                Ok(Some(clients))
            }
            false => Ok(None),
        }
    }

    fn tls(&self, clients: Option<Clients>) -> Result<Option<Tls>> {
        match self.is_tls() {
            true => {
                let min = min_version(&self.min_tls_version);
                Tls::read(&self.tls_cert, &self.tls_key, min, clients).map(Some)
            }
            false => Ok(None),
        }
    }
}

/// What stays when files are read again.
struct Server {
    settings: Settings,
    workers: Arc<Workers>,
    metrics: Arc<Metrics>,
    log: Log,
}

impl Server {
    fn site(&self, mut loaded: Loaded, enabled: BTreeSet<&'static str>) -> Result<ApiSite> {
        let settings = &self.settings;
        let expires = loaded
            .issuer
            .as_ref()
            .ok()
            .map(|issuer| issuer.certificate().not_after);
        self.metrics
            .ca_expires(expires.map_or(0, time::OffsetDateTime::unix_timestamp));
        let wants_names = settings.is_tls() && !settings.mutual_tls_ca.is_empty();
        Ok(ApiSite {
            public: std::mem::take(&mut loaded.public),
            api: Arc::new(Api {
                recorder: loaded.store.clone().map(Recorder::new),
                loaded,
                workers: Arc::clone(&self.workers),
                metrics: Arc::clone(&self.metrics),
                outgoing: settings.outgoing,
                log: Arc::clone(&self.log),
            }),
            ca: OnceLock::new(),
            has_pages: enabled.contains("/"),
            enabled,
            clients: if wants_names { names(settings)? } else { None },
            limits: settings.limits,
            log: Arc::clone(&self.log),
        })
    }

    /// Everything read again.
    ///
    /// # Errors
    /// What is wrong with it; also with what worked at the start and does no more.
    fn again(&self, load: &Load, worked: [bool; 5]) -> Result<Serving<ApiSite>> {
        let tls = self.settings.tls(self.settings.clients()?)?;
        let loaded = load()?;
        for (error, worked) in loaded.errors().into_iter().zip(worked) {
            if let Some(error) = error.filter(|_| worked) {
                loaded
                    .bundler_complaints
                    .iter()
                    .for_each(|line| self.log.error(line));
                return Err(error);
            }
        }
        let enabled = register(&self.settings, &loaded, &self.log);
        Ok(Serving {
            site: self.site(loaded, enabled)?,
            tls,
        })
    }
}

/// What a server needs beside what it serves.
pub(crate) struct Running<S> {
    pub listener: Listener,
    pub beside: Beside,
    pub reload: Reload<S>,
    pub report: fn(State),
}

/// Serves a site until a signal arrives.
///
/// # Errors
/// If the runtime or the socket cannot be set up.
pub(crate) fn run<S: Site>(first: Serving<S>, limits: Limits, log: Log, running: Running<S>) -> Result<()> {
    let shared = Arc::new(Shared::new(first, limits, log));
    let Running {
        listener,
        beside,
        reload,
        report,
    } = running;
    // One for reloads.
    let blocking = SLOW_TASKS + limits.rsa_keys + 1;
    Cores::run(blocking, async |cores: &Cores| {
        shared.run(cores, listener, beside, reload, report).await
    })
    .map_err(|error| Error::plain(rcfssl_go::os::describe(&error)))?
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
            match is_possible(name, settings, loaded, log) {
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

fn is_possible(name: &str, settings: &Settings, loaded: &Loaded, log: &Log) -> Result<()> {
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
                true => loaded.needs_bundler(log),
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
        "scan" if settings.outgoing == Outgoing::None => Err(Error::plain("-outgoing none")),
        "scan" => loaded.scan_roots.as_ref().map(drop).map_err(Error::clone),
        "bundle" => {
            loaded.needs_bundler(log)?;
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
