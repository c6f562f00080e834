//! Host strings of a document or of `-hostname`: the subject alternative names of a
//! certificate.

pub(crate) mod mailbox;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::error::{Error, Result};
use rcfssl_go::quote::quote;

use rcfssl_go::url::Uri;
use rcfssl_go::{ip, mail};

/// The type of a host string (RFC 5280, section 4.2.1.6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    /// A dNSName, verbatim and unchecked: any string that is none of the other types.
    Dns(String),
    /// An rfc822Name: the bare address.
    Email(String),
    /// An iPAddress: 4 or 16 octets; an IPv4-mapped one has 4.
    Ip(Vec<u8>),
    /// A uniformResourceIdentifier, as Go formats it.
    Uri(String),
}

impl Host {
    /// Tries an IP address first, then an e-mail address, then a URI; anything else is a
    /// DNS name.
    ///
    /// By this rule `a.com:443` and `*` are URIs.
    pub fn parse(text: &str) -> Self {
        if let Some(ip) = ip::parse(text) {
            return Host::Ip(octets(ip));
        }
        if let Some(address) = mail::address(text) {
            return Host::Email(address);
        }
        match Uri::parse_request(text) {
            Some(uri) => Host::Uri(uri.to_string()),
            None => Host::Dns(text.to_owned()),
        }
    }
}

fn octets(ip: IpAddr) -> Vec<u8> {
    match ip {
        IpAddr::V4(v4) => v4.octets().to_vec(),
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => v4.octets().to_vec(),
            None => v6.octets().to_vec(),
        },
    }
}

/// The octets of an iPAddress as Go writes them: for an IPv4-mapped IPv6 address (RFC 4291,
/// section 2.5.5.2) the last four.
pub fn shortest_ip(octets: &[u8]) -> &[u8] {
    const MAPPED: [u8; 12] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];
    let v4 = octets.strip_prefix(&MAPPED).filter(|v4| v4.len() == 4);
    v4.unwrap_or(octets)
}

/// An iPAddress as text; octets of another length in hexadecimal.
pub fn ip_text(octets: &[u8]) -> String {
    let octets = shortest_ip(octets);
    if let Ok(v4) = <[u8; 4]>::try_from(octets) {
        Ipv4Addr::from(v4).to_string()
    } else if let Ok(v6) = <[u8; 16]>::try_from(octets) {
        Ipv6Addr::from(v6).to_string()
    } else {
        octets.iter().map(|b| format!("{b:02x}")).collect()
    }
}

/// Subject alternative names, grouped by type in the order in which they are encoded;
/// within a type in their original order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hosts {
    /// dNSName
    pub dns: Vec<String>,
    /// rfc822Name
    pub email: Vec<String>,
    /// iPAddress: 4 or 16 octets each
    pub ip: Vec<Vec<u8>>,
    /// uniformResourceIdentifier
    pub uri: Vec<String>,
}

impl Hosts {
    /// Groups host strings by type.
    pub fn parse<S: AsRef<str>>(hosts: impl IntoIterator<Item = S>) -> Self {
        let mut sorted = Hosts::default();
        for host in hosts {
            match Host::parse(host.as_ref()) {
                Host::Dns(name) => sorted.dns.push(name),
                Host::Email(address) => sorted.email.push(address),
                Host::Ip(octets) => sorted.ip.push(octets),
                Host::Uri(uri) => sorted.uri.push(uri),
            }
        }
        sorted
    }

    /// Whether there are no names.
    pub fn is_empty(&self) -> bool {
        self.dns.is_empty() && self.email.is_empty() && self.ip.is_empty() && self.uri.is_empty()
    }

    /// Keeps only what a CA certificate keeps: IP addresses.
    pub fn keep_ip_only(&mut self) {
        self.dns.clear();
        self.email.clear();
        self.uri.clear();
    }

    /// The names that a whitelist checks: all but IP addresses.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.dns
            .iter()
            .chain(&self.email)
            .chain(&self.uri)
            .map(String::as_str)
    }

    /// Rejects names that an IA5String cannot represent.
    ///
    /// # Errors
    /// `x509: "münchen.de" cannot be encoded as an IA5String`
    pub fn check(&self) -> Result<()> {
        match self.texts().find(|text| !text.is_ascii()) {
            Some(text) => Err(Error::plain(format!(
                "x509: {} cannot be encoded as an IA5String",
                quote(text)
            ))),
            None => Ok(()),
        }
    }

    /// The URIs as Go parses them back from a request; Go rejects some that it has written
    /// itself.
    ///
    /// # Errors
    /// `x509: cannot parse URI "…": …`
    pub fn reread_uris(&mut self) -> Result<()> {
        for text in &mut self.uri {
            *text = reread_uri(text)?;
        }
        Ok(())
    }
}

