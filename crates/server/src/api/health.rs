//! `health`: can this server do its work?

use std::time::Duration;

use hyper::StatusCode;
use serde::Serialize;
use time::OffsetDateTime;
use tokio::time::timeout;

use super::Api;
use crate::answer::{Answer, Failure};

/// How long the database may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Serialize)]
struct Health {
    healthy: bool,
}

impl Api {
    /// What a configuration leaves out need not work: a server without a CA is healthy.
    ///
    /// # Errors
    /// 503 where the CA cannot sign, or the database cannot be used. cfssl looks at neither.
    pub(super) async fn health(&self) -> Result<Answer, Failure> {
        let unhealthy = |why: &str| Failure::Http(StatusCode::SERVICE_UNAVAILABLE, why.to_owned());
        self.check_signer(OffsetDateTime::now_utc()).map_err(|why| {
            self.log.error(format_args!("unhealthy: {why}"));
            unhealthy(why)
        })?;
        if let Some(store) = &self.loaded.store {
            let why = match timeout(PATIENCE, store.ping()).await {
                Ok(Ok(())) => None,
                Ok(Err(error)) => Some(error.error.to_string()),
                Err(_) => Some(format!("no answer within {PATIENCE:?}")),
            };
            if let Some(why) = why {
                self.metrics.database_error();
                self.log.error(format_args!("unhealthy: database: {why}"));
                // What the database says may hold names that are no client's business.
                return Err(unhealthy("the database cannot be used"));
            }
        }
        Ok(Answer::new(&Health { healthy: true }))
    }

    fn check_signer(&self, now: OffsetDateTime) -> Result<(), &'static str> {
        let Ok(issuer) = &self.loaded.issuer else {
            return match self.loaded.signer.is_err() && self.loaded.wants_signer {
                true => Err("the signer could not be initialized"),
                false => Ok(()),
            };
        };
        let certificate = issuer.certificate();
        if !issuer.key_fits() {
            return Err("the CA key does not match the CA certificate");
        }
        if now > certificate.not_after {
            return Err("the CA certificate has expired");
        }
        if now < certificate.not_before {
            return Err("the CA certificate is not valid yet");
        }
        Ok(())
    }
}
