//! The configuration document, field by field, without interpretation.

use std::fmt;
use std::num::IntErrorKind;

use time::OffsetDateTime;
use zeroize::Zeroize;

use super::key_pair::KeyPair;

use rcfssl_go::duration::Duration;
use rcfssl_go::json::{self, Cursor, Decode, Kind, List, Map};
use rcfssl_go::json_object;
use rcfssl_go::quote::quote;
use rcfssl_go::regexp::Regexp;
use rcfssl_go::rfc3339;

/// The complete document.
#[derive(Debug, Default)]
pub struct Document {
    pub signing: Option<Signing>,
    pub ocsp: Option<Ocsp>,
    pub auth_keys: Map<AuthKey>,
    pub remotes: Map<String>,
}
json_object!(Document as "config.Config" {
    "signing" => signing,
    "ocsp" => ocsp,
    "auth_keys" => auth_keys,
    "remotes" => remotes,
});

#[derive(Debug, Default)]
pub struct Signing {
    pub profiles: Map<Option<Profile>>,
    pub default: Option<Profile>,
}
json_object!(Signing as "config.Signing" { "profiles" => profiles, "default" => default });

/// Decoded only to check the types.
#[derive(Debug, Default)]
pub struct Ocsp {
    ca_cert_file: String,
    responder_cert_file: String,
    key_file: String,
    interval: Nanoseconds,
}
json_object!(Ocsp as "ocsp.Config" {
    "CACertFile" => ca_cert_file,
    "ResponderCertFile" => responder_cert_file,
    "KeyFile" => key_file,
    "Interval" => interval,
});

/// Its text is wiped when the document is dropped.
#[derive(Default)]
pub struct AuthKey {
    pub kind: String,
    pub key: String,
}

impl Drop for AuthKey {
    fn drop(&mut self) {
        self.key.zeroize();
    }
}

impl fmt::Debug for AuthKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AuthKey({:?})", self.kind)
    }
}
json_object!(AuthKey as "config.AuthKey" { "type" => kind, "key" => key });

/// One profile. Besides the documented keys it has those of Go's untagged fields, which
/// match by their names: `Expiry` is different from `expiry`. Some of them have an effect,
/// and all are type-checked.
#[derive(Debug, Default)]
pub struct Profile {
    pub usages: List<String>,
    pub issuer_urls: List<String>,
    pub ocsp_url: String,
    pub crl_url: String,
    pub ca_constraint: CaConstraint,
    pub ocsp_no_check: bool,
    pub expiry: String,
    pub backdate: String,
    pub auth_key: String,
    pub copy_extensions: bool,
    pub prev_auth_key: String,
    pub remote: String,
    pub not_before: Time,
    pub not_after: Time,
    pub name_whitelist: String,
    pub auth_remote: AuthRemote,
    pub ct_log_servers: List<String>,
    pub allowed_extensions: List<DottedOid>,
    pub cert_store: String,
    pub lint_error_level: LintStatus,
    pub ignored_lints: List<String>,
    pub ignored_lint_sources: List<String>,
    pub policies: List<CertificatePolicy>,
    expiry_number: Nanoseconds,
    pub backdate_number: Nanoseconds,
    provider: Provider,
    prev_provider: Provider,
    remote_provider: Provider,
    pub remote_server: String,
    remote_cas: Option<CertPool>,
    client_cert: Option<KeyPair>,
    pub csr_whitelist: Option<CsrWhitelist>,
    pub compiled_name_whitelist: Pattern,
    extension_whitelist: Map<bool>,
    pub client_provides_serial_numbers: bool,
    lint_registry: Registry,
}

json_object!(Profile as "config.SigningProfile" {
    "usages" => usages,
    "issuer_urls" => issuer_urls,
    "ocsp_url" => ocsp_url,
    "crl_url" => crl_url,
    "ca_constraint" => ca_constraint,
    "ocsp_no_check" => ocsp_no_check,
    "expiry" => expiry,
    "backdate" => backdate,
    "auth_key" => auth_key,
    "copy_extensions" => copy_extensions,
    "prev_auth_key" => prev_auth_key,
    "remote" => remote,
    "not_before" => not_before,
    "not_after" => not_after,
    "name_whitelist" => name_whitelist,
    "auth_remote" => auth_remote,
    "ct_log_servers" => ct_log_servers,
    "allowed_extensions" => allowed_extensions,
    "cert_store" => cert_store,
    "lint_error_level" => lint_error_level,
    "ignored_lints" => ignored_lints,
    "ignored_lint_sources" => ignored_lint_sources,
    "Policies" => policies,
    "Expiry" => expiry_number,
    "Backdate" => backdate_number,
    "Provider" => provider,
    "PrevProvider" => prev_provider,
    "RemoteProvider" => remote_provider,
    "RemoteServer" => remote_server,
    "RemoteCAs" => remote_cas,
    "ClientCert" => client_cert,
    "CSRWhitelist" => csr_whitelist,
    "NameWhitelist" => compiled_name_whitelist,
    "ExtensionWhitelist" => extension_whitelist,
    "ClientProvidesSerialNumbers" => client_provides_serial_numbers,
    "LintRegistry" => lint_registry,
});

