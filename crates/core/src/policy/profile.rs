//! How certificates of one kind are made.

use time::OffsetDateTime;

use super::{CsrWhitelist, Usages};
use crate::auth::AuthKey;
use crate::certificate::{Names, Subject};
use crate::error::{Code, Error, Result};
use crate::extension::Extension;
use rcfssl_go::duration::Duration;
use rcfssl_go::regexp::Regexp;

/// How long a certificate lasts that `selfsign` makes, where no profile says.
pub(super) const SELFSIGN_EXPIRY: Duration = Duration::hours(2190);
/// How long before now a certificate begins, where the profile does not say.
pub(super) const DEFAULT_BACKDATE: Duration = Duration::minutes(5);

/// How certificates of one kind are made.
#[derive(Debug, Clone)]
pub struct Profile {
    /// The names of its usages as written; none where the list was not given.
    pub usage_names: Option<Vec<String>>,
    /// What those names mean.
    pub usages: Usages,
    /// Where the issuer's certificate can be fetched (AIA caIssuers).
    pub issuer_urls: Vec<String>,
    /// The OCSP responder (AIA), or empty.
    pub ocsp_url: String,
    /// The CRL distribution point, or empty.
    pub crl_url: String,
    /// Whether it makes authorities.
    pub constraint: CaConstraint,
    /// Adds the OCSP "no check" extension (RFC 6960, section 4.2.2.2.1).
    pub ocsp_no_check: bool,
    /// The lifetime as written.
    pub expiry_text: String,
    /// The lifetime; that of the default profile where its own is zero.
    pub expiry: Duration,
    /// How long before now the certificate begins.
    pub backdate: Duration,
    /// A fixed beginning.
    pub not_before: Option<OffsetDateTime>,
    /// A fixed end.
    pub not_after: Option<OffsetDateTime>,
    /// Copies a request's extensions of one's own.
    pub copy_extensions: bool,
    /// The certificatePolicies extension.
    pub policies: LatePolicies,
    /// Which parts of a request are taken over; all, where not given.
    pub csr_whitelist: Option<CsrWhitelist>,
    /// The extensions that clients may ask for by the API, as arcs.
    pub allowed_extensions: Vec<Vec<i64>>,
    /// Every request must bring its serial number, which commands cannot.
    pub client_provides_serial: bool,
    /// Who signs.
    pub signed_by: SignedBy,
    /// The key with which clients must make their tokens; none where no token is asked for.
    pub auth_key: Option<AuthKey>,
    /// The key before that one: its tokens are still taken.
    pub prev_auth_key: Option<AuthKey>,
    /// The names that it may sign.
    pub(super) name_whitelist: Option<Regexp>,
    /// What it asks for beside a signature and does not get.
    pub(super) unsupported: Option<Unsupported>,
    /// What it says itself, without the default profile.
    pub(super) own_issuer_urls: Vec<String>,
    pub(super) own_expiry: Duration,
}

/// The certificatePolicies extension, or why there can be none. A quirk of cfssl: it
/// takes a configuration with malformed policies, and refuses to sign by it.
pub type LatePolicies = Result<Option<Extension>>;

/// Who signs for a profile.
#[derive(Debug, Clone)]
pub enum SignedBy {
    /// The CA whose key is here.
    Local,
    /// Another server.
    Remote(Remote),
}

/// The servers that sign for a profile.
#[derive(Debug, Clone)]
pub struct Remote {
    /// Their addresses as written, to be tried in this order; at least one.
    pub addresses: Vec<String>,
    /// The key for tokens; none where requests go without.
    pub auth: Option<AuthKey>,
}

impl Remote {
    /// Splits a list at its commas. Blanks around the addresses stay.
    pub(super) fn new(addresses: &str, auth: Option<AuthKey>) -> Self {
        Remote {
            addresses: addresses.split(',').map(str::to_owned).collect(),
            auth,
        }
    }
}

/// Whether certificates of a profile are authorities, and how far down.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CaConstraint {
    /// CA:TRUE
    pub is_ca: bool,
    /// pathLenConstraint; -1 for none.
    pub path_len: i64,
}

impl CaConstraint {
    /// An authority; a length of 0 counts only when `zero` says so.
    pub const fn authority(path_len: i64, zero: bool) -> Self {
        let path_len = if path_len == 0 && !zero { -1 } else { path_len };
        CaConstraint {
            is_ca: true,
            path_len,
        }
    }

    /// No authority.
    pub const fn leaf() -> Self {
        CaConstraint {
            is_ca: false,
            path_len: -1,
        }
    }
}

/// A feature of cfssl that a profile asks for and that rcfssl does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsupported {
    /// `ct_log_servers`: the certificate is logged first.
    Transparency,
    /// `lint_error_level` in a configuration with named profiles.
    Lint,
    /// `lint_error_level` in the only profile.
    LintAlone,
}

impl Unsupported {
    /// The field that asks for it.
    pub const fn field(self) -> &'static str {
        match self {
            Unsupported::Transparency => "ct_log_servers",
            Unsupported::Lint | Unsupported::LintAlone => "lint_error_level",
        }
    }

    /// The error that cfssl gives: where it would try and fail, that of the failure.
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

    /// How a new authority is made: by the `ca` section of its document.
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

    /// As `selfsign` reads it: nothing comes from the default profile, and a lifetime of
    /// zero is a quarter of a year.
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

    /// The servers that sign for it, where others do.
    pub fn remote(&self) -> Option<&Remote> {
        match &self.signed_by {
            SignedBy::Local => None,
            SignedBy::Remote(remote) => Some(remote),
        }
    }

    /// Does another server sign for it?
    pub fn is_remote(&self) -> bool {
        self.remote().is_some()
    }

    /// Lets these servers sign for it. The key for tokens stays.
    pub(super) fn sign_at(&mut self, addresses: &str) {
        let auth = self.remote().and_then(|remote| remote.auth.clone());
        self.signed_by = SignedBy::Remote(Remote::new(addresses, auth));
    }

    /// Was this token made over the request with a key of the profile? Never where it
    /// has none.
    pub fn accepts_token(&self, token: &[u8], request: &[u8]) -> bool {
        // As in cfssl, the previous key counts only beside a present one.
        let previous = self.prev_auth_key.as_ref().filter(|_| self.auth_key.is_some());
        let mut keys = self.auth_key.iter().chain(previous);
        keys.any(|key| key.accepts(token, request))
    }

    /// May a client ask for this extension?
    pub fn allows_extension(&self, arcs: &[i64]) -> bool {
        self.allowed_extensions.iter().any(|allowed| allowed == arcs)
    }

    /// What it asks for that is not done here.
    pub fn unsupported(&self) -> Option<Unsupported> {
        self.unsupported
    }

    /// Does it take the subject over from requests?
    pub fn takes_subject(&self) -> bool {
        self.csr_whitelist.as_ref().is_none_or(|allowed| allowed.subject)
    }

    /// Does it leave the signature algorithm to Go, which signs with SHA-256 whatever the
    /// size of an RSA key? cfssl chooses by the size, but carries its choice from the
    /// request to the certificate like anything that a whitelist may leave out.
    pub fn signs_with_default(&self) -> bool {
        let allowed = self.csr_whitelist.as_ref();
        allowed.is_some_and(|allowed| !allowed.signature_algorithm)
    }

    /// May it sign these names? The expression is searched for anywhere in each common
    /// name and in each alternative name that is no address, as they will stand in the
    /// certificate. With an expression, a name that cannot be read is none that it
    /// allows.
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
