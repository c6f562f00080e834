//! `scan` and `scaninfo`: what scanners say of a host, and which scanners there are.

use std::time::Duration;

use rcfssl_go::regexp::Regexp;
use rcfssl_net::scan::{self, Target};

use super::{Api, Call};
use crate::answer::{Answer, Failure};
use crate::workers::Task;

/// How long a scan takes at most where the request says nothing.
const TIMEOUT: Duration = Duration::from_secs(60);

/// How long a request may ask for, in seconds.
const SECONDS: std::ops::RangeInclusive<u64> = 1..=300;

impl Api {
    /// # Errors
    /// 400 for a request without host, and for values that cannot be read.
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
        let target = Target::new(&host, &value("ip"), roots.clone(), timeout);
        // The scan ends by itself; the deadline is for what hangs.
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
