//! `multirootca`: several CAs at one address, selected by label. Each has its own client
//! networks, and all requests need tokens.

mod metrics;
mod roots;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::sync::Arc;

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::{Method, Request, StatusCode};
use rcfssl_ca::{Cost, InfoRequest, SignRequest, Signed, Signer};
use rcfssl_core::record::CertificateRecord;
use rcfssl_core::{AuthenticatedRequest, Result};
use rcfssl_go::json;
use rcfssl_store::Store;
use serde::Serialize;
use time::OffsetDateTime;

pub use roots::{Networks, Section, read as read_roots};

use crate::answer::{self, Answer, Failure};
use crate::host::Host;
use crate::http::tls::{MinVersion, Tls};
use crate::http::{Peer, Reply, Serving, Site, adopt, bind_text, reply};
use crate::limits::Limits;
use crate::log::Log;
use crate::mux;
use crate::serve::{Running, SLOW_TASKS, run};
use crate::site::{PREFIX, body, check_method, not_found, refused, route, url};
use crate::workers::{Task, Workers};
use metrics::Metrics;

/// The time limit for a signature.
const DEADLINE: std::time::Duration = std::time::Duration::from_secs(60);

/// A CA.
pub struct Root {
    /// The signer.
    pub signer: Arc<dyn Signer>,
    /// The networks whose clients are allowed; `None` allows all.
    pub networks: Option<Networks>,
    /// The database for its certificates.
    pub store: Option<Arc<Store>>,
}

/// The settings of `multirootca`.
pub struct Settings {
    /// The host and port to listen on.
    pub address: String,
    /// A socket that is open already, and who hears of what the server does.
    pub host: Host,
    /// The CA for requests without a label.
    pub default_label: String,
    /// The server's certificate file; may be empty.
    pub tls_cert: OsString,
    /// The server's key file; may be empty.
    pub tls_key: OsString,
    /// The limits for a client.
    pub limits: Limits,
}

/// What is read of the roots file; again at each SIGHUP.
pub type Load = Box<dyn Fn() -> Result<BTreeMap<String, Root>> + Send + Sync>;

/// Serves until a signal arrives.
///
/// # Errors
/// Why the server cannot start, as cfssl words it.
pub fn serve(settings: Settings, load: Load, log: Log) -> Result<()> {
    let roots = load()?;
    // If only one is given, the start fails because the other is missing, as in cfssl.
    let is_tls = !settings.tls_cert.is_empty() || !settings.tls_key.is_empty();
    let given = settings.host.listener.map(adopt).transpose()?;
    let address = match &given {
        Some((_, address)) => address,
        None => &settings.address,
    };
    match is_tls {
        true => log.info(format_args!("Now listening on https:// {address}")),
        false => log.info(format_args!("Now listening on {address}")),
    }
    let listener = match given {
        Some((listener, _)) => listener,
        None => bind_text(&settings.address)?,
    };
    let (workers, metrics) = (
        Arc::new(Workers::new(1, SLOW_TASKS)),
        Arc::new(Metrics::default()),
    );
    let (limits, site_log) = (settings.limits, Arc::clone(&log));
    let serving = move |roots| {
        let tls = match is_tls {
            true => Some(Tls::read(
                &settings.tls_cert,
                &settings.tls_key,
                MinVersion::Tls12,
                None,
            )?),
            false => None,
        };
        let site = Roots {
            roots,
            default_label: settings.default_label.clone(),
            limits,
            workers: Arc::clone(&workers),
            metrics: Arc::clone(&metrics),
            log: Arc::clone(&site_log),
        };
        Ok(Serving { site, tls })
    };
    let first = serving(roots)?;
    let reload = Arc::new(move || serving(load()?));
    let running = Running {
        listener,
        beside: None,
        reload,
        report: settings.host.report,
    };
    run(first, limits, log, running)
}

struct Roots {
    roots: BTreeMap<String, Root>,
    default_label: String,
    limits: Limits,
    workers: Arc<Workers>,
    metrics: Arc<Metrics>,
    log: Log,
}

/// Why `authsign` rejects a request: the response, and the log's addition to it.
struct Refusal {
    status: StatusCode,
    said: String,
    detail: String,
}

