//! Checks names against name constraints (RFC 5280, section 4.2.1.10), and critical
//! extensions: both to the same extent as Go.

use std::sync::Arc;

use super::Refusal;
use crate::asn1::read::{Element, Reader};
use crate::asn1::tag;
use crate::certificate::{Certificate, Subtrees};
use crate::error::Code;
use crate::host::mailbox::Mailbox;
use crate::host::{self, labels};
use crate::oid;
use rcfssl_go::ip;
use rcfssl_go::quote::quote;
use rcfssl_go::url::Uri;

/// The maximum number of comparisons of names with constraints for one certificate.
const MAX_COMPARISONS: usize = 250_000;

const EMAIL: u8 = tag::context(1);
const DNS: u8 = tag::context(2);
const URI: u8 = tag::context(6);
const IP: u8 = tag::context(7);

/// Whether there is an unsupported critical extension.
pub fn has_unhandled_critical_extension(certificate: &Certificate) -> bool {
    const HANDLED: [oid::Oid; 9] = [
        oid::SUBJECT_KEY_IDENTIFIER,
        oid::KEY_USAGE,
        oid::BASIC_CONSTRAINTS,
        oid::CRL_DISTRIBUTION_POINTS,
        oid::CERTIFICATE_POLICIES,
        oid::AUTHORITY_KEY_IDENTIFIER,
        oid::EXTENDED_KEY_USAGE,
        oid::AUTHORITY_INFORMATION_ACCESS,
        oid::SUBJECT_ALT_NAME,
    ];
    certificate
        .extensions
        .iter()
        .filter(|extension| extension.critical)
        .any(|extension| {
            if extension.oid == oid::NAME_CONSTRAINTS {
                return Subtrees::read(&extension.value).is_none_or(|subtrees| subtrees.others);
            }
            let nameless = extension.oid == oid::SUBJECT_ALT_NAME && certificate.hosts.is_empty();
            nameless || !HANDLED.contains(&extension.oid)
        })
}

/// Checks the names of all certificates on the path against the constraints of the CA that
/// would follow.
pub fn check(authority: &Certificate, path: &[Arc<Certificate>]) -> Result<(), Refusal> {
    let Some(value) = authority.extension(&oid::NAME_CONSTRAINTS) else {
        return Ok(());
    };
    let subtrees =
        Subtrees::read(value).ok_or_else(|| Refusal::other("x509: invalid NameConstraints extension"))?;
    let mut comparisons = 0;
    for certificate in path {
        let Some(names) = certificate.extension(&oid::SUBJECT_ALT_NAME) else {
            continue;
        };
        for name in Reader::inside(names, tag::SEQUENCE).into_iter().flatten() {
            check_name(&name, &subtrees, &mut comparisons)?;
        }
    }
    Ok(())
}

