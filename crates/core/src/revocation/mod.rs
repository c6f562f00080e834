//! Checks whether a certificate is still valid: its dates, the CRLs that it names, and its
//! OCSP responders, in this order.
//!
//! As in cfssl, the result is undecided if a source cannot be reached, and a CRL is trusted
//! if its issuer cannot be obtained.

mod list;
mod ocsp;

pub use list::RevocationList;

use std::collections::HashMap;
use std::fmt;

use time::OffsetDateTime;

use crate::certificate::Certificate;
use crate::error::{Error, Result};
use crate::web::{Answer, MAX_ADDRESSES, Web};
use rcfssl_go::pem;

/// The maximum size of a response in octets: a CRL, a certificate, an OCSP response.
const MAX_LIST: u64 = 64 << 20;
const MAX_CERTIFICATE: u64 = 1 << 20;
const MAX_RESPONSE: u64 = 1 << 20;

/// The result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// No source reports it as revoked.
    Good,
    /// It is revoked, has expired, or is not valid yet.
    Revoked,
    /// A source could not be reached.
    Unknown,
}

/// A log line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// It has expired.
    Expired(OffsetDateTime),
    /// It is not valid yet.
    NotYetValid(OffsetDateTime),
    /// A CRL in an LDAP directory, which is not supported.
    LdapSkipped(String),
    /// A CRL could not be fetched, with the reason.
    ListNotFetched(String),
    /// A CRL was not signed by the issuer, with the reason.
    ListNotVerified(String),
    /// It is on the CRL.
    OnList,
    /// The CRLs give no result.
    ListsFailed,
    /// Therefore it is revoked.
    RevokedByList,
    /// The responders give no result.
    OcspFailed,
    /// A responder reports it as revoked.
    RevokedByOcsp,
}

impl Note {
    /// Whether it is a warning rather than information.
    pub fn is_warning(&self) -> bool {
        matches!(
            self,
            Note::ListNotFetched(_) | Note::ListNotVerified(_) | Note::ListsFailed | Note::OcspFailed
        )
    }
}

/// In cfssl's words.
impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Note::Expired(at) => write!(f, "Certificate expired {}", go_time(*at)),
            Note::NotYetValid(until) => write!(f, "Certificate isn't valid until {}", go_time(*until)),
            Note::LdapSkipped(url) => write!(f, "skipping LDAP CRL: {url}"),
            Note::ListNotFetched(why) => write!(f, "failed to fetch CRL: {why}"),
            Note::ListNotVerified(why) => write!(f, "failed to verify CRL: {why}"),
            Note::OnList => f.write_str("Serial number match: intermediate is revoked."),
            Note::ListsFailed => f.write_str("error checking revocation via CRL"),
            Note::RevokedByList => f.write_str("certificate is revoked via CRL"),
            Note::OcspFailed => f.write_str("error checking revocation via OCSP"),
            Note::RevokedByOcsp => f.write_str("certificate is revoked via OCSP"),
        }
    }
}

/// `2026-01-31 12:00:00 +0000 UTC`
fn go_time(time: OffsetDateTime) -> String {
    let text = crate::certinfo::rfc3339(time);
    format!("{} +0000 UTC", text.trim_end_matches('Z').replace('T', " "))
}

/// Checks certificates, and caches CRLs between them.
#[derive(Debug, Default)]
pub struct Checker {
    lists: HashMap<String, RevocationList>,
}

impl Checker {
    /// Checks a certificate.
    pub fn check(
        &mut self,
        certificate: &Certificate,
        now: OffsetDateTime,
        web: &mut dyn Web,
        note: &mut dyn FnMut(Note),
    ) -> Finding {
        if now >= certificate.not_after {
            note(Note::Expired(certificate.not_after));
            return Finding::Revoked;
        }
        if now <= certificate.not_before {
            note(Note::NotYetValid(certificate.not_before));
            return Finding::Revoked;
        }
        let mut subject = Subject {
            certificate,
            issuer: None,
        };
        let mut asked = 0;
        for url in certificate.crl_urls() {
            if url.to_ascii_lowercase().starts_with("ldap:") {
                note(Note::LdapSkipped(url));
                continue;
            }
            asked += 1;
            let finding = if asked > MAX_ADDRESSES {
                note(Note::ListNotFetched(format!(
                    "the certificate names more than {MAX_ADDRESSES} CRLs"
                )));
                Finding::Unknown
            } else {
                self.ask_list(&url, &mut subject, now, web, note)
            };
            match finding {
                Finding::Good => {}
                Finding::Revoked => {
                    note(Note::RevokedByList);
                    return Finding::Revoked;
                }
                Finding::Unknown => {
                    note(Note::ListsFailed);
                    return Finding::Unknown;
                }
            }
        }
        let finding = ask_responders(&mut subject, web);
        match finding {
            Finding::Good => {}
            Finding::Revoked => note(Note::RevokedByOcsp),
            Finding::Unknown => note(Note::OcspFailed),
        }
        finding
    }

