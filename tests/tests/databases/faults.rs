//! Server failures while a certificate is signed: a certificate is never printed without
//! its row.

use rcfssl_tests::servers::database::{Cut, Database, Kind, interfering};
use rcfssl_tests::{Result, ensure};

use crate::place::{Place, gencert};

pub fn a_server_that_is_gone_is_told(place: &Place, database: &mut Database) -> Result<()> {
    place.tables()?;
    database.stop();
    let line = format!("{} csr.json", gencert("ca"));
    let outcome = place.refused(&line);
    let others = [
        "cfssl ocspdump -db-config db.json",
        "cfssl crl -db-config db.json -ca ca.pem -ca-key ca-key.pem",
        "cfssl revoke -db-config db.json -serial 1 -aki 2",
    ]
    .map(|line| place.refused(line));
    database.resume()?;
    let sentence = format!(
        r#"{{"code":11000,"message":"dial tcp 127.0.0.1:{}: connect: connection refused"}}"#,
        database.port()
    );
    for err in std::iter::once(outcome).chain(others) {
        let err = err?;
        ensure!(err.contains(&sentence), "{err}");
    }
    place.sign("ca", "").map(drop)
}

fn through(place: &Place, database: &Database, cut: Cut, parameters: &str) -> Result<String> {
    place.tables()?;
    let port = interfering(database.port(), cut)?;
    place.work.write(
        "through.json",
        database.document(&place.name, Some(port), parameters),
    )?;
    let line = gencert("ca").replace("db.json", "through.json");
    let err = place.refused(&format!("{line} csr.json"))?;
    ensure!(err.contains(r#"{"code":11000,"#), "{err}");
    Ok(err)
}

fn rows(place: &Place, database: &Database) -> Result<String> {
    database.ask(&place.name, "SELECT COUNT(*) FROM certificates")
}

pub fn a_connection_that_breaks_prints_nothing_without_its_row(
    place: &Place,
    database: &mut Database,
) -> Result<()> {
    through(place, database, Cut::Before, "")?;
    ensure!(rows(place, database)? == "0");
    // The row exists, so the certificate can be found there.
    through(place, database, Cut::After, "")?;
    ensure!(rows(place, database)? == "1");
    Ok(())
}

pub fn a_server_that_hangs_is_given_up(place: &Place, database: &mut Database) -> Result<()> {
    let limit = match database.kind {
        Kind::MariaDb => "readTimeout=1s",
        _ => "statement_timeout=1000",
    };
    let started = std::time::Instant::now();
    let err = through(place, database, Cut::Hang, limit)?;
    ensure!(err.contains("did not answer within"), "{err}");
    ensure!(started.elapsed().as_secs() < 20);
    // Nothing answers.
    let silent = std::net::TcpListener::bind("127.0.0.1:0")?;
    let port = silent.local_addr()?.port();
    let limit = match database.kind {
        Kind::MariaDb => "timeout=1s",
        _ => "connect_timeout=1",
    };
    place
        .work
        .write("silent.json", database.document(&place.name, Some(port), limit))?;
    let line = gencert("ca").replace("db.json", "silent.json");
    let err = place.refused(&format!("{line} csr.json"))?;
    ensure!(err.contains("no connection within 1s"), "{err}");
    Ok(())
}
