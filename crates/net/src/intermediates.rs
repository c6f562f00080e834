//! Intermediates from the network, saved in a folder for the next time.

use std::path::PathBuf;

use rcfssl_core::bundle::Intermediates;
use rcfssl_core::{Answer, Certificate, Event, Result, Sink, Web};

use crate::{Outgoing, http};

/// Fetches for one certificate, with the deadline of [`http::Client`].
pub struct Fetcher<'a> {
    client: http::Client,
    folder: Option<PathBuf>,
    sink: Sink<'a>,
}

impl<'a> Fetcher<'a> {
    /// A fetcher that connects to these addresses only, and saves verified intermediates
    /// in this folder, if there is one.
    pub fn new(outgoing: Outgoing, folder: Option<PathBuf>, sink: Sink<'a>) -> Self {
        Fetcher {
            client: http::Client::default().through(outgoing),
            folder,
            sink,
        }
    }

    fn noted(&mut self, answer: crate::Result<Answer>) -> Result<Answer> {
        answer.map_err(|error| {
            (self.sink)(Event::FetchFailed {
                why: error.to_string(),
                is_proxy: error.is_proxy(),
            });
            error.into()
        })
    }
}

impl Web for Fetcher<'_> {
    fn get(&mut self, url: &str, limit: u64) -> Result<Answer> {
        (self.sink)(Event::Fetching { url: url.to_owned() });
        let answer = self.client.fetch(url, limit);
        self.noted(answer)
    }

    fn post(&mut self, url: &str, media_type: &str, body: &[u8], limit: u64) -> Result<Answer> {
        let answer = self.client.send_body(url, media_type, body, limit);
        self.noted(answer)
    }
}

impl Intermediates for Fetcher<'_> {
    fn keep(&mut self, file_name: &str, certificate: &Certificate) {
        let Some(folder) = &self.folder else {
            return;
        };
        let file = folder.join(file_name);
        (self.sink)(match std::fs::write(&file, certificate.to_pem()) {
            Ok(()) => Event::IntermediateSaved {
                file_name: file_name.to_owned(),
            },
            Err(error) => Event::IntermediateNotSaved {
                file: file.to_string_lossy().into_owned(),
                why: rcfssl_go::os::describe(&error),
            },
        });
    }
}
