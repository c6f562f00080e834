//! The address of a remote server as cfssl reads it: `host`, `host:port`, or a URL.

use std::net::{IpAddr, SocketAddr};

use rcfssl_go::quote;
use rcfssl_go::url::Uri;

/// The port if only a host is given.
const PORT: &str = "8888";

/// The address of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    uri: Uri,
    /// Why cfssl rejects this address. Its meaning is clear, so it is tried nevertheless.
    pub refused_by_cfssl: Option<String>,
}

impl Server {
    /// Parses an address; surrounding blanks are ignored.
    ///
    /// # Errors
    /// Go's message.
    pub fn parse(address: &str) -> Result<Self, String> {
        let text = address.trim();
        let uri = match Uri::parse(text) {
            Ok(uri) => uri,
            Err(why) => {
                let socket = socket(text).ok_or_else(|| why.clone())?;
                let uri = Uri::parse(&format!("http://{socket}"))?;
                return Ok(Server {
                    uri,
                    refused_by_cfssl: Some(why),
                });
            }
        };
        let scheme = match uri.scheme() {
            "https" => "https",
            _ => "http",
        };
        let path = String::from_utf8_lossy(uri.path());
        let host = if !uri.opaque().is_empty() {
            format!("{}:{}", uri.scheme(), uri.opaque()).into_bytes()
        } else if uri.path() == b"/" && !uri.host().is_empty() {
            uri.host().to_vec()
        } else if !path.is_empty() && !path.contains(':') {
            // cfssl also uses a URL's path as the host, and fails when it posts.
            format!("{path}:{PORT}").into_bytes()
        } else if uri.scheme().is_empty() {
            uri.path().to_vec()
        } else {
            uri.host().to_vec()
        };
        check_port(&String::from_utf8_lossy(&host))?;
        Ok(Server {
            uri: uri.at_host(scheme, &host),
            refused_by_cfssl: None,
        })
    }

    /// The URL of an operation, such as `sign`.
    pub fn url(&self, operation: &str) -> String {
        operation_url(&self.uri, operation)
    }

    /// The same for display, without a password.
    pub fn shown(&self, operation: &str) -> String {
        operation_url(&self.uri.clone().masked(), operation)
    }
}

fn operation_url(uri: &Uri, operation: &str) -> String {
    format!("{uri}/api/v1/cfssl/{operation}")
}

/// An IP address with or without a port. Go does not accept either as a URL if it contains
/// colons.
fn socket(text: &str) -> Option<String> {
    if text.parse::<SocketAddr>().is_ok() {
        return Some(text.to_owned());
    }
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    let address: IpAddr = bare.unwrap_or(text).parse().ok()?;
    Some(format!("[{address}]:{PORT}"))
}

/// cfssl's checks of the port.
fn check_port(host: &str) -> Result<(), String> {
    let end = host.rfind(']').map_or(0, |at| at + 1);
    let Some((_, port)) = host.get(end..).and_then(|rest| rest.split_once(':')) else {
        return Ok(());
    };
    if port.contains(':') {
        return Err(format!("address {host}:{PORT}: too many colons in address"));
    }
    let refused = |why: &str| Err(format!("strconv.Atoi: parsing {}: {why}", quote(port)));
    match port.parse::<i64>() {
        _ if port.is_empty() => Ok(()),
        Ok(_) => Ok(()),
        Err(error) => match error.kind() {
            std::num::IntErrorKind::PosOverflow | std::num::IntErrorKind::NegOverflow => {
                refused("value out of range")
            }
            _ => refused("invalid syntax"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_become_urls_as_in_cfssl() {
        for (address, url) in [
            ("localhost", "http://localhost:8888"),
            ("localhost:1", "http://localhost:1"),
            ("127.0.0.1", "http://127.0.0.1:8888"),
            ("http://127.0.0.1", "http://127.0.0.1"),
            (" HTTP://a:1 ", "http://a:1"),
            ("https://A.test:1", "https://A.test:1"),
            ("ftp://a:1", "http://a:1"),
            ("http://[::1]:1", "http://[::1]:1"),
            ("http://u:p@a:1", "http://u:p@a:1"),
            ("", "http:"),
            ("http://a:1/x", "http://%2Fx:8888"),
            ("http://a:1?x=1", "http://a:1?x=1"),
        ] {
            let server = Server::parse(address).unwrap();
            assert_eq!(
                server.url("sign"),
                format!("{url}/api/v1/cfssl/sign"),
                "{address}"
            );
            assert_eq!(server.refused_by_cfssl, None, "{address}");
        }
    }

    #[test]
    fn addresses_with_a_clear_meaning_are_accepted() {
        for (address, url) in [
            ("127.0.0.1:1", "http://127.0.0.1:1"),
            ("[::1]:1", "http://[::1]:1"),
            ("::1", "http://[::1]:8888"),
        ] {
            let server = Server::parse(address).unwrap();
            assert_eq!(
                server.url("info"),
                format!("{url}/api/v1/cfssl/info"),
                "{address}"
            );
            assert!(server.refused_by_cfssl.is_some(), "{address}");
        }
        let slash = Server::parse("https://a:1/").unwrap();
        assert_eq!(slash.url("info"), "https://a:1/api/v1/cfssl/info");
    }

    #[test]
    fn invalid_addresses_give_gos_errors() {
        for (address, why) in [
            (
                "http://127.0.0.1:abc",
                r#"parse "http://127.0.0.1:abc": invalid port ":abc" after host"#,
            ),
            ("localhost:abc", r#"strconv.Atoi: parsing "abc": invalid syntax"#),
            (
                "a b:1",
                r#"parse "a b:1": first path segment in URL cannot contain colon"#,
            ),
        ] {
            assert_eq!(Server::parse(address).unwrap_err(), why);
        }
    }

    #[test]
    fn passwords_are_not_shown() {
        let server = Server::parse("http://u:secret@a:1").unwrap();
        assert_eq!(server.shown("sign"), "http://u:xxxxx@a:1/api/v1/cfssl/sign");
    }
}
