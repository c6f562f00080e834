//! The sign request as JSON: as cfssl's clients write it and as `serve` reads it.

use rcfssl_core::certinfo::rfc3339;
use rcfssl_core::policy::{DottedOid, Time};
use rcfssl_core::request::Name;
use rcfssl_core::{AskedExtension, ChosenSerial};
use rcfssl_go::json::{self, List};
use rcfssl_go::json_object;
use serde::Serialize;
use time::OffsetDateTime;

use crate::request::split_hosts;
use crate::{AskedCsr, Metadata, SignRequest, SubjectOverride};

/// The JSON that clients send and `multirootca` reads.
#[derive(Debug, Default)]
struct ClientRequest {
    hosts: List<String>,
    certificate_request: String,
    subject: Option<SubjectOverride>,
    profile: String,
    crl_override: String,
    label: String,
    serial: Option<ChosenSerial>,
    extensions: List<WireExtension>,
    not_before: Time,
    not_after: Time,
    return_precert: bool,
    metadata: Option<Metadata>,
}
json_object!(ClientRequest as "signer.SignRequest" {
    "hosts" => hosts,
    "certificate_request" => certificate_request,
    "subject" => subject,
    "profile" => profile,
    "crl_override" => crl_override,
    "label" => label,
    "serial" => serial,
    "extensions" => extensions,
    "NotBefore" => not_before,
    "NotAfter" => not_after,
    "ReturnPrecert" => return_precert,
    "metadata" => metadata,
});

#[derive(Debug, Default)]
struct WireExtension {
    id: DottedOid,
    critical: bool,
    value: String,
}
json_object!(WireExtension as "signer.Extension" { "id" => id, "critical" => critical, "value" => value });

impl SignRequest {
    /// Parses all that clients write. The caller must check whether it contains a
    /// certificate request.
    ///
    /// # Errors
    /// Go's message.
    pub fn read(text: &[u8]) -> Result<Self, json::Error> {
        let mut read = ClientRequest::default();
        json::read(text, &mut read)?;
        let extensions = read.extensions.into_vec().into_iter();
        Ok(SignRequest {
            csr: AskedCsr::Pem(read.certificate_request.into_bytes()),
            hosts: list(read.hosts),
            subject: read.subject,
            profile: read.profile,
            label: read.label,
            crl_override: read.crl_override,
            serial: read.serial,
            extensions: extensions
                .map(|extension| AskedExtension {
                    arcs: extension.id.0,
                    critical: extension.critical,
                    value: extension.value,
                })
                .collect(),
            not_before: read.not_before.0,
            not_after: read.not_after.0,
            return_precert: read.return_precert,
            metadata: read.metadata,
        })
    }

    /// The JSON that servers read.
    pub fn to_json(&self) -> String {
        let extensions = self.extensions.iter().map(|extension| ExtensionOut {
            id: extension
                .arcs
                .iter()
                .map(i64::to_string)
                .collect::<Vec<_>>()
                .join("."),
            critical: extension.critical,
            value: &extension.value,
        });
        json::to_string(&Out {
            hosts: self.hosts.as_deref(),
            certificate_request: match &self.csr {
                AskedCsr::Pem(text) => json::lossy(text),
                AskedCsr::Verified(csr) => csr.to_pem(),
            },
            subject: self.subject.as_ref().map(SubjectOut::of),
            profile: &self.profile,
            crl_override: &self.crl_override,
            label: &self.label,
            serial: self.serial.as_ref(),
            extensions: extensions.collect(),
            not_before: moment(self.not_before),
            not_after: moment(self.not_after),
            return_precert: self.return_precert,
            metadata: self.metadata.as_ref(),
        })
    }

    /// Whether it contains a certificate request.
    pub fn has_csr(&self) -> bool {
        !matches!(&self.csr, AskedCsr::Pem(text) if text.is_empty())
    }
}

/// The JSON that `serve` reads for `sign` and `authsign`: fewer fields than clients send.
#[derive(Debug, Default)]
pub struct ServeRequest {
    hostname: String,
    hosts: List<String>,
    certificate_request: String,
    subject: Option<SubjectOverride>,
    profile: String,
    label: String,
    serial: Option<ChosenSerial>,
    /// Asks for the chain with the certificate.
    pub bundle: bool,
}
json_object!(ServeRequest as "signhandler.jsonSignRequest" {
    "hostname" => hostname,
    "hosts" => hosts,
    "certificate_request" => certificate_request,
    "subject" => subject,
    "profile" => profile,
    "label" => label,
    "serial" => serial,
    "bundle" => bundle,
});

impl ServeRequest {
    /// Parses it.
    ///
    /// # Errors
    /// Go's message.
    pub fn read(text: &[u8]) -> Result<Self, json::Error> {
        let mut read = ServeRequest::default();
        json::read(text, &mut read)?;
        Ok(read)
    }

