//! Signing profiles.

use time::OffsetDateTime;

use super::{CsrWhitelist, Usages};
use crate::auth::AuthKey;
use crate::certificate::{Names, Subject};
use crate::error::{Code, Error, Result};
use crate::extension::Extension;
use rcfssl_go::duration::Duration;
use rcfssl_go::regexp::Regexp;

/// The default lifetime of certificates made by `selfsign`.
pub(super) const SELFSIGN_EXPIRY: Duration = Duration::hours(2190);
/// The default backdate.
pub(super) const DEFAULT_BACKDATE: Duration = Duration::minutes(5);

/// The settings for certificates of one kind.
#[derive(Debug, Clone)]
pub struct Profile {
    /// The names of its usages as written; `None` if there is no list.
    pub usage_names: Option<Vec<String>>,
    /// The meaning of those names.
    pub usages: Usages,
    /// URLs of the issuer's certificate (AIA caIssuers).
    pub issuer_urls: Vec<String>,
    /// The URL of the OCSP responder (AIA), or empty.
    pub ocsp_url: String,
    /// The URL of the CRL distribution point, or empty.
    pub crl_url: String,
    /// Whether it is for CAs.
    pub constraint: CaConstraint,
    /// Adds the OCSP "no check" extension (RFC 6960, section 4.2.2.2.1).
    pub ocsp_no_check: bool,
    /// The lifetime as written.
    pub expiry_text: String,
    /// The lifetime, or that of the default profile if its own is zero.
    pub expiry: Duration,
    /// How far before the current time the validity starts.
    pub backdate: Duration,
    /// A fixed start.
    pub not_before: Option<OffsetDateTime>,
    /// A fixed expiry date.
    pub not_after: Option<OffsetDateTime>,
    /// Whether a request's own extensions are copied.
    pub copy_extensions: bool,
    /// The certificatePolicies extension.
    pub policies: LatePolicies,
    /// The parts of a request that are adopted; all without this list.
    pub csr_whitelist: Option<CsrWhitelist>,
    /// The extensions that clients of the API may request, as arcs.
    pub allowed_extensions: Vec<Vec<i64>>,
    /// Whether every request must contain its serial number, which commands cannot provide.
    pub client_provides_serial: bool,
    /// Who signs.
    pub signed_by: SignedBy,
    /// The key for clients' tokens; `None` if no tokens are required.
    pub auth_key: Option<AuthKey>,
    /// The previous key, whose tokens are still accepted.
    pub prev_auth_key: Option<AuthKey>,
    /// The names that it may sign.
    pub(super) name_whitelist: Option<Regexp>,
    /// An unsupported feature that it asks for.
    pub(super) unsupported: Option<Unsupported>,
    /// Its own setting, without the default profile.
    pub(super) own_issuer_urls: Vec<String>,
    pub(super) own_expiry: Duration,
}

/// The certificatePolicies extension, or why it is invalid. A quirk of cfssl: it accepts a
/// configuration with malformed policies, and refuses to sign with it.
pub type LatePolicies = Result<Option<Extension>>;

/// The signer for a profile.
#[derive(Debug, Clone)]
pub enum SignedBy {
    /// The local CA key.
    Local,
    /// Another server.
    Remote(Remote),
}

/// The servers that sign for a profile.
#[derive(Debug, Clone)]
pub struct Remote {
    /// Their addresses as written, to be tried in this order; at least one.
    pub addresses: Vec<String>,
    /// The key for tokens; `None` if requests need none.
    pub auth: Option<AuthKey>,
}

impl Remote {
    /// Splits a list at its commas. Blanks around the addresses are kept.
    pub(super) fn new(addresses: &str, auth: Option<AuthKey>) -> Self {
        Remote {
            addresses: addresses.split(',').map(str::to_owned).collect(),
            auth,
        }
    }
}

/// Whether certificates of a profile are CA certificates, and their path length.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CaConstraint {
    /// CA:TRUE
    pub is_ca: bool,
    /// pathLenConstraint, or -1.
    pub path_len: i64,
}

impl CaConstraint {
    /// A CA; a length of 0 counts only if `zero` is set.
    pub const fn authority(path_len: i64, zero: bool) -> Self {
        let path_len = if path_len == 0 && !zero { -1 } else { path_len };
        CaConstraint {
            is_ca: true,
            path_len,
        }
    }

    /// Not a CA.
    pub const fn leaf() -> Self {
        CaConstraint {
            is_ca: false,
            path_len: -1,
        }
    }
}

/// A feature of cfssl that a profile asks for and rcfssl does not support.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsupported {
    /// `ct_log_servers`: the certificate must be logged first.
    Transparency,
    /// `lint_error_level` in a configuration with named profiles.
    Lint,
    /// `lint_error_level` in the only profile.
    LintAlone,
}

