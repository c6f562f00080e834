//! What `renew` revokes with `revoke_old`.

use rcfssl_tests::servers::database::{Database, Kind};
use rcfssl_tests::{Context, Result, ensure};

use crate::place::Place;

/// `b` is not revoked, and `two` records in its own database.
const JOBS: &str = r#"{"db_config": "db.json", "revoke_old": true, "organizations": [
    {"name": "one", "folder": "one", "config": "config.json", "certificates": [
        {"request": "csr.json", "profile": "default", "output": "a"},
        {"request": "csr.json", "profile": "default", "output": "b", "revoke_old": false}]},
    {"name": "two", "folder": "two", "config": "config.json", "db_config": "two.json", "certificates": [
        {"request": "csr.json", "profile": "default", "output": "c"}]}]}"#;

/// The identifier of the row of a file's certificate.
struct Row {
    serial: String,
    aki: String,
}

impl Row {
    fn of(place: &Place, file: &str) -> Result<Row> {
        let info = place.ok(&format!("cfssl certinfo -cert {file}"))?.json()?;
        let member = |name: &str| info[name].as_str().context("no such member").map(str::to_owned);
        Ok(Row {
            serial: member("serial_number")?,
            aki: member("authority_key_id")?.replace(':', "").to_lowercase(),
        })
    }

    /// Status and reason, as `good|0`.
    fn state(&self, place: &Place, database: &Database) -> Result<String> {
        let columns = match database.kind {
            Kind::Postgres => "convert_from(status, 'UTF8'), reason",
            Kind::Sqlite | Kind::MariaDb => "status, reason",
        };
        let Row { serial, aki } = self;
        let condition = format!("serial_number = '{serial}' AND authority_key_identifier = '{aki}'");
        let line = format!("SELECT {columns} FROM certificates WHERE {condition}");
        Ok(database.ask(&place.name, &line)?.trim().to_owned())
    }

    fn is(&self, place: &Place, database: &Database, state: &str) -> Result<()> {
        let found = self.state(place, database)?;
        ensure!(found == state, "{}: {found}, not {state}", self.serial);
        Ok(())
    }
}

