//! Debian's cfssl and rcfssl share a database.

use rcfssl_tests::servers::database::{Database, Kind};
use rcfssl_tests::{Result, debian, ensure, fixtures};

use crate::place::Place;

/// A file with rows written by cfssl 1.6.5.
pub fn cfssls_own_rows_are_read(place: &Place, database: &mut Database) -> Result<()> {
    if database.kind != Kind::Sqlite {
        return Ok(());
    }
    place.tables()?;
    let rows = std::fs::read_to_string(fixtures().join("databases/cfssl-1.6.5-sqlite.sql"))?;
    database.ask(&place.name, &rows)?;
    // So that they do not expire.
    for table in ["certificates", "ocsp_responses"] {
        database.ask(
            &place.name,
            &format!("UPDATE {table} SET expiry = '2100-01-01 00:00:00+00:00'"),
        )?;
    }
    let status = place.ok("rcfssl db status -json -db-config db.json")?.json()?;
    ensure!(
        status["rows"]["certificates"] == 4 && status["rows"]["revoked"] == 1,
        "{status}"
    );
    let aki = "da256123b11e48d01b186a7cb59d76049feaab95";
    let web = "620752893303844994217459584072805634135067512491";
    let info = place
        .ok(&format!(
            "cfssl certinfo -db-config db.json -serial {web} -aki {aki}"
        ))?
        .json()?;
    ensure!(
        info["serial_number"] == web && info["subject"]["common_name"] == "two.example.com",
        "{info}"
    );
    place.ok(&format!(
        "cfssl revoke -db-config db.json -serial {web} -aki {aki} -reason 1"
    ))?;
    let question = "SELECT COUNT(*) FROM certificates WHERE status = 'revoked' AND typeof(status) = 'text'";
    ensure!(database.ask(&place.name, question)? == "2");
    let dumped = place.ok("cfssl ocspdump -db-config db.json | while read line; do echo $line | base64 -d | openssl asn1parse -inform DER | head -1; done")?.out();
    ensure!(dumped.matches("SEQUENCE").count() == 4, "{dumped}");
    Ok(())
}

/// Debian's cfssl uses the first version of the tables, fills in only some of the columns,
/// and leaves the key identifier empty.
pub fn cfssls_rows_and_ours_are_one_table(place: &Place, database: &mut Database) -> Result<()> {
    if !debian::is_here()? || database.kind == Kind::MariaDb {
        // Debian's cfssl has no driver for MySQL.
        return Ok(());
    }
    place.tables()?;
    let ours = place.sign("ca", "-label web")?;
    place.ok("cfssl genkey csr.json | cfssljson -bare asked")?;
    let theirs =
        "/usr/bin/cfssl sign -ca ca.pem -ca-key ca-key.pem -config config.json -db-config db.json asked.csr";
    place.ok(&format!("{theirs} | cfssljson -bare theirs"))?;
    let responder = "-db-config db.json -ca ca.pem -responder ocsp.pem -responder-key ocsp-key.pem";

    // It reads, answers for and revokes what we recorded. PostgreSQL requires each response
    // to belong to a row, which Debian's cfssl violates for its own rows; rcfssl does not.
    let refresh = match database.kind {
        Kind::Sqlite => "/usr/bin/cfssl",
        _ => "cfssl",
    };
    place.ok(&format!("{refresh} ocsprefresh {responder}"))?;
    let dumped = place.ok("/usr/bin/cfssl ocspdump -db-config db.json")?.out();
    ensure!(dumped.lines().count() == 2, "{dumped}");
    let revoke = format!(
        "/usr/bin/cfssl revoke -db-config db.json -serial {} -aki {} -reason 3",
        ours.serial, ours.aki
    );
    place.ok(&revoke)?;

    // We read, answer for and list what it recorded.
    place.ok(&format!("cfssl ocsprefresh {responder}"))?;
    let show = format!(
        "cfssl certinfo -db-config db.json -serial {} -aki {}",
        ours.serial, ours.aki
    );
    place.ok(&show)?;
    ensure!(
        place
            .ok("cfssl ocspdump -db-config db.json")?
            .out()
            .lines()
            .count()
            == 2
    );
    let rows = database.ask(&place.name, "UPDATE certificates SET status = 'revoked' WHERE authority_key_identifier = ''; SELECT COUNT(*) FROM certificates WHERE authority_key_identifier = ''")?;
    ensure!(rows == "1", "{rows}");
    let list = place
        .ok("cfssl crl -db-config db.json -ca ca.pem -ca-key ca-key.pem -pem | openssl crl -noout -text")?
        .out();
    ensure!(list.matches("Serial Number: ").count() == 2, "{list}");
    // Another CA's CRL contains neither of them.
    let list = place.ok("cfssl crl -db-config db.json -ca other.pem -ca-key other-key.pem -pem | openssl crl -noout -text")?.out();
    ensure!(list.contains("No Revoked Certificates"), "{list}");
    let status = place.ok("rcfssl db status -json -db-config db.json")?.json()?;
    ensure!(
        status["rows"]["certificates"] == 2 && status["rows"]["revoked"] == 2,
        "{status}"
    );
    Ok(())
}
