//! Certificates as browsers check them: nginx fetches the OCSP response and staples it, and
//! curl insists on it.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rcfssl_tests::servers::Served;
use rcfssl_tests::skip::{missing, skipped};
use rcfssl_tests::{Result, Workplace, ensure};

use super::{OCSPSERVE, issue, place, revoke, url};

/// A web server, ended with this.
struct Nginx {
    child: Child,
    port: u16,
}

impl Nginx {
    fn start(place: &Workplace, chain: &str, responder: &str) -> Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let folder = place.path();
        let folder = folder.display();
        let config = format!(
            "daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/nginx.log info;
             events {{}}
             http {{
               access_log off;
               client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
               uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
               server {{
                 listen 127.0.0.1:{port} ssl;
                 ssl_certificate {folder}/{chain}; ssl_certificate_key {folder}/leaf-key.pem;
                 ssl_trusted_certificate {folder}/ca.pem;
                 ssl_stapling on; ssl_stapling_verify on; ssl_stapling_responder {responder};
                 location / {{ return 200 hello; }}
               }}
             }}"
        );
        place.write("nginx.conf", config)?;
        let child = Command::new("/usr/sbin/nginx")
            .arg("-c")
            .arg(place.join("nginx.conf"))
            .arg("-e")
            .arg(place.join("nginx.log"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        Ok(Nginx { child, port })
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until a command ends with this status and prints this text. nginx asks for the
/// response only once the first client has come, who gets none.
fn wait(place: &Workplace, line: &str, status: i32, text: &str) -> Result<()> {
    let begun = Instant::now();
    loop {
        let step = place.shell(line)?;
        if step.status == status && step.out().contains(text) {
            return Ok(());
        }
        ensure!(
            begun.elapsed() < Duration::from_secs(20),
            "{step}\n{}",
            place.read("nginx.log").unwrap_or_default()
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn curl(port: u16) -> String {
    format!(
        "curl -sS --cert-status --cacert ca.pem --resolve leaf.test:{port}:127.0.0.1 https://leaf.test:{port}/ 2>&1"
    )
}

#[test]
fn nginx_staples_and_curl_believes_it() {
    if let Some(program) = missing(&["nginx", "curl"]) {
        skipped(&format!("there is no {program}")).unwrap();
        return;
    }
    for responder in [
        "",
        " -responder ca-responder.pem -responder-key ca-responder-key.pem",
    ] {
        let place = place().unwrap();
        issue(&place, "ca", "leaf").unwrap();
        // curl looks for the issuer in what the server sends.
        place
            .shell("cat leaf.pem ca.pem > chain.pem")
            .unwrap()
            .ok()
            .unwrap();
        let server = Served::start_line(&place, &format!("{OCSPSERVE}{responder}")).unwrap();
        // nginx verifies the response before it staples it, also where nothing but the
        // response itself has the signer's certificate.
        let nginx = Nginx::start(&place, "leaf.pem", &url(&server, "/")).unwrap();
        let line = format!(
            "openssl s_client -connect 127.0.0.1:{} -status < /dev/null 2>&1",
            nginx.port
        );
        wait(&place, &line, 0, "Cert Status: good").unwrap();
        drop(nginx);
        let nginx = Nginx::start(&place, "chain.pem", &url(&server, "/")).unwrap();
        wait(&place, &curl(nginx.port), 0, "hello").unwrap();
        revoke(&place, "leaf", "keyCompromise").unwrap();
        // A web server that starts now has no older response, and nginx staples none that says
        // revoked. curl's status 91 is that of a certificate without a good status.
        drop(nginx);
        std::thread::sleep(super::SOON);
        let nginx = Nginx::start(&place, "chain.pem", &url(&server, "/")).unwrap();
        let line = format!(
            "{}; status=$?; grep -o 'certificate status \"revoked\"' nginx.log; exit $status",
            curl(nginx.port)
        );
        wait(&place, &line, 91, "revoked").unwrap();
    }
}
