//! Standard streams that are closed, full, or pipes.

use rcfssl_tests::Workplace;

use crate::{fails, names, place, run};

const REQUEST: &str = r#"{"CN":"x","hosts":["x.example"]}"#;

/// A workplace with a CA and a request.
fn authority() -> Workplace {
    let place = place();
    place.write("x.json", REQUEST).unwrap();
    run(
        &place,
        "rcfssl gencert -initca x.json 2> log | rcfssljson -bare ca; rm log",
    )
    .ok()
    .unwrap();
    place
}

#[test]
fn a_full_standard_output_is_an_error_of_every_command() {
    let place = authority();
    for command in [
        "rcfssl version",
        "rcfssl print-defaults config",
        "rcfssl print-defaults csr",
        "rcfssl genkey x.json",
        "rcfssl genkey -initca x.json",
        "rcfssl gencert -initca x.json",
        "rcfssl gencert -ca ca.pem -ca-key ca-key.pem x.json",
        "rcfssl gencert -renewca -ca ca.pem -ca-key ca-key.pem",
        "rcfssljson -bare -stdout < in.json",
        "rcfssljson -version",
    ] {
        fails(
            &place,
            &format!("{command} > /dev/full"),
            "write /dev/stdout: no space left on device",
        );
    }
}

#[test]
fn a_closed_pipe_is_no_panic() {
    let place = authority();
    for command in [
        "rcfssl genkey x.json",
        "rcfssl print-defaults csr",
        "rcfssljson -bare -stdout < in.json",
    ] {
        // The pipe has no reader any more when the command prints.
        let line =
            format!("mkfifo pipe; (exec 3< pipe) & exec 4> pipe; wait; {command} >&4; echo $?; rm pipe");
        let step = run(&place, &line);
        let told = step.out() == "1\n" && step.err().contains("broken pipe");
        let killed = step.out() == "141\n";
        assert!(told || killed, "{command}: {} {}", step.out(), step.err());
    }
}

#[test]
fn closed_streams_are_no_panic() {
    let place = authority();
    // Losing a key is an error; output that can be repeated is not, as in cfssl.
    for command in [
        "rcfssl genkey x.json",
        "rcfssl gencert -initca x.json",
        "rcfssl gencert -ca ca.pem -ca-key ca-key.pem x.json",
        "rcfssl selfsign x.example x.json",
        "rcfssljson -bare -stdout < in.json",
    ] {
        let line = format!("{command} >&-");
        fails(&place, &line, "write /dev/stdout: bad file descriptor");
        run(&place, &format!("{command} >/dev/null")).ok().unwrap();
    }
    run(&place, "rcfssl version >&-").ok().unwrap();
    for redirection in ["2>&-", "2>/dev/full"] {
        let step = run(
            &place,
            &format!("rcfssl genkey x.json {redirection} | rcfssljson -bare made && rm made*"),
        );
        assert_eq!(step.status, 0, "{redirection}: {}", step.err());
    }
    let step = run(&place, "rcfssljson -bare y <&-");
    assert_eq!(step.status, 1);
    assert!(step.err().starts_with("Failed to "), "{}", step.err());
    let step = run(&place, "rcfssl genkey - <&-");
    assert_eq!(step.status, 1);
    assert_eq!(
        names(&place),
        ["ca-key.pem", "ca.csr", "ca.pem", "in.json", "x.json"]
    );
}

#[test]
fn a_closed_standard_output_does_not_become_the_next_file() {
    let place = place();
    // With descriptor 1 free, the first file that is opened would get it.
    run(&place, "rcfssljson -bare x < in.json >&- 2>&-").ok().unwrap();
    assert_eq!(place.read("x.pem").unwrap(), "new cert");
    assert_eq!(place.read("x-key.pem").unwrap(), "new key");
}

#[test]
fn documents_and_keys_may_be_pipes() {
    let place = authority();
    let sign = "rcfssl gencert -ca <(cat ca.pem) -ca-key <(cat ca-key.pem)";
    for line in [
        format!("{sign} <(cat x.json) | rcfssljson -bare y"),
        format!("cat x.json | {sign} - | rcfssljson -bare y"),
        format!("mkfifo pipe; cat x.json > pipe & {sign} pipe | rcfssljson -bare -f /dev/stdin y; rm pipe"),
        format!(
            "{sign} -config <(echo '{{}}') x.json | rcfssljson -bare -f <(cat) y || {sign} x.json | rcfssljson -bare y"
        ),
        "(printf '{\"CN\":'; sleep 0.1; printf '\"slow\"}') | rcfssl genkey - | rcfssljson -bare y"
            .to_owned(),
    ] {
        run(&place, &format!("{line}; test -s y-key.pem && rm y*"))
            .ok()
            .unwrap();
    }
}
