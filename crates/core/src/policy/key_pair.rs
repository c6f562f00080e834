//! The types in a profile's `ClientCert`. cfssl's configuration contains Go's structures for
//! a certificate with its key, so their members must have the right types, although nothing
//! uses them.

use super::Time;
use crate::request::{Arcs, RawExtension};
use crate::serial::ChosenSerial;
use rcfssl_go::json::{self, Bytes, Cursor, Decode, Kind, List};
use rcfssl_go::{ip, json_object};

/// Go's `tls.Certificate`.
#[derive(Debug, Default)]
pub struct KeyPair {
    certificate: List<Bytes>,
    private_key: Anything,
    signature_algorithms: List<SignatureScheme>,
    ocsp_staple: Bytes,
    timestamps: List<Bytes>,
    leaf: Option<Leaf>,
}
json_object!(KeyPair as "tls.Certificate" {
    "Certificate" => certificate,
    "PrivateKey" => private_key,
    "SupportedSignatureAlgorithms" => signature_algorithms,
    "OCSPStaple" => ocsp_staple,
    "SignedCertificateTimestamps" => timestamps,
    "Leaf" => leaf,
});

/// Go's `x509.Certificate` (1.22).
#[derive(Debug, Default)]
struct Leaf {
    raw: Bytes,
    raw_to_be_signed: Bytes,
    raw_public_key: Bytes,
    raw_subject: Bytes,
    raw_issuer: Bytes,
    signature: Bytes,
    signature_algorithm: SignatureAlgorithm,
    public_key_algorithm: PublicKeyAlgorithm,
    public_key: Anything,
    version: i64,
    serial_number: Option<ChosenSerial>,
    issuer: Name,
    subject: Name,
    not_before: Time,
    not_after: Time,
    key_usage: KeyUsage,
    extensions: List<RawExtension>,
    extra_extensions: List<RawExtension>,
    unhandled_critical_extensions: List<Arcs>,
    extended_key_usage: List<ExtendedKeyUsage>,
    unknown_extended_key_usage: List<Arcs>,
    basic_constraints_valid: bool,
    is_ca: bool,
    max_path_len: i64,
    max_path_len_zero: bool,
    subject_key_id: Bytes,
    authority_key_id: Bytes,
    ocsp_server: List<String>,
    issuing_certificate_url: List<String>,
    dns_names: List<String>,
    email_addresses: List<String>,
    ip_addresses: List<Ip>,
    uris: List<Option<Url>>,
    permitted_dns_domains_critical: bool,
    permitted_dns_domains: List<String>,
    excluded_dns_domains: List<String>,
    permitted_ip_ranges: List<Option<Network>>,
    excluded_ip_ranges: List<Option<Network>>,
    permitted_email_addresses: List<String>,
    excluded_email_addresses: List<String>,
    permitted_uri_domains: List<String>,
    excluded_uri_domains: List<String>,
    crl_distribution_points: List<String>,
    policy_identifiers: List<Arcs>,
    policies: List<PolicyIdentifier>,
}
json_object!(Leaf as "x509.Certificate" {
    "Raw" => raw,
    "RawTBSCertificate" => raw_to_be_signed,
    "RawSubjectPublicKeyInfo" => raw_public_key,
    "RawSubject" => raw_subject,
    "RawIssuer" => raw_issuer,
    "Signature" => signature,
    "SignatureAlgorithm" => signature_algorithm,
    "PublicKeyAlgorithm" => public_key_algorithm,
    "PublicKey" => public_key,
    "Version" => version,
    "SerialNumber" => serial_number,
    "Issuer" => issuer,
    "Subject" => subject,
    "NotBefore" => not_before,
    "NotAfter" => not_after,
    "KeyUsage" => key_usage,
    "Extensions" => extensions,
    "ExtraExtensions" => extra_extensions,
    "UnhandledCriticalExtensions" => unhandled_critical_extensions,
    "ExtKeyUsage" => extended_key_usage,
    "UnknownExtKeyUsage" => unknown_extended_key_usage,
    "BasicConstraintsValid" => basic_constraints_valid,
    "IsCA" => is_ca,
    "MaxPathLen" => max_path_len,
    "MaxPathLenZero" => max_path_len_zero,
    "SubjectKeyId" => subject_key_id,
    "AuthorityKeyId" => authority_key_id,
    "OCSPServer" => ocsp_server,
    "IssuingCertificateURL" => issuing_certificate_url,
    "DNSNames" => dns_names,
    "EmailAddresses" => email_addresses,
    "IPAddresses" => ip_addresses,
    "URIs" => uris,
    "PermittedDNSDomainsCritical" => permitted_dns_domains_critical,
    "PermittedDNSDomains" => permitted_dns_domains,
    "ExcludedDNSDomains" => excluded_dns_domains,
    "PermittedIPRanges" => permitted_ip_ranges,
    "ExcludedIPRanges" => excluded_ip_ranges,
    "PermittedEmailAddresses" => permitted_email_addresses,
    "ExcludedEmailAddresses" => excluded_email_addresses,
    "PermittedURIDomains" => permitted_uri_domains,
    "ExcludedURIDomains" => excluded_uri_domains,
    "CRLDistributionPoints" => crl_distribution_points,
    "PolicyIdentifiers" => policy_identifiers,
    "Policies" => policies,
});

