//! `crl`: a list of the certificates of a database that are revoked.

use rcfssl_core::crl::{CrlContent, Entries, SerialNumber};
use rcfssl_core::record;
use rcfssl_core::{Certificate, Error};
use rcfssl_store::Revoked;
use time::OffsetDateTime;

use crate::args::FlagId;
use crate::compat;
use crate::context::{Context, Outcome};
use crate::database;
use crate::list;

/// Signs the list and prints it as base64, with `-pem` as PEM. Only the authority's own
/// certificates are on it; cfssl lists those of all authorities in the database.
pub fn run(context: &Context) -> Outcome {
    let args = &context.args;
    // As in cfssl these end with an empty line and status 0.
    for (flag, sentence) in [
        (FlagId::Ca, "need CA certificate (provide one with -ca)"),
        (FlagId::CaKey, "need CA key (provide one with -ca-key)"),
        (FlagId::DbConfig, "no Database specified!"),
    ] {
        if !args.is_set(flag) {
            context.error(sentence);
            crate::output::stdout(b"\n")?;
            return Ok(());
        }
    }
    let number = list::number(context)?;
    let store = database::required(context)?;
    let issuer = compat::issuer(context)?;
    let certificate = issuer.certificate();
    let mut entries = Entries::default();
    let mut others = 0_usize;
    let own = Own::of(certificate);
    let read = store.each_revoked(|row| {
        match own.issued(&row) {
            true => entries.add(
                &SerialNumber::parse_prefix(&row.serial),
                row.revoked_at.unwrap_or(NO_TIME),
            ),
            false => others += 1,
        }
        Ok(())
    });
    database::told(context, read)?;
    if others > 0 {
        context.hint(format_args!(
            "{others} revoked certificates of other authorities are not on the list, where cfssl would have them"
        ));
    }
    let now = OffsetDateTime::now_utc();
    let lifetime = time::Duration::nanoseconds(args.duration(FlagId::Expiry).as_nanoseconds());
    let next_update = now
        .checked_add(lifetime)
        .ok_or_else(|| Error::plain("-expiry ends after the year 9999"))?;
    let content = CrlContent {
        entries,
        keep_empty: false,
        now,
        next_update,
        number,
    };
    list::print(context, content, certificate, issuer.key())?;
    Ok(())
}

/// Go's zero time.
const NO_TIME: OffsetDateTime = time::macros::datetime!(0001-01-01 0:00 UTC);

/// How the authority's own certificates are told from others.
struct Own<'a> {
    key_identifier: String,
    certificate: &'a Certificate,
}

impl<'a> Own<'a> {
    fn of(certificate: &'a Certificate) -> Self {
        let identifier = certificate.subject_key_identifier();
        Own {
            key_identifier: identifier.map(record::hex).unwrap_or_default(),
            certificate,
        }
    }

    /// By the key identifier; where the row has none, as rows of cfssl 1.2 have not, by
    /// the name of the issuer.
    fn issued(&self, row: &Revoked) -> bool {
        if !row.aki.is_empty() {
            return super::revoke::normal(&row.aki) == self.key_identifier;
        }
        let certificate = row
            .pem
            .as_ref()
            .and_then(|pem| Certificate::read_pem(pem.as_bytes()).ok());
        certificate.is_some_and(|certificate| certificate.issuer == self.certificate.subject)
    }
}
