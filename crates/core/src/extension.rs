//! The DER of certificate extensions, encoded and decoded (RFC 5280, section 4.2).

use crate::asn1::fields::{Fields, bit_string, boolean, integer};
use crate::asn1::read::Reader;
use crate::asn1::{self, Writer, tag};
use crate::error::{Error, Result};
use crate::host::{self, Hosts};
use crate::oid::{self, Oid};

/// One extension: its value is the contents of the OCTET STRING.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extension {
    /// extnID
    pub oid: Oid,
    /// critical
    pub critical: bool,
    /// The DER inside extnValue.
    pub value: Vec<u8>,
}

impl Extension {
    /// Writes the SEQUENCE.
    pub fn write(&self, w: &mut Writer) {
        write(w, &self.oid, self.critical, |w| w.raw(&self.value));
    }
}

/// Writes an extension whose value `inner` writes.
pub fn write(w: &mut Writer, oid: &Oid, critical: bool, inner: impl FnOnce(&mut Writer)) {
    w.sequence(|w| {
        w.oid(oid);
        if critical {
            w.true_();
        }
        w.nest(tag::OCTET_STRING, inner);
    });
}

/// basicConstraints; a path length of -1 means none. Like Go, this writes any other value
/// unchanged, even a negative one.
pub fn write_basic_constraints(w: &mut Writer, ca: bool, path_len: i64) {
    w.sequence(|w| {
        if ca {
            w.true_();
        }
        if path_len != -1 {
            w.integer(path_len);
        }
    });
}

/// subjectAltName: DNS names, e-mail addresses, IP addresses, URIs.
pub fn write_subject_alt_name(w: &mut Writer, hosts: &Hosts) {
    w.sequence(|w| {
        hosts
            .dns
            .iter()
            .for_each(|name| w.primitive(tag::context(2), name.as_bytes()));
        hosts
            .email
            .iter()
            .for_each(|address| w.primitive(tag::context(1), address.as_bytes()));
        hosts
            .ip
            .iter()
            .for_each(|octets| w.primitive(tag::context(7), host::shortest_ip(octets)));
        hosts
            .uri
            .iter()
            .for_each(|uri| w.primitive(tag::context(6), uri.as_bytes()));
    });
}

/// authorityInfoAccess: OCSP responders first.
pub fn write_authority_info_access(w: &mut Writer, ocsp: &[String], issuers: &[String]) {
    let access = |w: &mut Writer, method: &Oid, url: &String| {
        w.sequence(|w| {
            w.oid(method);
            w.primitive(tag::context(6), url.as_bytes());
        });
    };
    w.sequence(|w| {
        ocsp.iter().for_each(|url| access(w, &oid::ACCESS_OCSP, url));
        issuers
            .iter()
            .for_each(|url| access(w, &oid::ACCESS_CA_ISSUERS, url));
    });
}

/// cRLDistributionPoints, each a full name of one URI.
pub fn write_crl_distribution_points(w: &mut Writer, urls: &[String]) {
    w.sequence(|w| {
        for url in urls {
            w.sequence(|w| {
                w.context(0, |w| {
                    w.context(0, |w| w.primitive(tag::context(6), url.as_bytes()))
                })
            });
        }
    });
}

/// The basicConstraints that a request asks for: `(cA, pathLenConstraint)`, with -1 for no
/// length.
///
/// # Errors
/// Go's message for a malformed value, or `x509: trailing data after X.509
/// BasicConstraints`.
pub fn read_basic_constraints(value: &[u8]) -> Result<(bool, i64)> {
    let mut whole = Fields::new(value);
    let mut fields = whole.enter("BasicConstraints")?;
    let ca = match fields.optional(tag::BOOLEAN)? {
        Some(ca) => boolean(ca.contents)?,
        None => false,
    };
    // Anything else there is skipped.
    let path_len = match fields.optional(tag::INTEGER)? {
        Some(length) => integer(length.contents)?,
        None => -1,
    };
    match whole.is_empty() {
        true => Ok((ca, path_len)),
        false => Err(Error::plain("x509: trailing data after X.509 BasicConstraints")),
    }
}

