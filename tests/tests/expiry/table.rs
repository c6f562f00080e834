//! The table: sorted by expiry date; plain in a pipe, in colour and as wide as the terminal
//! otherwise.

use std::process::Command;

use rcfssl_tests::{Organization, needs};
use regex::Regex;

use crate::{certificate, day, expiry};

fn organization() -> Organization {
    let organization = Organization::new().unwrap();
    for (profile, name, days) in [
        ("server", "server", 300),
        ("client", "client", 20),
        ("peer", "member", -3),
        ("server", "soon", 2),
    ] {
        certificate(&organization, profile, name, days);
    }
    organization
}

#[test]
fn in_a_pipe_the_table_is_plain() {
    let organization = organization();
    let ca = organization.certificate("ca.pem").unwrap();
    let end = time::OffsetDateTime::from_unix_timestamp(ca.validity[1])
        .unwrap()
        .date();
    let step = expiry(&organization, "server.pem ca.pem client.pem member.pem soon.pem");
    let days = ca.days_left();
    let expected = format!(
        "FILE        SUBJECT  KIND    ISSUER  EXPIRES     DAYS  STATE\n\
         member.pem  member   peer    Root    {}    -3  expired\n\
         soon.pem    soon     server  Root    {}     2  critical\n\
         client.pem  client   client  Root    {}    20  warning\n\
         server.pem  server   server  Root    {}   300  ok\n\
         ca.pem      Root     CA      Root    {end}  {days}  ok\n",
        day(-3),
        day(2),
        day(20),
        day(300)
    );
    assert_eq!(step.out(), expected);
    assert_eq!((step.status, step.err().as_str()), (2, ""));
}

/// Days are rounded down: the last day is 0, and after it comes -1.
#[test]
fn days_are_counted_down_through_0() {
    let organization = Organization::new().unwrap();
    for (name, days) in [("a", 1), ("b", 0), ("c", -1)] {
        certificate(&organization, "server", name, days);
    }
    let out = expiry(&organization, "a.pem b.pem c.pem").out();
    let lines: Vec<Vec<&str>> = out
        .lines()
        .skip(1)
        .map(|line| line.split_whitespace().collect())
        .collect();
    let shown: Vec<_> = lines.iter().map(|line| (line[0], line[5], line[6])).collect();
    assert_eq!(
        shown,
        [
            ("c.pem", "-1", "expired"),
            ("b.pem", "0", "critical"),
            ("a.pem", "1", "critical")
        ]
    );
}

#[test]
fn each_kind_has_its_name() {
    let organization = Organization::new().unwrap();
    let config = organization.read("ca-config.json").unwrap();
    let more = r#""profiles": {"mail": {"expiry": "8760h", "usages": ["email protection"]},
        "sub": {"expiry": "8760h", "usages": ["cert sign", "crl sign", "server auth"], "ca_constraint": {"is_ca": true}},"#;
    organization
        .write("ca-config.json", config.replace(r#""profiles": {"#, more))
        .unwrap();
    for profile in ["server", "client", "peer", "mail", "sub"] {
        certificate(&organization, profile, profile, 300);
    }
    let out = expiry(&organization, "*[!y].pem").out();
    let kind = |name: &str| {
        let line = out
            .lines()
            .find(|line| line.starts_with(&format!("{name}.pem ")))
            .unwrap();
        line.split_whitespace().nth(2).unwrap().to_owned()
    };
    for (name, expected) in [
        ("ca", "CA"),
        ("sub", "CA"),
        ("server", "server"),
        ("client", "client"),
        ("peer", "peer"),
        ("mail", "other"),
    ] {
        assert_eq!(kind(name), expected, "{name}: {out}");
    }
}

/// The names in a certificate or of a file must not control a terminal.
#[test]
fn control_characters_are_not_printed() {
    let organization = Organization::new().unwrap();
    let document = r#"{"CN": "a\u001b[31m\u0007b\nc", "key": {"algo": "ecdsa", "size": 256}}"#;
    organization.sign("server", "a", document).unwrap();
    let line = "mv a.pem $'x\\e[2J.pem'; rcfssl expiry *.pem *[!y].pem";
    let step = organization.shell(line).unwrap();
    let out = step.out();
    assert!(
        out.contains("x\u{fffd}[2J.pem") && out.contains("a\u{fffd}[31m\u{fffd}b\u{fffd}c"),
        "{out}"
    );
    assert!(!out.contains('\x1b') && !out.contains('\x07'), "{out}");
}

/// The output on a terminal with this many columns.
fn on_a_terminal(organization: &Organization, columns: u32, before: &str, arguments: &str) -> String {
    let inside = format!("stty cols {columns} rows 24; {before} rcfssl expiry {arguments}");
    let mut command: Command = organization.command("script");
    let output = command
        .env("TERM", "xterm")
        .env("LC_ALL", "C.UTF-8")
        .args(["-qc", &inside, "/dev/null"])
        .output()
        .unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap().replace('\r', "")
}

#[test]
fn a_terminal_gets_colours_and_its_width() {
    needs!("script", "stty");
    let organization = organization();
    let long = "a-folder-with-a-long-name/and-another-in-it-too";
    let line = format!("mkdir -p {long}; mv client.pem {long}/a-client-of-the-cluster.pem");
    organization.shell(&line).unwrap().ok().unwrap();
    let files = format!("server.pem soon.pem member.pem ca.pem {long}/*.pem");
    let colours = Regex::new("\x1b\\[(3[123])m([a-z]+)\x1b\\[0m").unwrap();
    for columns in [200, 100, 80, 72] {
        let shown = on_a_terminal(&organization, columns, "", &files);
        let found: Vec<(String, String)> = colours
            .captures_iter(&shown)
            .map(|found| (found[2].to_owned(), found[1].to_owned()))
            .collect();
        let expected = [
            ("expired", "31"),
            ("critical", "31"),
            ("warning", "33"),
            ("ok", "32"),
            ("ok", "32"),
        ];
        assert_eq!(
            found,
            expected.map(|(state, colour)| (state.to_owned(), colour.to_owned()))
        );
        let plain = colours.replace_all(&shown, "$2");
        assert!(!plain.contains('\x1b'), "{plain:?}");
        let widths: Vec<usize> = plain.lines().map(|line| line.chars().count()).collect();
        assert_eq!(widths.len(), 6);
        assert!(
            widths.iter().all(|width| *width <= columns as usize),
            "{columns}: {plain}"
        );
        // The end of a path is kept, because it distinguishes paths.
        assert_eq!(plain.contains(long), columns == 200, "{columns}: {plain}");
        assert!(plain.contains("of-the-cluster.pem "), "{columns}: {plain}");
    }
    let shown = on_a_terminal(&organization, 80, "NO_COLOR=1", &files);
    assert!(!shown.contains('\x1b'), "{shown:?}");
    let shown = on_a_terminal(&organization, 80, "NO_COLOR=", &files);
    assert!(shown.contains('\x1b'), "{shown:?}");
    // Output for programs is the same on a terminal.
    for flag in ["-json", "-prometheus"] {
        let shown = on_a_terminal(&organization, 40, "", &format!("{flag} {files}"));
        assert!(shown.contains(long) && !shown.contains('\x1b'), "{shown:?}");
    }
}

#[test]
fn a_narrow_terminal_is_not_too_narrow() {
    needs!("script", "stty");
    let organization = organization();
    for columns in [1, 10, 40] {
        let shown = on_a_terminal(&organization, columns, "NO_COLOR=1", "server.pem soon.pem");
        assert!(
            shown.contains("critical") && shown.lines().count() == 3,
            "{columns}: {shown}"
        );
    }
}
