//! `serve`: sets up the server from flags and files.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use rcfssl_ca::Router;
use rcfssl_core::bundle::Platform;
use rcfssl_core::{Error, Event, Result};
use rcfssl_server::log::{Level, Logger};
use rcfssl_server::{Limits, Loaded, OcspSigner, Settings, Stash};
use rcfssl_store::Store;
use time::OffsetDateTime;

use super::{bundle, scan};
use crate::args::{Args, FlagId};
use crate::compat;
use crate::context::{Context, Outcome};
use crate::database;
use crate::log::{self, Log};
use crate::{remote, responder};

/// Serves until a signal arrives.
pub fn run(context: &Context) -> Outcome {
    if !context.args.positional().is_empty() {
        context.hint("rcfssl serve [flags]");
        return Err(Error::plain("argument is provided but not defined; serve takes flags only").into());
    }
    // The time zone can be read only while there is a single thread.
    context.log.offset();
    let settings = settings(&context.args)?;
    let platforms = bundle::server_platforms(context)?;
    let store = database::server(context)?.map(Arc::new);
    context.log.line(log::Level::Info, "Initializing signer");
    let loaded = load(context, platforms, store);
    if !context.args.bool(FlagId::AllowMisconfiguration) {
        check(&settings, &loaded).inspect_err(|_| {
            context.hint("-allow-misconfiguration starts the server all the same, as cfssl does");
        })?;
    }
    rcfssl_server::serve(&settings, loaded, Arc::new(context.log.clone()))?;
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
        limits: limits(args)?,
    })
}

fn limits(args: &Args) -> Result<Limits> {
    let default = Limits::default();
    let count = |flag, name: &str, default: usize| match args.is_set(flag) {
        false => Ok(default),
        true => match usize::try_from(args.int(flag)) {
            Ok(count) if count > 0 => Ok(count),
            _ => Err(Error::plain(format!("-{name} must be greater than 0"))),
        },
    };
    let time = |flag, name: &str, default: Duration| match args.is_set(flag) {
        false => Ok(default),
        true => match u64::try_from(args.duration(flag).as_nanoseconds()) {
            Ok(nanoseconds) if nanoseconds > 0 => Ok(Duration::from_nanos(nanoseconds)),
            _ => Err(Error::plain(format!("-{name} must be a duration greater than 0"))),
        },
    };
    Ok(Limits {
        body: count(FlagId::MaxBody, "max-body", default.body)?,
        header: count(FlagId::MaxHeader, "max-header", default.header)?,
        request: time(FlagId::RequestTimeout, "request-timeout", default.request)?,
        connections: count(FlagId::MaxConnections, "max-connections", default.connections)?,
        rsa_keys: count(FlagId::MaxRsaKeys, "max-rsa-keys", default.rsa_keys)?,
        shutdown: time(FlagId::ShutdownTimeout, "shutdown-timeout", default.shutdown)?,
    })
}

/// Rejects settings that cfssl accepts although they cannot be intended: with a CA key that
/// does not match it signs nothing, and with half of a TLS pair it speaks plain HTTP.
fn check(settings: &Settings, loaded: &Loaded) -> Result<()> {
    if loaded.issuer.as_ref().is_ok_and(|issuer| !issuer.key_fits()) {
        return Err(Error::plain(
            "the key of -ca-key does not match the certificate of -ca",
        ));
    }
    match (settings.tls_cert.is_empty(), settings.tls_key.is_empty()) {
        (false, true) => Err(Error::plain("-tls-cert needs -tls-key")),
        (true, false) => Err(Error::plain("-tls-key needs -tls-cert")),
        (true, true) if !settings.mutual_tls_ca.is_empty() => {
            Err(Error::plain("-mutual-tls-ca needs -tls-cert and -tls-key"))
        }
        _ => Ok(()),
    }
}

/// Reads the files. If one is invalid, that is logged and the endpoints that need it are
/// disabled.
fn load(context: &Context, platforms: Vec<Platform>, store: Option<Arc<Store>>) -> Loaded {
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
    Loaded {
        issuer,
        store,
        signer,
        responder,
        bundler: bundle::server(context, platforms),
        bundles_new: context.args.is_set(FlagId::CaBundle) && context.args.is_set(FlagId::IntBundle),
        stash: Stash(
            context
                .args
                .is_set(FlagId::IntDir)
                .then(|| context.args.path(FlagId::IntDir).into()),
        ),
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

    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc().to_offset(self.offset())
    }

    fn hint(&self, message: &dyn Display) {
        if self.shows_hints() {
            log::print(format_args!("hint: {message}"));
        }
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
