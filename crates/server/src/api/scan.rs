//! `scan` and `scaninfo`: the results of scanners for a host, and the list of scanners.

use std::time::Duration;

use rcfssl_go::regexp::Regexp;
use rcfssl_net::scan::{self, Target};

use super::{Api, Call};
use crate::answer::{Answer, Failure};
use crate::workers::Task;

/// The time limit of a scan if the request does not set one.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The time limits that a request may set, in seconds.
const SECONDS: std::ops::RangeInclusive<u64> = 1..=300;

impl Api {
    /// # Errors
    /// 400 for a request without a host, and for invalid values.
    pub(super) async fn scan(&self, call: &Call) -> Result<Answer, Failure> {
        let value = |key| call.target.value(key);
        let compile = |key| {
            let compiled = Regexp::compile(&value(key));
            compiled.map_err(|error| Failure::bad_request(error.to_string()))
        };
        let (family, scanner) = (compile("family")?, compile("scanner")?);
        let host = value("host");
        if host.is_empty() {
            self.log.warning("no host given");
            return Err(Failure::bad_request("no host given"));
        }
        let timeout = timeout(&value("timeout"))?;
        let roots = self.loaded.scan_roots.as_ref().map_err(Clone::clone)?;
        let target = Target::new(&host, &value("ip"), roots.clone(), timeout).through(self.outgoing);
        // The scan enforces the timeout itself; the deadline is for the case that it hangs.
        let deadline = timeout + Duration::from_secs(10);
        let scan = move || scan::run(&target, &family, &scanner);
        let (findings, _) = self.workers.run(Task::Slow, deadline, scan).await?;
        Ok(Answer::new(&findings))
    }

    /// # Errors
    /// None.
    pub(super) fn scan_info(&self) -> Result<Answer, Failure> {
        self.log.info("setting up scaninfo handler");
        Ok(Answer::new(&scan::families()))
    }
}

fn timeout(text: &str) -> Result<Duration, Failure> {
    if text.is_empty() {
        return Ok(TIMEOUT);
    }
    let duration =
        rcfssl_go::Duration::parse(text).map_err(|error| Failure::bad_request(error.to_string()))?;
    let nanoseconds = u64::try_from(duration.as_nanoseconds()).unwrap_or(0);
    let duration = Duration::from_nanos(nanoseconds);
    match duration >= Duration::from_secs(*SECONDS.start()) && duration <= Duration::from_secs(*SECONDS.end())
    {
        true => Ok(duration),
        false => Err(Failure::bad_request("invalid timeout given")),
    }
}
