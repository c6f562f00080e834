//! Certificates of a database.

use rcfssl_core::Certificate;
use rcfssl_core::record::Status;
use rcfssl_store::Select;

use super::find::{Found, Unreadable};
use crate::args::FlagId;
use crate::context::{Context, Failure};
use crate::database;

/// All recorded certificates that are neither expired nor revoked. Expired ones stay on
/// record and need no attention.
///
/// # Errors
/// A trap, under `-strict`.
pub fn find(context: &Context, unreadable: &mut Vec<Unreadable>) -> Result<Vec<Found>, Failure> {
    let file = context.args.path(FlagId::DbConfig).to_string_lossy().into_owned();
    let (mut found, mut position) = (Vec::new(), 0);
    let mut bad = Vec::new();
    let read = database::open(context)?.and_then(|store| {
        let read = store.each_certificate(Select::Unexpired, |record| {
            position += 1;
            if record.status == Status::Revoked {
                return Ok(());
            }
            match Certificate::read_pem(record.pem.as_bytes()) {
                Ok(certificate) => found.push(Found {
                    file: file.clone(),
                    position,
                    certificate,
                }),
                Err(error) => bad.push(Unreadable {
                    file: file.clone(),
                    error: format!("serial number {}: {error}", record.serial),
                }),
            }
            Ok(())
        });
        database::told(context, read)
    });
    unreadable.append(&mut bad);
    unreadable.extend(read.err().map(|error| Unreadable {
        file: file.clone(),
        error: error.to_string(),
    }));
    Ok(found)
}
