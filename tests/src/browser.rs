//! Headless Chromium, driven through Debian's `chromedriver` as WebDriver describes it.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use crate::servers::Answer;

/// How long a page may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// The name of an element's id in WebDriver's answers.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A browser, which ends when this is dropped.
#[derive(Debug)]
pub struct Browser {
    driver: Child,
    port: u16,
    session: String,
}

impl Browser {
    /// Starts a browser with its profile, and what it downloads, in a folder.
    ///
    /// # Errors
    /// Where it does not start.
    pub fn start(folder: &Path) -> Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut command = Command::new("chromedriver");
        command.arg(format!("--port={port}")).env("HOME", folder);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let driver = command.spawn()?;
        let mut browser = Browser {
            driver,
            port,
            session: String::new(),
        };
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            ensure!(begun.elapsed() < PATIENCE, "chromedriver does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        let arguments = json!([
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--no-first-run",
            "--window-size=1000,1400",
            format!("--user-data-dir={}", folder.join("profile").display()),
        ]);
        let made = browser.ask(
            "POST",
            "/session",
            &json!({"capabilities": {"alwaysMatch": {
                "browserName": "chrome",
                "goog:chromeOptions": {"args": arguments, "binary": "/usr/bin/chromium"},
                "goog:loggingPrefs": {"browser": "ALL"},
            }}}),
        )?;
        let id = made["sessionId"].as_str().context("no session")?;
        browser.session = format!("/session/{id}");
        browser.post(
            "/goog/cdp/execute",
            json!({"cmd": "Browser.setDownloadBehavior", "params": {
                "behavior": "allow", "downloadPath": folder.join("downloads"),
            }}),
        )?;
        Ok(browser)
    }

    /// Opens a page.
    ///
    /// # Errors
    /// Where it cannot be opened.
    pub fn open(&self, url: &str) -> Result<()> {
        self.post("/url", json!({ "url": url })).map(drop)
    }

    /// Types into a field; earlier contents go.
    ///
    /// # Errors
    /// Where there is none.
    pub fn fill(&self, selector: &str, text: &str) -> Result<()> {
        let element = self.element(selector)?;
        self.post(&format!("/element/{element}/clear"), json!({}))?;
        self.post(&format!("/element/{element}/value"), json!({ "text": text }))
            .map(drop)
    }

    /// Clicks: on a button, a link, a row, an option.
    ///
    /// # Errors
    /// Where there is none.
    pub fn click(&self, selector: &str) -> Result<()> {
        let element = self.element(selector)?;
        self.post(&format!("/element/{element}/click"), json!({}))
            .map(drop)
    }

    /// The text of an element as a reader sees it.
    ///
    /// # Errors
    /// Where there is none.
    pub fn text(&self, selector: &str) -> Result<String> {
        let element = self.element(selector)?;
        let text = self.ask(
            "GET",
            &format!("{}/element/{element}/text", self.session),
            &Value::Null,
        )?;
        Ok(text.as_str().unwrap_or_default().to_owned())
    }

    /// Waits until an element has a text.
    ///
    /// # Errors
    /// Where it does not come.
    pub fn shows(&self, selector: &str, text: &str) -> Result<()> {
        let begun = Instant::now();
        loop {
            let shown = self.text(selector);
            if shown.as_ref().is_ok_and(|shown| shown.contains(text)) {
                return Ok(());
            }
            ensure!(begun.elapsed() < PATIENCE, "{text:?} is not in {shown:?}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Runs a function's body in the page.
    ///
    /// # Errors
    /// What it throws.
    pub fn run(&self, script: &str) -> Result<Value> {
        self.post("/execute/sync", json!({"script": script, "args": []}))
    }

    /// The messages on the console since they were last asked for, violations of the
    /// content security policy among them.
    ///
    /// # Errors
    /// Where the browser is gone.
    pub fn console(&self) -> Result<Vec<String>> {
        let entries = self.post("/se/log", json!({"type": "browser"}))?;
        let entries = entries.as_array().context("no log")?;
        let messages = entries.iter().filter_map(|entry| entry["message"].as_str());
        Ok(messages.map(str::to_owned).collect())
    }

    /// Writes the whole page as a picture into the folder named by `RCFSSL_SCREENSHOTS`, if
    /// it is set.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn picture(&self, name: &str) -> Result<()> {
        let Some(folder) = std::env::var_os("RCFSSL_SCREENSHOTS") else {
            return Ok(());
        };
        let picture = self.post(
            "/goog/cdp/execute",
            json!({"cmd": "Page.captureScreenshot", "params": {"captureBeyondViewport": true}}),
        )?;
        let encoded = picture["data"].as_str().context("no picture")?;
        let octets = data_encoding::BASE64.decode(encoded.as_bytes())?;
        fs::write(Path::new(&folder).join(format!("{name}.png")), octets)?;
        Ok(())
    }

    fn element(&self, selector: &str) -> Result<String> {
        let found = self.post("/element", json!({"using": "css selector", "value": selector}))?;
        let id = found[ELEMENT].as_str().context("no element")?;
        Ok(id.to_owned())
    }

    fn post(&self, path: &str, body: Value) -> Result<Value> {
        self.ask("POST", &format!("{}{path}", self.session), &body)
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> Result<Value> {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\nConnection: close\r\n\r\n{body}",
            self.port
        )?;
        let octets = read(stream)?;
        let answer = Answer::read(&octets)?;
        let mut value: Value = serde_json::from_str(&answer.body).with_context(|| answer.body.clone())?;
        if answer.status != 200 {
            bail!("{method} {path} {body}: {}", value["value"]["message"]);
        }
        Ok(value["value"].take())
    }
}

/// One response; chromedriver does not close the connection.
fn read(mut stream: TcpStream) -> Result<Vec<u8>> {
    let mut octets = Vec::new();
    let mut room = [0; 65536];
    loop {
        let length = stream.read(&mut room)?;
        octets.extend_from_slice(&room[..length]);
        let text = String::from_utf8_lossy(&octets).to_lowercase();
        if let Some((head, _)) = text.split_once("\r\n\r\n") {
            let announced = head
                .split_once("content-length:")
                .map(|(_, rest)| rest.trim_start());
            let announced = announced.and_then(|rest| rest.lines().next()?.trim().parse::<usize>().ok());
            // The head is ASCII, so its length is that of the octets.
            if announced.is_some_and(|length| octets.len() >= head.len() + 4 + length) {
                return Ok(octets);
            }
        }
        ensure!(length > 0, "chromedriver closed the connection: {text}");
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if !self.session.is_empty() {
            let _ = self.ask("DELETE", &self.session, &Value::Null);
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
