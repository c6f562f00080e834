//! Whether a certificate should be renewed, and with which profile.
//!
//! cfssl renews only CA certificates; the rules for other certificates are our own.

use time::OffsetDateTime;

use crate::authority::Wanted;
use crate::certificate::{Certificate, Names, Template};
use crate::host::Hosts;
use crate::key;
use crate::oid::{self, Oid};
use crate::policy::{CaConstraint, Policy, Profile};
use rcfssl_go::duration::Duration;

/// Why a CA did not issue a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IssuerMismatch {
    /// It names another issuer.
    OtherName,
    /// It names the CA, but another key signed it.
    OtherKey,
}

/// A difference between a certificate and a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference {
    /// The subject.
    Subject,
    /// The alternative names.
    Hosts,
    /// keyUsage or extKeyUsage.
    Usages,
    /// basicConstraints.
    Constraint,
}

/// No profile matches a certificate, or more than one does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unclear<'a> {
    /// The names of those that match.
    pub fitting: Vec<&'a str>,
}

/// Checks that this CA issued the certificate: names and signature must match. SHA-1, which
/// CAs with small RSA keys use, is good enough to recognize one's own certificates.
///
/// # Errors
/// Why it did not.
pub fn check_issuer(certificate: &Certificate, authority: &Certificate) -> Result<(), IssuerMismatch> {
    if certificate.issuer != authority.subject {
        return Err(IssuerMismatch::OtherName);
    }
    key::verify(
        &authority.public_key,
        certificate.signature_algorithm,
        &certificate.to_be_signed,
        &certificate.signature,
    )
    .map_err(|_| IssuerMismatch::OtherKey)
}

/// Whether less than `before` is left (default: a third of the lifetime).
pub fn is_due(certificate: &Certificate, before: Option<Duration>, now: OffsetDateTime) -> bool {
    let left = certificate.not_after - now;
    let limit = match before {
        Some(before) => time::Duration::nanoseconds(before.as_nanoseconds()),
        None => (certificate.not_after - certificate.not_before) / 3,
    };
    left < limit
}

/// The only named profile whose usages and constraint match the certificate; the default
/// profile, under the name `default`, only if no named one matches.
///
/// # Errors
/// If none or several match.
pub fn fitting_profile<'a>(
    policy: &'a Policy,
    certificate: &Certificate,
) -> Result<(&'a str, &'a Profile), Unclear<'a>> {
    let shown = Shown::of(certificate);
    let mut fitting: Vec<_> = policy
        .profiles()
        .filter(|(_, profile)| shown.fits(profile))
        .collect();
    if fitting.is_empty() && shown.fits(policy.default_profile()) {
        fitting.push(("default", policy.default_profile()));
    }
    match fitting[..] {
        [only] => Ok(only),
        _ => Err(Unclear {
            fitting: fitting.into_iter().map(|(name, _)| name).collect(),
        }),
    }
}

/// The first difference between a certificate and a template in what its owner asked for:
/// subject, hosts, usages, and whether it is a CA. The order of hosts and usages is
/// ignored.
pub fn difference(certificate: &Certificate, template: &Template) -> Option<Difference> {
    let shown = Shown::of(certificate);
    if certificate.subject != template.subject.to_der() {
        Some(Difference::Subject)
    } else if !says_names(certificate, &template.names) {
        Some(Difference::Hosts)
    } else if shown.key != template.key_usage || shown.extended != sorted(&template.extended_key_usage) {
        Some(Difference::Usages)
    } else if shown.constraint != template.constraint {
        Some(Difference::Constraint)
    } else {
        None
    }
}

/// The first difference between a certificate and a request to another server: subject and
/// alternative names. That server decides on the rest.
pub fn difference_in_names(certificate: &Certificate, wanted: &Wanted) -> Option<Difference> {
    if certificate.subject != wanted.subject.to_der() {
        Some(Difference::Subject)
    } else if !says_names(certificate, &wanted.names) {
        Some(Difference::Hosts)
    } else {
        None
    }
}

/// Whether a certificate has alternative names but its replacement would not.
pub fn drops_all_names(certificate: &Certificate, names: &Names) -> bool {
    let has_none = match names {
        Names::Built(hosts) => hosts.is_empty(),
        Names::Raw(_) => false,
    };
    has_none && certificate.extension(&oid::SUBJECT_ALT_NAME).is_some()
}

fn says_names(certificate: &Certificate, names: &Names) -> bool {
    let value = certificate.extension(&oid::SUBJECT_ALT_NAME);
    match names {
        Names::Raw(wanted) => value == Some(wanted),
        Names::Built(wanted) => {
            let only_known = value.is_none_or(|value| {
                crate::extension::read_subject_alt_name(value).is_ok_and(|(_, others)| others.is_empty())
            });
            only_known && in_order(&certificate.hosts) == in_order(wanted)
        }
    }
}

fn in_order(hosts: &Hosts) -> Hosts {
    let mut hosts = hosts.clone();
    hosts.dns.sort();
    hosts.email.sort();
    hosts.ip.sort();
    hosts.uri.sort();
    hosts
}

fn sorted(usages: &[Oid]) -> Vec<Oid> {
    let mut usages = usages.to_vec();
    usages.sort();
    usages.dedup();
    usages
}

/// What a certificate reveals about its profile.
struct Shown {
    key: u16,
    extended: Vec<Oid>,
    constraint: CaConstraint,
}

impl Shown {
    fn of(certificate: &Certificate) -> Self {
        Shown {
            key: certificate.key_usage(),
            extended: sorted(&certificate.extended_key_usages()),
            constraint: CaConstraint {
                is_ca: certificate.is_ca,
                path_len: certificate.path_len,
            },
        }
    }

