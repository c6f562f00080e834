//! The tables.

use rcfssl_tests::servers::database::{Database, Kind};
use rcfssl_tests::{Result, ensure};

use crate::place::{Place, gencert};

/// cfssl's first migration, in each dialect.
pub fn first_version(kind: Kind) -> &'static str {
    match kind {
        Kind::Sqlite => {
            "CREATE TABLE certificates (serial_number blob NOT NULL, authority_key_identifier blob NOT NULL, ca_label blob,
             status blob NOT NULL, reason int, expiry timestamp, revoked_at timestamp, pem blob NOT NULL,
             PRIMARY KEY (serial_number, authority_key_identifier));
             CREATE TABLE ocsp_responses (serial_number blob NOT NULL, authority_key_identifier blob NOT NULL,
             body blob NOT NULL, expiry timestamp, PRIMARY KEY (serial_number, authority_key_identifier),
             FOREIGN KEY (serial_number, authority_key_identifier)
             REFERENCES certificates (serial_number, authority_key_identifier));"
        }
        Kind::Postgres => {
            "CREATE TABLE certificates (serial_number bytea NOT NULL, authority_key_identifier bytea NOT NULL, ca_label bytea,
             status bytea NOT NULL, reason int, expiry timestamptz, revoked_at timestamptz, pem bytea NOT NULL,
             PRIMARY KEY (serial_number, authority_key_identifier));
             CREATE TABLE ocsp_responses (serial_number bytea NOT NULL, authority_key_identifier bytea NOT NULL,
             body bytea NOT NULL, expiry timestamptz, PRIMARY KEY (serial_number, authority_key_identifier),
             FOREIGN KEY (serial_number, authority_key_identifier)
             REFERENCES certificates (serial_number, authority_key_identifier));"
        }
        Kind::MariaDb => {
            "CREATE TABLE certificates (serial_number varbinary(128) NOT NULL, authority_key_identifier varbinary(128) NOT NULL,
             ca_label varbinary(128), status varbinary(128) NOT NULL, reason int,
             expiry timestamp DEFAULT '0000-00-00 00:00:00', revoked_at timestamp DEFAULT '0000-00-00 00:00:00',
             pem varbinary(4096) NOT NULL, PRIMARY KEY (serial_number, authority_key_identifier));
             CREATE TABLE ocsp_responses (serial_number varbinary(128) NOT NULL,
             authority_key_identifier varbinary(128) NOT NULL, body varbinary(4096) NOT NULL,
             expiry timestamp DEFAULT '0000-00-00 00:00:00', PRIMARY KEY (serial_number, authority_key_identifier));"
        }
    }
}

/// The columns as the database reports them.
fn structure(database: &Database, name: &str) -> Result<String> {
    match database.kind {
        Kind::Sqlite => database.ask(name, "SELECT name, type, \"notnull\", pk FROM pragma_table_info('certificates')"),
        Kind::Postgres | Kind::MariaDb => database.ask(
            name,
            "SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns
             WHERE table_name IN ('certificates', 'ocsp_responses') AND table_schema IN ('public', database_name())
             ORDER BY table_name, ordinal_position"
                .replace("database_name()", match database.kind {
                    Kind::MariaDb => "DATABASE()",
                    _ => "''",
                })
                .as_str(),
        ),
    }
}

const MANY: usize = 100_000;

/// Statements that create many rows of the first version.
fn many_rows(kind: Kind) -> String {
    let numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)";
    let columns =
        "serial_number, authority_key_identifier, ca_label, status, reason, expiry, revoked_at, pem";
    match kind {
        Kind::Sqlite => format!(
            "INSERT INTO certificates ({columns}) {numbers} SELECT CAST(i AS TEXT), 'aa', '', 'good', 0,
             '2036-01-01 00:00:00+00:00', '0001-01-01 00:00:00+00:00', 'pem' FROM n; SELECT 1"
        ),
        Kind::Postgres => format!(
            "INSERT INTO certificates ({columns}) SELECT convert_to(i::text, 'UTF8'), 'aa', '', 'good', 0,
             '2036-01-01 00:00:00+00', '0001-01-01 00:00:00+00', 'pem' FROM generate_series(1, 100000) i"
        ),
        Kind::MariaDb => format!(
            "SET max_recursive_iterations = 100001, cte_max_recursion_depth = 100001;
             INSERT INTO certificates ({columns}) {numbers} SELECT i, 'aa', '', 'good', 0,
             '2036-01-01 00:00:00', '0000-00-00 00:00:00', 'pem' FROM n"
        )
        .replace(", cte_max_recursion_depth = 100001", ""),
    }
}

