//! `bundle`, and the chains of new certificates.

use std::path::PathBuf;
use std::sync::Arc;

use rcfssl_core::bundle::{self, Bundle, Bundler, Flavor};
use rcfssl_core::key::{self, PrivateKey};
use rcfssl_core::verify::check_host;
use rcfssl_core::{self as core, Certificate, Code, Error};
use rcfssl_go::json::Map;
use rcfssl_net::intermediates::Fetcher;
use rcfssl_net::{Outgoing, served};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::{Api, Call};
use crate::answer::{Answer, Failure};
use crate::log::Log;
use crate::workers::Task;

/// The message beside a certificate whose chain was requested but cannot be built.
pub const NO_BUNDLER: &str =
    "This request requires a bundler, but one is not initialized for the API server.";

/// A bundle as JSON.
pub type Document = Box<RawValue>;

impl Api {
    /// # Errors
    /// 500 for a malformed request, 400 for one that names nothing to bundle; otherwise
    /// what is wrong with the certificate, the key, the chain or the host.
    pub(super) async fn bundle(&self, call: &Call) -> Result<Answer, Failure> {
        let request = self.parameters(call)?;
        if request.get("certificate").is_none() && request.get("domain").is_none() {
            return Err(self.no_parameters());
        }
        let flavor = request.get("flavor").map_or("ubiquitous", String::as_str);
        let flavor = if flavor.is_empty() { "ubiquitous" } else { flavor };
        self.log.info(format_args!("request for flavor {flavor}"));
        let work = Work {
            bundler: self.loaded.bundler.as_ref().map_err(Error::clone)?.clone(),
            intermediates: self.loaded.intermediates.clone(),
            flavor: Flavor::named(flavor),
            outgoing: self.outgoing,
            log: Arc::clone(&self.log),
        };
        let bundled = self
            .workers
            .run(Task::Slow, super::DEADLINE, move || work.bundle(&request));
        let json = bundled.await??;
        self.log.info("wrote response");
        Ok(Answer::of_json(json))
    }

    /// The chain of a new certificate, if the server can build chains, and whether it
    /// cannot.
    ///
    /// # Errors
    /// 1200 and above if there is no chain.
    pub(super) async fn chain_of(&self, pem: &str) -> Result<(Option<Document>, bool), Failure> {
        let Some(bundler) = self.loaded.signing_bundler() else {
            return Ok((None, true));
        };
        let work = Work {
            bundler: bundler.clone(),
            intermediates: self.loaded.intermediates.clone(),
            flavor: Flavor::Optimal,
            outgoing: self.outgoing,
            log: Arc::clone(&self.log),
        };
        let pem = pem.to_owned();
        let found = self.workers.run(Task::Slow, super::DEADLINE, move || {
            let certificate = Certificate::read_pem(pem.as_bytes())?;
            work.chain(vec![certificate], None)?.to_json()
        });
        let json = found.await??;
        let document =
            RawValue::from_string(json.to_string()).map_err(|_| Error::from(Code::CertificateUnknown))?;
        Ok((Some(document), false))
    }
}

/// One bundling task; it may wait for the network.
struct Work {
    bundler: Bundler,
    /// Where new intermediates are saved.
    intermediates: Option<PathBuf>,
    flavor: Flavor,
    outgoing: Outgoing,
    log: Log,
}

impl Work {
    fn bundle(self, request: &Map<String>) -> core::Result<Zeroizing<String>> {
        let text = |key| request.get(key).map_or("", String::as_str);
        let log = Arc::clone(&self.log);
        if request.get("certificate").is_none() {
            let bundled = self.served(text("domain"), text("ip"));
            let bundled = bundled.inspect_err(|error| {
                log.warning(format_args!("couldn't bundle from remote: {error}"));
            });
            return bundled?.to_json();
        }
        let given = given(text("certificate"), text("private_key"));
        let bundled = given.and_then(|(certificates, key)| {
            let first = certificates.first().cloned();
            Ok((first, self.chain(certificates, key)?))
        });
        let (first, bundled) = bundled.inspect_err(|_| log.warning("bad PEM certificate or private key"))?;
        for host in [text("domain"), text("ip")]
            .into_iter()
            .filter(|host| !host.is_empty())
        {
            if let Some(certificate) = &first {
                check_host(certificate, host).map_err(|why| Error::wrap(Code::Verify, why))?;
            }
        }
        bundled.to_json()
    }

    fn chain(mut self, certificates: Vec<Certificate>, key: Option<PrivateKey>) -> core::Result<Bundle> {
        let certificates = certificates.into_iter().map(Arc::new).collect();
        let now = self.log.now();
        let (mut sink, mut fetched) = (self.log.sink(), self.log.sink());
        let mut source = Fetcher::new(self.outgoing, self.intermediates, &mut fetched);
        self.bundler
            .bundle(certificates, key, self.flavor, now, &mut source, &mut sink)
    }

    /// Bundles a server's certificate, if it is valid for that name.
    fn served(self, domain: &str, ip: &str) -> core::Result<Bundle> {
        let certificates = served::verified(domain, ip, self.outgoing, self.bundler.roots(), self.log.now())?;
        self.chain(certificates, None)
    }
}

/// # Errors
/// 2002 and 2003 for the key, 1002 and 1003 for the certificates.
fn given(certificates: &str, key: &str) -> core::Result<(Vec<Certificate>, Option<PrivateKey>)> {
    let key = match key {
        "" => None,
        key => Some(key::read(key.as_bytes())?),
    };
    let input = bundle::read(certificates.as_bytes(), "").map_err(|unreadable| unreadable.error)?;
    Ok((input.certificates, key.or(input.key)))
}
