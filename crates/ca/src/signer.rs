//! What signs: the trait behind which a key, a remote server or several of both stand.

use rcfssl_core::{Event, Issued, Policy, Result};
use rcfssl_go::json_object;
use serde::Serialize;
use time::OffsetDateTime;

use crate::SignRequest;

/// Signs requests by the profiles of a policy.
pub trait Signer: Send + Sync {
    /// The profiles it signs by.
    fn policy(&self) -> &Policy;

    /// What clients want to know beforehand.
    ///
    /// # Errors
    /// 5400 for an unknown profile where local and remote ones are mixed; what a remote
    /// server answers.
    fn info(&self, request: &InfoRequest, sink: &mut dyn FnMut(Event)) -> Result<Info>;

    /// Signs a request.
    ///
    /// # Errors
    /// cfssl's, in its order.
    fn sign(&self, request: &SignRequest, now: OffsetDateTime, sink: &mut dyn FnMut(Event))
    -> Result<Signed>;

    /// How long a signature by this profile may take; asked for before it is made.
    fn cost(&self, profile: &str) -> Cost;
}

/// How long something takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cost {
    /// Microseconds.
    Inline,
    /// Milliseconds, or as long as the network wants.
    Blocking,
}

/// A certificate that was signed.
#[derive(Debug, Clone)]
pub struct Signed {
    /// PEM; from a remote server the text that came.
    pub pem: String,
    /// What a database keeps of it. `None` for what is not recorded here: a certificate
    /// of a remote server, and a precertificate.
    pub issued: Option<Issued>,
}

/// Asks for [`Info`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct InfoRequest {
    /// The CA's label, where a server has several.
    pub label: String,
    /// The profile; empty for the default one.
    pub profile: String,
}
json_object!(InfoRequest as "info.Req" { "label" => label, "profile" => profile });

/// A CA's certificate and what a profile allows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Info {
    /// PEM without the last line break.
    pub certificate: String,
    /// The names of the usages as written; none where the profile gives no list.
    pub usages: Option<Vec<String>>,
    /// The lifetime as written.
    pub expiry: String,
}
