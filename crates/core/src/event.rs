//! What happened inside, for whoever logs.

use crate::certificate::Serial;
use crate::error::Error;

/// Something that cfssl logs, or that a user should be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A request came in.
    RequestReceived,
    /// The request was found good enough to go on with.
    CsrReceived,
    /// A key is being made.
    GeneratingKey {
        /// The algorithm as the document names it.
        algorithm: String,
        /// The size as the document gives it.
        size: i64,
    },
    /// The certification request was encoded and signed.
    CsrEncoded,
    /// A request for a CA names no subject.
    UnnamedCa {
        /// The error.
        error: Error,
    },
    /// The certification request could not be made.
    CsrFailed {
        /// The error.
        error: Error,
    },
    /// A request for a CA could not be met.
    RequestFailed {
        /// The error.
        error: Error,
    },
    /// There is no way to sign as a profile says.
    SignerFailed {
        /// The error.
        error: Error,
    },
    /// A certificate was signed.
    CertificateSigned {
        /// Its serial number.
        serial: Serial,
    },
    /// The profile makes no authorities, and the request asks for one.
    AuthorityDisallowedByPolicy,
    /// The issuer may not have authorities below it.
    AuthorityDisallowedByIssuer,
    /// The request asks for a longer path than the issuer may have.
    PathTooLongForIssuer,
    /// A profile has both `remote` and `auth_remote`.
    RemoteNamedTwice,
    /// A profile that other servers sign for says how to sign here.
    LocalSettingsSkipped {
        /// Its name; none for the default profile.
        profile: Option<String>,
    },
    /// The address of a remote server is none, in Go's words.
    BadRemoteAddress {
        /// The sentence.
        why: String,
        /// It was plain enough to be tried all the same, and this is how that ended.
        tried: Option<String>,
    },
    /// A remote server answered with an error.
    RemoteHttpError {
        /// The address that was asked.
        url: String,
    },
    /// A remote server did not do what it was asked for; the next one is tried, where
    /// there is one.
    RemoteFailed {
        /// Its address.
        server: String,
        /// Why.
        why: String,
    },
    /// `pathlenzero` beside a `pathlen` that says otherwise.
    PathLenZeroIgnored,
    /// A chain is being looked for.
    Bundling {
        /// The certificate's subject, as in RFC 2253.
        subject: String,
    },
    /// Nobody said which platforms trust what, so the shortest chain it is.
    FallsBackToOptimal,
    /// The root of the chain that was chosen.
    AnchoringRoot {
        /// Its subject.
        subject: String,
    },
    /// A platform of the metadata was read.
    PlatformLoaded {
        /// Its name.
        name: String,
        /// How many keys it trusts.
        keys: usize,
    },
}

/// Where events go.
pub type Sink<'a> = &'a mut dyn FnMut(Event);
