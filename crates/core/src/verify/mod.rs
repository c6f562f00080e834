//! Certification paths (RFC 5280, section 6), built and verified by the rules of Go's
//! `x509.Certificate.Verify` (1.22): from a certificate through intermediates to every root
//! that can be reached.
//!
//! Like Go, this does not check key usage bits and policies; revocation is checked
//! separately.

mod constraints;
mod hostname;
mod pool;

pub use hostname::check_host;
pub use pool::Pool;

use std::fmt;
use std::sync::Arc;

use time::OffsetDateTime;

use crate::certificate::Certificate;
use crate::certinfo::rfc3339;
use crate::error::{Code, Error};
use crate::key::KeyKind;
use crate::name::Subject;
use crate::oid::{self, Oid};
use rcfssl_go::quote::quote;

/// Certificates from the leaf to a root.
pub type Path = Vec<Arc<Certificate>>;

/// The required purpose of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Anything.
    Any,
    /// TLS server authentication.
    ServerAuth,
}

/// The input for building and verifying paths.
#[derive(Debug, Clone, Copy)]
pub struct Verifier<'a> {
    /// The roots at which paths may end.
    pub roots: &'a Pool,
    /// The intermediates for paths.
    pub intermediates: &'a Pool,
    /// The time at which all certificates must be valid.
    pub now: OffsetDateTime,
    /// The purpose that the whole path must allow.
    pub purpose: Purpose,
    /// The host that the certificate must name, if any.
    pub host: Option<&'a str>,
}

/// Why there is no path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The signer of one of them is unknown.
    UnknownAuthority {
        /// What was wrong with the first candidate.
        hint: Option<String>,
    },
    /// A certificate on the path is invalid.
    Invalid {
        /// The error's number.
        code: Code,
        /// Go's message.
        text: String,
    },
}

impl Refusal {
    fn other(text: impl Into<String>) -> Self {
        Refusal::Invalid {
            code: Code::Verify,
            text: text.into(),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::UnknownAuthority { hint } => {
                f.write_str("x509: certificate signed by unknown authority")?;
                f.write_str(hint.as_deref().unwrap_or_default())
            }
            Refusal::Invalid { text, .. } => f.write_str(text),
        }
    }
}

/// As an error object.
impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let code = match refusal {
            Refusal::UnknownAuthority { .. } => Code::VerifyUnknownAuthority,
            Refusal::Invalid { code, .. } => code,
        };
        Error::wrap(code, refusal)
    }
}

/// The position of a certificate in a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Leaf,
    Intermediate,
    Root,
}

/// The maximum number of signature checks: enough for any legitimate set of certificates,
/// but a limit for malicious ones.
const MAX_SIGNATURE_CHECKS: u32 = 100;

impl Verifier<'_> {
    /// All paths from `leaf` to roots, in the order in which Go finds them; a root itself
    /// is a path of its own.
    ///
    /// # Errors
    /// The last problem on a path, if no path leads to a root.
    pub fn paths(&self, leaf: &Arc<Certificate>) -> Result<Vec<Path>, Refusal> {
        self.check(leaf, Place::Leaf, &[])?;
        if let Some(host) = self.host {
            check_host(leaf, host).map_err(Refusal::other)?;
        }
        let paths = if self.roots.contains(leaf) {
            vec![vec![Arc::clone(leaf)]]
        } else {
            let mut checks = 0;
            self.extend(&mut vec![Arc::clone(leaf)], &mut checks)?
        };
        let allowed: Vec<Path> = paths.into_iter().filter(|path| self.allows(path)).collect();
        if allowed.is_empty() {
            return Err(Refusal::Invalid {
                code: Code::VerifyIncompatibleUsage,
                text: "x509: certificate specifies an incompatible key usage".to_owned(),
            });
        }
        Ok(allowed)
    }

    /// All continuations from the last certificate of `path`.
    fn extend(&self, path: &mut Path, checks: &mut u32) -> Result<Vec<Path>, Refusal> {
        let Some(child) = path.last().cloned() else {
            return Ok(Vec::new());
        };
        let mut found = Vec::new();
        let mut hint = None;
        let mut refusal = None;
        let issuers = |pool: &Pool, place| {
            let issuers = pool.possible_issuers(&child);
            issuers.into_iter().map(move |issuer| (issuer, place))
        };
        let candidates =
            issuers(self.roots, Place::Root).chain(issuers(self.intermediates, Place::Intermediate));
        for (issuer, place) in candidates {
            if issuer.public_key.kind() == KeyKind::Other && !is_dsa(&issuer) || is_in(path, &issuer) {
                continue;
            }
            *checks += 1;
            if *checks > MAX_SIGNATURE_CHECKS {
                refusal = Some(Refusal::other(
                    "x509: signature check attempts limit reached while verifying certificate chain",
                ));
                continue;
            }
            if let Err(error) = child.check_signature_from(&issuer) {
                hint.get_or_insert_with(|| describe(&issuer, &error));
                continue;
            }
            refusal = match self.check(&issuer, place, path) {
                Err(refusal) => Some(refusal),
                Ok(()) if place == Place::Root => {
                    found.push(path.iter().cloned().chain([issuer]).collect());
                    None
                }
                Ok(()) => {
                    path.push(issuer);
                    let further = self.extend(path, checks);
                    path.pop();
                    match further {
                        Ok(paths) => {
                            found.extend(paths);
                            None
                        }
                        Err(refusal) => Some(refusal),
                    }
                }
            };
        }
        if found.is_empty() {
            return Err(refusal.unwrap_or(Refusal::UnknownAuthority { hint }));
        }
        Ok(found)
    }

    /// Checks a certificate that would follow those of `path`.
    fn check(
        &self,
        certificate: &Certificate,
        place: Place,
        path: &[Arc<Certificate>],
    ) -> Result<(), Refusal> {
        if constraints::has_unhandled_critical_extension(certificate) {
            return Err(Refusal::other("x509: unhandled critical extension"));
        }
        let invalid = |code, text: &str| {
            Err(Refusal::Invalid {
                code,
                text: text.to_owned(),
            })
        };
        if path
            .last()
            .is_some_and(|child| child.issuer != certificate.subject)
        {
            return invalid(
                Code::VerifyNameMismatch,
                "x509: issuer name does not match subject from issuing certificate",
            );
        }
        check_validity(certificate, self.now)?;
        if place != Place::Leaf {
            constraints::check(certificate, path)?;
        }
        if place == Place::Intermediate && !certificate.is_ca {
            return invalid(
                Code::VerifyNotAuthorizedToSign,
                "x509: certificate is not authorized to sign other certificates",
            );
        }
        let intermediates = path.len() as i64 - 1;
        let limit = certificate.path_len;
        if limit >= 0 && intermediates > limit {
            return invalid(
                Code::VerifyTooManyIntermediates,
                "x509: too many intermediates for path length constraint",
            );
        }
        Ok(())
    }

    /// Extended key usages are nested: certificates cannot have what a CA above them does
    /// not list.
    fn allows(&self, path: &[Arc<Certificate>]) -> bool {
        let wanted: &Oid = match self.purpose {
            Purpose::Any => return true,
            Purpose::ServerAuth => &oid::SERVER_AUTH,
        };
        path.iter().all(|certificate| {
            let usages = certificate.extended_key_usages();
            usages.is_empty() || usages.contains(&oid::ANY_EXTENDED_KEY_USAGE) || usages.contains(wanted)
        })
    }
}