    fn ask_list(
        &mut self,
        url: &str,
        subject: &mut Subject<'_>,
        now: OffsetDateTime,
        web: &mut dyn Web,
        note: &mut dyn FnMut(Note),
    ) -> Finding {
        if !self.lists.get(url).is_some_and(|list| list.is_current(now)) {
            let issuer = subject.issuer(web);
            let list = match fetch_list(url, web) {
                Ok(list) => list,
                Err(why) => {
                    note(Note::ListNotFetched(why.to_string()));
                    return Finding::Unknown;
                }
            };
            if let Some(Err(why)) = issuer.map(|issuer| list.check_signature(issuer)) {
                note(Note::ListNotVerified(why.to_string()));
                return Finding::Unknown;
            }
            self.lists.insert(url.to_owned(), list);
        }
        let listed = self
            .lists
            .get(url)
            .is_some_and(|list| list.names(subject.certificate));
        if listed {
            note(Note::OnList);
            return Finding::Revoked;
        }
        Finding::Good
    }
}

fn fetch_list(url: &str, web: &mut dyn Web) -> Result<RevocationList> {
    let answer = web.get(url, MAX_LIST)?;
    if answer.status >= 300 {
        return Err(Error::plain("failed to retrieve CRL"));
    }
    RevocationList::read(&answer.body).ok_or_else(|| Error::plain("x509: malformed crl"))
}

/// A certificate, and its issuer's once that has been looked up.
struct Subject<'a> {
    certificate: &'a Certificate,
    issuer: Option<Option<Certificate>>,
}

impl Subject<'_> {
    /// The issuer's certificate, from the first URL that provides one.
    fn issuer(&mut self, web: &mut dyn Web) -> Option<&Certificate> {
        let urls = || self.certificate.issuer_urls().into_iter().take(MAX_ADDRESSES);
        let fetch = |url: String| {
            let body = web.get(&url, MAX_CERTIFICATE).ok()?.body;
            match pem::decode(&body) {
                Some(_) => Certificate::read_pem(&body).ok(),
                None => Certificate::read(&body).ok(),
            }
        };
        self.issuer.get_or_insert_with(|| urls().find_map(fetch)).as_ref()
    }
}

/// Asks the OCSP responders until one answers.
fn ask_responders(subject: &mut Subject<'_>, web: &mut dyn Web) -> Finding {
    let certificate = subject.certificate;
    let responders = certificate.ocsp_urls();
    if responders.is_empty() {
        return Finding::Good;
    }
    let Some(issuer) = subject.issuer(web) else {
        return Finding::Unknown;
    };
    let request = ocsp::request(certificate, issuer);
    let answers = responders.iter().take(MAX_ADDRESSES).filter_map(|url| {
        let answer = ask(url, &request, web)
            .ok()
            .filter(|answer| answer.status == 200)?;
        ocsp::is_good(&answer.body, certificate, issuer)
    });
    match { answers }.next() {
        Some(true) => Finding::Good,
        Some(false) => Finding::Revoked,
        None => Finding::Unknown,
    }
}

/// Short requests are sent in the URL (RFC 6960, appendix A.1).
fn ask(url: &str, request: &[u8], web: &mut dyn Web) -> Result<Answer> {
    if request.len() > 256 {
        return web.post(url, "application/ocsp-request", request, MAX_RESPONSE);
    }
    let text = rcfssl_go::base64::encode(request)
        .replace('+', "%2B")
        .replace('/', "%2F")
        .replace('=', "%3D");
    web.get(&format!("{url}/{text}"), MAX_RESPONSE)
}
