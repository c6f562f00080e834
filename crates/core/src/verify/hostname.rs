//! Checks whether a certificate is valid for a host: by its alternative names only, as in
//! Go.

use std::net::IpAddr;

use crate::certificate::Certificate;
use crate::host;
use crate::oid;
use rcfssl_go::ip;

/// Checks that a certificate names this host: a DNS name, or an IP address, which may be in
/// brackets.
///
/// # Errors
/// Go's message: `x509: certificate is valid for a, b, not c` and the like.
pub fn check_host(certificate: &Certificate, host: &str) -> Result<(), String> {
    let bare = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .filter(|bare| !bare.is_empty())
        .unwrap_or(host);
    if let Some(address) = ip::parse(bare) {
        let named = certificate
            .hosts
            .ip
            .iter()
            .any(|octets| to_address(octets) == Some(address.to_canonical()));
        return if named {
            Ok(())
        } else {
            Err(mismatch(certificate, bare))
        };
    }
    let wanted = host.to_ascii_lowercase();
    let is_host = is_hostname(wanted.strip_suffix('.').unwrap_or(&wanted), false);
    let fits = |pattern: &String| {
        if is_host && is_hostname(pattern, true) {
            matches_pattern(pattern, &wanted)
        } else {
            !matches!(pattern.as_str(), "" | ".")
                && !matches!(wanted.as_str(), "" | ".")
                && pattern.eq_ignore_ascii_case(&wanted)
        }
    };
    if certificate.hosts.dns.iter().any(fits) {
        Ok(())
    } else {
        Err(mismatch(certificate, host))
    }
}

/// An IPv4-mapped address counts as an IPv4 address.
fn to_address(octets: &[u8]) -> Option<IpAddr> {
    if let Ok(v4) = <[u8; 4]>::try_from(octets) {
        return Some(IpAddr::from(v4));
    }
    let v6 = <[u8; 16]>::try_from(octets).ok()?;
    Some(IpAddr::from(v6).to_canonical())
}

/// Go's message for a host that the certificate does not name.
fn mismatch(certificate: &Certificate, host: &str) -> String {
    let legacy = certificate.extension(&oid::SUBJECT_ALT_NAME).is_none();
    if legacy && matches_pattern(&certificate.common_name(), host) {
        return "x509: certificate relies on legacy Common Name field, use SANs instead".to_owned();
    }
    let hosts = &certificate.hosts;
    let valid = if ip::parse(host).is_some() {
        if hosts.ip.is_empty() {
            return format!(
                "x509: cannot validate certificate for {host} because it doesn't contain any IP SANs"
            );
        }
        let addresses: Vec<String> = hosts.ip.iter().map(|octets| host::ip_text(octets)).collect();
        addresses.join(", ")
    } else {
        hosts.dns.join(", ")
    };
    if valid.is_empty() {
        return format!("x509: certificate is not valid for any names, but wanted to match {host}");
    }
    format!("x509: certificate is valid for {valid}, not {host}")
}

/// A name that can be matched label by label (RFC 6125, section 2.2); a pattern may begin
/// with `*`.
fn is_hostname(name: &str, pattern: bool) -> bool {
    if name.is_empty() || (pattern && name == "*") {
        return false;
    }
    name.split('.').enumerate().all(|(index, label)| {
        let wildcard = pattern && index == 0 && label == "*";
        wildcard
            || (!label.is_empty()
                && !label.starts_with('-')
                && label
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'))
    })
}

fn matches_pattern(pattern: &str, host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    if pattern.is_empty() || host.is_empty() {
        return false;
    }
    let (labels, wanted): (Vec<_>, Vec<_>) = (pattern.split('.').collect(), host.split('.').collect());
    labels.len() == wanted.len()
        && labels
            .iter()
            .zip(&wanted)
            .enumerate()
            .all(|(index, (label, want))| (index == 0 && *label == "*") || label.eq_ignore_ascii_case(want))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_matches_one_label() {
        for (pattern, host, want) in [
            ("a.example", "A.Example.", true),
            ("*.example", "a.example", true),
            ("*.example", "example", false),
            ("*.example", "a.b.example", false),
            ("a.*.example", "a.b.example", false),
            ("", "a", false),
        ] {
            assert_eq!(matches_pattern(pattern, host), want, "{pattern} {host}");
        }
    }

    #[test]
    fn only_hostnames_are_matched_by_label() {
        for (name, pattern, want) in [
            ("a-b_c.example", false, true),
            ("-a.example", false, false),
            ("a..b", false, false),
            ("*.a", false, false),
            ("*.a", true, true),
            ("*", true, false),
            ("a b", true, false),
        ] {
            assert_eq!(is_hostname(name, pattern), want, "{name}");
        }
    }
}
