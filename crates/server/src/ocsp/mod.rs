//! `ocspserve`: answers OCSP requests by POST and by GET (RFC 6960, appendix A; RFC 5019),
//! with responses signed earlier, or signed when they are asked for.

mod cache;
mod endpoint;
mod live;
mod response;
mod stored;

use std::sync::Arc;

use hyper::Request;
use hyper::body::Incoming;
use rcfssl_core::Result;

pub use endpoint::Endpoint;
pub use live::{Ca, Live};
pub use response::{date, is_among};
pub use stored::{Identity, Stored};

use crate::crl::Lists;
use crate::host::Host;
use crate::http::{Peer, Reply, Serving, Site, adopt, bind, joined};
use crate::limits::Limits;
use crate::log::Log;
use crate::serve::{Running, run};
use crate::site::refuse;

/// Where responses come from.
pub enum Source {
    /// They were signed earlier.
    Stored(Stored),
    /// They are signed now.
    Live(Box<Live>),
}

/// What is read of files; again at each SIGHUP.
pub struct Loaded {
    /// Where responses come from.
    pub source: Source,
    /// The CRLs that are published beside them.
    pub lists: Option<Lists>,
}

/// The settings of `ocspserve`.
pub struct Settings {
    /// The host to listen on; empty for all addresses.
    pub address: String,
    /// The port.
    pub port: i64,
    /// A socket that is open already, and who hears of what the server does.
    pub host: Host,
    /// The path; a path that ends in a slash includes everything below it.
    pub path: String,
    /// The limits for a client.
    pub limits: Limits,
}

/// Reads the source; again at each SIGHUP.
pub type Load = Box<dyn Fn() -> Result<Loaded> + Send + Sync>;

/// Serves until a signal arrives.
///
/// # Errors
/// Why the server cannot start, as cfssl words it.
pub fn serve(settings: Settings, loaded: Loaded, load: Load, log: Log) -> Result<()> {
    log.info("Registering OCSP responder handler");
    let listener = match settings.host.listener {
        Some(listener) => {
            let (listener, address) = adopt(listener)?;
            log.info(format_args!("Now listening on {address}"));
            listener
        }
        None => {
            let address = joined(&settings.address, settings.port);
            log.info(format_args!("Now listening on {address}"));
            bind(&settings.address, settings.port)?
        }
    };
    let (path, limits, site_log) = (settings.path, settings.limits, Arc::clone(&log));
    let serving = move |loaded: Loaded| Serving {
        site: Responder {
            endpoint: Endpoint::new(path.clone(), loaded.source, limits, Arc::clone(&site_log)),
            lists: loaded.lists,
        },
        tls: None,
    };
    let first = serving(loaded);
    let running = Running {
        listener,
        beside: None,
        reload: Arc::new(move || Ok(serving(load()?))),
        report: settings.host.report,
    };
    run(first, limits, log, running)
}

struct Responder {
    endpoint: Endpoint,
    lists: Option<Lists>,
}

impl Site for Responder {
    async fn answer(&self, _: &Peer, request: Request<Incoming>) -> Reply {
        if let Some(refusal) = refuse(&request) {
            return refusal;
        }
        if let Some(lists) = &self.lists
            && let Some(found) = lists.find(request.uri().path())
        {
            return lists.answer(&found, &request).await;
        }
        self.endpoint.answer(request).await
    }
}
