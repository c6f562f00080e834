//! The page at `/` without JavaScript.

use std::time::{Duration, Instant};

use rcfssl_tests::servers::Served;
use rcfssl_tests::{Context, Result, Workplace, ensure};

use crate::{start, with_ca};

const CONFIG: &str = r#"{
    "auth_keys": {"k": {"type": "standard", "key": "00112233445566778899aabbccddeeff"}},
    "signing": {
        "default": {"usages": ["server auth"], "expiry": "1h"},
        "profiles": {"guarded": {"usages": ["client auth"], "expiry": "1h", "auth_key": "k"}}
    }
}"#;

/// A server with a database, and a profile that wants a token.
pub fn with_database() -> Result<(Workplace, Served)> {
    let place = with_ca()?;
    place.write("config.json", CONFIG)?;
    place.write("db.json", r#"{"driver":"sqlite3","data_source":"certs.db"}"#)?;
    place.shell("cfssl db create -db-config db.json")?.ok()?;
    let server = start(&place, &["-config", "config.json", "-db-config", "db.json"])?;
    Ok((place, server))
}

/// Sends a form with curl and returns the page.
fn send(place: &Workplace, server: &Served, fields: &str) -> Result<String> {
    let step = place.shell(&format!("curl -sS {fields} http://{}/", server.address))?;
    Ok(step.ok()?.out())
}

#[test]
fn forms_work_without_javascript() -> Result<()> {
    let (place, server) = with_database()?;
    let front = server.get("/")?;
    ensure!(front.body.contains("<h1>Test CA</h1>"), "{front:?}");
    let head = front.head.to_lowercase();
    ensure!(
        head.contains("content-security-policy: default-src 'none'; script-src 'self'"),
        "{head}"
    );
    place
        .shell(&format!(
            "for kind in ca.pem ca.der chain.pem; do curl -sSf http://{}/$kind -o got-$kind; done
             cmp got-ca.pem ca.pem && openssl x509 -inform DER -in got-ca.der | cmp - ca.pem
             openssl verify -CAfile ca.pem got-chain.pem",
            server.address
        ))?
        .ok()?;
    let made = send(
        &place,
        &server,
        "-d do=newcert -d cn=%3Cb%3E -d hosts=a.test,b.test -d key=ECDSA+P-256",
    )?;
    ensure!(
        made.contains("BEGIN EC PRIVATE KEY") && made.contains("BEGIN CERTIFICATE"),
        "{made}"
    );
    let records = server.get("/certificates")?;
    ensure!(
        records.body.contains("<td>&lt;b&gt;</td>"),
        "names are text: {records:?}"
    );
    place
        .shell("openssl req -new -newkey rsa:2048 -nodes -keyout k.pem -subj /CN=x -out x.csr 2> /dev/null")?
        .ok()?;
    let signed = send(
        &place,
        &server,
        "--data-urlencode do=sign --data-urlencode request@x.csr -d hosts=x.test",
    )?;
    ensure!(signed.contains("certificate.pem"), "{signed}");
    let shown = send(
        &place,
        &server,
        "-d do=certinfo --data-urlencode certificate@ca.pem",
    )?;
    ensure!(
        shown.contains("SHA-256 fingerprint") && shown.contains("as JSON"),
        "{shown}"
    );
    let scanned = send(&place, &server, "-d do=scan -d host=127.0.0.1:1")?;
    ensure!(
        scanned.contains("TCPDial") && scanned.contains("connection refused"),
        "{scanned}"
    );
    let refused = send(&place, &server, "-d do=newcert -d cn=x -d profile=guarded")?;
    ensure!(refused.contains("authentication required"), "{refused}");
    Ok(())
}

#[test]
fn forms_of_other_sites_and_revocation_without_a_token_are_refused() -> Result<()> {
    let (place, server) = with_database()?;
    for from in [
        "Sec-Fetch-Site: cross-site",
        "Origin: http://other.test",
        "Origin: null",
    ] {
        let page = send(&place, &server, &format!("-H '{from}' -d do=newcert -d cn=x"))?;
        ensure!(
            page.contains("another site") && !page.contains("PRIVATE"),
            "{from}: {page}"
        );
    }
    send(&place, &server, "-d do=newcert -d cn=x -d hosts=x.test")?;
    let records = server.get("/certificates")?.body;
    let value = |name: &str| {
        let (_, rest) = records.split_once(&format!("data-{name}=\"")).unwrap_or_default();
        rest.split('"').next().unwrap_or_default().to_owned()
    };
    let (serial, aki) = (value("serial"), value("aki"));
    let form = format!("-d do=revoke -d serial={serial} -d aki={aki} -d reason=superseded");
    let request = format!(r#"{{"serial":"{serial}","authority_key_id":"{aki}","reason":"superseded"}}"#);
    place.write("request", request)?;
    let token = |key: &str| {
        let line =
            format!("openssl dgst -sha256 -mac HMAC -macopt hexkey:{key} -binary request | base64 -w0");
        place.shell(&line).map(|step| step.out())
    };
    let wrong = token("ffeeddccbbaa99887766554433221100")?;
    for form in [form.clone(), format!("{form} --data-urlencode token={wrong}")] {
        let page = send(&place, &server, &form)?;
        ensure!(page.contains("a token is needed"), "{page}");
    }
    ensure!(!server.get("/certificates")?.body.contains("<td>revoked"));
    let right = token("00112233445566778899aabbccddeeff")?;
    let page = send(&place, &server, &format!("{form} --data-urlencode token={right}"))?;
    ensure!(page.contains("The certificate is revoked"), "{page}");
    ensure!(server.get("/certificates")?.body.contains("<td>revoked"));
    Ok(())
}

#[test]
fn a_client_certificate_revokes_without_a_token() -> Result<()> {
    let place = with_ca()?;
    place.write("db.json", r#"{"driver":"sqlite3","data_source":"certs.db"}"#)?;
    place
        .shell(
            r#"cfssl db create -db-config db.json
            printf '{"CN":"127.0.0.1","hosts":["127.0.0.1"],"key":{"algo":"ecdsa","size":256}}' > req.json
            for name in server client; do
                cfssl gencert -ca ca.pem -ca-key ca-key.pem req.json | cfssljson -bare $name
            done
            cfssl genkey -initca ca.json | cfssljson -bare other
            cfssl gencert -ca other.pem -ca-key other-key.pem req.json | cfssljson -bare stranger"#,
        )?
        .ok()?;
    let server = start(
        &place,
        &[
            "-db-config",
            "db.json",
            "-tls-cert",
            "server.pem",
            "-tls-key",
            "server-key.pem",
            "-mutual-tls-ca",
            "ca.pem",
            "-mutual-tls-cn",
            "127",
        ],
    )?;
    let curl = |who: &str, rest: &str| {
        let identity = match who {
            "" => String::new(),
            who => format!("--cert {who}.pem --key {who}-key.pem"),
        };
        place.shell(&format!("curl -sS --cacert ca.pem {identity} {rest}",))
    };
    let url = format!("https://{}", server.address);
    for who in ["", "stranger"] {
        let step = curl(who, &format!("{url}/certificates"))?;
        ensure!(step.status != 0 && step.out().is_empty(), "{who}: {step:?}");
    }
    curl("client", &format!("-d do=newcert -d cn=x -d hosts=x.test {url}/"))?.ok()?;
    let records = curl("client", &format!("{url}/certificates"))?.ok()?.out();
    ensure!(
        records.contains("Revoke a certificate") && !records.contains("data-key"),
        "no token is asked for: {records}"
    );
    let value = |name: &str| {
        let (_, rest) = records.split_once(&format!("data-{name}=\"")).unwrap_or_default();
        rest.split('"').next().unwrap_or_default().to_owned()
    };
    let form = format!(
        "-d do=revoke -d serial={} -d aki={} -d reason=superseded {url}/",
        value("serial"),
        value("aki")
    );
    // A page of another site sends the browser's certificate, too.
    let page = curl("client", &format!("-H 'Sec-Fetch-Site: cross-site' {form}"))?
        .ok()?
        .out();
    ensure!(page.contains("another site"), "{page}");
    let page = curl("client", &format!("{url}/certificates"))?.ok()?.out();
    ensure!(!page.contains("<td>revoked"), "{page}");
    let page = curl("client", &form)?.ok()?.out();
    ensure!(page.contains("The certificate is revoked"), "{page}");
    let page = curl("client", &format!("{url}/certificates"))?.ok()?.out();
    ensure!(page.contains("<td>revoked"), "{page}");
    Ok(())
}

/// A million rows, recorded in the order of their serial numbers. Their moments of issue run
/// the other way, so that another order shows.
const ROWS: &str = r#"
import sqlite3
db = sqlite3.connect("certs.db")
db.execute("""WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000)
    INSERT INTO certificates (serial_number, authority_key_identifier, ca_label, status, reason, expiry,
        revoked_at, pem, issued_at, not_before, metadata, sans, common_name)
    SELECT CAST(1000000000 + i AS TEXT), 'aa', '', 'good', 0, '2046-01-01 00:00:00+00:00',
        '0001-01-01 00:00:00+00:00', 'pem', datetime(1800000000 - i, 'unixepoch') || '+00:00',
        '2026-01-01 00:00:00+00:00', 'null', '[]', 'n' || i FROM n""")
db.commit()
"#;

#[test]
fn recent_certificates_of_a_million_are_found_at_once() -> Result<()> {
    let (place, server) = with_database()?;
    place.write("rows.py", ROWS)?;
    place.shell("python3 rows.py")?.ok()?;
    send(&place, &server, "-d do=newcert -d cn=last -d hosts=x.test")?;
    let (page, took) = (0..3)
        .map(|_| {
            let begun = Instant::now();
            Ok((server.get("/certificates")?, begun.elapsed()))
        })
        .collect::<Result<Vec<_>>>()?
        .into_iter()
        .min_by_key(|(_, took)| *took)
        .context("no page")?;
    let rows = page.body.split("<tr data-serial=").skip(1);
    let names: Vec<&str> = rows
        .filter_map(|row| row.split("<td>").nth(1)?.split('<').next())
        .collect();
    let mut want = vec!["last".to_owned()];
    want.extend((0..49).map(|i| format!("n{}", 1_000_000 - i)));
    ensure!(names == want, "{names:?}");
    ensure!(took < Duration::from_millis(250), "{took:?}");
    Ok(())
}

#[test]
fn disabling_the_page_leaves_out_all_of_it() -> Result<()> {
    let place = with_ca()?;
    let server = start(&place, &["-disable", "/"])?;
    for path in ["/", "/ca.pem", "/certificates", "/assets/cfssl.js"] {
        ensure!(server.get(path)?.status == 404, "{path}");
    }
    Ok(())
}
