//! The commands with databases: SQLite, PostgreSQL and MariaDB.

#![allow(clippy::panic, clippy::unwrap_used, reason = "functions of tests")]

mod commands;
mod faults;
mod files;
mod place;
mod renewals;
mod replaced;
mod schema;
mod together;

use rcfssl_tests::Result;
use rcfssl_tests::servers::database::{Database, Kind, missing};
use rcfssl_tests::skip::skipped;

use place::Place;

/// A check in a workplace with its own database.
type Check = fn(&Place, &mut Database) -> Result<()>;

/// Checks for every database.
const EVERYWHERE: [(&str, Check); 13] = [
    ("rows", commands::rows_say_what_cfssl_writes),
    ("revoke", commands::revoking_changes_the_row),
    ("crl", commands::a_list_holds_the_certificates_of_its_authority),
    ("ocsp", commands::responses_are_refreshed_and_dumped),
    ("certinfo", commands::a_recorded_certificate_is_shown),
    ("expiry", commands::what_expires_is_reported),
    ("renew", renewals::renewed_certificates_are_recorded),
    ("replaced", replaced::replaced_certificates_are_revoked),
    ("first", schema::the_first_version_is_migrated),
    ("created", schema::tables_are_those_of_the_migrations),
    (
        "none",
        schema::a_database_without_tables_is_refused_with_the_way_out,
    ),
    ("cfssl", together::cfssls_own_rows_are_read),
    ("debian", together::cfssls_rows_and_ours_are_one_table),
];

/// Checks for database servers.
const SERVERS: [(&str, Check); 3] = [
    ("gone", faults::a_server_that_is_gone_is_told),
    (
        "cut",
        faults::a_connection_that_breaks_prints_nothing_without_its_row,
    ),
    ("hang", faults::a_server_that_hangs_is_given_up),
];

fn run(kind: Kind, checks: &[(&str, Check)]) {
    if let Some(program) = missing(kind) {
        skipped(&format!("there is no {program}")).unwrap();
        return;
    }
    let mut database = Database::start(kind).unwrap();
    let mut failures = Vec::new();
    for (name, check) in checks {
        // Each check has its own database name.
        let place = Place::new(&database, &format!("checks_{name}")).unwrap();
        if let Err(error) = check(&place, &mut database) {
            failures.push(format!("{kind:?}, {name}: {error:?}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn sqlite() {
    run(Kind::Sqlite, &EVERYWHERE);
}

#[test]
fn postgresql() {
    run(Kind::Postgres, &[&EVERYWHERE[..], &SERVERS].concat());
}

#[test]
fn mariadb() {
    run(Kind::MariaDb, &[&EVERYWHERE[..], &SERVERS].concat());
}
