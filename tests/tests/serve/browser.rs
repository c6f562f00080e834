//! The page in headless Chromium: forms with tokens, which need JavaScript, and those
//! without. The content security policy must hold throughout.

use std::time::{Duration, Instant};

use rcfssl_tests::browser::Browser;
use rcfssl_tests::servers::Served;
use rcfssl_tests::{Result, Workplace, ensure, skip};

use crate::page::with_database;

/// The key of the profile `guarded`, and another.
const KEY: &str = "00112233445566778899aabbccddeeff";
const WRONG: &str = "ffeeddccbbaa99887766554433221100";

struct Session {
    browser: Browser,
    server: Served,
    place: Workplace,
}

/// Nothing where there is no browser.
fn begin() -> Result<Option<Session>> {
    if let Some(program) = skip::missing(&["chromium", "chromedriver"]) {
        skip::skipped(&format!("there is no {program}"))?;
        return Ok(None);
    }
    let (place, server) = with_database()?;
    place
        .shell(
            "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k.pem \
             -subj '/CN=pasted <&>' -out x.csr 2> /dev/null",
        )?
        .ok()?;
    let browser = Browser::start(&place.path())?;
    Ok(Some(Session {
        browser,
        server,
        place,
    }))
}

impl Session {
    fn open(&self, path: &str) -> Result<()> {
        self.browser
            .open(&format!("http://{}{path}", self.server.address))
    }

    /// Fills in a form: a field each, the profile, and the key of the token.
    fn send(&self, form: &str, fields: &[(&str, &str)], profile: &str, key: &str) -> Result<()> {
        let form = format!("form[data-endpoint={form}]");
        for (name, value) in fields {
            self.browser.fill(&format!("{form} [name={name}]"), value)?;
        }
        if !profile.is_empty() {
            self.browser.click(&format!("{form} option[value={profile}]"))?;
        }
        if !key.is_empty() {
            self.browser.fill(&format!("{form} [data-key]"), key)?;
        }
        self.browser.click(&format!("{form} button"))
    }

