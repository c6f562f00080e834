//! `info`: the CA certificate and the settings of a profile.

use std::sync::Arc;

use rcfssl_ca::{Cost, InfoRequest};

use super::{Api, Call};
use crate::answer::{Answer, Failure};
use crate::workers::Task;

impl Api {
    /// # Errors
    /// 400 for a malformed request; 5400 for an unknown profile, which another server might
    /// have.
    pub(super) async fn info(&self, call: &Call) -> Result<Answer, Failure> {
        if let Err(why) = &call.body {
            self.log
                .warning(format_args!("failed to read request body: {why}"));
            return Err(Failure::bad_request(*why));
        }
        let request: InfoRequest = call.read()?.map_err(|error| {
            self.log
                .warning(format_args!("failed to unmarshal request: {error}"));
            Failure::bad_request(error.text)
        })?;
        let signer = Arc::clone(self.signer()?);
        let info = match signer.cost(&request.profile) {
            Cost::Inline => signer.info(&request, &mut self.log.sink()),
            Cost::Blocking => {
                let log = Arc::clone(&self.log);
                let work = move || signer.info(&request, &mut log.sink());
                self.workers.run(Task::Slow, super::REMOTE_DEADLINE, work).await?
            }
        };
        Ok(Answer::new(&info?))
    }

    /// The signer.
    ///
    /// # Errors
    /// If there is none; then the endpoints that need it are not enabled either.
    pub(super) fn signer(&self) -> Result<&Arc<dyn rcfssl_ca::Signer>, Failure> {
        let signer = self.loaded.signer.as_ref();
        signer.map_err(|error| Failure::Error(error.clone()))
    }
}
