//! Signing by other servers: the bytes on the wire, the order of the servers, and the
//! errors if none signs.

#![allow(clippy::unwrap_used, reason = "a test may")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use rcfssl_ca::{AskedCsr, Cost, InfoRequest, RemoteSigner, Router, SignRequest, Signer};
use rcfssl_core::record::RecordId;
use rcfssl_core::{AuthKey, AuthenticatedRequest, Error, Event, Policy};
use rcfssl_go::json;
use rcfssl_net::client::Client;
use rcfssl_net::verified::TlsSettings;
use time::OffsetDateTime;
use time::macros::datetime;

const NOW: OffsetDateTime = datetime!(2026-11-25 12:00 UTC);

const SIGNED: &str =
    r#"{"success":true,"result":{"certificate":"PEM\n","usages":["a"],"expiry":"1h"},"errors":[]}"#;

/// A server that gives every client the same answer and keeps the requests.
struct Server {
    address: String,
    asked: Arc<Mutex<Vec<(String, String)>>>,
}

/// `answer` is the complete response; an empty one closes the connection.
fn server(answer: String) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&asked);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            serve(stream, &answer, &kept);
        }
    });
    Server { address, asked }
}

fn serve(mut stream: TcpStream, answer: &str, asked: &Mutex<Vec<(String, String)>>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let start = head.len();
        if reader.read_line(&mut head).unwrap_or(0) == 0 {
            return;
        }
        let line = head[start..].to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let sent = (head, String::from_utf8(body).unwrap());
    asked.lock().unwrap().push(sent);
    let _ = stream.write_all(answer.as_bytes());
}

