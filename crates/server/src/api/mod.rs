//! The endpoints: one file for each, or for similar ones.

mod bundle;
mod certadd;
mod certinfo;
mod gencrl;
mod generate;
mod health;
mod info;
mod newcert;
mod ocspsign;
mod parameters;
mod revocation;
mod scan;
mod sign;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::Method;
use rcfssl_go::json::{self, Decode};

use crate::answer::{Answer, Failure};
use crate::log::Log;
use crate::metrics::Metrics;
use crate::mux::Target;
use crate::recorder::Recorder;
use crate::serve::Loaded;
use crate::workers::Workers;
use rcfssl_net::Outgoing;

/// The time limit for slow work that does not depend on other servers.
const DEADLINE: Duration = Duration::from_secs(60);

/// The time limit for signing by another server.
const REMOTE_DEADLINE: Duration = Duration::from_secs(120);

/// The state that all endpoints share.
pub struct Api {
    /// What was read at startup.
    pub loaded: Loaded,
    /// Records certificates, if there is a database.
    pub recorder: Option<Recorder>,
    /// Runs slow work.
    pub workers: Arc<Workers>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Which addresses `bundle`, `certinfo` and `scan` may connect to.
    pub outgoing: Outgoing,
    /// The log.
    pub log: Log,
}

/// A request to an endpoint.
#[derive(Debug)]
pub struct Call {
    /// Path and query.
    pub target: Target,
    /// The body, or why it could not be read, as Go's message.
    pub body: Result<Bytes, &'static str>,
}

impl Call {
    /// The body.
    ///
    /// # Errors
    /// 500 for a body that could not be read, as most endpoints report it.
    pub fn body(&self) -> Result<&[u8], Failure> {
        match &self.body {
            Ok(body) => Ok(body),
            Err(why) => Err(Failure::plain(*why)),
        }
    }

    /// Parses the body.
    ///
    /// # Errors
    /// As [`Call::body`], and Go's message if the body is not such a document.
    pub fn read<T: Decode + Default>(&self) -> Result<Result<T, json::Error>, Failure> {
        let mut document = T::default();
        Ok(json::read(self.body()?, &mut document).map(|_| document))
    }
}

/// An endpoint.
#[derive(Debug)]
pub struct Endpoint {
    /// Its name: the last component of its path, and the name for `-disable`.
    pub name: &'static str,
    /// The only method it accepts.
    pub method: Method,
    id: Id,
}

#[derive(Debug, Clone, Copy)]
enum Id {
    Authsign,
    Bundle,
    Certadd,
    Certinfo,
    Crl,
    Gencrl,
    Health,
    Info,
    InitCa,
    Newcert,
    Newkey,
    Ocspsign,
    Revoke,
    Scan,
    ScanInfo,
    Sign,
}

macro_rules! endpoints {
    ($($name:literal $method:ident $id:ident;)*) => {
        /// All endpoints.
        pub static ENDPOINTS: &[Endpoint] = &[$(Endpoint {
            name: $name,
            method: Method::$method,
            id: Id::$id,
        },)*];
    };
}

endpoints! {
    "authsign" POST Authsign;
    "bundle" POST Bundle;
    "certadd" POST Certadd;
    "certinfo" POST Certinfo;
    "crl" GET Crl;
    "gencrl" POST Gencrl;
    "health" GET Health;
    "info" POST Info;
    "init_ca" POST InitCa;
    "newcert" POST Newcert;
    "newkey" POST Newkey;
    "ocspsign" POST Ocspsign;
    "revoke" POST Revoke;
    "scan" GET Scan;
    "scaninfo" GET ScanInfo;
    "sign" POST Sign;
}

impl Api {
    /// Handles a request to an endpoint.
    ///
    /// # Errors
    /// The failure for the envelope.
    pub async fn call(&self, endpoint: &Endpoint, call: Call) -> Result<Answer, Failure> {
        let result = self.result(endpoint, call).await;
        if result.as_ref().is_err_and(Failure::is_of_database) {
            self.metrics.database_error();
        }
        result
    }

    async fn result(&self, endpoint: &Endpoint, call: Call) -> Result<Answer, Failure> {
        match endpoint.id {
            Id::Authsign => self.authsign(&call).await,
            Id::Bundle => self.bundle(&call).await,
            Id::Certadd => self.certadd(&call).await,
            Id::Crl => self.crl(&call).await,
            Id::Revoke => self.revoke(&call).await,
            Id::Certinfo => self.certinfo(&call).await,
            Id::Gencrl => self.gencrl(&call).await,
            Id::Health => self.health().await,
            Id::Info => self.info(&call).await,
            Id::InitCa => self.init_ca(&call).await,
            Id::Newcert => self.newcert(&call).await,
            Id::Newkey => self.newkey(&call).await,
            Id::Ocspsign => self.ocspsign(&call),
            Id::Scan => self.scan(&call).await,
            Id::Sign => self.sign(&call).await,
            Id::ScanInfo => self.scan_info(),
        }
    }
}