/// Go's `pkix.Name`.
#[derive(Debug, Default)]
struct Name {
    country: List<String>,
    organization: List<String>,
    organizational_unit: List<String>,
    locality: List<String>,
    province: List<String>,
    street_address: List<String>,
    postal_code: List<String>,
    serial_number: String,
    common_name: String,
    names: List<TypeAndValue>,
    extra_names: List<TypeAndValue>,
}
json_object!(Name as "pkix.Name" {
    "Country" => country,
    "Organization" => organization,
    "OrganizationalUnit" => organizational_unit,
    "Locality" => locality,
    "Province" => province,
    "StreetAddress" => street_address,
    "PostalCode" => postal_code,
    "SerialNumber" => serial_number,
    "CommonName" => common_name,
    "Names" => names,
    "ExtraNames" => extra_names,
});

#[derive(Debug, Default, Clone)]
struct TypeAndValue {
    kind: Arcs,
    value: Anything,
}
json_object!(TypeAndValue as "pkix.AttributeTypeAndValue" { "Type" => kind, "Value" => value });

/// Go's `url.URL`, which has no JSON format of its own.
#[derive(Debug, Default, Clone)]
struct Url {
    scheme: String,
    opaque: String,
    user: Option<UserInfo>,
    host: String,
    path: String,
    raw_path: String,
    omit_host: bool,
    force_query: bool,
    raw_query: String,
    fragment: String,
    raw_fragment: String,
}
json_object!(Url as "url.URL" {
    "Scheme" => scheme,
    "Opaque" => opaque,
    "User" => user,
    "Host" => host,
    "Path" => path,
    "RawPath" => raw_path,
    "OmitHost" => omit_host,
    "ForceQuery" => force_query,
    "RawQuery" => raw_query,
    "Fragment" => fragment,
    "RawFragment" => raw_fragment,
});

#[derive(Debug, Default, Clone)]
struct UserInfo;
json_object!(UserInfo as "url.Userinfo" {});

/// Go's `x509.OID`, whose members are private.
#[derive(Debug, Default, Clone)]
struct PolicyIdentifier;
json_object!(PolicyIdentifier as "x509.OID" {});

#[derive(Debug, Default, Clone)]
struct Network {
    ip: Ip,
    mask: Mask,
}
json_object!(Network as "net.IPNet" { "IP" => ip, "Mask" => mask });

/// An IP address as a string; an empty one stands for none.
#[derive(Debug, Default, Clone)]
struct Ip;

impl Decode for Ip {
    fn decode(&mut self, cursor: &mut Cursor<'_>) {
        let offset = cursor.offset();
        match cursor.kind() {
            Kind::String => {
                let text = cursor.string().unwrap_or_default();
                if !text.is_empty() && ip::parse(&text).is_none() {
                    cursor.abort(format!("invalid IP address: {text}"), offset);
                }
            }
            Kind::Null => drop(cursor.raw()),
            _ => cursor.mismatch(&Self::go_type()),
        }
    }

    fn go_type() -> String {
        "net.IP".to_owned()
    }
}

#[derive(Debug, Default, Clone)]
struct Mask(Bytes);

impl Decode for Mask {
    fn decode(&mut self, cursor: &mut Cursor<'_>) {
        match cursor.kind() {
            Kind::String | Kind::Array | Kind::Null => self.0.decode(cursor),
            _ => cursor.mismatch(&Self::go_type()),
        }
    }

    fn go_type() -> String {
        "net.IPMask".to_owned()
    }
}

/// A value of any type.
#[derive(Debug, Default, Clone)]
struct Anything;

impl Decode for Anything {
    fn decode(&mut self, cursor: &mut Cursor<'_>) {
        cursor.raw();
    }

    fn go_type() -> String {
        "interface {}".to_owned()
    }
}

/// Integer types with names of their own in errors.
macro_rules! integers {
    ($($name:ident($integer:ty) as $go_type:literal;)*) => {$(
        #[derive(Debug, Default, Clone)]
        struct $name($integer);

        impl Decode for $name {
            fn decode(&mut self, cursor: &mut Cursor<'_>) {
                json::decode_integer(&mut self.0, cursor, $go_type);
            }

            fn go_type() -> String {
                $go_type.to_owned()
            }
        }
    )*};
}

integers! {
    SignatureScheme(u16) as "tls.SignatureScheme";
    SignatureAlgorithm(i64) as "x509.SignatureAlgorithm";
    PublicKeyAlgorithm(i64) as "x509.PublicKeyAlgorithm";
    KeyUsage(i64) as "x509.KeyUsage";
    ExtendedKeyUsage(i64) as "x509.ExtKeyUsage";
}
