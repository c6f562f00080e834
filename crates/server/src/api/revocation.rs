//! `revoke` and `crl`: marks recorded certificates as revoked, and lists the revoked ones.

use rcfssl_core::crl::{self, CrlContent};
use rcfssl_core::{Code, Error, ocsp};
use rcfssl_go::{Duration, base64, json_object};
use serde::Serialize;
use std::sync::Arc;
use time::OffsetDateTime;

use super::{Api, Call};
use crate::answer::{Answer, Failure};
use crate::workers::Task;

/// The lifetime of a CRL if the request does not set one: a week.
const LIFETIME: Duration = Duration::hours(168);

#[derive(Debug, Default)]
struct Request {
    serial: String,
    aki: String,
    reason: String,
}
json_object!(Request as "revoke.JsonRevokeRequest" {
    "serial" => serial,
    "authority_key_id" => aki,
    "reason" => reason,
});

#[derive(Serialize)]
struct Nothing {}

impl Api {
    /// # Errors
    /// 400 for a malformed request, 11200 for a certificate that is not recorded.
    pub(super) async fn revoke(&self, call: &Call) -> Result<Answer, Failure> {
        let unreadable = |_| Failure::bad_request("Unable to parse revocation request");
        let request: Request = call.read()?.map_err(unreadable)?;
        if request.serial.is_empty() {
            return Err(Failure::bad_request("serial number is required but not provided"));
        }
        let invalid = |_| Failure::bad_request("Invalid reason code");
        let reason = ocsp::parse_reason(&request.reason).map_err(invalid)?;
        let store = self.store()?;
        let found = store.revoke(&request.serial, &request.aki, reason).await;
        match found.map_err(|error| error.error)? {
            true => Ok(Answer::new(&Nothing {})),
            false => Err(Code::StoreNotFound.into()),
        }
    }

    /// Lists only the CA's own certificates; cfssl lists those of all CAs in the database.
    ///
    /// # Errors
    /// 500 for a malformed lifetime; 11000.
    pub(super) async fn crl(&self, call: &Call) -> Result<Answer, Failure> {
        let expiry = call.target.value("expiry");
        let lifetime = match expiry.as_str() {
            "" => LIFETIME,
            text => {
                let shown = crate::mux::shown(text);
                self.log.info(format_args!("requested expiry time of {shown}"));
                Duration::parse(text).map_err(|error| Failure::plain(error.to_string()))?
            }
        };
        let issuer = Arc::clone(self.loaded.issuer.as_ref().map_err(Error::clone)?);
        let read = crate::crl::entries(self.store()?, issuer.certificate(), false);
        let entries = read.await.map_err(|error| error.error)?;
        let now = OffsetDateTime::now_utc();
        let lifetime = time::Duration::nanoseconds(lifetime.as_nanoseconds());
        let content = CrlContent {
            entries,
            keep_empty: false,
            now,
            next_update: now.checked_add(lifetime).unwrap_or(now),
            number: None,
        };
        let sign = move || crl::sign(content, issuer.certificate(), issuer.key());
        let list = self.workers.run(Task::Slow, super::DEADLINE, sign).await??;
        Ok(Answer::new(&base64::encode(&list)))
    }

    /// The database.
    ///
    /// # Errors
    /// 11000 if there is none, with cfssl's message.
    pub(super) fn store(&self) -> Result<&rcfssl_store::Store, Failure> {
        let none = || Error::wrap(Code::Store, "unknown db object, please check SetDB method");
        Ok(self.loaded.store.as_deref().ok_or_else(none)?)
    }
}
