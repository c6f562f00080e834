//! `-metrics-address`.

use std::net::TcpListener;

use rcfssl_tests::{Result, ensure, skip};

use crate::{start, with_ca};

#[test]
fn requests_are_counted_in_a_form_that_prometheus_reads() -> Result<()> {
    let place = with_ca()?;
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
    let server = start(&place, &["-metrics-address", &address])?;
    server.logs(&format!("metrics are at http://{address}/metrics"))?;
    ensure!(
        server
            .post(
                "newcert",
                r#"{"request":{"CN":"x","hosts":["x"],"key":{"algo":"ecdsa","size":256}}}"#
            )?
            .status
            == 200
    );
    ensure!(server.post("sign", "{}")?.status == 400);
    ensure!(server.get("/metrics")?.status == 404, "not at the API's address");
    let text = place
        .shell(&format!("curl -sS -D head http://{address}/metrics"))?
        .ok()?
        .out();
    for line in [
        r#"rcfssl_requests_total{endpoint="newcert",status="200"} 1"#,
        r#"rcfssl_requests_total{endpoint="sign",status="400"} 1"#,
        r#"rcfssl_request_duration_seconds_count{endpoint="newcert"} 1"#,
        "rcfssl_certificates_signed_total 1",
        "rcfssl_requests_in_flight 0",
        "rcfssl_rsa_keys_waiting 0",
        "rcfssl_database_errors_total 0",
    ] {
        ensure!(text.lines().any(|known| known == line), "{line}\n{text}");
    }
    ensure!(
        place
            .read("head")?
            .to_lowercase()
            .contains("content-type: text/plain; version=0.0.4")
    );
    let other = place.shell(&format!(
        "curl -sS -o /dev/null -w '%{{http_code}}' http://{address}/api/v1/cfssl/health"
    ))?;
    ensure!(other.ok()?.out() == "404");
    if skip::missing(&["promtool"]).is_some() {
        return skip::skipped("there is no promtool");
    }
    let step = place.shell(&format!(
        "curl -sS http://{address}/metrics | promtool check metrics"
    ))?;
    ensure!(
        step.status == 0 && (step.out() + &step.err()).is_empty(),
        "{step:?}"
    );
    Ok(())
}

#[test]
fn errors_of_the_database_are_counted() -> Result<()> {
    let place = with_ca()?;
    place.write("db.json", r#"{"driver":"sqlite3","data_source":"certs.db"}"#)?;
    place.write("certs.db", "")?;
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
    let server = start(&place, &["-db-config", "db.json", "-metrics-address", &address])?;
    let request = r#"{"request":{"CN":"x","hosts":["x"],"key":{"algo":"ecdsa","size":256}}}"#;
    ensure!(server.post("newcert", request)?.error()? == 11000);
    let text = place
        .shell(&format!("curl -sS http://{address}/metrics"))?
        .ok()?
        .out();
    ensure!(text.contains("\nrcfssl_database_errors_total 1\n"), "{text}");
    Ok(())
}

#[test]
fn an_address_that_cannot_be_used_is_refused_at_the_start() -> Result<()> {
    let place = with_ca()?;
    let step = place.call("cfssl serve -port 0 -ca ca.pem -ca-key ca-key.pem -metrics-address nowhere")?;
    ensure!(
        step.status == 1 && step.err().contains("address nowhere: missing port"),
        "{step:?}"
    );
    Ok(())
}
