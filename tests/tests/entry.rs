//! Help, versions, and the messages for a wrong command, flag or program name.

#![allow(clippy::unwrap_used, reason = "functions of tests")]

use rcfssl_tests::Workplace;

#[test]
fn help_and_versions_are_on_standard_output() {
    let place = Workplace::new().unwrap();
    let printed = |line: &str| {
        let step = place.call(line).unwrap().ok().unwrap();
        assert_eq!(step.err(), "", "{line}");
        step.out()
    };
    assert_eq!(printed("rcfssl help"), place.call("rcfssl -h").unwrap().err());
    assert_eq!(
        printed("rcfssl help gencert"),
        place.call("rcfssl gencert -h").unwrap().err()
    );
    let version = printed("rcfssl version");
    assert!(version.starts_with("Version: 1.6.5\n"), "{version}");
    for line in ["rcfssl -version", "rcfssl --version", "cfssl -version"] {
        assert_eq!(printed(line), version, "{line}");
    }
}

/// The error is the last line, and no help scrolls it away.
#[test]
fn a_wrong_call_gets_a_hint_and_the_error() {
    let place = Workplace::new().unwrap();
    for (line, status, err) in [
        (
            "rcfssl gencrt",
            1,
            "hint: did you mean gencert? `rcfssl help` lists the commands\nCommand gencrt is not defined.\n",
        ),
        (
            "rcfssl help gencrt",
            1,
            "hint: did you mean gencert? `rcfssl help` lists the commands\nCommand gencrt is not defined.\n",
        ),
        (
            "cfssl frobnicate",
            1,
            "hint: `rcfssl help` lists the commands\nCommand frobnicate is not defined.\n",
        ),
        (
            "rcfssl gencert -proflie www x.json",
            2,
            "hint: did you mean -profile? `rcfssl gencert -h` lists the flags\n\
             flag provided but not defined: -proflie\n",
        ),
        (
            "rcfssl -bogus",
            2,
            "hint: `rcfssl -h` lists the flags\nflag provided but not defined: -bogus\n",
        ),
        (
            "rcfssl renew -before",
            2,
            "hint: `rcfssl renew -h` lists the flags\nflag needs an argument: -before\n",
        ),
        (
            "rcfssl expiry -wran 1h .",
            3,
            "hint: did you mean -warn? `rcfssl expiry -h` lists the flags\n\
             flag provided but not defined: -wran\n",
        ),
        (
            "rcfssljson -stdot",
            2,
            "hint: did you mean -stdout? `rcfssljson -h` lists the flags\n\
             flag provided but not defined: -stdot\n",
        ),
        (
            "mkbundle -bogus",
            2,
            "hint: `mkbundle -h` lists the flags\nflag provided but not defined: -bogus\n",
        ),
    ] {
        let step = place.call(line).unwrap();
        assert_eq!((step.status, step.err().as_str()), (status, err), "{line}");
        assert_eq!(step.out(), "", "{line}");
    }
}

#[test]
fn a_link_to_the_wrong_program_is_reported() {
    let place = Workplace::new().unwrap();
    for (program, name, says) in [
        ("rcfssl", "cfssljson", "make cfssljson a link to rcfssljson"),
        ("rcfssl", "rcfssljson", "make rcfssljson a link to rcfssljson"),
        ("rcfssljson", "cfssl", "make cfssl a link to rcfssl instead"),
    ] {
        let line =
            format!("mkdir -p links; ln -sf \"$(command -v {program})\" links/{name}; links/{name} -bare x");
        let step = place.shell(&line).unwrap();
        assert_eq!((step.status, step.out().as_str()), (1, ""), "{line}");
        assert!(step.err().contains(says), "{line}: {step}");
    }
}
