//! Responses that were signed earlier, from a file or a database.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use rcfssl_core::ocsp::IssuerIds;
use rcfssl_core::record;
use rcfssl_core::responding::{CertId, Kept};
use rcfssl_core::{Certificate, Serial};
use rcfssl_go::base64;
use rcfssl_store::Store;

use crate::log::{Level, Log};

/// Where responses are read from.
pub enum Stored {
    /// A file, indexed by the serial number's content octets, whatever the issuer.
    File(HashMap<Vec<u8>, Bytes>),
    /// A database, and the CA whose responses it holds, if it is known. Without it, only
    /// requests that name their CA by SHA-1 are answered, as by cfssl.
    Database(Arc<Store>, Option<Identity>),
}

/// A CA as requests and as databases name it.
pub struct Identity {
    ids: IssuerIds,
    aki: String,
}

impl Identity {
    /// The names of this CA.
    pub fn of(ca: &Certificate) -> Self {
        Identity {
            ids: IssuerIds::of(ca),
            aki: ca.subject_key_identifier().map(record::hex).unwrap_or_default(),
        }
    }
}

impl Stored {
    /// Reads a file of base64 words separated by white space. Invalid words are logged and
    /// skipped.
    pub fn read(text: &[u8], log: &Log) -> Self {
        let text = String::from_utf8_lossy(text);
        let mut responses = HashMap::new();
        for word in text.split_whitespace() {
            let response = match base64::decode(word) {
                Ok(response) => response,
                Err(error) => {
                    log.error(format_args!("Base64 decode error {error} on: {word}"));
                    continue;
                }
            };
            match Kept::parse(&response) {
                Ok(kept) => {
                    responses.insert(kept.serial, Bytes::from(response));
                }
                Err(error) => log.error(format_args!("OCSP decode error {error} on: {word}")),
            }
        }
        log.info(format_args!("Read {} OCSP responses", responses.len()));
        Stored::File(responses)
    }

    /// The response for a certificate.
    pub async fn find(&self, id: &CertId<'_>, log: &Log) -> rcfssl_store::Result<Option<Bytes>> {
        match self {
            Stored::File(responses) => Ok(responses.get(id.serial).cloned()),
            Stored::Database(store, ca) => {
                let serial = Serial::from_contents(id.serial).to_string();
                let ca = ca.as_ref().filter(|ca| ca.ids.contain_key(id));
                let aki = match ca {
                    Some(ca) => ca.aki.clone(),
                    None => record::hex(id.key_hash),
                };
                log.line(Level::Debug, &format_args!("looking for {serial} of {aki}"));
                let found = store.ocsp(&serial, &aki).await?;
                Ok(found.map(|record| record.body.into()))
            }
        }
    }
}
