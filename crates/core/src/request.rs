//! The request document (CSR JSON): what a certificate or a CA should contain.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use crate::asn1;
use crate::certificate::Certificate;
use crate::csr::Content;
use crate::error::{Code, Error, Result};
use crate::extension::{self, Extension};
use crate::host::{self, Hosts};
use crate::key::KeySpec;
use crate::name::{self, Extra, Subject};
use crate::oid::{self, Oid};
use crate::policy::{CaConstraint, DEFAULT_CA_EXPIRY, Profile};
use rcfssl_go::duration::Duration;
use rcfssl_go::json::{self, Bytes, Cursor, Decode, List, Map, Report};
use rcfssl_go::json_object;

/// A request, as in its document.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// The common name, or empty.
    pub cn: String,
    /// Further names: values of the same type form one RDN.
    pub names: List<Name>,
    /// Host strings as written.
    pub hosts: List<String>,
    /// The key to be generated.
    pub key: Option<Key>,
    /// The settings of a CA.
    pub ca: Option<Ca>,
    /// The subject's serialNumber, or empty.
    pub serial_number: String,
    /// Asks for the delegation extension (RFC 9345).
    pub delegation_enabled: bool,
    /// Extensions that are copied to the request unchanged.
    pub extensions: List<RawExtension>,
    /// The CRL distribution point of a new CA.
    pub crl_url: String,
}
json_object!(Request as "csr.CertificateRequest" {
    "CN" => cn,
    "names" => names,
    "hosts" => hosts,
    "key" => key,
    "ca" => ca,
    "serialnumber" => serial_number,
    "delegation_enabled" => delegation_enabled,
    "extensions" => extensions,
    "crl_url" => crl_url,
});

impl Default for Request {
    fn default() -> Self {
        Request {
            cn: String::new(),
            names: List::default(),
            hosts: List::default(),
            key: Some(Key {
                algo: "ecdsa".to_owned(),
                size: 256,
            }),
            ca: None,
            serial_number: String::new(),
            delegation_enabled: false,
            extensions: List::default(),
            crl_url: String::new(),
        }
    }
}

/// One entry of `names`. It is written without empty members.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Name {
    /// Country
    #[serde(rename = "C", skip_serializing_if = "String::is_empty")]
    pub c: String,
    /// State or province
    #[serde(rename = "ST", skip_serializing_if = "String::is_empty")]
    pub st: String,
    /// Locality
    #[serde(rename = "L", skip_serializing_if = "String::is_empty")]
    pub l: String,
    /// Organization
    #[serde(rename = "O", skip_serializing_if = "String::is_empty")]
    pub o: String,
    /// Organizational unit
    #[serde(rename = "OU", skip_serializing_if = "String::is_empty")]
    pub ou: String,
    /// E-mail address
    #[serde(rename = "E", skip_serializing_if = "String::is_empty")]
    pub e: String,
    /// Decoded but never used.
    #[serde(rename = "SerialNumber", skip_serializing_if = "String::is_empty")]
    pub serial_number: String,
    /// Attributes by their object identifiers.
    #[serde(
        rename = "OID",
        skip_serializing_if = "Map::is_empty",
        serialize_with = "in_order"
    )]
    pub oid: Map<String>,
}

/// In the order in which Go writes a map.
fn in_order<S: Serializer>(map: &Map<String>, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    let sorted: BTreeMap<_, _> = map.iter().map(|(key, value)| (key, value)).collect();
    sorted.serialize(serializer)
}

json_object!(Name as "csr.Name" {
    "C" => c,
    "ST" => st,
    "L" => l,
    "O" => o,
    "OU" => ou,
    "E" => e,
    "SerialNumber" => serial_number,
    "OID" => oid,
});

/// The `key` section.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Key {
    /// `rsa`, `ecdsa` or `ed25519`
    pub algo: String,
    /// Bits
    pub size: i64,
}
json_object!(Key as "csr.KeyRequest" { "algo" => algo, "size" => size });

/// The `ca` section.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ca {
    /// pathLenConstraint
    pub path_len: i64,
    /// Whether a pathLenConstraint of 0 is intended.
    pub path_len_zero: bool,
    /// The lifetime; empty for five years.
    pub expiry: String,
    /// How far before the current time the validity starts.
    pub backdate: String,
}
json_object!(Ca as "csr.CAConfig" {
    "pathlen" => path_len,
    "pathlenzero" => path_len_zero,
    "expiry" => expiry,
    "backdate" => backdate,
});

