//! What rcfssl rejects and cfssl does not: signing without the token that a profile
//! requires, and settings that cannot be intended.

use rcfssl_tests::{Result, Workplace, ensure};

use crate::{start, with_ca};

const CONFIG: &str = r#"{
    "auth_keys": {"k": {"type": "standard", "key": "00112233445566778899aabbccddeeff"}},
    "signing": {
        "default": {"usages": ["server auth"], "expiry": "1h"},
        "profiles": {"guarded": {"usages": ["client auth"], "expiry": "1h", "auth_key": "k"}}
    }
}"#;

const REQUEST: &str = r#"{"request":{"CN":"x","hosts":["x.test"]},"profile":"guarded"}"#;

/// A request in its envelope, with a token made by openssl.
fn authenticated(place: &Workplace, request: &str, key: &str) -> Result<String> {
    place.write("request", request)?;
    let step = place.shell(&format!(
        "token=$(openssl dgst -sha256 -mac HMAC -macopt hexkey:{key} -binary request | base64 -w0)
         printf '{{\"token\":\"%s\",\"request\":\"%s\"}}' \"$token\" \"$(base64 -w0 request)\""
    ))?;
    Ok(step.ok()?.out())
}

#[test]
fn newcert_requires_the_token_of_its_profile() -> Result<()> {
    let place = with_ca()?;
    place.write("config.json", CONFIG)?;
    let key = "00112233445566778899aabbccddeeff";
    let server = start(&place, &["-config", "config.json"])?;
    let open = server.post("newcert", r#"{"request":{"CN":"x","hosts":["x.test"]}}"#)?;
    ensure!(open.status == 200, "{open:?}");
    let refused = server.post("newcert", REQUEST)?;
    ensure!(refused.status == 400 && refused.error()? == 400, "{refused:?}");
    ensure!(refused.body.contains("authentication required"), "{refused:?}");
    let signed = server.post("newcert", &authenticated(&place, REQUEST, key)?)?;
    ensure!(
        signed.status == 200 && signed.body.contains("PRIVATE KEY"),
        "{signed:?}"
    );
    let wrong = authenticated(&place, REQUEST, "ffeeddccbbaa99887766554433221100")?;
    let wrong = server.post("newcert", &wrong)?;
    ensure!(
        wrong.status == 400 && wrong.body.contains("invalid token"),
        "{wrong:?}"
    );
    // A token for one request is not valid for another.
    let body = authenticated(&place, REQUEST, key)?;
    let token = body.split('"').nth(3).unwrap_or_default().to_owned();
    let other = authenticated(&place, &REQUEST.replace("x.test", "y.test"), key)?;
    let other = other.replacen(other.split('"').nth(3).unwrap_or_default(), &token, 1);
    let moved = server.post("newcert", &other)?;
    ensure!(
        moved.status == 400 && moved.body.contains("invalid token"),
        "{moved:?}"
    );
    let log = server.log()?;
    ensure!(!log.contains(key) && !log.contains("PRIVATE KEY"), "{log}");
    let server = start(
        &place,
        &["-config", "config.json", "-allow-newcert-without-token"],
    )?;
    ensure!(server.post("newcert", REQUEST)?.status == 200);
    Ok(())
}

#[test]
fn unintended_settings_are_refused_at_startup() -> Result<()> {
    let place = with_ca()?;
    place
        .shell("cfssl gencert -initca ca.json | cfssljson -bare other")?
        .ok()?;
    for (arguments, why) in [
        ("-ca ca.pem -ca-key other-key.pem", "does not match"),
        (
            "-ca ca.pem -ca-key ca-key.pem -tls-cert ca.pem",
            "-tls-cert needs -tls-key",
        ),
        (
            "-ca ca.pem -ca-key ca-key.pem -tls-key ca-key.pem",
            "-tls-key needs -tls-cert",
        ),
        (
            "-ca ca.pem -ca-key ca-key.pem -mutual-tls-ca ca.pem",
            "-mutual-tls-ca needs -tls-cert",
        ),
    ] {
        let step = place.call(&format!("cfssl serve -port 0 {arguments}"))?;
        ensure!(
            step.status == 1 && step.err().contains(why),
            "{arguments}: {step:?}"
        );
        ensure!(step.err().contains("hint: -allow-misconfiguration"), "{step:?}");
    }
    let mismatch = [
        "-ca",
        "ca.pem",
        "-ca-key",
        "other-key.pem",
        "-allow-misconfiguration",
    ];
    let server = rcfssl_tests::servers::Served::start(&place, &mismatch)?;
    // It starts, and says that it cannot sign.
    ensure!(server.get("/api/v1/cfssl/health")?.status == 503);
    Ok(())
}
