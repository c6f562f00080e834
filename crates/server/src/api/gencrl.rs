//! `gencrl`: a CRL of given serial numbers, signed with a key from the request.

use rcfssl_core::Serial;
use rcfssl_core::crl::{self, CrlContent, Entries};
use rcfssl_core::{Certificate, key};
use rcfssl_go::json::List;
use rcfssl_go::{base64, json_object};
use time::{Duration, OffsetDateTime};
use zeroize::Zeroizing;

use super::{Api, Call};
use crate::answer::{Answer, Failure};
use crate::workers::Task;

#[derive(Debug, Default)]
struct Request {
    certificate: String,
    serials: List<String>,
    key: String,
    expiry: String,
}
json_object!(Request as "gencrl.jsonCRLRequest" {
    "certificate" => certificate,
    "serialNumber" => serials,
    "issuingKey" => key,
    "expireTime" => expiry,
});

impl Api {
    /// # Errors
    /// 500 for a malformed request or lifetime, 400 for an invalid certificate or key.
    pub(super) async fn gencrl(&self, call: &Call) -> Result<Answer, Failure> {
        let request: Request = call.read()?.map_err(|error| {
            self.log.error(&error);
            Failure::plain(error.text)
        })?;
        let seconds = match request.expiry.as_str() {
            "" => crl::DEFAULT_SECONDS,
            text => crl::parse_seconds(text)?,
        };
        let issuer = Certificate::read_pem(request.certificate.as_bytes()).map_err(|error| {
            self.log
                .error(format_args!("error from ParseCertificatePEM{error}"));
            Failure::bad_request("malformed certificate")
        })?;
        let text = Zeroizing::new(request.key);
        let key = key::read(text.as_bytes()).map_err(|_| Failure::bad_request("malformed Private Key"))?;
        let now = OffsetDateTime::now_utc();
        let mut entries = Entries::default();
        for serial in request.serials.iter() {
            entries.add(&Serial::parse_prefix(serial), now);
        }
        let content = CrlContent {
            entries,
            keep_empty: true,
            now,
            next_update: now.checked_add(Duration::seconds(seconds)).unwrap_or(now),
            number: None,
        };
        let sign = move || crl::sign(content, &issuer, &key);
        let list = self.workers.run(Task::Slow, super::DEADLINE, sign).await??;
        Ok(Answer::new(&base64::encode(&list)))
    }
}
