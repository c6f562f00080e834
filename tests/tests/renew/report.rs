//! The report of a run, for users and for programs.

use std::process::Command;

use rcfssl_tests::workplace::Step;
use rcfssl_tests::{Organization, needs};
use serde_json::Value;

use crate::{document, logged, organization, organization_with_a_server_that_is_due, renew, renewed, sum};

fn report(step: &Step) -> Value {
    serde_json::from_slice(&step.stdout).unwrap_or_else(|error| panic!("{error}: {}", step.out()))
}

#[test]
fn the_json_report_is_complete() {
    let organization = organization_with_a_server_that_is_due();
    organization.sign("client", "b", &document("b", &[])).unwrap();
    organization.sign("client", "c", &document("c", &[])).unwrap();
    organization
        .shell("cp b-key.pem c-key.pem")
        .unwrap()
        .ok()
        .unwrap();
    let step = renew(&organization, "-json -rekey -exec 'exit 3' a.pem b.pem c.pem");
    assert_eq!(step.status, 1);
    let report = report(&step);
    for (field, expected) in [
        ("made", 0),
        ("renewed", 1),
        ("untouched", 1),
        ("failed", 1),
        ("commands_failed", 1),
    ] {
        assert_eq!(report[field], expected, "{field}");
    }
    assert_eq!(report["dry_run"], false);
    assert!(report["seconds"].as_f64().unwrap() < 60.0);
    let [a, b, c] = report["certificates"].as_array().unwrap().as_slice() else {
        panic!("{report}");
    };
    let new = organization.certificate("a.pem").unwrap();
    let serial = u128::from_str_radix(&new.serial[..16], 16).unwrap();
    assert!(serial > 0);
    for (field, expected) in [
        ("certificate", "a.pem"),
        ("result", "renewed"),
        ("reason", "64 days left"),
        ("profile", "server"),
        ("key", "new"),
        ("command", "failed: exit status: 3"),
    ] {
        assert_eq!(a[field], expected);
    }
    let shown = time::OffsetDateTime::parse(
        a["not_after"].as_str().unwrap(),
        &time::format_description::well_known::Rfc3339,
    );
    assert_eq!(shown.unwrap().unix_timestamp(), new.validity[1]);
    let line = "openssl x509 -noout -serial -in a.pem | cut -d= -f2 | python3 -c 'print(int(input(), 16))'";
    let serial = organization.shell(line).unwrap().ok().unwrap().out();
    assert_eq!(a["serial_number"], serial.trim());
    assert_eq!(
        (&b["certificate"], &b["result"]),
        (&"b.pem".into(), &"untouched".into())
    );
    assert!(b["not_after"].is_string() && b["reason"].is_null());
    assert_eq!(
        (&c["certificate"], &c["result"]),
        (&"c.pem".into(), &"failed".into())
    );
    assert_eq!(c["reason"], "the key c-key.pem does not match the certificate");
    assert!(c["not_after"].is_null());
}

#[test]
fn every_report_is_json() {
    let organization = organization();
    for (arguments, counts) in [
        ("-json .", [0, 0, 3, 0]),
        ("-json -dry-run -force .", [0, 3, 0, 0]),
        ("-json server.pem", [0, 0, 1, 0]),
        ("-json none.pem", [0, 0, 0, 1]),
        ("-json -ca none.pem .", [0, 0, 0, 1]),
    ] {
        let report = report(&renew(&organization, arguments));
        let shown = ["made", "renewed", "untouched", "failed"].map(|field| report[field].as_u64().unwrap());
        assert_eq!(shown, counts, "{arguments}");
        let rows = report["certificates"].as_array().unwrap().len() as u64;
        assert_eq!(rows, counts.iter().sum::<u64>(), "{arguments}");
        assert_eq!(report["dry_run"], arguments.contains("-dry-run"), "{arguments}");
    }
    organization
        .shell("mkdir empty; cp ca* empty")
        .unwrap()
        .ok()
        .unwrap();
    let report = report(&renewed(&organization, "-json empty"));
    assert_eq!(report["certificates"], serde_json::json!([]));
}

#[test]
fn names_that_are_not_utf_8_are_valid_json() {
    let organization = organization();
    let line = "for e in .pem -key.pem; do cp server$e $'q\"\\\\\\n\\xff'$e; done";
    organization.shell(line).unwrap().ok().unwrap();
    let report = report(&renewed(&organization, "-json -force ."));
    assert_eq!(report["certificates"][2]["certificate"], "./q\"\\\n\u{fffd}.pem");
}

