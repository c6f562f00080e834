//! `ocspsign`: an OCSP response for a certificate from the request.

use rcfssl_core::ocsp::{self, IssuerHash, Status};
use rcfssl_core::{Certificate, Code, Error};
use rcfssl_go::{base64, json_object};
use serde::Serialize;
use time::OffsetDateTime;

use super::{Api, Call};
use crate::answer::{Answer, Failure};

#[derive(Debug)]
struct Request {
    certificate: String,
    status: String,
    reason: i64,
    revoked_at: String,
    hash: String,
}
json_object!(Request as "ocsp.jsonSignRequest" {
    "certificate" => certificate,
    "status" => status,
    "reason" => reason,
    "revoked_at" => revoked_at,
    "issuer_hash" => hash,
});

impl Default for Request {
    fn default() -> Self {
        Request {
            certificate: String::new(),
            status: "good".to_owned(),
            reason: 0,
            revoked_at: String::new(),
            hash: String::new(),
        }
    }
}

#[derive(Serialize)]
struct Signed {
    #[serde(rename = "ocspResponse")]
    response: String,
}

impl Api {
    /// # Errors
    /// 400 for malformed input, 8100 for a certificate of another issuer, 8200 for an
    /// unknown status.
    pub(super) fn ocspsign(&self, call: &Call) -> Result<Answer, Failure> {
        let unreadable = |_| Failure::bad_request("Unable to parse sign request");
        let request: Request = call.read()?.map_err(unreadable)?;
        let now = OffsetDateTime::now_utc();
        let certificate = Certificate::read_pem(request.certificate.as_bytes()).map_err(|error| {
            self.log
                .error(format_args!("Error from ParseCertificatePEM{error}"));
            Failure::bad_request("Malformed certificate")
        })?;
        let status = status(&request, now)?;
        let hash = match request.hash.as_str() {
            "" | "SHA1" => IssuerHash::Sha1,
            "SHA256" => IssuerHash::Sha256,
            "SHA384" => IssuerHash::Sha384,
            "SHA512" => IssuerHash::Sha512,
            // Go knows these hashes, but cfssl does not use them.
            "MD5" => return Err(Failure::plain("unsupported issuer hash algorithm")),
            _ => return Err(Failure::bad_request("Unsupported hash algorithm in request")),
        };
        let responder = self.loaded.responder.as_ref().map_err(Error::clone)?;
        let responder = responder.responder();
        let response = match status {
            Ok(status) => responder.answer_with(&certificate, status, now, hash),
            Err(error) => responder.check(&certificate).and(Err(error)),
        };
        Ok(Answer::new(&Signed {
            response: base64::encode(&response?),
        }))
    }
}

/// The status to sign; an unknown word is rejected only at the time of signing.
fn status(request: &Request, now: OffsetDateTime) -> Result<Result<Status, Error>, Failure> {
    Ok(match request.status.as_str() {
        "good" => Ok(Status::Good),
        "unknown" => Ok(Status::Unknown),
        "revoked" => {
            let at = match request.revoked_at.as_str() {
                "" | "now" => now,
                date => {
                    ocsp::parse_date(date).ok_or_else(|| Failure::bad_request("Malformed revocation time"))?
                }
            };
            let reason = u8::try_from(request.reason).map_err(|_| Error::from(Code::InvalidStatus));
            reason.map(|reason| Status::Revoked { reason, at })
        }
        _ => Err(Code::InvalidStatus.into()),
    })
}