fn check_validity(certificate: &Certificate, now: OffsetDateTime) -> Result<(), Refusal> {
    let (relation, bound) = if now < certificate.not_before {
        ("before", certificate.not_before)
    } else if now > certificate.not_after {
        ("after", certificate.not_after)
    } else {
        return Ok(());
    };
    Err(Refusal::Invalid {
        code: Code::VerifyExpired,
        text: format!(
            "x509: certificate has expired or is not yet valid: current time {} is {relation} {}",
            zoned(now),
            rfc3339(bound)
        ),
    })
}

/// A time in its own time zone, in seconds.
fn zoned(time: OffsetDateTime) -> String {
    let mut text = rfc3339(time);
    let (hours, minutes, _) = time.offset().as_hms();
    if (hours, minutes) != (0, 0) {
        text.pop();
        let sign = if time.offset().is_negative() { '-' } else { '+' };
        text += &format!("{sign}{:02}:{:02}", hours.unsigned_abs(), minutes.unsigned_abs());
    }
    text
}

/// Go parses DSA keys but cannot verify with them; other unknown keys are skipped.
fn is_dsa(certificate: &Certificate) -> bool {
    let spki = certificate.public_key.spki();
    let algorithm = crate::asn1::read::Reader::inside(spki, crate::asn1::tag::SEQUENCE)
        .and_then(|mut spki| spki.enter(crate::asn1::tag::SEQUENCE))
        .and_then(|mut algorithm| algorithm.expect(crate::asn1::tag::OBJECT_IDENTIFIER));
    algorithm == Some(oid::DSA.octets())
}

/// Whether a certificate with the same subject, key and alternative names is on the path.
/// Cross-signed certificates would otherwise create loops.
fn is_in(path: &[Arc<Certificate>], candidate: &Certificate) -> bool {
    let names = candidate.extension(&oid::SUBJECT_ALT_NAME);
    for certificate in path {
        let same = candidate.subject == certificate.subject
            && candidate.public_key.is_same_key(&certificate.public_key);
        if !same {
            continue;
        }
        match (names, certificate.extension(&oid::SUBJECT_ALT_NAME)) {
            (None, None) => return true,
            (Some(ours), Some(theirs)) if ours == theirs => return true,
            (Some(_), Some(_)) => {}
            _ => return false,
        }
    }
    false
}

/// Go's description of a certificate that was almost the issuer.
fn describe(certificate: &Certificate, error: &Error) -> String {
    let name = Subject::from_attributes(&certificate.subject_attributes);
    let shown = if !name.common_name.is_empty() {
        name.common_name
    } else if let Some(organization) = name.organization.into_iter().next() {
        organization
    } else {
        format!("serial:{}", certificate.serial_number())
    };
    format!(
        " (possibly because of {} while trying to verify candidate authority certificate {})",
        quote(&error.to_string()),
        quote(&shown)
    )
}
