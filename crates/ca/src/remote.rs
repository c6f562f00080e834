//! Signing by other servers through cfssl's API. Several servers are tried in turn until
//! one succeeds.

use std::sync::Arc;

use rcfssl_core::policy::Remote;
use rcfssl_core::record::RecordId;
use rcfssl_core::{AuthenticatedRequest, Code, Error, Event, Policy, Result};
use rcfssl_go::json;
use rcfssl_go::url::Uri;
use rcfssl_net::client::{Client, PostError};
use serde::Serialize;
use time::OffsetDateTime;

use crate::address::Server;
use crate::answer::{self, Members};
use crate::{Cost, Info, InfoRequest, SignRequest, Signed, Signer};

/// Has the servers of a policy sign.
#[derive(Debug, Clone)]
pub struct RemoteSigner {
    client: Arc<Client>,
    policy: Arc<Policy>,
}

impl RemoteSigner {
    /// Uses this client.
    pub fn new(client: Arc<Client>, policy: Arc<Policy>) -> Self {
        RemoteSigner { client, policy }
    }

    fn remote(&self, profile: &str) -> Result<&Remote> {
        let profile = self.policy.profile(profile)?.profile;
        profile.remote().ok_or_else(not_connected)
    }

    /// Has the servers of a profile mark a certificate as revoked because a new one
    /// replaced it. Returns whether one of them has it in its database.
    ///
    /// # Errors
    /// That of the last server which failed for another reason than not having it.
    pub fn supersede(
        &self,
        profile: &str,
        certificate: &RecordId,
        sink: &mut dyn FnMut(Event),
    ) -> Result<bool> {
        let body = json::to_string(&Revocation {
            serial: &certificate.serial,
            authority_key_id: &certificate.aki,
            reason: "superseded",
        });
        let not_found = i64::from(Code::StoreNotFound.number());
        let mut failed = None;
        let revoked = |answer: Answer| match answer {
            Err(Failure::Status(body)) if answer::error_number(&body) == Some(not_found) => {
                Err(Code::StoreNotFound.into())
            }
            answer => read(answer)
                .map(drop)
                .inspect_err(|error| failed = Some(error.clone())),
        };
        let revoked = in_turn(
            &self.client,
            self.remote(profile)?,
            "revoke",
            &body,
            revoked,
            sink,
        );
        match (revoked, failed) {
            (Ok(()), _) => Ok(true),
            (Err(error), None) if error.code() == Some(Code::StoreNotFound) => Ok(false),
            (Err(error), None) => Err(error),
            (Err(_), Some(error)) => Err(error),
        }
    }
}

/// The JSON that servers read for `revoke`.
#[derive(Serialize)]
struct Revocation<'a> {
    serial: &'a str,
    authority_key_id: &'a str,
    reason: &'a str,
}

/// Asks servers for their CA certificate; tokens are not used for this.
///
/// # Errors
/// As [`Signer::info`].
pub fn info(
    client: &Client,
    remote: &Remote,
    request: &InfoRequest,
    sink: &mut dyn FnMut(Event),
) -> Result<Info> {
    let body = json::to_string(request);
    let info = |answer: Answer| read(answer).map(Members::into_info);
    in_turn(client, remote, "info", &body, info, sink)
}

impl Signer for RemoteSigner {
    fn policy(&self) -> &Policy {
        &self.policy
    }

    fn info(&self, request: &InfoRequest, sink: &mut dyn FnMut(Event)) -> Result<Info> {
        info(&self.client, self.remote(&request.profile)?, request, sink)
    }

    fn sign(
        &self,
        request: &SignRequest,
        now: OffsetDateTime,
        sink: &mut dyn FnMut(Event),
    ) -> Result<Signed> {
        let remote = self.remote(&request.profile)?;
        let body = request.to_json();
        let (operation, body) = match &remote.auth {
            None => ("sign", body),
            Some(key) => {
                let envelope = AuthenticatedRequest::new(key, body.into_bytes(), now.unix_timestamp());
                ("authsign", json::to_string(&envelope))
            }
        };
        let certificate = |answer: Answer| read(answer).and_then(Members::into_certificate);
        let pem = in_turn(&self.client, remote, operation, &body, certificate, sink)?;
        Ok(Signed { pem, issued: None })
    }