    /// Whether it matches a profile that another server has cannot be determined here.
    fn fits(&self, profile: &Profile) -> bool {
        !(profile.is_remote() && profile.usages.is_empty())
            && self.key == profile.usages.key
            && self.extended == sorted(&profile.usages.extended)
            && self.constraint == profile.constraint
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::authority::{Authority, Decided};
    use crate::certificate::{Serial, Subject};
    use crate::csr::Content;
    use crate::key::{Curve, KeySpec, PrivateKey, SigningKey};

    const NOW: OffsetDateTime = datetime!(2026-11-22 12:00 UTC);

    fn policy(profiles: &str) -> Policy {
        let text = format!(
            r#"{{"signing":{{"default":{{"expiry":"8760h","usages":["signing","client auth"]}},"profiles":{{{profiles}}}}}}}"#
        );
        Policy::read(text.as_bytes(), &(), &mut |_| {}).unwrap().0
    }

    fn key() -> PrivateKey {
        key::generate(KeySpec::Ecdsa(Curve::P256)).unwrap()
    }

    fn decided(key: &PrivateKey, profile: &Profile, hosts: &[&str]) -> Decided {
        named("a", key, profile, hosts)
    }

    fn named(common_name: &str, key: &PrivateKey, profile: &Profile, hosts: &[&str]) -> Decided {
        let content = Content {
            subject: crate::name::Subject {
                common_name: common_name.into(),
                ..Default::default()
            },
            hosts: Hosts::parse(hosts),
            extensions: Vec::new(),
        };
        let wanted = Wanted::of_content(&content, key.public_key(), profile).unwrap();
        let serial = Serial::random().unwrap();
        Authority::self_signed(key)
            .decide(wanted, profile, NOW, serial, &mut |_| {})
            .unwrap()
    }

    fn certificate(key: &PrivateKey, decided: &Decided) -> Certificate {
        let issued = Authority::self_signed(key).issue(decided, &mut |_| {}).unwrap();
        Certificate::read(&issued.der).unwrap()
    }

    #[test]
    fn a_third_of_the_lifetime_or_what_is_asked_for_decides() {
        let key = key();
        let profile = policy("").default_profile().clone();
        let certificate = certificate(&key, &decided(&key, &profile, &[]));
        let at = |hours: i64| certificate.not_after - time::Duration::hours(hours);
        assert!(!is_due(&certificate, None, at(8760 / 3)));
        assert!(is_due(&certificate, None, at(8760 / 3 - 1)));
        assert!(!is_due(&certificate, Some(Duration::hours(24)), at(24)));
        assert!(is_due(&certificate, Some(Duration::hours(24)), at(23)));
        assert!(is_due(&certificate, Some(Duration::ZERO), at(-1)));
    }

    #[test]
    fn the_only_matching_named_profile_is_used() {
        const SERVER: &str = r#""server":{"expiry":"1h","usages":["signing","server auth"]}"#;
        const CLIENT: &str = r#""client":{"expiry":"1h","usages":["client auth","digital signature"]}"#;
        const ALIKE: &str = r#""user":{"expiry":"2h","usages":["signing","client auth"]}"#;
        const AUTHORITY: &str = r#""ca":{"expiry":"2h","usages":["signing","client auth"],"ca_constraint":{"is_ca":true,"max_path_len":1}}"#;
        let key = key();
        let profile = policy("").default_profile().clone();
        let certificate = certificate(&key, &decided(&key, &profile, &[]));
        let name = |profiles: &[&str]| {
            let policy = policy(&profiles.join(","));
            let found = fitting_profile(&policy, &certificate);
            found.map(|(name, _)| name.to_owned()).map_err(|unclear| {
                unclear
                    .fitting
                    .iter()
                    .map(|name| (*name).to_owned())
                    .collect::<Vec<_>>()
            })
        };
        assert_eq!(name(&[SERVER, CLIENT]), Ok("client".into()));
        assert_eq!(name(&[SERVER]), Ok("default".into()));
        assert_eq!(name(&[AUTHORITY]), Ok("default".into()));
        assert_eq!(name(&[CLIENT, ALIKE]), Err(vec!["client".into(), "user".into()]));
    }

    #[test]
    fn differences_are_found() {
        let key = key();
        let profile = policy("").default_profile().clone();
        let old = certificate(&key, &decided(&key, &profile, &["a", "10.0.0.1", "b"]));
        let same = decided(&key, &profile, &["10.0.0.1", "b", "a"])
            .template()
            .clone();
        assert_eq!(difference(&old, &same), None);
        let mut other = same.clone();
        other.names = Names::Built(Hosts::parse(["a", "b"]));
        assert_eq!(difference(&old, &other), Some(Difference::Hosts));
        let mut other = same.clone();
        other.key_usage |= 1 << 2;
        assert_eq!(difference(&old, &other), Some(Difference::Usages));
        let mut other = same.clone();
        other.subject = Subject::Raw(vec![0x30, 0]);
        assert_eq!(difference(&old, &other), Some(Difference::Subject));
        let mut other = same;
        other.constraint = CaConstraint::authority(0, false);
        assert_eq!(difference(&old, &other), Some(Difference::Constraint));
    }

    #[test]
    fn another_key_with_the_same_name_is_another_ca() {
        let (own, other) = (key(), key());
        let profile = policy("").default_profile().clone();
        let authority = certificate(&own, &decided(&own, &profile, &[]));
        assert_eq!(check_issuer(&authority, &authority), Ok(()));
        let twin = certificate(&other, &decided(&other, &profile, &[]));
        assert_eq!(check_issuer(&authority, &twin), Err(IssuerMismatch::OtherKey));
        let renamed = certificate(&other, &named("b", &other, &profile, &[]));
        assert_eq!(check_issuer(&renamed, &authority), Err(IssuerMismatch::OtherName));
    }
}
