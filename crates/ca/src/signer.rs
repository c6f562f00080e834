//! The trait for signers: a local key, a remote server, or several of both.

use rcfssl_core::{Event, Issued, Policy, Result};
use rcfssl_go::json_object;
use serde::Serialize;
use time::OffsetDateTime;

use crate::SignRequest;

/// Signs requests with the profiles of a policy.
pub trait Signer: Send + Sync {
    /// Its profiles.
    fn policy(&self) -> &Policy;

    /// The information that clients can ask for.
    ///
    /// # Errors
    /// 5400 for an unknown profile if local and remote ones are mixed; a remote server's
    /// error.
    fn info(&self, request: &InfoRequest, sink: &mut dyn FnMut(Event)) -> Result<Info>;

    /// Signs a request.
    ///
    /// # Errors
    /// cfssl's, in its order.
    fn sign(&self, request: &SignRequest, now: OffsetDateTime, sink: &mut dyn FnMut(Event))
    -> Result<Signed>;

    /// The cost of a signature with this profile, to be asked for before signing.
    fn cost(&self, profile: &str) -> Cost;
}

/// The cost of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cost {
    /// Microseconds.
    Inline,
    /// Milliseconds, or as long as the network takes.
    Blocking,
}

/// A signed certificate.
#[derive(Debug, Clone)]
pub struct Signed {
    /// PEM; from a remote server, the text as received.
    pub pem: String,
    /// The data for a database. `None` for what is not recorded here: certificates of a
    /// remote server, and precertificates.
    pub issued: Option<Issued>,
}

/// A request for [`Info`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct InfoRequest {
    /// The CA's label, for servers with several CAs.
    pub label: String,
    /// The profile; empty for the default one.
    pub profile: String,
}
json_object!(InfoRequest as "info.Req" { "label" => label, "profile" => profile });

/// A CA's certificate and the settings of a profile.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Info {
    /// PEM without the final line break.
    pub certificate: String,
    /// The names of the usages as written; `None` if the profile has no list.
    pub usages: Option<Vec<String>>,
    /// The lifetime as written.
    pub expiry: String,
}
