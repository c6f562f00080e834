//! Output for programs: JSON, and metrics that Prometheus itself validates.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, Command, Stdio};

use rcfssl_tests::{Organization, needs, openssl};
use serde_json::{Value, json};

use crate::{certificate, expiry};

fn organization() -> Organization {
    let organization = Organization::new().unwrap();
    for (profile, name, days) in [("server", "a", 300), ("client", "b", 20)] {
        certificate(&organization, profile, name, days);
    }
    organization.write("bad.pem", "nothing").unwrap();
    organization
}

/// openssl's output for a certificate.
fn ask(organization: &Organization, file: &str, what: &str) -> String {
    let said = openssl::in_folder(&organization.path(), &["x509", "-noout", what, "-in", file]).unwrap();
    said.trim().split_once('=').unwrap().1.to_owned()
}

/// A date as openssl writes it, in seconds since 1970.
fn seconds(organization: &Organization, file: &str, what: &str) -> i64 {
    let date = ask(organization, file, what);
    let step = organization
        .shell(&format!("date -ud '{date}' +%s"))
        .unwrap()
        .ok()
        .unwrap();
    step.out().trim().parse().unwrap()
}

fn serial(organization: &Organization, file: &str) -> String {
    let number = ask(organization, file, "-serial");
    let line = format!("python3 -c 'print(int(\"{number}\", 16))'");
    organization
        .shell(&line)
        .unwrap()
        .ok()
        .unwrap()
        .out()
        .trim()
        .to_owned()
}

#[test]
fn json_contains_the_table_and_more() {
    let organization = organization();
    organization
        .shell("cat a.pem ca.pem > chain.pem")
        .unwrap()
        .ok()
        .unwrap();
    let step = expiry(&organization, "-json bad.pem chain.pem b.pem none.pem");
    assert_eq!(step.status, 3);
    let report: Value = serde_json::from_slice(&step.stdout).unwrap();
    let moment = |file: &str, what| {
        let at = time::OffsetDateTime::from_unix_timestamp(seconds(&organization, file, what)).unwrap();
        at.format(&time::format_description::well_known::Rfc3339).unwrap()
    };
    let row = |file: &str, position, from: &str, subject: &str, kind: &str, days: i64, state: &str| {
        json!({
            "file": file, "position": position, "subject": subject, "kind": kind, "issuer": "Root",
            "serial_number": serial(&organization, from), "not_before": moment(from, "-startdate"),
            "not_after": moment(from, "-enddate"), "days_left": days, "state": state,
        })
    };
    let ca_days = organization.certificate("ca.pem").unwrap().days_left();
    let expected = json!({
        "certificates": [
            row("b.pem", 1, "b.pem", "b", "client", 20, "warning"),
            row("chain.pem", 1, "a.pem", "a", "server", 300, "ok"),
            row("chain.pem", 2, "ca.pem", "Root", "CA", ca_days, "ok"),
        ],
        "unreadable": [
            {"file": "bad.pem", "error": "it contains no certificate"},
            {"file": "none.pem", "error": "open none.pem: no such file or directory"},
        ],
    });
    assert_eq!(report, expected);
}

/// Files with names and subjects that would break a format without escapes; two of them
/// differ only in bytes that are not UTF-8.
fn hostile() -> Organization {
    let organization = organization();
    let document = r#"{"CN": "q\"b\\n\nü{x=\"1\"} 7", "key": {"algo": "ecdsa", "size": 256}}"#;
    organization.sign("server", "c", document).unwrap();
    let line =
        "cp c.pem $'q\"b\\\\n\\n\\xff.pem'; cp c.pem $'q\"b\\\\n\\n\\xfe.pem'; cp bad.pem $'bad\"\\n.pem'";
    organization.shell(line).unwrap().ok().unwrap();
    organization
}