/// A URI as Go parses it back.
///
/// # Errors
/// `x509: cannot parse URI "…": …`
pub(crate) fn reread_uri(text: &str) -> Result<String> {
    let refused = |why: &str| Error::plain(format!("x509: cannot parse URI {}: {why}", quote(text)));
    let uri = Uri::parse(text).map_err(|why| refused(&why))?;
    match is_domain(uri.host()) {
        true => Ok(uri.to_string()),
        false => Err(refused("invalid domain")),
    }
}

/// The labels of a domain, starting with the last.
pub(crate) fn labels(domain: &str) -> Option<Vec<&str>> {
    if domain.is_empty() {
        return Some(Vec::new());
    }
    let labels: Vec<&str> = domain.rsplit('.').collect();
    let readable = |label: &&str| !label.is_empty() && label.bytes().all(|b| (33..=126).contains(&b));
    labels.iter().all(readable).then_some(labels)
}

/// Labels of visible ASCII separated by dots, which Go requires of the host of a URI in a
/// certificate; an empty host is allowed.
fn is_domain(host: &[u8]) -> bool {
    if host.is_empty() {
        return true;
    }
    let host = host.strip_prefix(b".").unwrap_or(host);
    host.split(|b| *b == b'.')
        .all(|label| !label.is_empty() && label.iter().all(|b| (33..=126).contains(b)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_types_are_recognized_as_in_cfssl() {
        let dns = |s: &str| Host::Dns(s.to_owned());
        let email = |s: &str| Host::Email(s.to_owned());
        let uri = |s: &str| Host::Uri(s.to_owned());
        let v6 = |s: &str| Host::Ip(s.parse::<Ipv6Addr>().unwrap().octets().to_vec());
        for (text, want) in [
            ("10.0.0.1", Host::Ip(vec![10, 0, 0, 1])),
            ("::1", v6("::1")),
            ("::ffff:1.2.3.4", Host::Ip(vec![1, 2, 3, 4])),
            ("::ffff:102:304", Host::Ip(vec![1, 2, 3, 4])),
            ("::ffff:00102:0304", Host::Ip(vec![1, 2, 3, 4])),
            ("01.2.3.4", dns("01.2.3.4")),
            ("10.0.0", dns("10.0.0")),
            ("10.0.0.0/8", dns("10.0.0.0/8")),
            ("[::1]", dns("[::1]")),
            ("", dns("")),
            (" a.com", dns(" a.com")),
            ("*.example.com", dns("*.example.com")),
            ("1.2.3.4:80", dns("1.2.3.4:80")),
            ("a@[1.2.3.4]", dns("a@[1.2.3.4]")),
            ("Bob <a@b.c>", email("a@b.c")),
            ("a.com:443", uri("a.com:443")),
            ("*", uri("*")),
            ("fe80::1%eth0", uri("fe80::1%eth0")),
            ("spiffe://td/wl", uri("spiffe://td/wl")),
        ] {
            assert_eq!(Host::parse(text), want, "{text}");
        }
    }

    #[test]
    fn names_beyond_ascii_are_refused_with_the_name() {
        let hosts = Hosts::parse(["a.com", "münchen.de"]);
        assert_eq!(
            hosts.check().unwrap_err().to_string(),
            r#"x509: "münchen.de" cannot be encoded as an IA5String"#
        );
        assert_eq!(Hosts::parse(["http://é.com/"]).check(), Ok(()));
    }

    #[test]
    fn some_uris_do_not_survive_the_request() {
        let reread = |text: &str| {
            let mut hosts = Hosts {
                uri: vec![text.to_owned()],
                ..Hosts::default()
            };
            hosts
                .reread_uris()
                .map(|()| hosts.uri.remove(0))
                .map_err(|e| e.to_string())
        };
        assert_eq!(reread("http://a.b/c"), Ok("http://a.b/c".into()));
        assert_eq!(reread("//"), Ok("".into()));
        assert_eq!(
            reread("http://a./"),
            Err(r#"x509: cannot parse URI "http://a./": invalid domain"#.into())
        );
        assert_eq!(
            reread("http://%C3%A9.com/"),
            Err(r#"x509: cannot parse URI "http://%C3%A9.com/": invalid domain"#.into())
        );
    }
}
