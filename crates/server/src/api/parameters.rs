//! The parameters of `bundle` and `certinfo`, which cfssl reads as an object of texts.

use std::fmt::Display;

use rcfssl_go::json::Map;

use super::{Api, Call};
use crate::answer::Failure;

impl Api {
    /// Reads them.
    ///
    /// # Errors
    /// 500 for anything but an object of texts, which is also logged.
    pub(super) fn parameters(&self, call: &Call) -> Result<Map<String>, Failure> {
        call.read()?
            .map_err(|error| self.invalid(Failure::plain(&error.text), &error))
    }

    /// 400, logged: the parameters do not name what the endpoint needs.
    pub(super) fn no_parameters(&self) -> Failure {
        let why = "no valid parameter sets found";
        self.invalid(Failure::bad_request(why), &why)
    }

    fn invalid(&self, failure: Failure, why: &dyn Display) -> Failure {
        self.log.warning(format_args!("invalid request: {why}"));
        failure
    }
}
