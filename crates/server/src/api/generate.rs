//! `newkey` and `init_ca`: keys with their requests, and new authorities.

use std::sync::Arc;

use rcfssl_ca::make;
use rcfssl_core::key::{KeyFormat, KeySpec, PrivateKey};
use rcfssl_core::{Csr, Request};
use serde::Serialize;
use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::{Api, Call};
use crate::answer::{Answer, Failure};
use crate::log::Log;
use crate::sums::Sums;
use crate::workers::Task;

#[derive(Serialize)]
struct NewKey {
    private_key: Zeroizing<String>,
    certificate_request: String,
    sums: NewKeySums,
}

#[derive(Serialize)]
struct NewKeySums {
    certificate_request: Sums,
}

#[derive(Serialize)]
struct NewAuthority {
    private_key: Zeroizing<String>,
    certificate: String,
}

impl Api {
    /// # Errors
    /// 400 for what is no request or asks for an authority; 2400 and 9300.
    pub(super) async fn newkey(&self, call: &Call) -> Result<Answer, Failure> {
        self.log.info("request for CSR");
        let request: Request = self.generation(call)?;
        self.refuse_authority(&request)?;
        let (key, csr) = self.key_and_csr(request).await?;
        Ok(Answer::new(&NewKey {
            private_key: key.to_pem(KeyFormat::Traditional)?,
            certificate_request: csr.to_pem(),
            sums: NewKeySums {
                certificate_request: Sums::of(&csr.der),
            },
        }))
    }

    /// # Errors
    /// 400 for what is no request, 500 for a malformed lifetime; 5300, 2400 and 9300.
    pub(super) async fn init_ca(&self, call: &Call) -> Result<Answer, Failure> {
        self.log.info("setting up initial CA handler");
        let request: Request = self.generation(call)?;
        let made = self
            .generate(&request.clone(), move |log| {
                make::ca(&request, OffsetDateTime::now_utc(), &mut log.sink())
            })
            .await?;
        let (key, made) = made.inspect_err(|error| {
            self.log
                .warning(format_args!("failed to initialise new CA: {error}"));
        })?;
        Ok(Answer::new(&NewAuthority {
            private_key: key.to_pem(KeyFormat::Traditional)?,
            certificate: made.certificate.to_pem(),
        }))
    }

    /// The document of a request for something new.
    ///
    /// # Errors
    /// 400
    pub(super) fn generation<T: rcfssl_go::json::Decode + Default>(&self, call: &Call) -> Result<T, Failure> {
        if let Err(why) = &call.body {
            self.log.warning("failed to read request body");
            return Err(Failure::bad_request(*why));
        }
        call.read()?.map_err(|error| {
            self.log
                .warning(format_args!("failed to unmarshal request: {error}"));
            Failure::bad_request(error.text)
        })
    }

    /// # Errors
    /// 400 for a request with a `ca` section.
    pub(super) fn refuse_authority(&self, request: &Request) -> Result<(), Failure> {
        if request.ca.is_none() {
            return Ok(());
        }
        self.log.warning("request received with CA section");
        Err(Failure::bad_request("ca section only permitted in initca"))
    }

    /// A key and its request.
    ///
    /// # Errors
    /// 2400 and 9300.
    pub(super) async fn key_and_csr(&self, request: Request) -> Result<(PrivateKey, Csr), Failure> {
        let work = {
            let request = request.clone();
            move |log: &Log| make::key_and_csr(&request, false, &mut log.sink())
        };
        let made = self.generate(&request, work).await?;
        let made = made.inspect_err(|error| {
            self.log.warning(format_args!("failed to process CSR: {error}"));
        })?;
        Ok(made)
    }

    /// Does what makes a key: RSA keys where they keep nobody waiting.
    async fn generate<T: Send + 'static>(
        &self,
        request: &Request,
        work: impl FnOnce(&Log) -> T + Send + 'static,
    ) -> Result<T, Failure> {
        if !matches!(request.key_spec(), Ok(KeySpec::Rsa { .. })) {
            return Ok(work(&self.log));
        }
        let log = Arc::clone(&self.log);
        self.workers
            .run(Task::RsaKey, super::DEADLINE, move || work(&log))
            .await
    }
}
