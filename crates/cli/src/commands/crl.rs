//! `crl`: signs a CRL of the revoked certificates in a database.

use rcfssl_core::crl::{CrlContent, Entries};
use rcfssl_core::{Error, Serial};
use rcfssl_store::Own;
use time::OffsetDateTime;

use crate::args::FlagId;
use crate::compat;
use crate::context::{Context, Outcome};
use crate::database;
use crate::list;

/// Signs the CRL and prints it as base64, or with `-pem` as PEM. It lists only certificates
/// of this CA; cfssl lists those of all CAs in the database.
pub fn run(context: &Context) -> Outcome {
    let args = &context.args;
    // As in cfssl, these errors print an empty line and exit with status 0.
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
    let is_complete = args.is_set(FlagId::Out) || args.is_set(FlagId::CrlNumber);
    let store = database::required(context)?;
    let issuer = compat::issuer(context)?;
    let certificate = issuer.certificate();
    let now = OffsetDateTime::now_utc();
    let number = match args.is_set(FlagId::Out) {
        true => Some(list::next_number(context, certificate, now)?),
        false => list::number(context)?,
    };
    let mut entries = Entries::default();
    let mut others = 0_usize;
    let own = Own::of(certificate);
    let read = store.each_revoked(|row| {
        match own.issued(&row) {
            true => entries.add_with_reason(
                &Serial::parse_prefix(&row.serial),
                row.revoked_at.unwrap_or(Own::NO_TIME),
                // cfssl's lists have no reasons.
                if is_complete { row.reason } else { 0 },
            ),
            false => others += 1,
        }
        Ok(())
    });
    database::told(context, read)?;
    if others > 0 {
        context.hint(format_args!(
            "revoked certificates of other CAs are not on the CRL ({others}); cfssl would include them"
        ));
    }
    let lifetime = time::Duration::nanoseconds(args.duration(FlagId::Expiry).as_nanoseconds());
    let next_update = now
        .checked_add(lifetime)
        .ok_or_else(|| Error::plain("-expiry is too long: the CRL would expire after the year 9999"))?;
    let content = CrlContent {
        entries,
        keep_empty: false,
        now,
        next_update,
        number,
    };
    match args.is_set(FlagId::Out) {
        true => list::write(context, content, certificate, issuer.key())?,
        false => list::print(context, content, certificate, issuer.key())?,
    }
    Ok(())
}