impl Unsupported {
    /// The field that requests it.
    pub const fn field(self) -> &'static str {
        match self {
            Unsupported::Transparency => "ct_log_servers",
            Unsupported::Lint | Unsupported::LintAlone => "lint_error_level",
        }
    }

    /// cfssl's error; where cfssl would try and fail, the error of that failure.
    pub fn error(self) -> Error {
        match self {
            Unsupported::Transparency => Code::PrecertSubmission.into(),
            Unsupported::Lint => Error::wrap(
                Code::CertificateUnknown,
                "x509: provided PrivateKey doesn't match parent's PublicKey",
            ),
            Unsupported::LintAlone => Code::KeyUnavailable.into(),
        }
    }
}

impl Profile {
    pub(super) fn local(usages: &[&str], expiry: Duration) -> Self {
        Profile {
            usage_names: Some(usages.iter().map(|u| (*u).to_owned()).collect()),
            usages: Usages::from_names(usages),
            issuer_urls: Vec::new(),
            ocsp_url: String::new(),
            crl_url: String::new(),
            constraint: CaConstraint::leaf(),
            ocsp_no_check: false,
            expiry_text: String::new(),
            expiry,
            backdate: DEFAULT_BACKDATE,
            not_before: None,
            not_after: None,
            copy_extensions: false,
            policies: Ok(None),
            csr_whitelist: None,
            allowed_extensions: Vec::new(),
            client_provides_serial: false,
            signed_by: SignedBy::Local,
            auth_key: None,
            prev_auth_key: None,
            name_whitelist: None,
            unsupported: None,
            own_issuer_urls: Vec::new(),
            own_expiry: expiry,
        }
    }

    /// The profile for a new CA, from the `ca` section of its document.
    pub fn root(expiry: Duration, backdate: Duration, constraint: CaConstraint, crl_url: String) -> Self {
        let backdate = if backdate.is_zero() {
            DEFAULT_BACKDATE
        } else {
            backdate
        };
        Profile {
            backdate,
            constraint,
            crl_url,
            ..Profile::local(&["cert sign", "crl sign"], expiry)
        }
    }

    /// The profile as `selfsign` reads it: nothing is taken from the default profile, and a
    /// lifetime of zero means three months.
    pub fn by_itself(&self) -> Self {
        let expiry = match self.own_expiry.is_zero() {
            true => SELFSIGN_EXPIRY,
            false => self.own_expiry,
        };
        Profile {
            issuer_urls: self.own_issuer_urls.clone(),
            expiry,
            ..self.clone()
        }
    }

    /// The servers that sign for it, if it is remote.
    pub fn remote(&self) -> Option<&Remote> {
        match &self.signed_by {
            SignedBy::Local => None,
            SignedBy::Remote(remote) => Some(remote),
        }
    }

    /// Whether another server signs for it.
    pub fn is_remote(&self) -> bool {
        self.remote().is_some()
    }

    /// Makes these servers sign for it. The key for tokens is kept.
    pub(super) fn sign_at(&mut self, addresses: &str) {
        let auth = self.remote().and_then(|remote| remote.auth.clone());
        self.signed_by = SignedBy::Remote(Remote::new(addresses, auth));
    }

    /// Whether this token was made for the request with a key of the profile; always false
    /// without a key.
    pub fn accepts_token(&self, token: &[u8], request: &[u8]) -> bool {
        // As in cfssl, the previous key counts only if there is a current one.
        let previous = self.prev_auth_key.as_ref().filter(|_| self.auth_key.is_some());
        let mut keys = self.auth_key.iter().chain(previous);
        keys.any(|key| key.accepts(token, request))
    }

    /// Whether a client may request this extension.
    pub fn allows_extension(&self, arcs: &[i64]) -> bool {
        self.allowed_extensions.iter().any(|allowed| allowed == arcs)
    }

    /// The unsupported feature that it asks for.
    pub fn unsupported(&self) -> Option<Unsupported> {
        self.unsupported
    }

    /// Whether it adopts the subject of requests.
    pub fn takes_subject(&self) -> bool {
        self.csr_whitelist.as_ref().is_none_or(|allowed| allowed.subject)
    }

    /// Whether it leaves the signature algorithm to Go, which signs with SHA-256 whatever
    /// the size of an RSA key. cfssl chooses by the size, but passes its choice from the
    /// request to the certificate like everything else that a whitelist may omit.
    pub fn signs_with_default(&self) -> bool {
        let allowed = self.csr_whitelist.as_ref();
        allowed.is_some_and(|allowed| !allowed.signature_algorithm)
    }

    /// Whether it may sign these names. The expression may match anywhere in each common
    /// name and each alternative name other than an IP address, as they will appear in the
    /// certificate. If there is an expression, a name that cannot be decoded does not
    /// match.
    pub fn allows(&self, subject: &Subject, names: &Names) -> bool {
        let Some(allowed) = &self.name_whitelist else {
            return true;
        };
        let Some((common_names, hosts)) = subject.common_names().zip(names.hosts()) else {
            return false;
        };
        let mut texts = common_names.iter().map(String::as_str).chain(hosts.texts());
        texts.all(|name| allowed.is_match(name))
    }
}