/// An extension given byte for byte.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RawExtension {
    id: Arcs,
    critical: bool,
    value: Bytes,
}
json_object!(RawExtension as "pkix.Extension" { "Id" => id, "Critical" => critical, "Value" => value });

/// The arcs of an object identifier as a list of numbers.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Arcs(List<i64>);

impl Decode for Arcs {
    fn decode(&mut self, cursor: &mut Cursor<'_>) {
        if matches!(cursor.kind(), json::Kind::Array | json::Kind::Null) {
            self.0.decode(cursor);
        } else {
            cursor.mismatch("asn1.ObjectIdentifier");
        }
    }

    fn go_type() -> String {
        "asn1.ObjectIdentifier".to_owned()
    }
}

impl Ca {
    /// Converts it to basicConstraints. If both fields are given, the number counts.
    pub fn constraint(&self) -> CaConstraint {
        CaConstraint::authority(self.path_len, self.path_len_zero)
    }

    /// Whether `pathlenzero` contradicts `pathlen`.
    pub fn zero_is_ignored(&self) -> bool {
        self.path_len != 0 && self.path_len_zero
    }
}

impl Request {
    /// Parses a request document.
    ///
    /// # Errors
    /// Go's message, with the position.
    pub fn read(text: &[u8]) -> Result<(Self, Report)> {
        let mut request = Request::default();
        let report = json::read(text, &mut request)?;
        Ok((request, report))
    }

    /// The contents of a certificate, as the request that would ask for it again: names of
    /// the five usual types, hosts starting with addresses, and for a CA its path length
    /// and a lifetime of the same length.
    pub fn from_certificate(certificate: &Certificate) -> Self {
        let subject = Subject::from_attributes(&certificate.subject_attributes);
        let lists = [
            &subject.country,
            &subject.province,
            &subject.locality,
            &subject.organization,
            &subject.organizational_unit,
        ];
        let entries = lists.iter().map(|list| list.len()).max().unwrap_or(0);
        let names: Vec<Name> = (0..entries)
            .map(|at| {
                let [c, st, l, o, ou] = lists.map(|list| list.get(at).cloned().unwrap_or_default());
                Name {
                    c,
                    st,
                    l,
                    o,
                    ou,
                    ..Name::default()
                }
            })
            .collect();
        let found = &certificate.hosts;
        let addresses = found.ip.iter().map(|octets| host::ip_text(octets));
        let hosts: Vec<String> = addresses.chain(found.texts().map(str::to_owned)).collect();
        let ca = certificate.is_ca.then(|| {
            let lifetime = certificate.not_after - certificate.not_before;
            // Like Go, this limits the lifetime to 292 years, the maximum.
            let lifetime = i64::try_from(lifetime.whole_nanoseconds()).unwrap_or(i64::MAX);
            Ca {
                path_len: certificate.path_len,
                path_len_zero: certificate.path_len == 0,
                expiry: Duration::nanoseconds(lifetime).to_string(),
                backdate: String::new(),
            }
        });
        Request {
            cn: subject.common_name,
            serial_number: subject.serial_number,
            names: names.into(),
            hosts: hosts.into(),
            ca,
            ..Request::default()
        }
    }

    /// The `key` section, or its default if it is `null`.
    pub fn key(&self) -> Key {
        self.key.clone().unwrap_or_else(|| Key {
            algo: "ecdsa".to_owned(),
            size: 256,
        })
    }

    /// The key to be generated.
    ///
    /// # Errors
    /// As [`KeySpec::new`].
    pub fn key_spec(&self) -> Result<KeySpec> {
        let key = self.key();
        KeySpec::new(&key.algo, key.size)
    }

    /// CN, C, ST, L, O, OU and the serial number only.
    pub fn plain_names(&self) -> Subject {
        let mut subject = Subject {
            common_name: self.cn.clone(),
            serial_number: self.serial_number.clone(),
            ..Subject::default()
        };
        for name in self.names.iter() {
            let add = |value: &String, values: &mut Vec<String>| {
                values.extend((!value.is_empty()).then(|| value.clone()));
            };
            add(&name.c, &mut subject.country);
            add(&name.st, &mut subject.province);
            add(&name.l, &mut subject.locality);
            add(&name.o, &mut subject.organization);
            add(&name.ou, &mut subject.organizational_unit);
        }
        subject
    }