fn http(status: u16, body: &str) -> String {
    format!(
        "HTTP/1.1 {status} x\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// A port on which nothing listens.
fn dead() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

impl Server {
    fn count(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    fn last(&self) -> (String, String) {
        self.asked.lock().unwrap().last().unwrap().clone()
    }
}

fn signer(addresses: &str) -> RemoteSigner {
    let policy = Policy::builtin().signed_at(addresses);
    RemoteSigner::new(client(), Arc::new(policy))
}

fn client() -> Arc<Client> {
    Arc::new(Client::new(TlsSettings::default()).unwrap())
}

fn request() -> SignRequest {
    SignRequest {
        csr: AskedCsr::Pem(b"CSR".to_vec()),
        label: "l".to_owned(),
        ..SignRequest::default()
    }
}

fn sign(addresses: &str) -> (Result<String, String>, Vec<Event>) {
    let mut events = Vec::new();
    let signed = signer(addresses).sign(&request(), NOW, &mut |event| events.push(event));
    let signed = signed.map(|signed| signed.pem).map_err(|error| error.to_string());
    (signed, events)
}

#[test]
fn the_request_goes_out_as_cfssl_sends_it() {
    let server = server(http(200, SIGNED));
    let signer = signer(&format!("http://{}", server.address));
    let signed = signer.sign(&request(), NOW, &mut |_| {}).unwrap();
    assert_eq!(signed.pem, "PEM\n");
    assert!(signed.issued.is_none());
    let (head, body) = server.last();
    assert!(head.starts_with("POST /api/v1/cfssl/sign HTTP/1.1\r\n"), "{head}");
    let head = head.to_ascii_lowercase();
    assert!(head.contains("content-type: application/json\r\n") && head.contains("connection: close\r\n"));
    assert_eq!(body, request().to_json());
    assert_eq!(signer.cost(""), Cost::Blocking);

    let asked = InfoRequest {
        label: "l".to_owned(),
        profile: "p".to_owned(),
    };
    let info = signer.info(&asked, &mut |_| {}).unwrap();
    assert_eq!(info.usages, Some(vec!["a".to_owned()]));
    let (head, body) = server.last();
    assert!(head.starts_with("POST /api/v1/cfssl/info "));
    assert_eq!(body, r#"{"label":"l","profile":"p"}"#);
}

#[test]
fn requests_with_a_key_go_in_an_envelope() {
    let server = server(http(200, SIGNED));
    let policy = format!(
        r#"{{"auth_keys":{{"k":{{"type":"standard","key":"6b"}}}},"remotes":{{"r":"{}"}},"signing":{{
            "default":{{"auth_remote":{{"remote":"r","auth_key":"k"}}}}}}}}"#,
        format_args!("http://{}", server.address)
    );
    let policy = Policy::read(policy.as_bytes(), &(), &mut |_| {}).unwrap().0;
    let signer = RemoteSigner::new(client(), Arc::new(policy));
    signer.sign(&request(), NOW, &mut |_| {}).unwrap();
    let (head, body) = server.last();
    assert!(head.starts_with("POST /api/v1/cfssl/authsign "));
    assert!(body.starts_with(&format!(r#"{{"timestamp":{},"token":"#, NOW.unix_timestamp())));
    let mut envelope = AuthenticatedRequest::default();
    json::read(body.as_bytes(), &mut envelope).unwrap();
    assert!(envelope.is_from(&AuthKey::new(b"k")));
    assert_eq!(envelope.request.0, request().to_json().into_bytes());
}

#[test]
fn servers_are_tried_in_turn_until_one_signs() {
    let (refusing, signing, spare) = (
        server(http(400, "no")),
        server(http(200, SIGNED)),
        server(http(200, SIGNED)),
    );
    let list = format!(
        "http://{}, http://{} ,http://{},http://{}",
        dead(),
        refusing.address,
        signing.address,
        spare.address
    );
    let (signed, events) = sign(&list);
    assert_eq!(signed, Ok("PEM\n".into()));
    assert_eq!((refusing.count(), signing.count(), spare.count()), (1, 1, 0));
    let failed = |event: &&Event| matches!(event, Event::RemoteFailed { .. });
    assert_eq!(events.iter().filter(failed).count(), 2);
    let url = format!("http://{}/api/v1/cfssl/sign", refusing.address);
    assert!(events.contains(&Event::RemoteHttpError { url }));
}

#[test]
fn the_last_error_is_reported_with_its_cause() {
    let (refusing, dead) = (server(http(500, "boom\n")), dead());
    let (signed, _) = sign(&format!("http://{},http://{dead}", refusing.address));
    let url = format!("http://{dead}/api/v1/cfssl/sign");
    let cause =
        format!(r#"failed POST to {url}: Post \"{url}\": dial tcp {dead}: connect: connection refused"#);
    assert_eq!(signed, Err(format!(r#"{{"code":7400,"message":"{cause}"}}"#)));
    let (signed, _) = sign(&format!("http://{dead},http://{}", refusing.address));
    assert_eq!(signed, Err(r#"{"code":7400,"message":"boom\n"}"#.into()));
    let (signed, _) = sign("http://no-such-host.invalid:1");
    assert!(
        signed
            .unwrap_err()
            .contains("dial tcp: lookup no-such-host.invalid")
    );
}

#[test]
fn a_closed_connection_or_a_redirect_counts_as_a_failure() {
    let silent = server(String::new());
    let (signed, _) = sign(&format!("http://{}", silent.address));
    let refused = signed.unwrap_err();
    assert!(refused.contains("7400") && refused.contains("Post"), "{refused}");

    let other = server(http(200, SIGNED));
    for status in [301, 302, 307, 308] {
        let answer = format!(
            "HTTP/1.1 {status} x\r\nLocation: http://{}/api/v1/cfssl/sign\r\nContent-Length: 5\r\n\r\nmoved",
            other.address
        );
        let moved = server(answer);
        let (signed, _) = sign(&format!("http://{}", moved.address));
        assert_eq!(
            signed,
            Err(r#"{"code":7400,"message":"moved"}"#.into()),
            "{status}"
        );
    }
    assert_eq!(other.count(), 0);

    let short = server("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{".to_owned());
    let (signed, _) = sign(&format!("http://{}", short.address));
    assert!(signed.unwrap_err().contains(r#""code":7300"#));
}

#[test]
fn an_ip_address_with_a_port_is_accepted_and_gives_cfssls_error_if_nothing_answers() {
    let server = server(http(200, SIGNED));
    assert_eq!(sign(&server.address).0, Ok("PEM\n".into()));
    let dead = dead();
    let (signed, events) = sign(&dead);
    let refused = r#"{"code":5300,"message":"failed to connect to remote"}"#;
    assert_eq!(signed, Err(refused.into()));
    let Some(Event::BadRemoteAddress { why, tried }) = events.last() else {
        panic!("{events:?}");
    };
    let wanted = format!("parse \"{dead}\": first path segment in URL cannot contain colon");
    assert_eq!(*why, wanted);
    assert!(
        tried
            .as_ref()
            .is_some_and(|tried| tried.contains("connection refused"))
    );
    // An error from a server is passed on unchanged.
    let refusing = self::server(http(400, "no"));
    assert_eq!(
        sign(&refusing.address).0,
        Err(r#"{"code":7400,"message":"no"}"#.into())
    );
    let (signed, events) = sign("http://a:x");
    assert_eq!(signed, Err(refused.into()));
    assert!(matches!(
        events[..],
        [Event::BadRemoteAddress { tried: None, .. }]
    ));
    assert_eq!(sign("http://a:x,http://b").1, []);
}

#[test]
fn a_certificate_is_revoked_by_the_server_that_has_it() {
    const MISSING: &str =
        r#"{"success":false,"result":null,"errors":[{"code":11200,"message":"not found"}],"messages":[]}"#;
    let has = server(http(
        200,
        r#"{"success":true,"result":{},"errors":[],"messages":[]}"#,
    ));
    let lacks = server(http(500, MISSING));
    let refuses = server(http(
        500,
        r#"{"success":false,"errors":[{"code":11000,"message":"no"}]}"#,
    ));
    let url = |server: &Server| format!("http://{}", server.address);
    let certificate = RecordId {
        serial: "123456789012345678901234567890".to_owned(),
        aki: "da25".to_owned(),
    };
    let supersede = |servers: &[String]| {
        let signer = signer(&servers.join(","));
        let revoked = signer.supersede("", &certificate, &mut |_| {});
        revoked.map_err(|error| error.message().into_owned())
    };
    assert_eq!(supersede(&[url(&lacks), url(&has)]), Ok(true));
    let (head, body) = has.last();
    assert!(
        head.starts_with("POST /api/v1/cfssl/revoke HTTP/1.1\r\n"),
        "{head}"
    );
    assert_eq!(
        body,
        r#"{"serial":"123456789012345678901234567890","authority_key_id":"da25","reason":"superseded"}"#
    );
    assert_eq!(lacks.last().1, body);

    assert_eq!(supersede(&[url(&lacks), url(&lacks)]), Ok(false));
    // A server that does not answer might have it.
    for servers in [[url(&lacks), url(&refuses)], [url(&refuses), url(&lacks)]] {
        let refused = supersede(&servers).unwrap_err();
        assert!(refused.contains("11000"), "{refused}");
    }
    let refused = supersede(&[format!("http://{}", dead()), url(&lacks)]).unwrap_err();
    assert!(refused.contains("connection refused"), "{refused}");
    assert!(supersede(&["http://a:x".to_owned()]).is_err());
}

#[test]
fn a_router_creates_only_the_signers_that_it_needs() {
    let none = || Err(Error::plain("not wanted"));
    let policy = |text: &str| Arc::new(Policy::read(text.as_bytes(), &(), &mut |_| {}).unwrap().0);
    let server = server(http(200, SIGNED));
    let remote = Arc::new(Policy::builtin().signed_at(&server.address));
    let router = Router::new(remote, none, || Ok(client()), &mut |_| {}).unwrap();
    assert!(router.sign(&request(), NOW, &mut |_| {}).is_ok());
    assert!(router.issuer().is_none());

    let local = Arc::new(Policy::builtin());
    let refused = Router::new(local, none, || Err(Error::plain("nor this")), &mut |_| {}).unwrap_err();
    assert_eq!(refused.to_string(), "not wanted");

    let mut events = Vec::new();
    let skipping = policy(r#"{"remotes":{"r":"a"},"signing":{"default":{"remote":"r","expiry":"1h"}}}"#);
    Router::new(skipping, none, || Ok(client()), &mut |event| events.push(event)).unwrap();
    assert_eq!(events.len(), 2, "once for itself and once for its signer");
}