/// The names in a subjectAltName, as Go parses it, and the tags of those of types that it
/// skips (otherName 0, directoryName 4, registeredID 8 …).
///
/// # Errors
/// `x509: SAN dNSName is malformed` and the like.
pub fn read_subject_alt_name(value: &[u8]) -> Result<(Hosts, Vec<u8>)> {
    let malformed = |what: &str| Error::plain(format!("x509: {what}"));
    let mut names = Reader::new(value)
        .enter(tag::SEQUENCE)
        .ok_or_else(|| malformed("invalid subject alternative names"))?;
    let mut hosts = Hosts::default();
    let mut others = Vec::new();
    while !names.is_empty() {
        // Go's parser does not support tags of more than one octet.
        let name = names.next().filter(|name| name.tag & 0x1f != 0x1f);
        let name = name.ok_or_else(|| malformed("invalid subject alternative name"))?;
        let text = |what: &str| match std::str::from_utf8(name.contents) {
            Ok(text) if text.is_ascii() => Ok(text.to_owned()),
            _ => Err(malformed(&format!("SAN {what} is malformed"))),
        };
        const EMAIL: u8 = tag::context(1);
        const DNS: u8 = tag::context(2);
        const URI: u8 = tag::context(6);
        const IP: u8 = tag::context(7);
        match name.tag {
            EMAIL => hosts.email.push(text("rfc822Name")?),
            DNS => hosts.dns.push(text("dNSName")?),
            URI => hosts
                .uri
                .push(host::reread_uri(&text("uniformResourceIdentifier")?)?),
            IP if matches!(name.contents.len(), 4 | 16) => hosts.ip.push(name.contents.to_vec()),
            IP => {
                return Err(malformed(&format!(
                    "cannot parse IP address of length {}",
                    name.contents.len()
                )));
            }
            other => others.push(other & 0x1f),
        }
    }
    Ok((hosts, others))
}

/// Whether `copy_extensions` may copy this from a request. Extensions that determine what a
/// certificate may do, or for whom it is, are reserved for the profile. cfssl 1.6.5 lets a
/// request set them (fixed later).
pub fn is_copyable(extension: &Extension) -> bool {
    /// Whatever is defined below these identifiers is said by the CA.
    const ARCS: [Oid; 5] = [
        oid::CERTIFICATE_EXTENSIONS,
        oid::PKIX_EXTENSIONS,
        oid::MICROSOFT_CERTIFICATE_SERVICES,
        oid::MICROSOFT_DIRECTORY,
        oid::NETSCAPE_EXTENSIONS,
    ];
    const OTHERS: [Oid; 5] = [
        oid::OCSP_NO_CHECK,
        oid::OLD_PROXY_CERT_INFO,
        oid::MICROSOFT_TEMPLATE_NAME,
        oid::MICROSOFT_CROSS_CERTIFICATES,
        oid::CT_POISON,
    ];
    match &extension.oid {
        // It only restricts its own holder (RFC 7633).
        id if *id == oid::TLS_FEATURE => true,
        id if *id == oid::NETSCAPE_CERT_TYPE => is_leaf_cert_type(&extension.value),
        // A remark without effect.
        id if *id == oid::NETSCAPE_COMMENT => true,
        id => !ARCS.iter().any(|arc| id.is_below(arc)) && !OTHERS.contains(id),
    }
}

/// Netscape's certificate type without the CA bits: the last three of eight, for TLS, mail
/// and object-signing CAs.
fn is_leaf_cert_type(value: &[u8]) -> bool {
    let bits = Reader::new(value)
        .only(tag::BIT_STRING)
        .and_then(|contents| bit_string(contents).ok());
    bits.is_some_and(|bits| bits.octets.first().is_none_or(|octet| octet & 0b111 == 0))
}

