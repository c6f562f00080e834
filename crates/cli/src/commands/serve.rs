//! `serve`: sets up the server from flags and files.

use std::fmt::Display;
use std::sync::Arc;

use rcfssl_ca::Router;
use rcfssl_core::bundle::Platform;
use rcfssl_core::{Error, Event, Result};
use rcfssl_server::log::{Answered, Level, Logger};
use rcfssl_server::ocsp::{Endpoint, Source};
use rcfssl_server::{Loaded, OcspSigner, Outgoing, Public, Settings};
use rcfssl_store::Store;
use time::OffsetDateTime;

use super::{bundle, scan};
use crate::args::{Args, FlagId};
use crate::compat;
use crate::context::{Context, Failure, Outcome};
use crate::database;
use crate::log::{self, Log};
use crate::status::{Authorities, checked_path};
use crate::{remote, responder, service};

/// Serves until a signal arrives.
pub fn run(context: &Context) -> Outcome {
    if !context.args.positional().is_empty() {
        context.hint("rcfssl serve [flags]");
        return Err(Error::plain("argument is provided but not defined; serve takes flags only").into());
    }
    let settings = settings(&context.args)?;
    let loaded = read(context)?;
    refuse(context, &loaded)?;
    let again = service::reload(context, |context| {
        let loaded = read(context)?;
        refuse(context, &loaded)?;
        Ok(loaded)
    });
    rcfssl_server::serve(settings, loaded, again, Arc::new(context.log.clone()))?;
    Ok(())
}

/// Reads what the flags name, in cfssl's order.
fn read(context: &Context) -> std::result::Result<Loaded, Failure> {
    let platforms = bundle::server_platforms(context)?;
    let store = database::server(context)?.map(Arc::new);
    context.log.line(log::Level::Info, "Initializing signer");
    let public = public(context, store.as_ref());
    let public = match context.args.bool(FlagId::AllowMisconfiguration) {
        true => public.unwrap_or_else(|error| {
            let line = format_args!("neither OCSP nor CRL: {error}");
            context.log.line(log::Level::Warning, line);
            Public::default()
        }),
        false => public?,
    };
    Ok(load(context, platforms, store, public))
}

/// OCSP and CRLs, for `-ocsp-path` and `-crl-path`.
fn public(context: &Context, store: Option<&Arc<Store>>) -> Result<Public> {
    let args = &context.args;
    let wants_ocsp = args.is_set(FlagId::OcspPath);
    if !wants_ocsp && !args.is_set(FlagId::CrlPath) {
        return Ok(Public::default());
    }
    let store = store.ok_or_else(|| Error::plain("-ocsp-path and -crl-path need -db-config"))?;
    let mut authorities = Authorities::of_flags(context, store)?;
    let lists = authorities.lists(context)?;
    let ocsp = match wants_ocsp {
        true => {
            let path = checked_path(context, FlagId::OcspPath, "-ocsp-path")?;
            let source = Source::Live(Box::new(authorities.live(context)?));
            let log = Arc::new(context.log.clone());
            Some(Endpoint::new(path, source, service::limits(args)?, log))
        }
        false => None,
    };
    Ok(Public { ocsp, lists })
}

fn refuse(context: &Context, loaded: &Loaded) -> Outcome {
    if context.args.bool(FlagId::AllowMisconfiguration) {
        return Ok(());
    }
    check(&context.args, loaded).inspect_err(|_| {
        context.hint("-allow-misconfiguration starts the server all the same, as cfssl does");
    })?;
    Ok(())
}

fn settings(args: &Args) -> Result<Settings> {
    let text = |flag| args.text(flag).into_owned();
    let path = |flag| args.path(flag).to_owned();
    Ok(Settings {
        address: text(FlagId::Address),
        port: args.int(FlagId::Port),
        tls_cert: path(FlagId::TlsCert),
        tls_key: path(FlagId::TlsKey),
        mutual_tls_ca: path(FlagId::MutualTlsCa),
        mutual_tls_cn: text(FlagId::MutualTlsCn),
        min_tls_version: text(FlagId::MinTlsVersion),
        disable: text(FlagId::Disable),
        limits: service::limits(args)?,
        host: service::host()?,
        metrics_address: text(FlagId::MetricsAddress),
        outgoing: match &*text(FlagId::Outgoing) {
            "public" => Outgoing::Public,
            "none" => Outgoing::None,
            _ => Outgoing::Any,
        },
    })
}

