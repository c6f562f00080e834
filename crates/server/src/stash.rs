//! The resources of bundling: certificates from the network, and the folder for verified
//! intermediates.

use std::path::PathBuf;

use rcfssl_core::bundle::Outside;
use rcfssl_core::web::{Answer, Web};
use rcfssl_core::{Certificate, Result};
use rcfssl_net::{Outgoing, http};

use crate::log::{Level, Log};

/// The folder of `-int-dir`, if there is one.
#[derive(Debug, Clone, Default)]
pub struct Stash(pub Option<PathBuf>);

impl Stash {
    /// What of the network may be connected to, and this folder.
    pub fn outside<'a>(&'a self, outgoing: Outgoing, log: &'a Log) -> impl Outside + 'a {
        Reach {
            stash: self,
            client: http::Client::default().through(outgoing),
            log,
        }
    }
}

struct Reach<'a> {
    stash: &'a Stash,
    client: http::Client,
    log: &'a Log,
}

impl Reach<'_> {
    fn told(&self, answer: rcfssl_net::Result<Answer>) -> Result<Answer> {
        answer.map_err(|why| {
            self.log.line(Level::Debug, &why);
            why.into()
        })
    }
}

impl Web for Reach<'_> {
    fn get(&mut self, url: &str, limit: u64) -> Result<Answer> {
        self.told(self.client.fetch(url, limit))
    }

    fn post(&mut self, url: &str, media_type: &str, body: &[u8], limit: u64) -> Result<Answer> {
        self.told(self.client.send_body(url, media_type, body, limit))
    }
}

impl Outside for Reach<'_> {
    fn keep(&mut self, file_name: &str, certificate: &Certificate) {
        let Some(folder) = &self.stash.0 else {
            return;
        };
        let file = folder.join(file_name);
        match std::fs::write(&file, certificate.to_pem()) {
            Ok(()) => self
                .log
                .info(format_args!("stashed new intermediate {file_name}")),
            Err(error) => {
                let (file, why) = (file.display(), rcfssl_go::os::describe(&error));
                self.log.error(format_args!(
                    "failed to write new intermediate: open {file}: {why}"
                ));
            }
        }
    }
}
