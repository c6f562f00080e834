//! `certadd`: records a certificate that was signed elsewhere.

use rcfssl_core::Certificate;
use rcfssl_core::policy::Time;
use rcfssl_core::record::{CertificateRecord, Status};
use rcfssl_go::json::{self, Cursor, Decode};
use rcfssl_go::json_object;
use serde::Serialize;

use super::{Api, Call};
use crate::answer::{Answer, Failure};

#[derive(Debug, Default)]
struct Request {
    serial: String,
    aki: String,
    ca_label: String,
    status: String,
    reason: i64,
    expiry: Moment,
    revoked_at: Moment,
    pem: String,
    issued_at: Moment,
    not_before: Moment,
    metadata: Raw,
    sans: Raw,
    common_name: String,
}
json_object!(Request as "certadd.jsonAddRequest" {
    "serial_number" => serial,
    "authority_key_identifier" => aki,
    "ca_label" => ca_label,
    "status" => status,
    "reason" => reason,
    "expiry" => expiry,
    "revoked_at" => revoked_at,
    "pem" => pem,
    "issued_at" => issued_at,
    "not_before" => not_before,
    "metadata" => metadata,
    "sans" => sans,
    "common_name" => common_name,
});

/// A moment, and whether it was written with `Z`.
#[derive(Debug, Default)]
struct Moment {
    time: Time,
    is_zulu: bool,
}

impl Decode for Moment {
    fn decode(&mut self, cursor: &mut Cursor<'_>) {
        let offset = cursor.offset();
        let raw = cursor.raw();
        self.is_zulu = raw.ends_with(b"Z\"");
        if let Err(error) = json::read(raw, &mut self.time) {
            cursor.abort(error.text, offset);
        }
    }

    fn go_type() -> String {
        "time.Time".to_owned()
    }
}

/// JSON that is kept verbatim.
#[derive(Debug)]
struct Raw(String);

impl Default for Raw {
    fn default() -> Self {
        Raw("{}".to_owned())
    }
}

impl Decode for Raw {
    fn decode(&mut self, cursor: &mut Cursor<'_>) {
        self.0 = String::from_utf8_lossy(cursor.raw()).into_owned();
    }

    fn go_type() -> String {
        "types.JSONText".to_owned()
    }
}

#[derive(Serialize)]
struct Nothing {}

impl Api {
    /// # Errors
    /// 400 for missing fields and for fields that do not match the certificate; 11000.
    pub(super) async fn certadd(&self, call: &Call) -> Result<Answer, Failure> {
        let unreadable = |_| Failure::bad_request("Unable to parse certificate addition request");
        let request: Request = call.read()?.map_err(unreadable)?;
        check(&request).map_err(Failure::bad_request)?;
        let record = CertificateRecord {
            serial: request.serial,
            aki: request.aki,
            ca_label: request.ca_label,
            status: Status::parse(&request.status),
            reason: i32::try_from(request.reason).unwrap_or(0),
            expiry: request.expiry.time.0.unwrap_or(time::OffsetDateTime::UNIX_EPOCH),
            revoked_at: request.revoked_at.time.0,
            pem: request.pem,
            issued_at: request.issued_at.time.0,
            not_before: request.not_before.time.0,
            metadata: Some(request.metadata.0),
            sans: Some(request.sans.0),
            common_name: Some(request.common_name).filter(|name| !name.is_empty()),
        };
        let inserted = self.store()?.insert(std::slice::from_ref(&record)).await;
        inserted.map_err(|error| error.error)?;
        Ok(Answer::new(&Nothing {}))
    }
}

/// cfssl's checks, in its order.
fn check(request: &Request) -> Result<(), &'static str> {
    let need = |is_right: bool, sentence| if is_right { Ok(()) } else { Err(sentence) };
    need(
        !request.serial.is_empty(),
        "Serial number is required but not provided",
    )?;
    need(
        !request.aki.is_empty(),
        "Authority key identifier is required but not provided",
    )?;
    need(
        matches!(request.status.as_str(), "good" | "revoked" | "unknown"),
        "Invalid certificate status",
    )?;
    if request.status == "revoked" {
        need(
            request.revoked_at.time.0.is_some(),
            "Revoked certificate should specify when it was revoked",
        )?;
        need(
            matches!(request.reason, 0..=6 | 8..=10),
            "Invalid certificate status reason code",
        )?;
    }
    need(!request.pem.is_empty(), "The provided certificate is empty")?;
    let expiry = request
        .expiry
        .time
        .0
        .ok_or("Expiry is required but not provided")?;
    let certificate = Certificate::read_pem(request.pem.as_bytes());
    let certificate = certificate.map_err(|_| "Unable to parse PEM encoded certificates")?;
    let serial = canonical(&request.serial).ok_or("Unable to parse serial key of request")?;
    need(
        serial == certificate.serial_number().to_string(),
        "Serial key of request and certificate do not match",
    )?;
    let aki = data_encoding::HEXLOWER_PERMISSIVE.decode(request.aki.as_bytes());
    let aki = aki.map_err(|_| "Unable to decode authority key identifier")?;
    need(
        aki == certificate.authority_key_identifier().unwrap_or_default(),
        "Authority key identifier of request and certificate do not match",
    )?;
    need(
        request.expiry.is_zulu && expiry == certificate.not_after,
        "Expiry of request and certificate do not match",
    )
}

/// An integer in decimal, parsed like `big.Int.SetString`, without leading zeros.
fn canonical(text: &str) -> Option<String> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'-' => ("-", &text[1..]),
        b'+' => ("", &text[1..]),
        _ => ("", text),
    };
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    match digits.trim_start_matches('0') {
        "" => Some("0".to_owned()),
        digits => Some(format!("{sign}{digits}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_one_form() {
        for (text, want) in [
            ("007", Some("7")),
            ("-0", Some("0")),
            ("+12", Some("12")),
            ("-5", Some("-5")),
            ("", None),
            ("0x1", None),
            ("1 ", None),
        ] {
            assert_eq!(canonical(text).as_deref(), want, "{text:?}");
        }
    }
}