impl Refusal {
    fn new(status: StatusCode, said: impl Into<String>, detail: impl Into<String>) -> Self {
        Refusal {
            status,
            said: said.into(),
            detail: detail.into(),
        }
    }

    fn bad(said: impl Into<String>, detail: impl Into<String>) -> Self {
        Refusal::new(StatusCode::BAD_REQUEST, said, detail)
    }
}

#[derive(Serialize)]
struct Certificate<'a> {
    certificate: &'a str,
}

impl Site for Roots {
    async fn answer(&self, peer: &Peer, request: Request<Incoming>) -> Reply {
        let target = match route(&request) {
            Ok(target) => target,
            Err(reply) => return *reply,
        };
        match target.path.strip_prefix(PREFIX) {
            Some("authsign") => self.authsign(peer, request).await,
            Some("info") => self.info(peer, request).await,
            None if target.path == "/metrics" => {
                reply(StatusCode::OK, metrics::MEDIA_TYPE, self.metrics.text())
            }
            _ => not_found(),
        }
    }
}

impl Roots {
    async fn info(&self, peer: &Peer, request: Request<Incoming>) -> Reply {
        let line = format!("\"{} {}\"", request.method(), mux::shown(&url(&request)));
        let result = self.info_result(request).await;
        let number = result.as_ref().map_or_else(Failure::number, |_| 200);
        self.log.info(format_args!("{} - {line} {number}", peer.address));
        match result {
            Ok(answer) => reply(StatusCode::OK, "application/json", answer.into_body()),
            Err(failure) => refused(&failure),
        }
    }

    async fn info_result(&self, request: Request<Incoming>) -> std::result::Result<Answer, Failure> {
        check_method(request.method(), &Method::POST)?;
        let body = body(request, &self.limits).await?.map_err(Failure::bad_request)?;
        let mut asked = InfoRequest::default();
        json::read(&body, &mut asked).map_err(|error| {
            self.log
                .warning(format_args!("failed to unmarshal request: {error}"));
            Failure::bad_request(error.text)
        })?;
        let label = match asked.label.as_str() {
            "" => &self.default_label,
            label => label,
        };
        let Some(root) = self.roots.get(label) else {
            self.log.warning("request for invalid endpoint");
            return Err(Failure::bad_request("bad label"));
        };
        let signer = Arc::clone(&root.signer);
        let info = match signer.cost(&asked.profile) {
            Cost::Inline => signer.info(&asked, &mut self.log.sink()),
            Cost::Blocking => {
                let log = Arc::clone(&self.log);
                let work = move || signer.info(&asked, &mut log.sink());
                self.workers.run(Task::Slow, DEADLINE, work).await?
            }
        };
        Ok(Answer::new(&info?))
    }

    async fn authsign(&self, peer: &Peer, request: Request<Incoming>) -> Reply {
        let refusal = match self.authsign_result(peer, request).await {
            // Like cfssl, this does not declare the body as JSON.
            Ok(answer) => return reply(StatusCode::OK, TEXT, answer.into_body()),
            Err(refusal) => refusal,
        };
        let Refusal { status, said, detail } = refusal;
        let detail = match detail.as_str() {
            "" => String::new(),
            detail => format!(" ({detail})"),
        };
        self.log
            .error(format_args!("[HTTP {}] 1 - {said}{detail}", status.as_u16()));
        reply(status, TEXT, answer::refusal(1, said))
    }