    /// The subject.
    ///
    /// # Errors
    /// `invalid OID part x`, or `asn1: structure error: invalid object identifier`.
    pub fn subject(&self) -> Result<Subject> {
        let mut subject = self.plain_names();
        let mut arcs = Vec::new();
        for name in self.names.iter() {
            for (dotted, value) in name.oid.iter() {
                arcs.push((name::parse_arcs(dotted)?, value));
            }
            if !name.e.is_empty() {
                arcs.push((vec![1, 2, 840, 113_549, 1, 9, 1], &name.e));
            }
        }
        for (arcs, value) in arcs {
            let oid = Oid::from_arcs(&arcs).ok_or_else(invalid_oid)?;
            subject.extra.push((oid, Extra::Text(value.clone())));
        }
        Ok(subject)
    }

    /// Rejects attribute types that are not numbers separated by dots; this is checked
    /// first.
    ///
    /// # Errors
    /// `invalid OID part x`
    pub fn check_types(&self) -> Result<()> {
        let types = self.names.iter().flat_map(|name| name.oid.iter());
        types
            .map(|(dotted, _)| name::parse_arcs(dotted))
            .try_for_each(|arcs| arcs.map(drop))
    }

    /// The contents to be signed. If there are several errors, Go reports that of a host
    /// first, then that of an extension, then that of an attribute type.
    ///
    /// # Errors
    /// As [`Hosts::check`], [`Request::extensions`] and [`Request::subject`].
    pub fn content(&self) -> Result<Content> {
        let hosts = self.hosts();
        if !self.extensions.iter().any(|raw| *raw.id.0 == [2, 5, 29, 17]) {
            hosts.check()?;
        }
        let extensions = self.extensions()?;
        Ok(Content {
            subject: self.subject()?,
            hosts,
            extensions,
        })
    }

    /// The hosts by type.
    pub fn hosts(&self) -> Hosts {
        Hosts::parse(self.hosts.iter())
    }

    /// The extensions that the document adds to the request: basicConstraints for a CA,
    /// unless the delegation extension replaces it (a quirk of cfssl); then those given as
    /// DER.
    ///
    /// # Errors
    /// `x509: failed to serialise extensions attribute: …`
    pub fn extensions(&self) -> Result<Vec<Extension>> {
        let mut extensions = Vec::new();
        if self.delegation_enabled {
            extensions.push(Extension {
                oid: oid::DELEGATION_USAGE,
                critical: false,
                value: extension::null(),
            });
        } else if let Some(ca) = &self.ca {
            let CaConstraint { is_ca, path_len } = ca.constraint();
            let value = asn1::encode(|w| extension::write_basic_constraints(w, is_ca, path_len));
            extensions.push(Extension {
                oid: oid::BASIC_CONSTRAINTS,
                critical: true,
                value,
            });
        }
        for raw in self.extensions.iter() {
            let oid = Oid::from_arcs(&raw.id.0).ok_or_else(|| {
                Error::plain(format!(
                    "x509: failed to serialise extensions attribute: {}",
                    invalid_oid()
                ))
            })?;
            extensions.push(Extension {
                oid,
                critical: raw.critical,
                value: raw.value.0.clone(),
            });
        }
        Ok(extensions)
    }

    /// Whether it has a subject, as a CA must: a common name, which may be blank, or
    /// entries each of which has at least one of C, ST, L, O, OU.
    ///
    /// # Errors
    /// Code 5300, `missing subject information`.
    pub fn check_named(&self) -> Result<()> {
        let blank = |value: &String| value.trim_matches(is_go_space).is_empty();
        let is_empty = |name: &Name| {
            [&name.c, &name.st, &name.l, &name.o, &name.ou]
                .into_iter()
                .all(blank)
        };
        if self.cn.is_empty() && (self.names.is_empty() || self.names.iter().any(is_empty)) {
            return Err(Error::wrap(Code::InvalidRequest, "missing subject information"));
        }
        Ok(())
    }

    /// The profile for the CA that the document asks for.
    ///
    /// # Errors
    /// Go's message for a malformed duration.
    pub fn root_profile(&self) -> Result<Profile> {
        let Some(ca) = &self.ca else {
            let constraint = CaConstraint::authority(0, false);
            return Ok(Profile::root(
                DEFAULT_CA_EXPIRY,
                Duration::ZERO,
                constraint,
                self.crl_url.clone(),
            ));
        };
        let expiry = if ca.expiry.is_empty() {
            DEFAULT_CA_EXPIRY
        } else {
            Duration::parse(&ca.expiry)?
        };
        let backdate = if ca.backdate.is_empty() {
            Duration::ZERO
        } else {
            Duration::parse(&ca.backdate)?
        };
        Ok(Profile::root(
            expiry,
            backdate,
            ca.constraint(),
            self.crl_url.clone(),
        ))
    }
}

fn invalid_oid() -> Error {
    Error::plain("asn1: structure error: invalid object identifier")
}

