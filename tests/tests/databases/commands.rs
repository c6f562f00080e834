//! What the commands write to databases and read from them.

use rcfssl_tests::servers::database::{Database, Kind};
use rcfssl_tests::{Result, ensure};

use crate::place::{Place, gencert};

/// Every column as text.
fn columns(kind: Kind) -> String {
    let octets = |name: &str| match kind {
        Kind::Postgres => format!("convert_from({name}, 'UTF8')"),
        _ => name.to_owned(),
    };
    let names = ["serial_number", "authority_key_identifier", "ca_label", "status"].map(octets);
    format!(
        "{}, reason, expiry, revoked_at, issued_at, not_before, metadata, sans, common_name",
        names.join(", ")
    )
}

pub fn rows_say_what_cfssl_writes(place: &Place, database: &mut Database) -> Result<()> {
    place.tables()?;
    let first = place.sign("ca", "-label web")?;
    // A certificate without names has none in its row; names that are given are stored as a
    // list.
    place.work.write("bare.json", "{}")?;
    place.ok(&format!("{} bare.json", gencert("ca")))?;
    place.ok(&format!("{} -hostname 10.1.1.1 csr.json", gencert("ca")))?;
    place.ok("cfssl genkey csr.json | cfssljson -bare asked")?;
    place.ok("cfssl sign -ca ca.pem -ca-key ca-key.pem -config config.json -db-config db.json asked.csr")?;
    // These record nothing.
    place.ok("cfssl gencert -initca -db-config db.json csr.json")?;
    place.ok("cfssl selfsign -db-config db.json a.test csr.json")?;
    let kind = database.kind;
    let all = database.ask(
        &place.name,
        &format!("SELECT {} FROM certificates", columns(kind)),
    )?;
    ensure!(all.lines().count() == 4, "{all}");
    let row = all.lines().find(|row| row.starts_with(&first.serial));
    let row: Vec<_> = row.unwrap_or_default().split('|').collect();
    ensure!(row.len() == 12, "{all}");
    ensure!(row[1] == first.aki && row[1].len() == 40, "{row:?}");
    ensure!(row[2..5] == ["web", "good", "0"], "{row:?}");
    let never = match kind {
        Kind::Sqlite => "0001-01-01 00:00:00+00:00",
        Kind::Postgres => "0001-01-01 00:00:00+00",
        Kind::MariaDb => "0000-00-00 00:00:00",
    };
    ensure!(row[6] == never, "{row:?}");
    let zone = match kind {
        Kind::Sqlite => "+00:00",
        Kind::Postgres => "+00",
        Kind::MariaDb => "",
    };
    for moment in [row[5], row[8]] {
        ensure!(
            moment.ends_with(&format!(":00{zone}")) && moment.len() == 19 + zone.len(),
            "{row:?}"
        );
    }
    ensure!(row[9..] == ["null", r#"["a.test"]"#, "a.test"], "{row:?}");
    let mut lists: Vec<_> = all
        .lines()
        .map(|row| row.rsplit('|').nth(1).unwrap_or_default())
        .collect();
    lists.sort_unstable();
    ensure!(lists == [r#"["a.test"]"#, r#"["a.test"]"#, "[]", "null"], "{all}");
    let pem = match kind {
        Kind::Postgres => "convert_from(pem, 'UTF8')",
        _ => "pem",
    };
    let question = format!("SELECT {pem} FROM certificates WHERE ca_label = 'web'");
    ensure!(database.ask(&place.name, &question)? == first.pem.trim_end());
    Ok(())
}

pub fn revoking_changes_the_row(place: &Place, database: &mut Database) -> Result<()> {
    place.tables()?;
    let (first, second) = (place.sign("ca", "")?, place.sign("ca", "")?);
    let revoke = |flags: &str| {
        format!(
            "cfssl revoke -db-config db.json -serial {} -aki {} {flags}",
            first.serial, first.aki
        )
    };
    let status = |serial: &str| {
        let (status, serial) = match database.kind {
            Kind::Postgres => (
                "convert_from(status, 'UTF8')",
                format!("convert_to('{serial}', 'UTF8')"),
            ),
            _ => ("status", format!("'{serial}'")),
        };
        let question = format!("SELECT {status}, reason FROM certificates WHERE serial_number = {serial}");
        database.ask(&place.name, &question)
    };
    // Without -reason it is 0, which cfssl rejects.
    for (flags, want) in [
        ("", "revoked|0"),
        ("-reason 0", "revoked|0"),
        ("-reason keyCompromise", "revoked|1"),
        ("-reason 06", "revoked|6"),
        ("-reason AACompromise", "revoked|10"),
    ] {
        let step = place.ok(&revoke(flags))?;
        ensure!(step.out().is_empty() && step.err().is_empty(), "{flags}: {step}");
        ensure!(status(&first.serial)? == want, "{flags}");
    }
    // Even twice within a second, when MySQL reports no change.
    place.ok(&format!("{0}; {0}", revoke("-reason 4")))?;
    ensure!(status(&second.serial)? == "good|0");
    let err = place.refused(&revoke("-reason 11"))?;
    ensure!(
        err.contains(r#"[ERROR] Invalid reason code: {"code":8200"#),
        "{err}"
    );
    let err = place.refused(&format!(
        "cfssl revoke -db-config db.json -serial 99 -aki {} -reason 1",
        first.aki
    ))?;
    ensure!(
        err.starts_with(
            r#"{"code":11200,"message":"failed to revoke the certificate: certificate not found"}"#
        ),
        "{err}"
    );
    let upper = first.aki.to_uppercase();
    let err = place.refused(&format!(
        "cfssl revoke -db-config db.json -serial {} -aki {upper}",
        first.serial
    ))?;
    ensure!(err.contains("hint: ") && err.contains(&first.aki), "{err}");
    Ok(())
}

pub fn a_list_holds_the_certificates_of_its_authority(place: &Place, _: &mut Database) -> Result<()> {
    place.tables()?;
    let (own, good, foreign) = (
        place.sign("ca", "")?,
        place.sign("ca", "")?,
        place.sign("other", "")?,
    );
    let crl = "cfssl crl -db-config db.json -ca ca.pem -ca-key ca-key.pem";
    let text = |flags: &str| -> Result<String> {
        place.ok(&format!("{crl} {flags} > list.b64; base64 -d list.b64 | openssl crl -inform DER -CAfile ca.pem -noout -text 2>&1"))
            .map(|step| step.out())
    };
    let empty = text("")?;
    ensure!(
        empty.contains("verify OK") && empty.contains("No Revoked Certificates"),
        "{empty}"
    );
    for recorded in [&own, &foreign] {
        place.ok(&format!(
            "cfssl revoke -db-config db.json -serial {} -aki {} -reason 1",
            recorded.serial, recorded.aki
        ))?;
    }
    let list = text("-expiry 1h")?;
    let hex = |serial: &str| {
        place
            .ok(&format!("python3 -c 'print(\"%X\" % {serial})'"))
            .map(|step| step.out().trim().to_owned())
    };
    ensure!(
        list.contains("verify OK") && list.contains(&hex(&own.serial)?),
        "{list}"
    );
    for other in [&good.serial, &foreign.serial] {
        ensure!(!list.contains(&hex(other)?), "{list}");
    }
    ensure!(!list.contains("CRL Number"), "{list}");
    ensure!(text("-crl-number 7")?.contains("X509v3 CRL Number: \n                7"));
    let pem = place
        .ok(&format!("{crl} -pem | openssl crl -noout -issuer"))?
        .out();
    ensure!(pem.contains("CN = ca"), "{pem}");
    let hint = place.ok(crl)?.err();
    ensure!(
        hint.starts_with("hint: ") && hint.contains("of other CAs are not on the CRL (1)"),
        "{hint}"
    );
    Ok(())
}

pub fn responses_are_refreshed_and_dumped(place: &Place, database: &mut Database) -> Result<()> {
    place.tables()?;
    let refresh =
        "cfssl ocsprefresh -db-config db.json -ca ca.pem -responder ocsp.pem -responder-key ocsp-key.pem";
    let dump = "cfssl ocspdump -db-config db.json";
    ensure!(place.ok(refresh)?.err().is_empty() && place.ok(dump)?.out().is_empty());
    let (first, second) = (place.sign("ca", "")?, place.sign("ca", "")?);
    for _ in 0..2 {
        let step = place.ok(refresh)?;
        ensure!(step.out().is_empty() && step.err().is_empty(), "{step}");
    }
    place.ok(&format!(
        "cfssl revoke -db-config db.json -serial {} -aki {} -reason superseded",
        second.serial, second.aki
    ))?;
    place.ok(&format!("{refresh} -interval 1h"))?;
    ensure!(place.ok(dump)?.out().lines().count() == 2);
    let responses = |name: &str, pem: &str| -> Result<String> {
        place.work.write(name, pem)?;
        let line = format!(
            "{dump} | while read line; do echo $line | base64 -d > response; openssl ocsp -respin response -issuer ca.pem \
             -cert {name} -CAfile ca.pem -no_nonce 2>&1 || true; done"
        );
        place.ok(&line).map(|step| step.out())
    };
    let good = responses("first.pem", &first.pem)?;
    ensure!(good.contains("first.pem: good"), "{good}");
    let revoked = responses("second.pem", &second.pem)?;
    ensure!(
        revoked.contains("second.pem: revoked") && revoked.contains("Reason: superseded"),
        "{revoked}"
    );
    // A certificate issued by another CA does not stop it.
    let foreign = place.sign("other", "")?;
    let third = place.sign("ca", "")?;
    let err = place.refused(refresh)?;
    ensure!(
        err.contains(r#"[CRITICAL] Unable to sign OCSP response: {"code":8100,"message":"Certificate not issued by this issuer"}"#),
        "{err}"
    );
    ensure!(
        place.ok(dump)?.out().lines().count() == 3,
        "{} {}",
        foreign.serial,
        third.serial
    );
    let number = database.ask(&place.name, "SELECT COUNT(*) FROM ocsp_responses")?;
    ensure!(number == "3", "{number}");
    Ok(())
}

pub fn a_recorded_certificate_is_shown(place: &Place, _: &mut Database) -> Result<()> {
    place.tables()?;
    let recorded = place.sign("ca", "")?;
    place.work.write("signed.pem", &recorded.pem)?;
    let show = |aki: &str| {
        format!(
            "cfssl certinfo -db-config db.json -serial {} -aki {aki}",
            recorded.serial
        )
    };
    let want = place.ok("cfssl certinfo -cert signed.pem")?.out();
    ensure!(place.ok(&show(&recorded.aki))?.out() == want);
    let colons: Vec<_> = recorded
        .aki
        .as_bytes()
        .chunks(2)
        .map(|pair| String::from_utf8_lossy(pair).to_uppercase())
        .collect();
    ensure!(place.ok(&show(&colons.join(":")))?.out() == want);
    let err = place.refused(&show("00"))?;
    ensure!(err.starts_with("no certificate found\n"), "{err}");
    Ok(())
}

pub fn what_expires_is_reported(place: &Place, _: &mut Database) -> Result<()> {
    place.tables()?;
    place.work.write(
        "config.json",
        r#"{"signing": {"default": {"expiry": "48h", "usages": ["server auth"]}}}"#,
    )?;
    let (first, second) = (place.sign("ca", "-cn first")?, place.sign("ca", "-cn second")?);
    place.ok(&format!(
        "cfssl revoke -db-config db.json -serial {} -aki {}",
        second.serial, second.aki
    ))?;
    let step = place.work.call("rcfssl expiry -db-config db.json -json")?;
    let report = step.json()?;
    let listed = report["certificates"].as_array().map(Vec::len);
    // Two days are less than -critical.
    ensure!(step.status == 2 && listed == Some(1), "{step}");
    let row = &report["certificates"][0];
    ensure!(
        row["serial_number"] == first.serial && row["subject"] == "first",
        "{row}"
    );
    ensure!(row["file"] == "db.json", "{row}");
    let step = place
        .work
        .call("rcfssl expiry -critical 1h -warn 2h -db-config db.json")?;
    ensure!(step.status == 0 && step.out().contains("first"), "{step}");
    place.work.write("nothing.json", "{}")?;
    let step = place.work.call("rcfssl expiry -db-config nothing.json")?;
    ensure!(step.status == 3 && step.out().is_empty(), "{step}");
    Ok(())
}
