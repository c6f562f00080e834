//! `-outgoing`: where `bundle`, `certinfo` and `scan` connect to.

use std::io::ErrorKind;
use std::net::TcpListener;

use rcfssl_tests::confine::apart;
use rcfssl_tests::{Result, ensure, skip};

use crate::{start, with_ca};

#[test]
fn an_address_that_is_not_allowed_is_not_connected_to() -> Result<()> {
    let place = with_ca()?;
    let inside = TcpListener::bind("127.0.0.1:0")?;
    inside.set_nonblocking(true)?;
    let port = inside.local_addr()?.port();
    for outgoing in ["public", "none"] {
        let server = start(&place, &["-outgoing", outgoing])?;
        for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"] {
            let answer = server.post("certinfo", &format!(r#"{{"domain":"{host}:{port}"}}"#))?;
            ensure!(answer.status == 500, "{answer:?}");
            ensure!(answer.body.contains("are not allowed"), "{answer:?}");
        }
        let answer = server.post("bundle", r#"{"domain":"localhost","ip":"127.0.0.1"}"#)?;
        ensure!(
            answer.error()? == 6000 && answer.body.contains("are not allowed"),
            "{answer:?}"
        );
        let scan = server.get(&format!("/api/v1/cfssl/scan?host=localhost:{port}&timeout=5s"))?;
        match outgoing {
            "none" => ensure!(scan.status == 404, "{scan:?}"),
            _ => {
                ensure!(
                    scan.status == 200 && scan.body.contains("are not allowed"),
                    "{scan:?}"
                );
                // Names inside are not told either.
                ensure!(!scan.body.contains("127.0.0.1"), "{scan:?}");
            }
        }
        ensure!(server.get("/api/v1/cfssl/scaninfo")?.status == 200);
    }
    let waiting = inside.accept().map(drop).map_err(|error| error.kind());
    ensure!(waiting == Err(ErrorKind::WouldBlock), "{waiting:?}");
    // By default it is, as in cfssl.
    let server = start(&place, &[])?;
    let answer = std::thread::scope(|scope| {
        let asked = scope.spawn(|| server.post("certinfo", &format!(r#"{{"domain":"127.0.0.1:{port}"}}"#)));
        loop {
            match inside.accept() {
                Ok(_) => break,
                Err(_) if asked.is_finished() => break,
                Err(_) => std::thread::sleep(std::time::Duration::from_millis(10)),
            }
        }
        asked.join()
    });
    ensure!(answer.is_ok_and(|answer| answer.is_ok_and(|answer| !answer.body.contains("not allowed"))));
    Ok(())
}

/// A certificate whose issuer's URL is at a public address, which redirects inside. The
/// public address is one of a network namespace.
#[test]
fn redirects_are_followed_only_to_where_one_may_connect() -> Result<()> {
    if !skip::is_root() {
        return skip::skipped("network namespaces need root");
    }
    let place = with_ca()?;
    place.write(
        "config.json",
        r#"{"signing":{"default":{"usages":["server auth"],"expiry":"1h","issuer_urls":["http://11.22.33.44/ca"]}}}"#,
    )?;
    place.write(
        "web.py",
        r#"
import http.server, sys, threading
class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        with open("asked", "a") as asked:
            asked.write(f"{self.server.server_address[0]}{self.path}\n")
        if self.server.server_address[0] == "11.22.33.44" and "moved" in sys.argv:
            self.send_response(302)
            self.send_header("Location", "http://127.0.0.1/ca")
            self.end_headers()
        else:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(open("ca.pem", "rb").read())
for address in ["11.22.33.44", "127.0.0.1"]:
    server = http.server.ThreadingHTTPServer((address, 80), Answers)
    threading.Thread(target=server.serve_forever, daemon=False).start()
"#,
    )?;
    let script = |moved: &str, outgoing: &str| {
        format!(
            "ip link set lo up; ip address add 11.22.33.44/32 dev lo; : > asked; touch int.pem
             cp ca.pem roots.pem
             python3 web.py {moved} 2> /dev/null & web=$!
             cfssl serve -port 8888 -ca ca.pem -ca-key ca-key.pem -config config.json -outgoing {outgoing} 2> log & serve=$!
             for i in $(seq 100); do curl -s 127.0.0.1:8888/api/v1/cfssl/health > /dev/null && curl -s 11.22.33.44/up > /dev/null && break; sleep 0.1; done
             : > asked
             curl -s -d '{{\"request\":{{\"CN\":\"x\",\"hosts\":[\"x.test\"],\"key\":{{\"algo\":\"ecdsa\",\"size\":256}}}}}}' 127.0.0.1:8888/api/v1/cfssl/newcert \
                 | python3 -c 'import json, sys; print(json.dumps({{\"certificate\": json.load(sys.stdin)[\"result\"][\"certificate\"]}}))' > request
             curl -s -d @request 127.0.0.1:8888/api/v1/cfssl/bundle
             kill $web $serve; wait; cat asked"
        )
    };
    for (moved, outgoing, want) in [
        ("", "public", "11.22.33.44/ca\n"),
        ("moved", "public", "11.22.33.44/ca\n"),
        ("moved", "any", "11.22.33.44/ca\n127.0.0.1/ca\n"),
        ("", "none", ""),
    ] {
        place.write("script", script(moved, outgoing))?;
        let step = place.shell(&apart("unshare --net bash script"))?;
        let said = step.out();
        let asked = said
            .lines()
            .skip_while(|line| line.starts_with('{'))
            .collect::<Vec<_>>();
        let mut asked: Vec<&str> = asked;
        asked.dedup();
        let asked: String = asked.iter().map(|line| format!("{line}\n")).collect();
        ensure!(asked == want, "{moved} {outgoing}: {said} {}", place.read("log")?);
    }
    Ok(())
}
