//! What `renew` records.

use rcfssl_tests::servers::database::{Database, Kind};
use rcfssl_tests::{Result, ensure};

use crate::place::Place;

const JOBS: &str = r#"{"db_config": "db.json", "organizations": [
    {"name": "one", "folder": "one", "config": "config.json", "certificates": [
        {"request": "csr.json", "profile": "default", "output": "a"},
        {"request": "csr.json", "profile": "default", "output": "b"}]},
    {"name": "two", "folder": "two", "config": "config.json", "db_config": "other.json", "certificates": [
        {"request": "csr.json", "profile": "default", "output": "c"}]}]}"#;

/// The number of recorded certificates.
fn rows(place: &Place, database: &Database) -> Result<String> {
    database.ask(&place.name, "SELECT COUNT(*) FROM certificates")
}

pub fn renewed_certificates_are_recorded(place: &Place, database: &mut Database) -> Result<()> {
    place.tables()?;
    place.ok("mkdir one two")?;
    place.work.write("jobs.json", JOBS)?;
    // The second organization records in a database of its own, which does not exist.
    let nowhere = r#"{"driver": "sqlite3", "data_source": "/nonexistent/certs.db"}"#;
    place.work.write("other.json", nowhere)?;
    let step = place.work.shell("rcfssl renew -jobs jobs.json")?;
    ensure!(step.status == 1 && step.err().contains("other.json: "), "{step}");
    ensure!(rows(place, database)? == "2");
    place.ok("test -f one/a.pem -a -f one/b-key.pem -a ! -e two/c.pem -a ! -e two/c-key.pem")?;

    // What is recorded is what the file holds.
    let info = place.ok("cfssl certinfo -cert one/a.pem")?.json()?;
    let (Some(serial), Some(aki)) = (info["serial_number"].as_str(), info["authority_key_id"].as_str())
    else {
        return Err(rcfssl_tests::anyhow!("{info}"));
    };
    let aki = aki.replace(':', "").to_lowercase();
    let recorded = place
        .ok(&format!(
            "cfssl certinfo -db-config db.json -serial {serial} -aki {aki}"
        ))?
        .json()?;
    ensure!(recorded["pem"] == info["pem"], "{recorded}");

    // Nothing is due, so nothing is recorded.
    place.work.shell("rcfssl renew -jobs jobs.json")?;
    place.ok("rcfssl renew -force -dry-run -ca ca.pem -ca-key ca-key.pem -config config.json -db-config db.json one/a.pem")?;
    ensure!(rows(place, database)? == "2");

    let again = "rcfssl renew -force -ca ca.pem -ca-key ca-key.pem -config config.json";
    place.ok(&format!("{again} -db-config db.json one/a.pem one/b.pem"))?;
    ensure!(rows(place, database)? == "4");

    // Without its row, no file changes.
    place.ok("cp -r one before")?;
    let refused = place
        .work
        .shell(&format!("{again} -rekey -db-config other.json one"))?;
    ensure!(refused.status == 1, "{refused}");
    place.ok("diff -r before one")?;
    if database.kind != Kind::Sqlite {
        database.stop();
        let refused = place
            .work
            .shell(&format!("{again} -db-config db.json one/a.pem"))?;
        database.resume()?;
        ensure!(refused.status == 1, "{refused}");
        place.ok("diff -r before one")?;
    }
    Ok(())
}
