//! What `ocspserve` and `serve` sign when they are asked: OCSP responses and CRLs, for the CA
//! that flags name or for those of a roots file.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::sync::Arc;

use rcfssl_ca::{Issuer, input};
use rcfssl_core::ocsp::ResponderId;
use rcfssl_core::{Certificate, Code, Error, Result};
use rcfssl_server::crl::{Lists, Publisher};
use rcfssl_server::multiroot::{self, Section};
use rcfssl_server::ocsp::{Ca, Live};
use rcfssl_store::{Config, Store};

use crate::args::FlagId;
use crate::ca_files::private_key;
use crate::context::Context;
use crate::database::CONNECTIONS;
use crate::{compat, responder};

/// CAs with what answers for them.
#[derive(Default)]
pub struct Authorities {
    cas: Vec<Ca>,
    publishers: BTreeMap<String, Publisher>,
}

impl Authorities {
    /// The CA of `-ca`. `-responder` signs its responses, or else its own key.
    ///
    /// # Errors
    /// What is missing or wrong.
    pub fn of_flags(context: &Context, store: &Arc<Store>) -> Result<Self> {
        let args = &context.args;
        let mut all = Authorities::default();
        let issuer = match args.is_set(FlagId::CaKey) {
            true => Some(Arc::new(compat::issuer(context)?)),
            false => None,
        };
        if let Some(issuer) = &issuer {
            let publisher = Publisher {
                issuer: Arc::clone(issuer),
                store: Arc::clone(store),
            };
            all.publishers.insert(String::new(), publisher);
        }
        let (certificate, responder) = if args.is_set(FlagId::Responder) {
            let files = responder::read(context)?;
            let responder = Issuer::new(files.certificate, files.key);
            (files.issuer, Arc::new(responder))
        } else {
            let issuer = issuer.ok_or_else(|| {
                Error::plain("OCSP responses need -responder and -responder-key, or -ca-key")
            })?;
            (issuer.certificate().clone(), issuer)
        };
        all.cas.push(Ca {
            certificate,
            responder,
            store: Arc::clone(store),
        });
        Ok(all)
    }

    /// The CAs of a roots file. A section may name its responder with `ocsp_responder` and
    /// `ocsp_responder_key`, and its database with `dbconfig`; `store` is that of the others.
    ///
    /// # Errors
    /// What is missing or wrong in any of them.
    pub fn of_roots(context: &Context, store: Option<&Arc<Store>>) -> Result<Self> {
        let text = input::file(context.args.path(FlagId::Roots))?;
        let mut all = Authorities::default();
        for section in multiroot::read_roots(&String::from_utf8_lossy(&text))? {
            let within = |error: Error| Error::plain(format!("[{}]: {error}", section.label));
            let (ca, publisher) = read_section(&section, store).map_err(within)?;
            all.cas.push(ca);
            if let Some(publisher) = publisher {
                all.publishers.insert(section.label, publisher);
            }
        }
        match all.cas.is_empty() {
            true => Err(Error::plain("the roots file has no sections")),
            false => Ok(all),
        }
    }

    /// The CRLs at `-crl-path`, if it is given.
    ///
    /// # Errors
    /// If no CA's key is there.
    pub fn lists(&mut self, context: &Context) -> Result<Option<Lists>> {
        let args = &context.args;
        if !args.is_set(FlagId::CrlPath) {
            return Ok(None);
        }
        let path = checked_path(context, FlagId::CrlPath, "-crl-path")?;
        if self.publishers.is_empty() {
            return Err(Error::plain(
                "-crl-path needs -ca and -ca-key, which sign the CRL",
            ));
        }
        let lifetime = time::Duration::nanoseconds(args.duration(FlagId::CrlExpiry).as_nanoseconds());
        let publishers = std::mem::take(&mut self.publishers);
        let log = Arc::new(context.log.clone());
        Lists::new(&path, publishers, lifetime, log).map(Some)
    }

    /// The OCSP responder for all of them.
    ///
    /// # Errors
    /// If a responder may not sign for its CA.
    pub fn live(self, context: &Context) -> Result<Live> {
        let args = &context.args;
        let interval = time::Duration::nanoseconds(args.duration(FlagId::Interval).as_nanoseconds());
        let id = match &*args.text(FlagId::ResponderId) {
            "key" => ResponderId::Key,
            _ => ResponderId::Name,
        };
        Live::new(self.cas, interval, id)
    }
}

/// The value of a flag for a URL path.
///
/// # Errors
/// If it does not begin with a slash, or is only that.
pub fn checked_path(context: &Context, flag: FlagId, name: &str) -> Result<String> {
    let path = context.args.text(flag);
    match path.starts_with('/') && path.len() > 1 {
        true => Ok(path.into_owned()),
        false => Err(Error::plain(format!(
            "{name} must begin with a slash and be more than one"
        ))),
    }
}

fn read_section(section: &Section, store: Option<&Arc<Store>>) -> Result<(Ca, Option<Publisher>)> {
    let file = |key: &str| section.get(key).map(|path| input::file(OsStr::new(path)));
    let certificate = file("certificate").ok_or_else(|| Error::plain("certificate is missing"))??;
    let certificate = Certificate::read_pem(&certificate)?;
    let store = match file("dbconfig") {
        Some(text) => {
            let unreadable = |_| Error::wrap(Code::InvalidPolicy, "could not read configuration file");
            let (config, _) = Config::read(&text.map_err(unreadable)?)?;
            Arc::new(Store::new(&config, CONNECTIONS)?)
        }
        None => {
            let missing = || Error::plain("there is neither dbconfig nor -db-config");
            Arc::clone(store.ok_or_else(missing)?)
        }
    };
    let issuer = section.get("private").map(private_key).transpose()?;
    let issuer = issuer.map(|key| Arc::new(Issuer::new(certificate.clone(), key)));
    let responder = match (file("ocsp_responder"), file("ocsp_responder_key")) {
        (Some(responder), Some(key)) => {
            let responder = Certificate::read_pem(&responder?)?;
            Arc::new(Issuer::new(responder, rcfssl_core::key::read_pem_or_der(&key?)?))
        }
        (None, None) => {
            let missing = || Error::plain("neither private nor ocsp_responder is given");
            issuer.clone().ok_or_else(missing)?
        }
        _ => return Err(Error::plain("ocsp_responder and ocsp_responder_key go together")),
    };
    let publisher = issuer.map(|issuer| Publisher {
        issuer,
        store: Arc::clone(&store),
    });
    let ca = Ca {
        certificate,
        responder,
        store,
    };
    Ok((ca, publisher))
}
