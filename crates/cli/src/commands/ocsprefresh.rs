//! `ocsprefresh`: an OCSP response for every certificate of a database that has not
//! expired.

use std::thread;

use rcfssl_core::ocsp::{Responder, Status};
use rcfssl_core::record::{self, CertificateRecord, OcspRecord};
use rcfssl_core::{Certificate, Code, Error, Result, Serial};
use rcfssl_store::{Driver, Own};
use time::OffsetDateTime;

use crate::args::FlagId;
use crate::context::{Context, Failure, Outcome};
use crate::database;
use crate::log::Level;
use crate::responder;

/// Number of certificates in memory at a time.
const PAGE: usize = 2000;

/// Signs the responses and records them.
///
/// cfssl stops at the first certificate for which it cannot sign a response, such as one of
/// another CA in the same database. Here the others still get a response, and the first
/// error is reported at the end, with cfssl's exit status.
pub fn run(context: &Context) -> Outcome {
    let args = &context.args;
    for (flag, what, name) in [
        (FlagId::DbConfig, "the database", "-db-config"),
        (
            FlagId::Responder,
            "the certificate of the responder",
            "-responder",
        ),
        (FlagId::ResponderKey, "the key of the responder", "-responder-key"),
        (FlagId::Ca, "the certificate of the authority", "-ca"),
    ] {
        if !args.is_set(flag) {
            return Err(database::missing(what, name));
        }
    }
    let signer = responder::read(context).inspect_err(|error| {
        context.log.line(
            Level::Critical,
            format_args!("Unable to create OCSP signer: {error}"),
        );
    })?;
    let interval = args.duration(FlagId::Interval);
    let store = database::required(context)?;
    let answering = Answering {
        driver: store.driver(),
        responder: signer.responder(interval),
        now: OffsetDateTime::now_utc(),
        expiry: expiry(interval)?,
    };
    let mut pages = store.unexpired(PAGE);
    let mut failures = Failures::default();
    loop {
        let page = database::told(context, pages.next())?;
        if page.is_empty() {
            break;
        }
        let answers = answering.answer_all(&page);
        let done: Vec<OcspRecord> = answers
            .into_iter()
            .filter_map(|answer| answer.map_err(|failure| failures.add(failure)).ok())
            .collect();
        database::told(context, store.upsert_ocsp(&done)).inspect_err(|error| {
            context.log.line(
                Level::Critical,
                format_args!("Unable to save OCSP response: {error}"),
            );
        })?;
    }
    failures.report(context)
}

fn expiry(interval: rcfssl_core::Duration) -> Result<OffsetDateTime> {
    let interval = time::Duration::nanoseconds(interval.as_nanoseconds());
    let expiry = OffsetDateTime::now_utc().checked_add(interval);
    expiry
        .ok_or_else(|| Error::plain("-interval is too long: the responses would expire after the year 9999"))
}

/// Why there is no response, and cfssl's message for it.
struct Unanswered {
    what: &'static str,
    error: Error,
}

#[derive(Default)]
struct Failures {
    first: Option<Unanswered>,
    number: usize,
}

impl Failures {
    fn add(&mut self, failure: Unanswered) {
        self.number += 1;
        self.first.get_or_insert(failure);
    }

    fn report(self, context: &Context) -> Outcome {
        let Some(Unanswered { what, error }) = self.first else {
            return Ok(());
        };
        context.log.line(Level::Critical, format_args!("{what}: {error}"));
        context.hint(format_args!(
            "{} of the recorded certificates got no response; all others have a new one",
            self.number
        ));
        Err(Failure::Error(error))
    }
}

/// What all responses have in common.
struct Answering<'a> {
    driver: Driver,
    responder: Responder<'a>,
    now: OffsetDateTime,
    expiry: OffsetDateTime,
}

impl Answering<'_> {
    /// Signs a response for each certificate, in order, on all cores.
    fn answer_all(&self, records: &[CertificateRecord]) -> Vec<std::result::Result<OcspRecord, Unanswered>> {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let share = records.len().div_ceil(cores).max(50);
        thread::scope(|scope| {
            let shares: Vec<_> = records
                .chunks(share)
                .map(|share| {
                    scope.spawn(move || share.iter().map(|record| self.answer(record)).collect::<Vec<_>>())
                })
                .collect();
            let lost = || Unanswered {
                what: "Unable to sign OCSP response",
                error: Error::plain("a signing thread failed"),
            };
            let answers = shares
                .into_iter()
                .map(|share| share.join().unwrap_or_else(|_| vec![Err(lost())]));
            answers.flatten().collect()
        })
    }

    fn answer(&self, record: &CertificateRecord) -> std::result::Result<OcspRecord, Unanswered> {
        let certificate = Certificate::read_pem(record.pem.as_bytes()).map_err(|error| Unanswered {
            what: "Unable to parse certificate",
            error,
        })?;
        let body = status(record)
            .and_then(|status| self.responder.answer(&certificate, status, self.now))
            .map_err(|error| Unanswered {
                what: "Unable to sign OCSP response",
                error: self.responder.check(&certificate).err().unwrap_or(error),
            })?;
        let identifier = certificate.authority_key_identifier();
        let (serial, aki) = match self.driver {
            // The foreign key must be satisfied also for rows without a key identifier,
            // such as those of cfssl 1.2, where cfssl fails.
            Driver::Postgres => (record.serial.clone(), record.aki.clone()),
            Driver::Sqlite | Driver::MySql => (
                Serial::from_magnitude(&certificate.serial).to_string(),
                identifier.map(record::hex).unwrap_or_default(),
            ),
        };
        Ok(OcspRecord {
            serial,
            aki,
            body,
            expiry: self.expiry,
        })
    }
}

fn status(record: &CertificateRecord) -> Result<Status> {
    match &record.status {
        record::Status::Good => Ok(Status::Good),
        record::Status::Unknown => Ok(Status::Unknown),
        record::Status::Revoked => Ok(Status::Revoked {
            reason: u8::try_from(record.reason).map_err(|_| Error::from(Code::InvalidStatus))?,
            at: record.revoked_at.unwrap_or(Own::NO_TIME),
        }),
        record::Status::Other(_) => Err(Code::InvalidStatus.into()),
    }
}