impl Profile {
    /// Whether it has settings for local signing, which are useless beside a remote server.
    pub fn has_local_settings(&self) -> bool {
        let texts = [&self.ocsp_url, &self.expiry, &self.backdate, &self.name_whitelist];
        self.usages.is_given()
            || self.issuer_urls.is_given()
            || texts.iter().any(|text| !text.is_empty())
            || self.ca_constraint.is_ca
            || self.not_before.0.is_some()
            || self.not_after.0.is_some()
            || !self.ct_log_servers.is_empty()
    }
}

#[derive(Debug, Default, Clone)]
pub struct CaConstraint {
    pub is_ca: bool,
    pub max_path_len: i64,
    pub max_path_len_zero: bool,
}
json_object!(CaConstraint as "config.CAConstraint" {
    "is_ca" => is_ca,
    "max_path_len" => max_path_len,
    "max_path_len_zero" => max_path_len_zero,
});

#[derive(Debug, Default)]
pub struct AuthRemote {
    pub remote: String,
    pub auth_key: String,
}
json_object!(AuthRemote as "config.AuthRemote" { "remote" => remote, "auth_key" => auth_key });

/// The parts of a request that are adopted, if not all are.
#[derive(Debug, Default, Clone)]
pub struct CsrWhitelist {
    /// The subject.
    pub subject: bool,
    public_key_algorithm: bool,
    /// The public key, without which nothing can be signed.
    pub public_key: bool,
    /// The signature algorithm that matches the CA's key. Without it Go chooses.
    pub signature_algorithm: bool,
    /// DNS names.
    pub dns_names: bool,
    /// IP addresses.
    pub ip_addresses: bool,
    /// E-mail addresses.
    pub email_addresses: bool,
    /// URIs.
    pub uris: bool,
}
json_object!(CsrWhitelist as "config.CSRWhitelist" {
    "Subject" => subject,
    "PublicKeyAlgorithm" => public_key_algorithm,
    "PublicKey" => public_key,
    "SignatureAlgorithm" => signature_algorithm,
    "DNSNames" => dns_names,
    "IPAddresses" => ip_addresses,
    "EmailAddresses" => email_addresses,
    "URIs" => uris,
});

#[derive(Debug, Default)]
pub struct CertificatePolicy {
    pub id: DottedOid,
    pub qualifiers: List<Qualifier>,
}
json_object!(CertificatePolicy as "config.CertificatePolicy" { "ID" => id, "Qualifiers" => qualifiers });

#[derive(Debug, Default)]
pub struct Qualifier {
    pub kind: String,
    pub value: String,
}
json_object!(Qualifier as "config.CertificatePolicyQualifier" { "Type" => kind, "Value" => value });

/// A duration as a bare number of nanoseconds. The string beside it, if there is one,
/// overrides it.
#[derive(Debug, Default)]
pub struct Nanoseconds(pub Duration);

impl Decode for Nanoseconds {
    fn decode(&mut self, cursor: &mut Cursor<'_>) {
        let mut nanoseconds = 0_i64;
        json::decode_integer(&mut nanoseconds, cursor, "time.Duration");
        self.0 = Duration::nanoseconds(nanoseconds);
    }

    fn go_type() -> String {
        "time.Duration".to_owned()
    }
}

/// A Go interface: only `null` is valid.
#[derive(Debug, Default)]
struct Provider;

impl Decode for Provider {
    fn decode(&mut self, cursor: &mut Cursor<'_>) {
        only_null(cursor, &Self::go_type());
    }

    fn go_type() -> String {
        "auth.Provider".to_owned()
    }
}

/// Another one.
#[derive(Debug, Default)]
struct Registry;

impl Decode for Registry {
    fn decode(&mut self, cursor: &mut Cursor<'_>) {
        only_null(cursor, &Self::go_type());
    }

    fn go_type() -> String {
        "lint.Registry".to_owned()
    }
}