/// The NULL that is the value of some extensions.
pub fn null() -> Vec<u8> {
    asn1::encode(Writer::null)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|b| format!("{b:02x}")).collect()
    }

    #[test]
    fn basic_constraints_read_back() {
        for (ca, path_len, want) in [
            (false, -1, "3000"),
            (true, -1, "30030101ff"),
            (true, 0, "30060101ff020100"),
            (true, 300, "30070101ff0202012c"),
            (true, -2, "30060101ff0201fe"),
        ] {
            let der = asn1::encode(|w| write_basic_constraints(w, ca, path_len));
            assert_eq!(hex(&der), want);
            assert_eq!(read_basic_constraints(&der), Ok((ca, path_len)));
        }
        assert_eq!(
            read_basic_constraints(&[0x30, 0, 0]).unwrap_err().to_string(),
            "x509: trailing data after X.509 BasicConstraints"
        );
        for (value, words) in [
            (
                &[4, 0][..],
                "structure error: tags don't match (16 vs {class:0 tag:4 length:0 ",
            ),
            (&[0x30, 3, 1, 1, 7], "syntax error: invalid boolean"),
            (
                &[0x30, 4, 2, 2, 0, 1],
                "structure error: integer not minimally-encoded",
            ),
            (&[0x30, 2, 2, 1], "syntax error: data truncated"),
            (&[0x30, 1, 5], "syntax error: truncated tag or length"),
        ] {
            let refused = read_basic_constraints(value).unwrap_err().to_string();
            assert!(refused.starts_with(&format!("asn1: {words}")), "{refused}");
        }
        assert_eq!(read_basic_constraints(&[0x30, 4, 5, 0, 5, 9]), Ok((false, -1)));
    }

    #[test]
    fn alternative_names_read_back_and_other_types_are_reported() {
        let hosts = Hosts::parse(["a.b", "10.0.0.1", "::1", "x@y.z", "spiffe://t/w"]);
        let der = asn1::encode(|w| write_subject_alt_name(w, &hosts));
        assert_eq!(read_subject_alt_name(&der), Ok((hosts, vec![])));
        assert_eq!(
            read_subject_alt_name(&[0x30, 4, 0x88, 2, 0x2a, 3]).unwrap().1,
            [8]
        );
        assert_eq!(
            read_subject_alt_name(&[0x30, 3, 0x87, 1, 1])
                .unwrap_err()
                .to_string(),
            "x509: cannot parse IP address of length 1"
        );
        assert_eq!(
            read_subject_alt_name(&[0x30, 3, 0x82, 1, 0xe9])
                .unwrap_err()
                .to_string(),
            "x509: SAN dNSName is malformed"
        );
    }

    #[test]
    fn the_first_invalid_name_is_reported() {
        let bad_uri = [0x86, 3, b'a', b':', b'\x7f'];
        let bad_ip = [0x87, 1, 1];
        let read = |names: [&[u8]; 2]| {
            let names = names.concat();
            let value = asn1::encode(|w| w.sequence(|w| w.raw(&names)));
            read_subject_alt_name(&value).unwrap_err().to_string()
        };
        assert!(read([&bad_uri, &bad_ip]).starts_with("x509: cannot parse URI"));
        assert!(read([&bad_ip, &bad_uri]).starts_with("x509: cannot parse IP address"));
    }

    #[test]
    fn mapped_addresses_are_written_short() {
        let mut value = vec![
            0x30, 18, 0x87, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 1,
        ];
        let (hosts, _) = read_subject_alt_name(&value).unwrap();
        assert_eq!(host::ip_text(&hosts.ip[0]), "10.0.0.1");
        let written = asn1::encode(|w| write_subject_alt_name(w, &hosts));
        assert_eq!(written, [0x30, 6, 0x87, 4, 10, 0, 0, 1]);
        // IPv4-compatible ones are not (RFC 4291, section 2.5.5.1).
        value[14..16].fill(0);
        let (hosts, _) = read_subject_alt_name(&value).unwrap();
        assert_eq!(host::ip_text(&hosts.ip[0]), "::a00:1");
        assert_eq!(asn1::encode(|w| write_subject_alt_name(w, &hosts)), value);
    }

    #[test]
    fn access_and_distribution_points_have_the_shape_that_cfssl_writes() {
        let url = ["u".to_owned()];
        assert_eq!(
            hex(&asn1::encode(|w| write_crl_distribution_points(w, &url))),
            "30093007a005a003860175"
        );
        assert_eq!(
            hex(&asn1::encode(|w| write_authority_info_access(w, &url, &url))),
            "301e300d06082b06010505073001860175300d06082b06010505073002860175"
        );
    }
}