/// A name, prepared for comparison.
enum Name<'a> {
    Mailbox(Mailbox),
    Domain(&'a str),
    Uri(Box<Uri>),
    Ip(&'a [u8]),
}

fn check_name(
    element: &Element<'_>,
    subtrees: &Subtrees<'_>,
    comparisons: &mut usize,
) -> Result<(), Refusal> {
    let text = std::str::from_utf8(element.contents).unwrap_or_default();
    let (kind, shown, name) = match element.tag {
        EMAIL => {
            let mailbox = Mailbox::parse(text)
                .ok_or_else(|| Refusal::other(r#"x509: cannot parse rfc822Name {"" ""}"#))?;
            ("email address", text.to_owned(), Name::Mailbox(mailbox))
        }
        DNS => {
            labels(text)
                .ok_or_else(|| Refusal::other(format!("x509: cannot parse dnsName {}", quote(text))))?;
            ("DNS name", text.to_owned(), Name::Domain(text))
        }
        URI => {
            let uri = Uri::parse(text).map_err(|_| {
                Refusal::other(format!(
                    "x509: internal error: URI SAN {} failed to parse",
                    quote(text)
                ))
            })?;
            ("URI", text.to_owned(), Name::Uri(Box::new(uri)))
        }
        IP => (
            "IP address",
            host::ip_text(element.contents),
            Name::Ip(element.contents),
        ),
        _ => return Ok(()),
    };
    let of_kind = |list: &[(u8, &[u8])]| -> Vec<Vec<u8>> {
        let matching = list.iter().filter(|(tag, _)| *tag == element.tag);
        matching.map(|(_, constraint)| constraint.to_vec()).collect()
    };
    let count = |comparisons: &mut usize, more: usize| {
        *comparisons += more;
        if *comparisons > MAX_COMPARISONS {
            return Err(refuse(
                Code::VerifyTooManyConstraints,
                "x509: unknown error".to_owned(),
            ));
        }
        Ok(())
    };
    let not_authorized = |detail: String| {
        refuse(
            Code::VerifyNameNotAuthorized,
            format!(
                "x509: a root or intermediate certificate is not authorized to sign for this name: {detail}"
            ),
        )
    };
    let excluded = of_kind(&subtrees.excluded);
    count(comparisons, excluded.len())?;
    for constraint in &excluded {
        if matches(&name, constraint).map_err(not_authorized)? {
            let (shown, constraint) = (quote(&shown), quote(&constraint_text(&name, constraint)));
            return Err(not_authorized(format!(
                "{kind} {shown} is excluded by constraint {constraint}"
            )));
        }
    }
    let permitted = of_kind(&subtrees.permitted);
    count(comparisons, permitted.len())?;
    for constraint in &permitted {
        if matches(&name, constraint).map_err(not_authorized)? {
            return Ok(());
        }
    }
    if permitted.is_empty() {
        return Ok(());
    }
    Err(not_authorized(format!(
        "{kind} {} is not permitted by any constraint",
        quote(&shown)
    )))
}

fn refuse(code: Code, text: String) -> Refusal {
    Refusal::Invalid { code, text }
}

/// Whether a constraint covers a name, or Go's message if that cannot be determined.
fn matches(name: &Name<'_>, constraint: &[u8]) -> Result<bool, String> {
    let text = std::str::from_utf8(constraint).unwrap_or_default();
    match name {
        Name::Ip(address) => {
            let (base, mask) = constraint.split_at(constraint.len() / 2);
            let masked = |octets: &[u8]| -> Vec<u8> { octets.iter().zip(mask).map(|(o, m)| o & m).collect() };
            Ok(address.len() == base.len() && masked(address) == masked(base))
        }
        Name::Domain(domain) => covers(domain, text),
        Name::Mailbox(mailbox) if text.contains('@') => {
            let only = Mailbox::parse(text)
                .ok_or_else(|| format!("x509: internal error: cannot parse constraint {}", quote(text)))?;
            Ok(mailbox.local == only.local && mailbox.domain.eq_ignore_ascii_case(&only.domain))
        }
        Name::Mailbox(mailbox) => covers(&mailbox.domain, text),
        Name::Uri(uri) => {
            let host = String::from_utf8_lossy(uri.host()).into_owned();
            let shown = quote(&uri.to_string());
            if host.is_empty() {
                return Err(format!(
                    "URI with empty host ({shown}) cannot be matched against constraints"
                ));
            }
            let bare = match host.rsplit_once(':') {
                Some((bare, _)) if !host.ends_with(']') => bare,
                _ => &host,
            };
            if (bare.starts_with('[') && bare.ends_with(']')) || ip::parse(bare).is_some() {
                return Err(format!(
                    "URI with IP ({shown}) cannot be matched against constraints"
                ));
            }
            covers(bare, text)
        }
    }
}

/// Whether a domain constraint covers a domain. One that begins with a dot requires an
/// additional label; an empty one covers everything.
fn covers(domain: &str, constraint: &str) -> Result<bool, String> {
    if constraint.is_empty() {
        return Ok(true);
    }
    let unreadable = |domain: &str| format!("x509: internal error: cannot parse domain {}", quote(domain));
    let below = labels(domain).ok_or_else(|| unreadable(domain))?;
    let (bare, strictly) = match constraint.strip_prefix('.') {
        Some(bare) => (bare, true),
        None => (constraint, false),
    };
    let above = labels(bare).ok_or_else(|| unreadable(bare))?;
    if below.len() < above.len() || (strictly && below.len() == above.len()) {
        return Ok(false);
    }
    Ok(above.iter().zip(&below).all(|(a, b)| a.eq_ignore_ascii_case(b)))
}

/// A constraint as Go shows it.
fn constraint_text(name: &Name<'_>, constraint: &[u8]) -> String {
    if !matches!(name, Name::Ip(_)) {
        return String::from_utf8_lossy(constraint).into_owned();
    }
    let (base, mask) = constraint.split_at(constraint.len() / 2);
    let ones: u32 = mask.iter().map(|octet| octet.count_ones()).sum();
    format!("{}/{ones}", host::ip_text(base))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_covers_those_below_it() {
        for (domain, constraint, want) in [
            ("a.example", "example", true),
            ("example", "example", true),
            ("example", ".example", false),
            ("A.EXAMPLE", ".example", true),
            ("aexample", "example", false),
            ("a.example", "b.a.example", false),
            ("a.example", "", true),
        ] {
            assert_eq!(covers(domain, constraint), Ok(want), "{domain} {constraint}");
        }
        assert_eq!(
            covers("a..b", "b").unwrap_err(),
            r#"x509: internal error: cannot parse domain "a..b""#
        );
        assert!(covers("a.b", "b.").is_err());
    }

    #[test]
    fn addresses_are_masked() {
        let name = |octets| Name::Ip(octets);
        let ten = [10, 0, 0, 0, 255, 0, 0, 0];
        assert_eq!(matches(&name(&[10, 9, 8, 7]), &ten), Ok(true));
        assert_eq!(matches(&name(&[11, 9, 8, 7]), &ten), Ok(false));
        assert_eq!(matches(&name(&[0; 16]), &ten), Ok(false));
        assert_eq!(constraint_text(&name(&[]), &ten), "10.0.0.0/8");
    }

    #[test]
    fn uris_need_a_host_that_is_a_name() {
        let uri = |text: &str| Name::Uri(Box::new(Uri::parse(text).unwrap()));
        assert_eq!(matches(&uri("https://a.example:8443/x"), b".example"), Ok(true));
        assert_eq!(matches(&uri("https://a.example"), b"b.example"), Ok(false));
        assert!(
            matches(&uri("mailto:x"), b"a")
                .unwrap_err()
                .contains("empty host")
        );
        assert!(
            matches(&uri("https://10.0.0.1/"), b"a")
                .unwrap_err()
                .contains("URI with IP")
        );
        assert!(
            matches(&uri("https://[::1]:2/"), b"a")
                .unwrap_err()
                .contains("URI with IP")
        );
    }
}