#[test]
fn promtool_accepts_the_metrics() {
    needs!("promtool");
    for organization in [organization(), hostile()] {
        for arguments in [".", "a.pem a.pem", "bad.pem", "none.pem", ". a.pem"] {
            let line = format!(
                "rcfssl expiry -prometheus {arguments} > ../metrics; promtool check metrics < ../metrics"
            );
            let step = organization.shell(&line).unwrap();
            let said: Vec<String> = step
                .err()
                .lines()
                .filter(|line| !line.contains("[ERROR]"))
                .map(str::to_owned)
                .collect();
            assert_eq!((step.status, said), (0, vec![]), "{arguments}");
        }
    }
}

#[test]
fn metrics_match_the_certificates() {
    let organization = organization();
    let step = expiry(&organization, "-prometheus .");
    assert_eq!(step.status, 3);
    let out = step.out();
    let value = |name: &str, labels: &str| -> i64 {
        let begin = format!("rcfssl_{name}{labels} ");
        let line = out.lines().find_map(|line| line.strip_prefix(&begin));
        line.unwrap_or_else(|| panic!("{begin}: {out}")).parse().unwrap()
    };
    for (file, subject, kind) in [
        ("a.pem", "a", "server"),
        ("b.pem", "b", "client"),
        ("ca.pem", "Root", "CA"),
    ] {
        let serial = serial(&organization, file);
        let labels = format!(
            "{{file=\"./{file}\",position=\"1\",subject=\"{subject}\",kind=\"{kind}\",issuer=\"Root\",serial_number=\"{serial}\"}}"
        );
        assert_eq!(
            value("certificate_not_after_timestamp_seconds", &labels),
            seconds(&organization, file, "-enddate")
        );
        assert_eq!(
            value("certificate_not_before_timestamp_seconds", &labels),
            seconds(&organization, file, "-startdate")
        );
    }
    assert_eq!(value("certificate_file_unreadable", "{file=\"./bad.pem\"}"), 1);
    let now = time::OffsetDateTime::now_utc().unix_timestamp();
    let checked = value("certificate_check_timestamp_seconds", "");
    assert!((now - 60..=now).contains(&checked));
}

/// A node_exporter that reads a folder; it is killed when this is dropped.
struct Exporter {
    process: Child,
    address: String,
    /// It ends when its output is closed.
    _said: BufReader<ChildStderr>,
}

impl Exporter {
    fn new(organization: &Organization, folder: &str) -> Self {
        let mut command: Command = organization.command("prometheus-node-exporter");
        command.args(["--collector.disable-defaults", "--collector.textfile"]);
        command.arg(format!("--collector.textfile.directory={folder}"));
        command.arg("--web.listen-address=127.0.0.1:0");
        let mut process = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(process.stderr.take().unwrap());
        let address = said.by_ref().lines().map_while(Result::ok).find_map(|line| {
            let (_, rest) = line.split_once("msg=\"Listening on\" address=")?;
            Some(rest.trim().to_owned())
        });
        Exporter {
            address: address.unwrap(),
            process,
            _said: said,
        }
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn node_exporter_exports_the_metrics() {
    needs!("prometheus-node-exporter", "curl");
    let organization = hostile();
    let line = "mkdir ../textfiles; rcfssl expiry -prometheus . . > ../textfiles/rcfssl.prom";
    organization.shell(line).unwrap();
    let exporter = Exporter::new(&organization, "../textfiles");
    let line = format!("curl -sS --max-time 20 http://{}/metrics", exporter.address);
    let served = organization.shell(&line).unwrap().ok().unwrap().out();
    assert!(served.contains("\nnode_textfile_scrape_error 0\n"), "{served}");
    let served_ones = |name: &str| served.lines().filter(|line| line.starts_with(name)).count();
    // One of the two that look the same.
    assert_eq!(
        served_ones("rcfssl_certificate_not_after_timestamp_seconds{"),
        5,
        "{served}"
    );
    assert_eq!(served_ones("rcfssl_certificate_file_unreadable{"), 2, "{served}");
    let subject = r#"subject="q\"b\\n\nü{x=\"1\"} 7""#;
    assert!(served.contains(subject), "{served}");
}
