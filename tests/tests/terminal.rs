//! Output on terminals of any kind and in any locale.

#![allow(clippy::panic, clippy::unwrap_used, reason = "functions of tests")]

use rcfssl_tests::{Organization, needs};

/// Runs a line on its own terminal, and returns what the terminal received.
fn on_terminal(organization: &Organization, variables: &str, columns: u16, line: &str) -> String {
    let inner = format!("stty cols {columns}; {variables} {line}");
    let step = organization
        .shell(&format!("script -qec '{inner}' /dev/null"))
        .unwrap();
    step.out().replace("\r\n", "\n")
}

fn organization() -> Organization {
    let organization = Organization::new().unwrap();
    for name in ["a", "b"] {
        let document = format!(
            r#"{{"CN": "{name} 証明書証明書証明書証明書証明書証明書証明書証明書証明書証明書", "key": {{"algo": "ecdsa", "size": 256}}}}"#
        );
        organization.sign("client", name, &document).unwrap();
    }
    organization
}

#[test]
fn the_bar_is_shown_from_the_start_and_after_each_result() {
    needs!("script", "stty");
    let organization = organization();
    let shown = on_terminal(&organization, "TERM=xterm", 0, "rcfssl renew -force a.pem b.pem");
    // A width of 0 means that nobody has set it: 80 columns, so there is a bar.
    let bar = |done: u8| format!("] {done} of 2");
    let (begin, results) = shown.split_once("renewed    a.pem").unwrap();
    assert!(begin.contains(&bar(0)), "{shown:?}");
    let (first, second) = results.split_once("renewed    b.pem").unwrap();
    assert!(first.contains(&bar(1)), "{shown:?}");
    assert!(second.contains(&bar(2)), "{shown:?}");
    let (_, sum) = shown.rsplit_once("\r\x1b[K").unwrap();
    assert!(sum.starts_with("2 certificates: "), "{shown:?}");
}

#[test]
fn a_dumb_terminal_gets_neither_bar_nor_colour() {
    needs!("script", "stty");
    let organization = organization();
    for line in ["rcfssl renew -force a.pem b.pem", "rcfssl expiry a.pem"] {
        let colourful = on_terminal(&organization, "TERM=xterm", 80, line);
        assert!(colourful.contains('\x1b'), "{colourful:?}");
        for variables in ["TERM=dumb", "TERM="] {
            let shown = on_terminal(&organization, variables, 80, line);
            assert!(shown.contains("a.pem"), "{shown:?}");
            assert!(!shown.contains(['\x1b', '\r']), "{variables}: {shown:?}");
        }
    }
}

#[test]
fn the_table_measures_wide_characters_and_follows_an_ascii_locale() {
    needs!("script", "stty");
    let organization = organization();
    let table = |variables: &str, columns| {
        let variables = format!("TERM=xterm NO_COLOR=1 {variables}");
        on_terminal(
            &organization,
            &variables,
            columns,
            "rcfssl expiry a.pem b.pem ca.pem",
        )
    };
    for columns in [0, 80] {
        let shown = table("LC_ALL=C.UTF-8", columns);
        assert!(shown.contains("証明書") && shown.contains('…'), "{shown}");
        // Each of these characters takes up two columns.
        let width = |line: &str| {
            line.chars()
                .map(|c| 1 + usize::from(c > '\u{3000}'))
                .sum::<usize>()
        };
        let lines: Vec<&str> = shown.lines().filter(|line| !line.is_empty()).collect();
        assert_eq!(lines.len(), 4, "{shown}");
        for line in lines {
            assert!((70..=80).contains(&width(line)), "{} {line}", width(line));
        }
    }
    for locale in ["LC_ALL=C", "LC_ALL= LC_CTYPE=POSIX LANG=C.UTF-8"] {
        let shown = table(locale, 80);
        assert!(shown.is_ascii() && shown.contains("...  "), "{shown}");
    }
    let piped = organization.shell("rcfssl expiry a.pem").unwrap().out();
    assert!(piped.contains("証明書証明書 "), "{piped}");
}
