//! `health`: whether the server is available.

use serde::Serialize;

use super::Api;
use crate::answer::{Answer, Failure};

#[derive(Serialize)]
struct Health {
    healthy: bool,
}

impl Api {
    pub(super) fn health(&self) -> Result<Answer, Failure> {
        Ok(Answer::new(&Health { healthy: true }))
    }
}
