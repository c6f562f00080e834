//! cfssl's sign request, which servers read and clients write.

use rcfssl_core::name::Subject;
use rcfssl_core::request::Name;
use rcfssl_core::{AskedExtension, ChosenSerial, Csr, Request};
use rcfssl_go::json::List;
use rcfssl_go::json_object;
use time::OffsetDateTime;

use crate::Metadata;

/// A sign request.
#[derive(Debug, Clone, Default)]
pub struct SignRequest {
    /// The certificate request.
    pub csr: AskedCsr,
    /// Replaces the request's alternative names; an empty list removes them.
    pub hosts: Option<Vec<String>>,
    /// Overrides the request's subject.
    pub subject: Option<SubjectOverride>,
    /// The profile; empty for the default one.
    pub profile: String,
    /// The CA's label; databases keep it.
    pub label: String,
    /// Replaces the profile's CRL distribution point, unless empty.
    pub crl_override: String,
    /// The serial number; used only if the profile lets clients choose it.
    pub serial: Option<ChosenSerial>,
    /// Extensions, which the profile must allow.
    pub extensions: Vec<AskedExtension>,
    /// Overrides the start of validity given by profile and clock.
    pub not_before: Option<OffsetDateTime>,
    /// Overrides the end of validity.
    pub not_after: Option<OffsetDateTime>,
    /// Asks for a precertificate (RFC 6962, section 3.1).
    pub return_precert: bool,
    /// Data that a database stores with the certificate.
    pub metadata: Option<Metadata>,
}

/// A certificate request, verified or not.
#[derive(Debug, Clone)]
pub enum AskedCsr {
    /// PEM as received: it is parsed and its signature checked before it is signed.
    Pem(Vec<u8>),
    /// One that we created or have verified.
    Verified(Box<Csr>),
}

impl Default for AskedCsr {
    fn default() -> Self {
        AskedCsr::Pem(Vec::new())
    }
}

impl From<Csr> for AskedCsr {
    fn from(csr: Csr) -> Self {
        AskedCsr::Verified(Box::new(csr))
    }
}

/// Overrides a request's subject: the SUBJECT document of `sign`, and `subject` in the API.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SubjectOverride {
    /// The common name.
    pub cn: String,
    /// Further names.
    pub names: List<Name>,
    /// The subject's serialNumber.
    pub serial_number: String,
}
json_object!(SubjectOverride as "signer.Subject" {
    "CN" => cn,
    "names" => names,
    "SerialNumber" => serial_number,
});

impl SubjectOverride {
    /// The keys in its `names` that have a value but are ignored, as in cfssl.
    pub fn unused_name_keys(&self) -> impl Iterator<Item = &'static str> {
        let is_given = |given: fn(&Name) -> bool| self.names.iter().any(given);
        [
            ("names.E", is_given(|name| !name.e.is_empty())),
            (
                "names.SerialNumber",
                is_given(|name| !name.serial_number.is_empty()),
            ),
            ("names.OID", is_given(|name| !name.oid.is_empty())),
        ]
        .into_iter()
        .filter_map(|(key, given)| given.then_some(key))
    }

    /// Applies it to the requested subject. Attribute types that it leaves empty are taken
    /// from the request, type by type. Other types of the request are dropped, including
    /// e-mail addresses, as in cfssl.
    pub fn over(&self, asked: Subject) -> Subject {
        let request = Request {
            cn: self.cn.clone(),
            names: self.names.clone(),
            ..Request::default()
        };
        let own = request.plain_names();
        let list = |own: Vec<String>, asked: Vec<String>| if own.is_empty() { asked } else { own };
        let text = |own: &String, asked: String| if own.is_empty() { asked } else { own.clone() };
        Subject {
            country: list(own.country, asked.country),
            province: list(own.province, asked.province),
            locality: list(own.locality, asked.locality),
            organization: list(own.organization, asked.organization),
            organizational_unit: list(own.organizational_unit, asked.organizational_unit),
            common_name: text(&self.cn, asked.common_name),
            serial_number: text(&self.serial_number, asked.serial_number),
            ..Subject::default()
        }
    }
}

/// Splits a comma-separated list of host names without trimming; `None` for an empty
/// string.
pub fn split_hosts(list: &str) -> Option<Vec<String>> {
    (!list.is_empty()).then(|| list.split(',').map(str::to_owned).collect())
}
