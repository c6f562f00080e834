//! The page at `/`: without JavaScript, and in a browser.

use rcfssl_tests::servers::Served;
use rcfssl_tests::{Result, Workplace, ensure, skip};

use crate::{start, with_ca};

const CONFIG: &str = r#"{
    "auth_keys": {"k": {"type": "standard", "key": "00112233445566778899aabbccddeeff"}},
    "signing": {
        "default": {"usages": ["server auth"], "expiry": "1h"},
        "profiles": {"guarded": {"usages": ["client auth"], "expiry": "1h", "auth_key": "k"}}
    }
}"#;

fn with_database() -> Result<(Workplace, Served)> {
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
fn disabling_the_page_leaves_out_all_of_it() -> Result<()> {
    let place = with_ca()?;
    let server = start(&place, &["-disable", "/"])?;
    for path in ["/", "/ca.pem", "/certificates", "/assets/cfssl.js"] {
        ensure!(server.get(path)?.status == 404, "{path}");
    }
    Ok(())
}

#[test]
fn a_browser_shows_the_page_and_reports_no_errors() -> Result<()> {
    if skip::missing(&["chromium"]).is_some() {
        return skip::skipped("there is no chromium");
    }
    let (place, server) = with_database()?;
    let step = place.shell(&format!(
        "timeout 60 chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
         --disable-background-networking --disable-component-update --disable-sync --enable-logging=stderr \
         --user-data-dir=$PWD/browser --dump-dom http://{}/ 2> errors",
        server.address
    ))?;
    let page = step.ok()?.out();
    ensure!(
        page.contains("<h1>Test CA</h1>") && page.contains("Sign a certificate request"),
        "{page}"
    );
    let errors = place.read("errors")?;
    ensure!(
        !errors.contains("CONSOLE") && !errors.contains("Content Security Policy"),
        "{errors}"
    );
    Ok(())
}
