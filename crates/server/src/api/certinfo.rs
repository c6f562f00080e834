//! `certinfo`: the contents of a certificate that is sent, presented by a server, or
//! recorded.

use std::time::Duration;

use rcfssl_core::certinfo::CertificateInfo;
use rcfssl_core::{Certificate, Error, record};
use rcfssl_net::served;

use super::{Api, Call};
use crate::answer::{Answer, Failure};
use crate::workers::Task;

/// The time limit for fetching a server's certificate.
const DEADLINE: Duration = Duration::from_secs(30);

impl Api {
    /// # Errors
    /// 500 for a malformed request, 400 for one that names no certificate; otherwise what
    /// is wrong with the certificate.
    pub(super) async fn certinfo(&self, call: &Call) -> Result<Answer, Failure> {
        let request = self.parameters(call)?;
        let certificate = if let Some(text) = request.get("certificate") {
            Certificate::read_pem(text.as_bytes()).inspect_err(|error| {
                self.log.warning(format_args!("bad PEM certificate: {error}"));
            })?
        } else if let Some(domain) = request.get("domain").cloned() {
            let outgoing = self.outgoing;
            let look = move || served::certificate(&domain, outgoing);
            let served = self.workers.run(Task::Slow, DEADLINE, look);
            served.await?.inspect_err(|error| {
                self.log
                    .warning(format_args!("couldn't parse remote certificate: {error}"));
            })?
        } else if let (Some(serial), Some(aki)) = (request.get("serial"), request.get("authority_key_id")) {
            self.recorded(serial, aki).await?
        } else {
            return Err(self.no_parameters());
        };
        Ok(Answer::new(&CertificateInfo::new(&certificate)))
    }

    /// A recorded certificate.
    ///
    /// # Errors
    /// 500 without a database, and for a certificate that is not recorded; 11000.
    async fn recorded(&self, serial: &str, aki: &str) -> Result<Certificate, Failure> {
        let Some(store) = &self.loaded.store else {
            self.log.warning("could not find certificates with db access");
            return Err(Failure::plain(
                "cannot lookup certificate from serial without db access",
            ));
        };
        let found = store.certificate(serial, &record::normal_identifier(aki)).await;
        let found = found.map_err(|error| error.error);
        let found = found.and_then(|record| record.ok_or_else(|| Error::plain("no certificate found")));
        let record = found.inspect_err(|error| {
            self.log
                .warning(format_args!("couldn't find certificate: {error}"));
        })?;
        Ok(Certificate::read_pem(record.pem.as_bytes())?)
    }
}