    /// Clicks on a link of the result, and returns the PEM file that is saved. Chromium
    /// creates it empty and replaces it later.
    fn saved(&self, file: &str) -> Result<String> {
        self.browser.click(&format!("#result a[download='{file}']"))?;
        let begun = Instant::now();
        let path = format!("downloads/{file}");
        loop {
            let text = self.place.read(&path).unwrap_or_default();
            if text.trim_end().ends_with("-----") {
                std::fs::rename(self.place.join(&path), self.place.join(file))?;
                return Ok(text);
            }
            ensure!(begun.elapsed() < Duration::from_secs(30), "{file} is not saved");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The console must be empty but for one message, if any is wanted: Chromium reports
    /// there what it got with a status of failure.
    fn is_clean(&self, wanted: &str) -> Result<()> {
        let messages = self.browser.console()?;
        let others = messages
            .iter()
            .filter(|message| wanted.is_empty() || !message.contains(wanted));
        let others: Vec<_> = others.collect();
        ensure!(others.is_empty(), "{others:?}");
        Ok(())
    }
}

#[test]
fn a_pasted_request_is_signed_with_a_token_made_in_the_browser() -> Result<()> {
    let Some(session) = begin()? else { return Ok(()) };
    let Session { browser, place, .. } = &session;
    session.open("/")?;
    ensure!(browser.text("h1")? == "Test CA");
    browser.picture("front")?;
    let request = place.read("x.csr")?;
    let fields = [("request", request.as_str()), ("hosts", "a.test,b.test")];
    session.send("sign", &fields, "guarded", KEY)?;
    browser.shows("#result", "BEGIN CERTIFICATE")?;
    browser.picture("signed")?;
    session.is_clean("")?;
    let shown = browser.text("#result pre")?;
    ensure!(session.saved("certificate.pem")?.trim() == shown.trim());
    place
        .shell(
            "openssl verify -CAfile ca.pem certificate.pem
             openssl x509 -in certificate.pem -noout -ext extendedKeyUsage,subjectAltName > text
             grep -q 'TLS Web Client' text && grep -q 'DNS:a.test, DNS:b.test' text
             [ \"$(openssl x509 -in certificate.pem -noout -pubkey)\" = \"$(openssl pkey -in k.pem -pubout)\" ]",
        )?
        .ok()?;
    // The key is sent nowhere, neither of the forms sends it, and a wrong one signs nothing.
    ensure!(
        browser.run("return [...document.querySelectorAll('[data-key]')].every((field) => !field.name)")?
            == true
    );
    for (key, said) in [(WRONG, "invalid token"), ("xyz", "The key is not hexadecimal.")] {
        session.send("sign", &fields, "guarded", key)?;
        browser.shows("#result.failed", said)?;
    }
    browser.picture("refused")?;
    session.is_clean("authsign - Failed to load resource")?;
    ensure!(!session.server.log()?.contains(KEY));
    Ok(())
}

#[test]
fn a_new_key_is_shown_once_and_can_be_saved() -> Result<()> {
    let Some(session) = begin()? else { return Ok(()) };
    let Session { browser, place, .. } = &session;
    // With a token the browser calls the API; without one it sends the form.
    for (profile, key) in [("guarded", KEY), ("", "")] {
        session.open("/")?;
        session.send(
            "newcert",
            &[("cn", "neu \"ö\" <b>"), ("hosts", "a.test, b.test")],
            profile,
            key,
        )?;
        browser.shows("#result", "Private key")?;
        browser.picture(&format!(
            "newcert-{}",
            if key.is_empty() { "form" } else { "token" }
        ))?;
        ensure!(session.saved("key.pem")?.contains("BEGIN EC PRIVATE KEY"));
        ensure!(session.saved("certificate.pem")?.contains("BEGIN CERTIFICATE"));
        place
            .shell(
                "openssl verify -CAfile ca.pem certificate.pem
                 [ \"$(openssl x509 -in certificate.pem -noout -pubkey)\" = \"$(openssl pkey -in key.pem -pubout)\" ]",
            )?
            .ok()?;
        session.is_clean("")?;
    }
    session.open("/")?;
    ensure!(!browser.text("body")?.contains("PRIVATE"));
    Ok(())
}

#[test]
fn a_certificate_is_shown_and_a_host_scanned() -> Result<()> {
    let Some(session) = begin()? else { return Ok(()) };
    let Session {
        browser,
        place,
        server,
    } = &session;
    session.open("/")?;
    browser.fill("[name=certificate]", &place.read("ca.pem")?)?;
    browser.click("form:has([name=certificate]) button")?;
    browser.shows("#result", "SHA-256 fingerprint")?;
    browser.picture("shown")?;
    browser.fill("[name=host]", &server.address.to_string())?;
    browser.click("form:has([name=host]) button")?;
    browser.shows("#result", "TCPDial")?;
    browser.picture("scanned")?;
    session.is_clean("")
}

#[test]
fn a_certificate_is_revoked_with_a_token_made_in_the_browser() -> Result<()> {
    let Some(session) = begin()? else { return Ok(()) };
    let Session { browser, server, .. } = &session;
    for name in ["first", "second"] {
        let body = format!(
            r#"{{"request":{{"CN":"{name}","hosts":["x.test"],"key":{{"algo":"ecdsa","size":256}}}}}}"#
        );
        ensure!(server.post("newcert", &body)?.status == 200);
    }
    session.open("/certificates")?;
    browser.picture("certificates")?;
    for (key, said) in [(WRONG, "a token is needed"), (KEY, "The certificate is revoked")] {
        session.open("/certificates")?;
        // The later one is at the top.
        ensure!(browser.text("tr[data-serial]")?.starts_with("second"));
        browser.click("tr[data-serial]")?;
        browser.click("option:nth-child(4)")?;
        session.send("revoke", &[], "", key)?;
        browser.shows("body", said)?;
        browser.picture(&format!("revoke-{}", if key == KEY { "done" } else { "refused" }))?;
    }
    session.open("/certificates")?;
    browser.picture("revoked")?;
    let rows = browser.text("#certificates")?;
    ensure!(rows.matches("revoked").count() == 1, "{rows}");
    ensure!(browser.text("tr[data-serial]")?.contains("revoked"), "{rows}");
    session.is_clean("403 (Forbidden)")
}

#[test]
fn what_a_page_may_not_load_is_not_loaded() -> Result<()> {
    let Some(session) = begin()? else { return Ok(()) };
    let Session { browser, .. } = &session;
    session.open("/")?;
    browser.run(
        "const script = document.createElement('script');
         script.textContent = 'window.injected = 1';
         document.body.append(script);
         const image = document.createElement('img');
         image.src = 'http://127.0.0.1:9/x.png';
         document.body.append(image);
         document.body.insertAdjacentHTML('beforeend', '<p onclick=\"window.injected = 1\" id=\"p\" style=\"color: red\">x</p>');
         document.getElementById('p').click();",
    )?;
    ensure!(browser.run("return window.injected === undefined")? == true);
    let console = browser.console()?;
    for directive in ["script-src", "img-src", "style-src"] {
        ensure!(
            console.iter().any(|message| message.contains(directive)),
            "{directive}: {console:?}"
        );
    }
    Ok(())
}