pub fn the_first_version_is_migrated(place: &Place, database: &mut Database) -> Result<()> {
    let name = &place.name;
    database.ask(name, first_version(database.kind))?;
    database.ask(name, &many_rows(database.kind))?;
    let status = place.ok("rcfssl db status -json -db-config db.json")?.json()?;
    ensure!(
        status["schema"] == "001" && status["rows"]["certificates"] == MANY,
        "{status}"
    );
    let err = place.refused(&format!("{} csr.json", gencert("ca")))?;
    ensure!(
        err.contains(r#"{"code":11000,"#) && err.contains("\nhint: ") && err.contains("db migrate"),
        "{err}"
    );
    // As in cfssl, there is no CRL either.
    let err = place.refused("cfssl crl -db-config db.json -ca ca.pem -ca-key ca-key.pem")?;
    ensure!(err.contains("common_name") && err.contains("db migrate"), "{err}");
    place.ok("rcfssl db migrate -db-config db.json")?;
    // The second time there is nothing to do.
    place.ok("rcfssl db migrate -db-config db.json")?;
    let status = place.ok("rcfssl db status -json -db-config db.json")?.json()?;
    ensure!(
        status["schema"] == "002" && status["rows"]["certificates"] == MANY,
        "{status}"
    );
    place.sign("ca", "")?;
    let old = database.ask(
        name,
        "SELECT COUNT(*), COUNT(issued_at), COUNT(sans) FROM certificates",
    )?;
    // MySQL's columns have the zero date as default, as in cfssl's migration.
    let want = match database.kind {
        Kind::MariaDb => "100001|100001|1",
        _ => "100001|1|1",
    };
    ensure!(old == want, "{old}");
    Ok(())
}

pub fn tables_are_those_of_the_migrations(place: &Place, database: &mut Database) -> Result<()> {
    place.tables()?;
    let status = place.ok("rcfssl db status -db-config db.json")?.out();
    ensure!(status.contains("schema: 002\ncertificates: 0\n"), "{status}");
    place.tables()?;
    let created = structure(database, &place.name)?;
    let migrated = format!("{}_b", place.name);
    database.create(&migrated)?;
    database.ask(&migrated, first_version(database.kind))?;
    place
        .work
        .write("db.json", database.document(&migrated, None, ""))?;
    place.ok("rcfssl db migrate -db-config db.json")?;
    let migrated = structure(database, &migrated)?;
    ensure!(
        created == migrated && created.lines().count() >= 13,
        "{created}\n---\n{migrated}"
    );
    Ok(())
}

pub fn a_database_without_tables_is_refused_with_the_way_out(
    place: &Place,
    database: &mut Database,
) -> Result<()> {
    if database.kind == Kind::Sqlite {
        // An existing empty file stays empty.
        std::fs::write(database.file(&place.name), "")?;
    }
    let sentence = match database.kind {
        Kind::Sqlite => "no such table: certificates".to_owned(),
        Kind::Postgres => r#"pq: relation \"certificates\" does not exist"#.to_owned(),
        Kind::MariaDb => format!(
            "Error 1146 (42S02): Table '{}.certificates' doesn't exist",
            place.name
        ),
    };
    for line in [
        format!("{} csr.json", gencert("ca")),
        "cfssl revoke -db-config db.json -serial 1 -aki 2 -reason 1".to_owned(),
        "cfssl crl -db-config db.json -ca ca.pem -ca-key ca-key.pem".to_owned(),
        "rcfssl db migrate -db-config db.json".to_owned(),
    ] {
        let err = place.refused(&line)?;
        ensure!(
            err.contains("\nhint: ") && err.contains("db create"),
            "{line}: {err}"
        );
        ensure!(
            line.contains("migrate") || err.contains(&sentence),
            "{line}: {err}"
        );
    }
    let status = place.ok("rcfssl db status -db-config db.json")?.out();
    ensure!(status.contains("schema: none\n"), "{status}");
    Ok(())
}
