//! What clients of certificates ask for, beside the API: OCSP responses and CRLs.

use hyper::Request;
use hyper::body::Incoming;

use crate::crl::Lists;
use crate::http::Reply;
use crate::ocsp::Endpoint;

/// The status services of `serve`.
#[derive(Default)]
pub struct Public {
    /// The OCSP responder.
    pub ocsp: Option<Endpoint>,
    /// The CRLs.
    pub lists: Option<Lists>,
}

/// Which of them a request is for.
pub enum Service<'a> {
    /// The OCSP responder.
    Ocsp(&'a Endpoint),
    /// A CRL.
    Crl(&'a Lists, crate::crl::Found<'a>),
}

impl Public {
    /// The service at a path, as it was sent: base64 may have repeated slashes.
    pub fn find(&self, path: &str) -> Option<Service<'_>> {
        if let Some(lists) = &self.lists
            && let Some(found) = lists.find(path)
        {
            return Some(Service::Crl(lists, found));
        }
        let endpoint = self.ocsp.as_ref().filter(|endpoint| endpoint.owns(path))?;
        Some(Service::Ocsp(endpoint))
    }
}

impl Service<'_> {
    /// Its name in metrics.
    pub fn name(&self) -> &'static str {
        match self {
            Service::Ocsp(_) => "ocsp",
            Service::Crl(..) => "crl-file",
        }
    }

    /// Answers a request.
    pub async fn answer(&self, request: Request<Incoming>) -> Reply {
        match self {
            Service::Ocsp(endpoint) => endpoint.answer(request).await,
            Service::Crl(lists, found) => lists.answer(found, &request).await,
        }
    }
}