/// The names neither control a terminal nor break a line.
#[test]
fn names_that_are_not_utf_8_stay_on_one_line() {
    let organization = organization();
    let line = "for e in .pem -key.pem; do cp server$e $'e\\e[31m\\nuntouched x'$e; done; cp ca-key.pem $'f\\n-key.pem'; \
                cp server.pem $'f\\n.pem'; rm server* client* member*";
    organization.shell(line).unwrap().ok().unwrap();
    let step = renew(&organization, "-force .");
    assert_eq!(sum(&step), [0, 1, 0, 1]);
    assert!(
        step.out()
            .starts_with("renewed    ./e\u{fffd}[31m\u{fffd}untouched x.pem  until "),
        "{}",
        step.out()
    );
    assert_eq!(step.out().lines().count(), 2);
    assert_eq!(
        logged(&step, "ERROR"),
        ["./f\u{fffd}.pem: the key ./f\u{fffd}-key.pem does not match the certificate"]
    );
}

#[test]
fn the_same_warning_is_not_repeated_for_each() {
    let organization = organization();
    organization
        .write("new.json", r#"{"CN": "x", "hosts": [""]}"#)
        .unwrap();
    let jobs = r#"{"organizations": [{"name": "o", "folder": ".", "certificates": [
      {"request": "new.json", "profile": "server", "output": "a"},
      {"request": "new.json", "profile": "server", "output": "b"},
      {"request": "new.json", "profile": "server", "output": "c"}]}]}"#;
    organization.write("jobs.json", jobs).unwrap();
    let warnings = logged(&renewed(&organization, "-jobs jobs.json"), "WARNING");
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(
        warnings[0].starts_with("./a.pem: an empty string in \"hosts\""),
        "{warnings:?}"
    );
    assert_eq!(warnings[1], "the same for 2 more certificates");
}

#[test]
fn the_summary_uses_the_singular() {
    let organization = organization();
    let step = renewed(&organization, "server.pem");
    assert!(
        step.out()
            .contains("\n1 certificate: 0 made, 0 renewed, 1 untouched, 0 failed ("),
        "{}",
        step.out()
    );
    assert_eq!(sum(&step), [0, 0, 1, 0]);
}

/// An organization with this many members.
fn with_members(count: usize) -> Organization {
    let organization = Organization::new().unwrap();
    organization
        .sign("peer", "m0", &document("m", &["m.example"]))
        .unwrap();
    let line = format!(
        "for n in $(seq {}); do cp m0.pem m$n.pem; cp m0-key.pem m$n-key.pem; done",
        count - 1
    );
    organization.shell(&line).unwrap().ok().unwrap();
    organization
}

#[test]
fn a_long_run_reports_progress_every_few_seconds() {
    let organization = with_members(7);
    let step = renewed(&organization, "-force -exec 'sleep 1' .");
    let [line] = logged(&step, "INFO")
        .try_into()
        .unwrap_or_else(|all| panic!("{all:?}"));
    let pattern = regex::Regex::new(r"^[3-6] of 7, (0\.[5-9]|1\.0)/s, [1-6] s left$").unwrap();
    assert!(pattern.is_match(&line), "{line}");
    let step = renewed(&organization, "-force -loglevel 3 .");
    assert_eq!(step.err(), "");
}

/// The output of a run on a terminal with this many columns.
fn on_a_terminal(organization: &Organization, columns: u32, line: &str) -> String {
    let inside = format!("stty cols {columns} rows 24; TERM=xterm rcfssl renew {line}");
    let mut command: Command = organization.command("script");
    let output = command.args(["-qec", &inside, "/dev/null"]).output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_terminal_gets_a_bar() {
    needs!("script", "stty");
    let organization = with_members(8);
    let bar = regex::Regex::new(r"\r\[(#+)(-*)\] (\d) of 8, [0-9.]+/s, \d+ s left\x1b\[K").unwrap();
    for columns in [80, 60] {
        let shown = on_a_terminal(&organization, columns, "-force -exec 'sleep 0.15' .");
        let bars: Vec<_> = bar.captures_iter(&shown).collect();
        assert!(bars.len() >= 5, "{shown:?}");
        for bar in &bars {
            let (full, open) = (bar[1].len(), bar[2].len());
            let done: usize = bar[3].parse().unwrap();
            assert_eq!(full, (full + open) * done / 8, "{:?}", &bar[0]);
            let visible = bar[0].len() - "\r\x1b[K".len();
            assert!(visible < columns as usize, "{:?}", &bar[0]);
        }
        // The bar is removed before each line that stays.
        let left = shown.replace("\r\x1b[K", "");
        assert!(shown.contains("\r\x1b[Krenewed    ./m"), "{shown:?}");
        assert!(left.contains("8 certificates: 0 made, 8 renewed"), "{shown:?}");
        assert!(
            shown
                .trim_end()
                .rsplit('\n')
                .next()
                .unwrap()
                .contains("8 certificates: "),
            "{shown:?}"
        );
    }
    let shown = on_a_terminal(&organization, 80, "-force -loglevel 3 -exec 'sleep 0.15' .");
    assert!(!shown.contains('\x1b'), "{shown:?}");
}