/// Unicode white space as trimmed by `strings.TrimSpace`.
fn is_go_space(c: char) -> bool {
    c.is_whitespace()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Request {
        Request::read(text.as_bytes()).unwrap().0
    }

    #[test]
    fn the_document_of_the_walk_through_has_ou_twice() {
        let request = read(
            r#"{"CN":"My own CA","names":[{"C":"US","O":"My Company Name","OU":"Org Unit 1","OU":"Org Unit 2"}]}"#,
        );
        let subject = request.subject().unwrap();
        assert_eq!(subject.organizational_unit, ["Org Unit 2"]);
        assert_eq!(request.key_spec(), Ok(KeySpec::Ecdsa(crate::key::Curve::P256)));
    }

    #[test]
    fn a_partial_key_section_keeps_the_other_default() {
        assert_eq!(
            read(r#"{"key":{"size":384}}"#).key(),
            Key {
                algo: "ecdsa".into(),
                size: 384
            }
        );
        assert_eq!(
            read(r#"{"key":{"algo":"rsa"}}"#).key(),
            Key {
                algo: "rsa".into(),
                size: 256
            }
        );
        assert_eq!(
            read(r#"{"key":null}"#).key(),
            Key {
                algo: "ecdsa".into(),
                size: 256
            }
        );
    }

    #[test]
    fn a_ca_must_have_a_subject() {
        for (text, ok) in [
            (r#"{"CN":" "}"#, true),
            (r#"{"names":[{"O":"x"}]}"#, true),
            (r#"{}"#, false),
            (r#"{"names":[{"O":"x"},{}]}"#, false),
            (r#"{"names":[{"O":" "}]}"#, false),
            (r#"{"names":[{"E":"a@b"}],"serialnumber":"1"}"#, false),
        ] {
            assert_eq!(read(text).check_named().is_ok(), ok, "{text}");
        }
    }

    #[test]
    fn attributes_by_identifier_come_before_the_e_mail_address_of_their_entry() {
        let subject = read(r#"{"names":[{"E":"a@b","OID":{"1.2.3":"x"}},{"OID":{"1.2.4":"y"}}]}"#)
            .subject()
            .unwrap();
        let order: Vec<_> = subject.extra.iter().map(|(oid, _)| oid.to_string()).collect();
        assert_eq!(order, ["1.2.3", "1.2.840.113549.1.9.1", "1.2.4"]);
        let refusal = |text: &str| read(text).subject().unwrap_err().to_string();
        assert_eq!(
            refusal(r#"{"names":[{"OID":{"1.x":"v"}}]}"#),
            "invalid OID part x"
        );
        assert_eq!(
            refusal(r#"{"names":[{"OID":{"1":"v"}}]}"#),
            "asn1: structure error: invalid object identifier"
        );
    }

    #[test]
    fn of_several_errors_that_of_a_host_is_reported_first() {
        let refusal = |text: &str| read(text).content().unwrap_err().to_string();
        let (host, extension) = (r#""hosts":["ü"]"#, r#""extensions":[{}]"#);
        let kind = r#""names":[{"OID":{"3.1":"v"}}]"#;
        let all = refusal(&format!("{{{host},{extension},{kind}}}"));
        assert!(all.contains("cannot be encoded as an IA5String"), "{all}");
        let two = refusal(&format!("{{{extension},{kind}}}"));
        assert!(
            two.starts_with("x509: failed to serialise extensions attribute"),
            "{two}"
        );
        assert!(refusal(&format!("{{{kind}}}")).contains("invalid object identifier"));
        assert_eq!(read(&format!("{{{kind}}}")).check_types(), Ok(()));
        assert!(read(r#"{"names":[{"OID":{"1.x":"v"}}]}"#).check_types().is_err());
    }

    #[test]
    fn delegation_replaces_basic_constraints() {
        let oids = |text: &str| -> Vec<String> {
            read(text)
                .extensions()
                .unwrap()
                .iter()
                .map(|e| e.oid.to_string())
                .collect()
        };
        assert_eq!(oids(r#"{"ca":{}}"#), ["2.5.29.19"]);
        assert_eq!(
            oids(r#"{"ca":{},"delegation_enabled":true}"#),
            ["1.3.6.1.4.1.44363.44"]
        );
        assert_eq!(
            oids(r#"{"ca":{},"extensions":[{"Id":[1,2,3],"Value":"BQA="}]}"#),
            ["2.5.29.19", "1.2.3"]
        );
        assert!(read(r#"{"extensions":[{}]}"#).extensions().is_err());
    }
}