/// Rejects settings that cfssl accepts although they cannot be intended: with a CA key that
/// does not match it signs nothing, and with half of a TLS pair it speaks plain HTTP.
fn check(args: &Args, loaded: &Loaded) -> Result<()> {
    if loaded.issuer.as_ref().is_ok_and(|issuer| !issuer.key_fits()) {
        return Err(Error::plain(
            "the key of -ca-key does not match the certificate of -ca",
        ));
    }
    match (args.is_set(FlagId::TlsCert), args.is_set(FlagId::TlsKey)) {
        (true, false) => Err(Error::plain("-tls-cert needs -tls-key")),
        (false, true) => Err(Error::plain("-tls-key needs -tls-cert")),
        (false, false) if args.is_set(FlagId::MutualTlsCa) => {
            Err(Error::plain("-mutual-tls-ca needs -tls-cert and -tls-key"))
        }
        _ => Ok(()),
    }
}

/// Reads the files. If one is invalid, that is logged and the endpoints that need it are
/// disabled.
fn load(context: &Context, platforms: Vec<Platform>, store: Option<Arc<Store>>, public: Public) -> Loaded {
    let warn = |what: &str, error: &Error| {
        let line = format_args!("couldn't initialize {what}: {error}");
        context.log.line(log::Level::Warning, line);
    };
    let (signer, issuer) = match signer(context) {
        Ok(router) => {
            let issuer = match router.issuer() {
                Some(issuer) => Ok(Arc::clone(issuer)),
                None => compat::issuer(context).map(Arc::new),
            };
            let signer: Arc<dyn rcfssl_ca::Signer> = Arc::new(router);
            (Ok(signer), issuer)
        }
        Err(error) => {
            warn("signer", &error);
            (Err(error.clone()), Err(error))
        }
    };
    let responder = responder::read(context).map(|files| OcspSigner {
        issuer: files.issuer,
        certificate: files.certificate,
        key: files.key,
        interval: context.args.duration(FlagId::Interval),
    });
    let responder = responder.inspect_err(|error| warn("ocsp signer", error));
    let (bundler, bundler_complaints) = bundle::server(context, platforms);
    Loaded {
        issuer,
        store,
        signer,
        responder,
        public,
        bundler,
        bundler_complaints,
        bundles_new: context.args.is_set(FlagId::CaBundle) && context.args.is_set(FlagId::IntBundle),
        intermediates: bundle::intermediates_folder(context),
        wants_signer: [FlagId::Ca, FlagId::CaKey, FlagId::Remote]
            .into_iter()
            .any(|flag| context.args.is_set(flag)),
        newcert_without_token: context.args.bool(FlagId::NewcertWithoutToken),
        scan_roots: scan::roots(context),
    }
}

impl Logger for Log {
    fn line(&self, level: Level, message: &dyn Display) {
        let level = match level {
            Level::Debug => log::Level::Debug,
            Level::Info => log::Level::Info,
            Level::Warning => log::Level::Warning,
            Level::Error => log::Level::Error,
            Level::Critical => log::Level::Critical,
        };
        Log::line(self, level, message);
    }

    fn event(&self, event: &Event) {
        Log::event(self, event);
    }

    fn plain(&self, message: &dyn Display) {
        self.unlevelled(message);
    }

    fn answered(&self, request: &Answered<'_>) {
        let Answered {
            client,
            method,
            url,
            status,
            code,
            took,
        } = *request;
        let parts = log::Request {
            client: client.to_string(),
            method,
            url,
            status,
            code,
            seconds: took.as_secs_f64(),
        };
        self.request(request, parts);
    }

    fn now(&self) -> OffsetDateTime {
        log::now()
    }

    fn hint(&self, message: &dyn Display) {
        Log::hint(self, message);
    }
}

/// The signer: the local CA key, other servers, or both depending on the profile.
///
/// # Errors
/// If files of either cannot be read.
fn signer(context: &Context) -> Result<Router> {
    Router::new(
        context.signing_policy(),
        || compat::issuer(context).map(Arc::new),
        || remote::client(remote::settings(context, true)?),
        &mut context.sink(),
    )
}
