//! What servers need of the system: the socket that a service manager opened, telling it
//! how things are, limits from flags, and reading everything again.

use std::time::Duration;

use rcfssl_core::{Error, Result};
use rcfssl_server::Limits;
use rcfssl_server::host::{Host, State};
use sd_notify::NotifyState;

use crate::args::{Args, FlagId};
use crate::configuration;
use crate::context::{Context, Failure};
use crate::log::Log;

/// The service manager: systemd, or anything that speaks its protocols (`LISTEN_FDS`,
/// `NOTIFY_SOCKET`).
///
/// # Errors
/// Where the socket that was passed is none that listens.
pub fn host() -> Result<Host> {
    let given = listenfd::ListenFd::from_env().take_tcp_listener(0);
    let listener = given.map_err(|error| {
        let why = rcfssl_go::os::describe(&error);
        Error::plain(format!("the socket in LISTEN_FDS cannot be used: {why}"))
    })?;
    Ok(Host { listener, report })
}

/// Without a service manager nobody is told.
fn report(state: State) {
    let states = match state {
        State::Ready => vec![NotifyState::Ready],
        State::Reloading => {
            let since = NotifyState::monotonic_usec_now().ok();
            [NotifyState::Reloading].into_iter().chain(since).collect()
        }
        State::Stopping => vec![NotifyState::Stopping],
    };
    let _ = sd_notify::notify(&states);
}

/// What clients may use, from flags.
///
/// # Errors
/// For a value of 0 or less.
pub fn limits(args: &Args) -> Result<Limits> {
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

/// What reads everything again at SIGHUP: the configuration, with new hints, and what
/// `load` reads after it.
pub fn reload<T>(
    context: &Context,
    load: impl Fn(&Context) -> std::result::Result<T, Failure> + Send + Sync + 'static,
) -> Box<dyn Fn() -> Result<T> + Send + Sync> {
    let (args, log): (Args, Log) = (context.args.clone(), context.log.clone());
    Box::new(move || {
        let mut context = Context::new(args.clone(), log.clone());
        let loaded = configuration(&context).and_then(|policy| {
            context.policy = policy.map(std::sync::Arc::new);
            load(&context)
        });
        context.print_hints();
        Ok(loaded?)
    })
}