    async fn authsign_result(
        &self,
        peer: &Peer,
        request: Request<Incoming>,
    ) -> std::result::Result<Answer, Refusal> {
        if request.method() != Method::POST {
            return Err(Refusal::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "only POST is permitted",
                "",
            ));
        }
        let body: Bytes = match body(request, &self.limits).await {
            Ok(Ok(body)) => body,
            Ok(Err(why)) => {
                return Err(Refusal::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    why,
                    "while reading the body",
                ));
            }
            Err(failure) => return Err(Refusal::new(failure.status(), failure.to_string(), "")),
        };
        let mut outer = AuthenticatedRequest::default();
        json::read(&body, &mut outer).map_err(|error| {
            self.metrics.bad_input();
            Refusal::bad(error.text, "while unmarshaling request body")
        })?;
        let mut asked = SignRequest::read(&outer.request.0).map_err(|error| {
            self.metrics.bad_input();
            Refusal::bad(error.text, "while unmarshalling authenticated request")
        })?;
        if asked.label.is_empty() {
            asked.label.clone_from(&self.default_label);
        }
        let label = asked.label.clone();
        let root = self.roots.get(&label);
        let networks = root.and_then(|root| root.networks.as_ref());
        if networks.is_some_and(|networks| !networks.contain(peer.address.ip())) {
            self.metrics.bad_input();
            return Err(Refusal::new(
                StatusCode::FORBIDDEN,
                "not authorised",
                "because IP is not whitelisted",
            ));
        }
        let Some(root) = root else {
            self.metrics.bad_input();
            let detail = format!("request is for non-existent label {}", mux::shown(&label));
            return Err(Refusal::bad("bad request", detail));
        };
        self.metrics.request(&label);
        self.check(root, &asked, &outer)
            .inspect_err(|_| self.metrics.bad_input())?;
        let profile = mux::shown(&asked.profile);
        let signed = self.sign(root, asked).await.map_err(|failure| {
            self.metrics.error(&label);
            Refusal::bad("bad request", format!("signature failed: {failure}"))
        })?;
        let serial = serial(&signed);
        self.log.info(format_args!(
            "signature: requester={}, label={label}, profile={profile}, serialno={serial}",
            peer.address
        ));
        Ok(Answer::new(&Certificate {
            certificate: &signed.pem,
        }))
    }

    /// Checks profile, token and request. Unlike in `serve`, an unknown profile name does
    /// not mean the default one.
    fn check(
        &self,
        root: &Root,
        asked: &SignRequest,
        outer: &AuthenticatedRequest,
    ) -> std::result::Result<(), Refusal> {
        let policy = root.signer.policy();
        let profile = match asked.profile.as_str() {
            "" => Some(policy.default_profile()),
            name => policy
                .profiles()
                .find(|(known, _)| *known == name)
                .map(|(_, profile)| profile),
        };
        let profile = profile.ok_or_else(|| {
            let name = mux::shown(&asked.profile);
            Refusal::bad(
                "invalid profile",
                format!("failed to look up profile with name: {name}"),
            )
        })?;
        let key = profile.auth_key.as_ref().ok_or_else(|| {
            Refusal::new(
                StatusCode::UNAUTHORIZED,
                "authorisation required",
                "received unauthenticated request",
            )
        })?;
        let mut keys = std::iter::once(key).chain(&profile.prev_auth_key);
        if !keys.any(|key| key.accepts(&outer.token.0, &outer.request.0)) {
            let detail = "received authenticated request with invalid token";
            return Err(Refusal::bad("invalid token", detail));
        }
        match asked.has_csr() {
            true => Ok(()),
            false => Err(Refusal::bad("invalid request", "empty request")),
        }
    }

    async fn sign(&self, root: &Root, asked: SignRequest) -> std::result::Result<Signed, Failure> {
        let signer = Arc::clone(&root.signer);
        let now = OffsetDateTime::now_utc();
        let label = asked.label.clone();
        let metadata = asked.metadata.as_ref().map_or("null".to_owned(), json::to_string);
        let signed = match signer.cost(&asked.profile) {
            Cost::Inline => signer.sign(&asked, now, &mut self.log.sink()),
            Cost::Blocking => {
                let log = Arc::clone(&self.log);
                let work = move || signer.sign(&asked, now, &mut log.sink());
                self.workers.run(Task::Slow, DEADLINE, work).await?
            }
        };
        let signed = signed?;
        if let (Some(issued), Some(store)) = (&signed.issued, &root.store) {
            let record = CertificateRecord::of(issued, &label, &metadata, now);
            store.insert(&[record]).await.map_err(|error| error.error)?;
        }
        Ok(signed)
    }
}

const TEXT: &str = "text/plain; charset=utf-8";

/// The serial number in decimal.
fn serial(signed: &Signed) -> String {
    let certificate = rcfssl_core::Certificate::read_pem(signed.pem.as_bytes());
    certificate
        .map(|certificate| certificate.serial_number().to_string())
        .unwrap_or_default()
}