    fn cost(&self, _: &str) -> Cost {
        Cost::Blocking
    }
}

fn not_connected() -> Error {
    Error::wrap(Code::InvalidRequest, "failed to connect to remote")
}

/// Posts to one server after the other; returns the first good answer or the last error.
fn in_turn<T>(
    client: &Client,
    remote: &Remote,
    operation: &str,
    body: &str,
    mut good: impl FnMut(Answer) -> Result<T>,
    sink: &mut dyn FnMut(Event),
) -> Result<T> {
    let servers: std::result::Result<Vec<Server>, String> = remote
        .addresses
        .iter()
        .map(|address| Server::parse(address))
        .collect();
    let servers = servers.map_err(|why| bad_address(remote, why, None, sink))?;
    let mut last = not_connected();
    let mut reached = false;
    for server in &servers {
        let answer = ask(client, server, operation, body, sink);
        reached |= !matches!(answer, Err(Failure::Unreachable(_)));
        match good(answer) {
            Ok(answer) => return Ok(answer),
            Err(error) => {
                sink(Event::RemoteFailed {
                    server: server.shown(operation),
                    why: error.message().into_owned(),
                });
                last = error;
            }
        }
    }
    // If nothing answers at an address that cfssl would not have tried, the error is
    // cfssl's for the address.
    match servers.into_iter().find_map(|server| server.refused_by_cfssl) {
        Some(why) if !reached => Err(bad_address(remote, why, Some(&last), sink)),
        _ => Err(last),
    }
}

/// cfssl gives the reason for an invalid address only if it is the only one.
fn bad_address(remote: &Remote, why: String, tried: Option<&Error>, sink: &mut dyn FnMut(Event)) -> Error {
    if remote.addresses.len() == 1 {
        let tried = tried.map(|error| error.message().into_owned());
        sink(Event::BadRemoteAddress { why, tried });
    }
    not_connected()
}

/// Why a server gave no usable answer.
enum Failure {
    /// The connection failed.
    Unreachable(Error),
    /// The answer with this body has another status than 200.
    Status(Vec<u8>),
    /// Anything else.
    Other(Error),
}

/// The body of an answer with status 200.
type Answer = std::result::Result<Vec<u8>, Failure>;

impl Failure {
    fn into_error(self) -> Error {
        match self {
            Failure::Unreachable(error) | Failure::Other(error) => error,
            Failure::Status(body) => Error::wrap(Code::RemoteHttp, json::lossy(&body)),
        }
    }
}

fn read(answer: Answer) -> Result<Members> {
    answer::read(&answer.map_err(Failure::into_error)?)
}

/// Posts to one server.
fn ask(client: &Client, server: &Server, operation: &str, body: &str, sink: &mut dyn FnMut(Event)) -> Answer {
    let (url, shown) = (server.url(operation), server.shown(operation));
    let failed = |why: String| Error::wrap(Code::RemoteHttp, format!("failed POST to {shown}: {why}"));
    let post = |why: String| failed(format!("Post {}: {why}", json::quote(&shown)));
    match Uri::parse(&url) {
        Err(why) => return Err(Failure::Other(failed(why))),
        Ok(uri) if uri.host().is_empty() => {
            return Err(Failure::Other(post("http: no Host in request URL".to_owned())));
        }
        Ok(_) => {}
    }
    let answer = client.post_json(&url, body).map_err(|error| match error {
        PostError::NoAnswer {
            why,
            unreachable: true,
        } => Failure::Unreachable(post(why)),
        PostError::NoAnswer { why, .. } => Failure::Other(post(why)),
        PostError::Broken(why) => Failure::Other(Error::wrap(Code::RemoteIo, why)),
    })?;
    if answer.status != 200 {
        sink(Event::RemoteHttpError { url: shown });
        return Err(Failure::Status(answer.body));
    }
    Ok(answer.body)
}