fn only_null(cursor: &mut Cursor<'_>, go_type: &str) {
    match cursor.kind() {
        Kind::Null => {
            cursor.raw();
        }
        _ => cursor.mismatch(go_type),
    }
}

/// An object whose members Go ignores.
#[derive(Debug, Default)]
struct CertPool;
json_object!(CertPool as "x509.CertPool" {});

/// A regular expression, which Go compiles while parsing the document.
#[derive(Debug, Default)]
pub struct Pattern(pub Option<Regexp>);

impl Decode for Pattern {
    fn decode(&mut self, cursor: &mut Cursor<'_>) {
        let offset = cursor.offset();
        match cursor.kind() {
            Kind::Null => {
                cursor.raw();
                self.0 = None;
            }
            Kind::String => match cursor.string().map(|text| Regexp::compile(&text)) {
                Some(Ok(pattern)) => self.0 = Some(pattern),
                Some(Err(why)) => cursor.abort(why.to_string(), offset),
                None => {}
            },
            _ => cursor.mismatch(&Self::go_type()),
        }
    }

    fn go_type() -> String {
        "*regexp.Regexp".to_owned()
    }
}

/// A time (RFC 3339, `T` and zone required); the year 1 is Go's zero time and means none.
#[derive(Debug, Default, Clone, Copy)]
pub struct Time(pub Option<OffsetDateTime>);

impl Decode for Time {
    fn decode(&mut self, cursor: &mut Cursor<'_>) {
        let offset = cursor.offset();
        match cursor.kind() {
            Kind::Null => {
                cursor.raw();
            }
            Kind::String => {
                // Go uses the raw text between the quotes, including escapes.
                let raw = String::from_utf8_lossy(cursor.raw()).into_owned();
                let text = raw.trim_matches('"');
                match rfc3339::parse(text) {
                    Ok(time) if time.unix_timestamp() == GO_ZERO_TIME => self.0 = None,
                    Ok(time) => self.0 = Some(time),
                    Err(why) => cursor.abort(why, offset),
                }
            }
            _ => {
                cursor.raw();
                cursor.abort(
                    "Time.UnmarshalJSON: input is not a JSON string".to_owned(),
                    offset,
                );
            }
        }
    }

    fn go_type() -> String {
        "time.Time".to_owned()
    }
}

/// 0001-01-01T00:00:00Z in Unix seconds.
const GO_ZERO_TIME: i64 = -62_135_596_800;

/// An object identifier in a string. Go searches the string for `1.2`-like text and then
/// parses the numbers between the dots.
#[derive(Debug, Default, Clone)]
pub struct DottedOid(pub Vec<i64>);

impl Decode for DottedOid {
    fn decode(&mut self, cursor: &mut Cursor<'_>) {
        let offset = cursor.offset();
        let kind = cursor.kind();
        let raw = String::from_utf8_lossy(cursor.raw()).into_owned();
        if kind != Kind::String {
            return cursor.abort(format!("OID JSON string not wrapped in quotes.{raw}"), offset);
        }
        let text = raw.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        match parse_dotted(text.unwrap_or(&raw)) {
            Ok(arcs) => self.0 = arcs,
            Err(why) => cursor.abort(why, offset),
        }
    }

    fn go_type() -> String {
        "config.OID".to_owned()
    }
}

fn parse_dotted(text: &str) -> Result<Vec<i64>, String> {
    // The search is unanchored: one digit anywhere is enough.
    if !text.bytes().any(|b| b.is_ascii_digit()) {
        return Err("Invalid OID".to_owned());
    }
    let number = |part: &str| {
        part.parse().map_err(|error: std::num::ParseIntError| {
            let why = match error.kind() {
                IntErrorKind::PosOverflow | IntErrorKind::NegOverflow => "value out of range",
                _ => "invalid syntax",
            };
            format!("strconv.Atoi: parsing {}: {why}", quote(part))
        })
    };
    text.split('.').map(number).collect()
}

/// The severity from which a linter's finding prevents signing.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub struct LintStatus(pub bool);

impl Decode for LintStatus {
    fn decode(&mut self, cursor: &mut Cursor<'_>) {
        let offset = cursor.offset();
        let raw = String::from_utf8_lossy(cursor.raw()).into_owned();
        match raw.trim_matches('"') {
            "reserved" => self.0 = false,
            "NA" | "NE" | "pass" | "info" | "warn" | "error" | "fatal" => self.0 = true,
            _ => cursor.abort(format!("bad LintStatus JSON value: {raw}"), offset),
        }
    }

    fn go_type() -> String {
        "lint.LintStatus".to_owned()
    }
}
