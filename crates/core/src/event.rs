//! Events for the log.

use crate::certificate::Serial;
use crate::error::Error;

/// An event that cfssl logs, or that users should know about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A request was received.
    RequestReceived,
    /// The request passed the first checks.
    CsrReceived,
    /// A key is being generated.
    GeneratingKey {
        /// The algorithm as the document names it.
        algorithm: String,
        /// The size as the document gives it.
        size: i64,
    },
    /// The certificate request was encoded and signed.
    CsrEncoded,
    /// A request for a CA names no subject.
    UnnamedCa {
        /// The error.
        error: Error,
    },
    /// The certificate request could not be created.
    CsrFailed {
        /// The error.
        error: Error,
    },
    /// A request for a CA failed.
    RequestFailed {
        /// The error.
        error: Error,
    },
    /// There is no signer for a profile.
    SignerFailed {
        /// The error.
        error: Error,
    },
    /// A certificate was signed.
    CertificateSigned {
        /// Its serial number.
        serial: Serial,
    },
    /// The profile does not allow CAs, and the request asks for one.
    AuthorityDisallowedByPolicy,
    /// The issuer must not have CAs below it.
    AuthorityDisallowedByIssuer,
    /// The request asks for a longer path than the issuer allows.
    PathTooLongForIssuer,
    /// A profile has both `remote` and `auth_remote`.
    RemoteNamedTwice,
    /// A profile with a remote signer has settings for local signing.
    LocalSettingsSkipped {
        /// Its name; `None` for the default profile.
        profile: Option<String>,
    },
    /// The address of a remote server is invalid for Go.
    BadRemoteAddress {
        /// The message.
        why: String,
        /// Its meaning was clear, so it was tried nevertheless, with this result.
        tried: Option<String>,
    },
    /// A remote server answered with an error.
    RemoteHttpError {
        /// The URL.
        url: String,
    },
    /// A remote server failed; the next one is tried, if there is one.
    RemoteFailed {
        /// Its address.
        server: String,
        /// The reason.
        why: String,
    },
    /// `pathlenzero` beside a `pathlen` other than 0.
    PathLenZeroIgnored,
    /// A chain is being built.
    Bundling {
        /// The certificate's subject, as in RFC 2253.
        subject: String,
    },
    /// Without platform metadata, the shortest chain is chosen.
    FallsBackToOptimal,
    /// The root of the chain that was chosen.
    AnchoringRoot {
        /// Its subject.
        subject: String,
    },
    /// A file is being fetched.
    Fetching {
        /// The URL.
        url: String,
    },
    /// A file could not be fetched.
    FetchFailed {
        /// The reason.
        why: String,
        /// Whether the proxy is to blame.
        is_proxy: bool,
    },
    /// A verified intermediate was saved.
    IntermediateSaved {
        /// The name of its file.
        file_name: String,
    },
    /// A verified intermediate could not be saved.
    IntermediateNotSaved {
        /// The file.
        file: String,
        /// The reason.
        why: String,
    },
    /// A platform of the metadata was loaded.
    PlatformLoaded {
        /// Its name.
        name: String,
        /// The number of keys that it trusts.
        keys: usize,
    },
}

/// The receiver of events.
pub type Sink<'a> = &'a mut dyn FnMut(Event);