    /// The request: a list of hosts in `hostname` overrides the one in `hosts`.
    pub fn into_request(self) -> SignRequest {
        SignRequest {
            csr: AskedCsr::Pem(self.certificate_request.into_bytes()),
            hosts: split_hosts(&self.hostname).or_else(|| list(self.hosts)),
            subject: self.subject,
            profile: self.profile,
            label: self.label,
            serial: self.serial,
            ..SignRequest::default()
        }
    }
}

fn list(list: List<String>) -> Option<Vec<String>> {
    list.is_given().then(|| list.into_vec())
}

#[derive(Serialize)]
struct Out<'a> {
    hosts: Option<&'a [String]>,
    certificate_request: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<SubjectOut<'a>>,
    profile: &'a str,
    crl_override: &'a str,
    label: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    serial: Option<&'a ChosenSerial>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    extensions: Vec<ExtensionOut<'a>>,
    #[serde(rename = "NotBefore")]
    not_before: String,
    #[serde(rename = "NotAfter")]
    not_after: String,
    #[serde(rename = "ReturnPrecert")]
    return_precert: bool,
    metadata: Option<&'a Metadata>,
}

#[derive(Serialize)]
struct ExtensionOut<'a> {
    id: String,
    critical: bool,
    value: &'a str,
}

#[derive(Serialize)]
struct SubjectOut<'a> {
    #[serde(rename = "CN")]
    cn: &'a str,
    names: Option<&'a [Name]>,
    #[serde(rename = "SerialNumber")]
    serial_number: &'a str,
}

impl<'a> SubjectOut<'a> {
    fn of(subject: &'a SubjectOverride) -> Self {
        SubjectOut {
            cn: &subject.cn,
            names: subject.names.is_given().then_some(&*subject.names),
            serial_number: &subject.serial_number,
        }
    }
}

/// Go's zero time means none.
fn moment(moment: Option<OffsetDateTime>) -> String {
    match moment {
        Some(moment) => rfc3339(moment),
        None => "0001-01-01T00:00:00Z".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn what_clients_write_reads_back_whole() {
        let request = SignRequest::read(
            br#"{"hosts":["a.test"],"certificate_request":"CSR","subject":{"CN":"x","names":[{"O":"Org","OID":{"1.2.3":"v","1.2.2":"w"}}]},
            "profile":"p","crl_override":"http://crl","label":"l","serial":123456789012345678901234567890,
            "extensions":[{"id":"1.2.3","critical":true,"value":"0500"}],"NotBefore":"2030-01-02T03:04:05+01:00",
            "ReturnPrecert":true,"metadata":{"b":1,"a":null},"unknown":1}"#,
        )
        .unwrap();
        assert_eq!(request.not_before, Some(datetime!(2030-01-02 02:04:05 UTC)));
        let text = request.to_json();
        assert_eq!(
            text,
            concat!(
                r#"{"hosts":["a.test"],"certificate_request":"CSR","#,
                r#""subject":{"CN":"x","names":[{"O":"Org","OID":{"1.2.2":"w","1.2.3":"v"}}],"SerialNumber":""},"#,
                r#""profile":"p","crl_override":"http://crl","label":"l","serial":123456789012345678901234567890,"#,
                r#""extensions":[{"id":"1.2.3","critical":true,"value":"0500"}],"NotBefore":"2030-01-02T02:04:05Z","#,
                r#""NotAfter":"0001-01-01T00:00:00Z","ReturnPrecert":true,"metadata":{"a":null,"b":1}}"#
            )
        );
        assert_eq!(SignRequest::read(text.as_bytes()).unwrap().to_json(), text);
    }

    #[test]
    fn a_bare_request_is_written_as_cfssl_writes_it() {
        let request = SignRequest {
            csr: AskedCsr::Pem(b"-----BEGIN\n".to_vec()),
            ..SignRequest::default()
        };
        assert_eq!(
            request.to_json(),
            concat!(
                r#"{"hosts":null,"certificate_request":"-----BEGIN\n","profile":"","crl_override":"","label":"","#,
                r#""NotBefore":"0001-01-01T00:00:00Z","NotAfter":"0001-01-01T00:00:00Z","ReturnPrecert":false,"metadata":null}"#
            )
        );
    }

    #[test]
    fn in_serve_hostname_overrides_hosts_and_unknown_members_are_ignored() {
        let read = |text: &str| ServeRequest::read(text.as_bytes()).unwrap().into_request();
        let both =
            read(r#"{"hostname":"a, b","hosts":["c"],"crl_override":"x","NotAfter":"2030-01-02T03:04:05Z"}"#);
        assert_eq!(both.hosts, Some(vec!["a".to_owned(), " b".to_owned()]));
        assert_eq!((both.crl_override.as_str(), both.not_after), ("", None));
        assert_eq!(read(r#"{"hosts":[]}"#).hosts, Some(Vec::new()));
        assert_eq!(read(r#"{"hosts":null}"#).hosts, None);
        let wrong = ServeRequest::read(b"[]").unwrap_err();
        assert_eq!(
            wrong.text,
            "json: cannot unmarshal array into Go value of type signhandler.jsonSignRequest"
        );
    }
}
