//! `sign` and `authsign`: a certificate for a PEM certificate request.

use std::sync::Arc;

use rcfssl_ca::{Cost, ServeRequest, SignRequest, Signed};
use rcfssl_core::record::CertificateRecord;
use rcfssl_core::{AuthenticatedRequest, Profile};
use serde::Serialize;
use time::OffsetDateTime;

use super::{Api, Call, bundle};
use crate::answer::{Answer, Failure};
use crate::workers::Task;

#[derive(Serialize)]
struct Certificate<'a> {
    certificate: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    bundle: Option<bundle::Document>,
}

impl Api {
    /// # Errors
    /// 400 for a malformed request and for a profile that requires a token; the signer's
    /// errors.
    pub(super) async fn sign(&self, call: &Call) -> Result<Answer, Failure> {
        self.log.info("signature request received");
        let request = ServeRequest::read(call.body()?)
            .map_err(|_| Failure::bad_request("Unable to parse sign request"))?;
        let bundle = request.bundle;
        let request = request.into_request();
        check_csr(&request)?;
        self.check_open(&request.profile)?;
        let signed = self.signed(request).await.inspect_err(|failure| {
            self.log
                .warning(format_args!("failed to sign request: {failure}"));
        })?;
        self.certificate(&signed, bundle).await
    }

    /// # Errors
    /// 400 for a malformed request, for a profile without tokens and for a wrong token; the
    /// signer's errors.
    pub(super) async fn authsign(&self, call: &Call) -> Result<Answer, Failure> {
        self.log.info("signature request received");
        let outer: AuthenticatedRequest = call.read()?.map_err(|error| {
            self.log
                .error(format_args!("failed to unmarshal authenticated request: {error}"));
            Failure::bad_request(error.text)
        })?;
        let request = ServeRequest::read(&outer.request.0).map_err(|error| {
            self.log.error(format_args!(
                "failed to unmarshal request from authenticated request: {error}"
            ));
            Failure::bad_request("Unable to parse authenticated sign request")
        })?;
        let bundle = request.bundle;
        let request = request.into_request();
        self.check_token(self.profile(&request.profile)?, &outer)?;
        check_csr(&request)?;
        let signed = self.signed(request).await.inspect_err(|failure| {
            self.log.error(format_args!("signature failed: {failure}"));
        })?;
        self.certificate(&signed, bundle).await
    }

    /// The profile with this name, or the default one.
    ///
    /// # Errors
    /// If there is no local signer.
    pub(super) fn profile(&self, name: &str) -> Result<&Profile, Failure> {
        let policy = self.signer()?.policy();
        let named = policy.profiles().find(|(known, _)| *known == name);
        Ok(named.map_or(policy.default_profile(), |(_, profile)| profile))
    }

    /// Rejects a profile that requires a token, for endpoints that do not accept one.
    ///
    /// # Errors
    /// 400
    pub(super) fn check_open(&self, profile: &str) -> Result<(), Failure> {
        if self.profile(profile)?.auth_key.is_none() {
            return Ok(());
        }
        self.log.error("profile requires authentication");
        Err(Failure::bad_request("authentication required"))
    }

    /// Checks the token of a request.
    ///
    /// # Errors
    /// 400 for a profile without a key, and for a wrong token.
    pub(super) fn check_token(
        &self,
        profile: &Profile,
        request: &AuthenticatedRequest,
    ) -> Result<(), Failure> {
        let Some(key) = &profile.auth_key else {
            self.log.error("profile has no authentication provider");
            return Err(Failure::bad_request("no authentication provider"));
        };
        let mut keys = std::iter::once(key).chain(&profile.prev_auth_key);
        if keys.any(|key| key.accepts(&request.token.0, &request.request.0)) {
            return Ok(());
        }
        self.log
            .warning("received authenticated request with invalid token");
        Err(Failure::bad_request("invalid token"))
    }

    /// Signs, and records the certificate.
    ///
    /// # Errors
    /// The errors of the signer and the database.
    pub(super) async fn signed(&self, request: SignRequest) -> Result<Signed, Failure> {
        let signer = Arc::clone(self.signer()?);
        let now = OffsetDateTime::now_utc();
        let label = request.label.clone();
        let signed = match signer.cost(&request.profile) {
            Cost::Inline => signer.sign(&request, now, &mut self.log.sink()),
            Cost::Blocking => {
                let log = Arc::clone(&self.log);
                let work = move || signer.sign(&request, now, &mut log.sink());
                self.workers.run(Task::Slow, super::REMOTE_DEADLINE, work).await?
            }
        };
        let signed = signed?;
        self.metrics.signed();
        if let (Some(issued), Some(recorder)) = (&signed.issued, &self.recorder) {
            recorder
                .record(CertificateRecord::of(issued, &label, "null", now))
                .await?;
        }
        Ok(signed)
    }

    /// The answer; with the chain, if one is requested and can be built.
    async fn certificate(&self, signed: &Signed, wants_bundle: bool) -> Result<Answer, Failure> {
        let (bundle, without) = match wants_bundle {
            true => self.chain_of(&signed.pem).await?,
            false => (None, false),
        };
        let answer = Answer::new(&Certificate {
            certificate: &signed.pem,
            bundle,
        });
        if without {
            return Ok(answer.with_message(5300, bundle::NO_BUNDLER));
        }
        self.log.info("wrote response");
        Ok(answer)
    }
}

fn check_csr(request: &SignRequest) -> Result<(), Failure> {
    match request.has_csr() {
        true => Ok(()),
        false => Err(Failure::bad_request("missing parameter 'certificate_request'")),
    }
}
