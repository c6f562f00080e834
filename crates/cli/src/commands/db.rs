//! `db`: creates the tables of a database, migrates those of cfssl's first version, or
//! prints their status.

use rcfssl_core::Error;
use rcfssl_go::json;
use rcfssl_store::{Counts, Version};
use serde::Serialize;

use crate::args::FlagId;
use crate::context::{Context, Outcome};
use crate::database;
use crate::output;

/// What `db status` prints.
#[derive(Serialize)]
struct Status {
    driver: &'static str,
    /// The last of cfssl's migrations that was applied to the tables.
    schema: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<Rows>,
}

#[derive(Serialize)]
struct Rows {
    certificates: u64,
    revoked: u64,
    expired: u64,
    ocsp_responses: u64,
}

impl From<Counts> for Rows {
    fn from(counts: Counts) -> Self {
        Rows {
            certificates: counts.certificates,
            revoked: counts.revoked,
            expired: counts.expired,
            ocsp_responses: counts.ocsp_responses,
        }
    }
}

/// Runs the action that the first argument names.
pub fn run(context: &Context) -> Outcome {
    let [action] = context.args.positional() else {
        return Err(wrong());
    };
    let store = database::required(context)?;
    match action.to_str() {
        Some("create") => {
            database::told(context, store.create())?;
            if database::told(context, store.version())? == Version::First {
                context.hint(
                    "the tables of cfssl's first version already exist: update them with `rcfssl db migrate -db-config FILE`",
                );
            }
        }
        Some("migrate") => database::told(context, store.migrate())?,
        Some("status") => {
            let version = database::told(context, store.version())?;
            let rows = match version {
                Version::None => None,
                Version::First | Version::Second => Some(database::told(context, store.counts())?.into()),
            };
            let status = Status {
                driver: store.driver().name(),
                schema: match version {
                    Version::None => "none",
                    Version::First => "001",
                    Version::Second => "002",
                },
                rows,
            };
            let line = match context.args.bool(FlagId::Json) {
                true => json::to_string(&status) + "\n",
                false => status.lines(),
            };
            output::stdout(line.as_bytes())?;
        }
        _ => return Err(wrong()),
    }
    Ok(())
}

fn wrong() -> crate::context::Failure {
    Error::plain("db needs an action (create, migrate or status) and -db-config FILE").into()
}

impl Status {
    /// The status as text.
    fn lines(&self) -> String {
        let mut text = format!("driver: {}\nschema: {}\n", self.driver, self.schema);
        if let Some(rows) = &self.rows {
            for (name, number) in [
                ("certificates", rows.certificates),
                ("revoked", rows.revoked),
                ("expired", rows.expired),
                ("ocsp responses", rows.ocsp_responses),
            ] {
                text.push_str(&format!("{name}: {number}\n"));
            }
        }
        text
    }
}
