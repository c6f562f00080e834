//! What a certificate is asked for with: cfssl's sign request, which servers read and
//! clients write.

use rcfssl_core::Csr;
use rcfssl_core::Request;
use rcfssl_core::authority::AskedExtension;
use rcfssl_core::name::Subject;
use rcfssl_core::request::Name;
use rcfssl_core::serial::ChosenSerial;
use rcfssl_go::json::List;
use rcfssl_go::json_object;
use time::OffsetDateTime;

use crate::Metadata;

/// What a certificate is asked for with.
#[derive(Debug, Clone, Default)]
pub struct SignRequest {
    /// The certificate request.
    pub csr: AskedCsr,
    /// Take the place of the request's alternative names; an empty list takes them away.
    pub hosts: Option<Vec<String>>,
    /// Goes over the request's subject.
    pub subject: Option<SubjectOverride>,
    /// The profile; empty for the default one.
    pub profile: String,
    /// The CA's label; databases keep it.
    pub label: String,
    /// Takes the place of the profile's CRL distribution point, unless empty.
    pub crl_override: String,
    /// The number, which counts where the profile has clients choose it.
    pub serial: Option<ChosenSerial>,
    /// Extensions, which the profile must allow.
    pub extensions: Vec<AskedExtension>,
    /// Takes the place of what profile and clock say.
    pub not_before: Option<OffsetDateTime>,
    /// The same for the end.
    pub not_after: Option<OffsetDateTime>,
    /// A precertificate is wanted (RFC 6962, section 3.1).
    pub return_precert: bool,
    /// What a database keeps beside the certificate.
    pub metadata: Option<Metadata>,
}

/// A certificate request, seen through or not.
#[derive(Debug, Clone)]
pub enum AskedCsr {
    /// PEM as it came: it is read and its signature checked where it is signed.
    Pem(Vec<u8>),
    /// One that we made, or have checked.
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

/// What goes over a request's subject: the SUBJECT document of `sign`, and `subject` in
/// the API.
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
    /// The keys inside its `names` that have a value and are not used, as cfssl has it.
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

    /// Its names; what it leaves empty comes from what the request asks for, type by
    /// type. Other types of the request are dropped, and so are e-mail addresses, as in
    /// cfssl.
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

/// The host names of a list with commas between, not trimmed; none for an empty text.
pub fn split_hosts(list: &str) -> Option<Vec<String>> {
    (!list.is_empty()).then(|| list.split(',').map(str::to_owned).collect())
}