pub fn replaced_certificates_are_revoked(place: &Place, database: &mut Database) -> Result<()> {
    place.tables()?;
    place.ok("mkdir one two")?;
    place.work.write("jobs.json", JOBS)?;
    place
        .work
        .write("two.json", r#"{"driver": "sqlite3", "data_source": "two.db"}"#)?;
    // Nothing is replaced yet.
    let first = place.ok("rcfssl renew -jobs jobs.json")?;
    ensure!(!first.out().contains("revoked"), "{first}");
    let [a, b, c] = ["one/a.pem", "one/b.pem", "two/c.pem"].map(|file| Row::of(place, file));
    let (a, b, c) = (a?, b?, c?);

    let would = place.ok("rcfssl renew -force -dry-run -jobs jobs.json")?;
    ensure!(would.out().contains("2 to be revoked"), "{would}");
    ensure!(
        would
            .out()
            .contains("one/a.pem  forced, profile default, old certificate to be revoked"),
        "{would}"
    );
    a.is(place, database, "good|0")?;

    let step = place.ok("rcfssl renew -force -json -jobs jobs.json")?;
    let report = step.json()?;
    let [first, second, third] = [0, 1, 2].map(|at| &report["certificates"][at]);
    ensure!(
        first["revoked"]["serial"] == a.serial && first["revoked"]["aki"] == a.aki,
        "{step}"
    );
    ensure!(
        second.get("revoked").is_none() && second.get("not_revoked").is_none(),
        "{step}"
    );
    ensure!(third["revoked"]["serial"] == c.serial, "{step}");
    ensure!(
        report["revoked"] == 2 && report["revocations_failed"] == 0,
        "{step}"
    );
    a.is(place, database, "revoked|4")?;
    b.is(place, database, "good|0")?;
    let new = Row::of(place, "one/a.pem")?;
    new.is(place, database, "good|0")?;
    let two = place.ok("rcfssl db status -db-config two.json -json")?.json()?;
    ensure!(
        two["rows"]["certificates"] == 2 && two["rows"]["revoked"] == 1,
        "{two}"
    );

    keeps_reasons_and_waits_for_commands(place, database)?;
    knows_what_is_not_recorded(place, database)?;
    fails_with_the_way_out(place, database)
}

const AGAIN: &str = "rcfssl renew -force -ca ca.pem -ca-key ca-key.pem -config config.json -db-config db.json \
                     -revoke-old";

fn keeps_reasons_and_waits_for_commands(place: &Place, database: &Database) -> Result<()> {
    // A reason that says more stays.
    let old = Row::of(place, "one/a.pem")?;
    let Row { serial, aki } = &old;
    place.ok(&format!(
        "rcfssl revoke -db-config db.json -serial {serial} -aki {aki} -reason keycompromise"
    ))?;
    place.ok(&format!("{AGAIN} -rekey one/a.pem"))?;
    old.is(place, database, "revoked|1")?;

    // When the command runs, the old certificate is still good.
    let old = Row::of(place, "one/a.pem")?;
    let count = "rcfssl db status -db-config db.json -json > state.json";
    let before = place.ok("rcfssl db status -db-config db.json -json")?.json()?;
    place.ok(&format!("{AGAIN} -exec '{count}' one/a.pem"))?;
    let then: serde_json::Value = serde_json::from_str(&place.work.read("state.json")?)?;
    ensure!(
        then["rows"]["revoked"].is_u64()
            && then["rows"]["certificates"] != before["rows"]["certificates"]
            && then["rows"]["revoked"] == before["rows"]["revoked"],
        "{then}"
    );
    old.is(place, database, "revoked|4")?;

    // If it fails, the old certificate may still be in use.
    let old = Row::of(place, "one/a.pem")?;
    let failed = place.work.shell(&format!("{AGAIN} -exec false one/a.pem"))?;
    let Row { serial, aki } = &old;
    ensure!(failed.status == 1, "{failed}");
    let by_hand = format!("rcfssl revoke -db-config db.json -serial {serial} -aki {aki} -reason superseded");
    ensure!(
        failed.err().contains(&format!(
            "serial number {serial}, is not revoked: the command failed"
        )) && failed.err().contains(&by_hand)
            && failed.out().contains("1 command failed, 1 revocation failed"),
        "{failed}"
    );
    old.is(place, database, "good|0")?;
    place.ok(&by_hand)?;
    old.is(place, database, "revoked|4")
}

fn knows_what_is_not_recorded(place: &Place, database: &Database) -> Result<()> {
    // Issued before there was a database.
    let unrecorded = "cfssl gencert -ca ca.pem -ca-key ca-key.pem -config config.json csr.json | \
                      cfssljson -bare old";
    place.ok(unrecorded)?;
    let step = place.ok(&format!("{AGAIN} -json old.pem"))?;
    let report = step.json()?;
    let row = &report["certificates"][0];
    ensure!(
        row["not_revoked"]["reason"] == "not recorded" && row.get("revoked").is_none(),
        "{step}"
    );
    ensure!(
        step.err().contains(
            "[WARNING] old.pem: the certificate that was replaced is not recorded in the database of db.json"
        ),
        "{step}"
    );
    Row::of(place, "old.pem")?.is(place, database, "good|0")?;

    // Neither the CA's own certificate nor that of another CA is ever revoked.
    let revoked = "SELECT COUNT(*) FROM certificates WHERE status = 'revoked'";
    let before = database.ask(&place.name, revoked)?;
    place.ok("cp ca.pem one/a.pem")?;
    place.work.shell("rcfssl renew -jobs jobs.json")?.ok()?;
    let other = place.sign("other", "")?;
    place.work.write("one/a.pem", &other.pem)?;
    let step = place.ok("rcfssl renew -jobs jobs.json")?;
    ensure!(
        step.out().contains("made") && !step.out().contains("revoked"),
        "{step}"
    );
    ensure!(database.ask(&place.name, revoked)? == before);
    Ok(())
}

fn fails_with_the_way_out(place: &Place, database: &Database) -> Result<()> {
    if database.kind != Kind::Sqlite {
        return Ok(());
    }
    let file = database.file(&place.name);
    let refuse = "CREATE TRIGGER refuse BEFORE UPDATE ON certificates BEGIN \
                  SELECT RAISE(ABORT, \"refused on purpose\"); END";
    let run = |statement: &str| {
        let script = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).executescript(sys.argv[2])";
        place.ok(&format!(
            "python3 -c '{script}' '{}' '{statement}'",
            file.display()
        ))
    };
    run(refuse)?;
    let old = Row::of(place, "one/a.pem")?;
    let failed = place.work.shell(&format!("{AGAIN} one/a.pem one/b.pem"))?;
    ensure!(failed.status == 1, "{failed}");
    let Row { serial, aki } = &old;
    let by_hand = format!("rcfssl revoke -db-config db.json -serial {serial} -aki {aki} -reason superseded");
    ensure!(
        failed.err().contains("refused on purpose")
            && failed.err().contains(&by_hand)
            && failed.out().contains("0 failed, 2 revocations failed"),
        "{failed}"
    );
    // The files are new, with their key and their row.
    let new = Row::of(place, "one/a.pem")?;
    ensure!(new.serial != old.serial);
    new.is(place, database, "good|0")?;
    old.is(place, database, "good|0")?;
    place.ok(
        "test \"$(openssl x509 -in one/a.pem -noout -pubkey)\" = \"$(openssl pkey -in one/a-key.pem -pubout)\"",
    )?;
    run("DROP TRIGGER refuse")?;
    place.ok(&by_hand)?;
    old.is(place, database, "revoked|4")
}
