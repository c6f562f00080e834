//! `health` fails where the server cannot do its work.

use rcfssl_tests::{Result, ensure, skip};

use crate::{start, with_ca};

const HEALTHY: &str = "{\"success\":true,\"result\":{\"healthy\":true},\"errors\":[],\"messages\":[]}\n";

#[test]
fn a_database_without_its_table_is_unhealthy_until_it_is_back() -> Result<()> {
    if skip::missing(&["python3"]).is_some() {
        return skip::skipped("there is no python3");
    }
    let place = with_ca()?;
    place.write("db.json", r#"{"driver":"sqlite3","data_source":"certs.db"}"#)?;
    place.shell("cfssl db create -db-config db.json")?.ok()?;
    let server = start(&place, &["-db-config", "db.json"])?;
    let health = || server.get("/api/v1/cfssl/health");
    let healthy = health()?;
    ensure!(healthy.status == 200 && healthy.body == HEALTHY, "{healthy:?}");
    let rename = |from: &str, to: &str| {
        place.shell(&format!(
            "python3 -c \"import sqlite3; c = sqlite3.connect('certs.db'); c.execute('ALTER TABLE {from} RENAME TO {to}'); c.commit()\""
        ))
    };
    rename("certificates", "elsewhere")?.ok()?;
    let unhealthy = health()?;
    ensure!(
        unhealthy.status == 503 && unhealthy.error()? == 503,
        "{unhealthy:?}"
    );
    ensure!(
        unhealthy.body.contains("the database cannot be used"),
        "{unhealthy:?}"
    );
    ensure!(
        !unhealthy.body.contains("certificates"),
        "the client is told no details: {unhealthy:?}"
    );
    ensure!(
        server.log()?.contains("[ERROR] unhealthy: database: "),
        "{}",
        server.log()?
    );
    rename("elsewhere", "certificates")?.ok()?;
    ensure!(health()?.body == HEALTHY);
    Ok(())
}

#[test]
fn an_expired_ca_is_unhealthy() -> Result<()> {
    let place = with_ca()?;
    // The lifetime counts from five minutes ago.
    place.write(
        "ca.json",
        r#"{"CN":"Old CA","key":{"algo":"ecdsa","size":256},"ca":{"expiry":"1m"}}"#,
    )?;
    place
        .shell("cfssl gencert -initca ca.json | cfssljson -bare ca")?
        .ok()?;
    let server = start(&place, &[])?;
    let unhealthy = server.get("/api/v1/cfssl/health")?;
    ensure!(
        unhealthy.status == 503 && unhealthy.error()? == 503,
        "{unhealthy:?}"
    );
    ensure!(
        unhealthy.body.contains("the CA certificate has expired"),
        "{unhealthy:?}"
    );
    Ok(())
}

#[test]
fn a_signer_that_could_not_be_set_up_is_unhealthy_and_none_at_all_is_not() -> Result<()> {
    let place = with_ca()?;
    let server = rcfssl_tests::servers::Served::start(&place, &["-ca", "ca.pem", "-ca-key", "nowhere"])?;
    ensure!(server.get("/api/v1/cfssl/health")?.status == 503);
    let server = rcfssl_tests::servers::Served::start(&place, &[])?;
    let healthy = server.get("/api/v1/cfssl/health")?;
    ensure!(healthy.status == 200 && healthy.body == HEALTHY, "{healthy:?}");
    Ok(())
}
