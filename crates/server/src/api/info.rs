//! `info`: the authority's certificate, and what a profile allows.

use std::sync::Arc;

use rcfssl_ca::{Cost, InfoRequest};

use super::{Api, Call};
use crate::answer::{Answer, Failure};
use crate::workers::Task;

impl Api {
    /// # Errors
    /// 400 for what is no request; 5400 for a profile that may be meant to be elsewhere.
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

    /// Who signs.
    ///
    /// # Errors
    /// Where nobody does; such endpoints are not there.
    pub(super) fn signer(&self) -> Result<&Arc<dyn rcfssl_ca::Signer>, Failure> {
        let signer = self.loaded.signer.as_ref();
        signer.map_err(|error| Failure::Error(error.clone()))
    }
}
