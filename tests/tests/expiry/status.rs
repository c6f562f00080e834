//! Exit statuses of monitoring plugins: 0 OK, 1 warning, 2 critical, 3 unknown; 2 takes
//! precedence over 3, and 3 over 1.

use rcfssl_tests::Organization;

use crate::{certificate, expiry};

/// Files with and without problems, and the status of each alone.
const FILES: [(&str, i32); 6] = [
    ("well.pem", 0),
    ("soon.pem", 1),
    ("early.pem", 1),
    ("very-soon.pem", 2),
    ("ended.pem", 2),
    ("garbage.pem", 3),
];

fn organization() -> Organization {
    let organization = Organization::new().unwrap();
    for (name, days) in [
        ("well", 300),
        ("soon", 20),
        ("early", 600),
        ("very-soon", 3),
        ("ended", -1),
    ] {
        certificate(&organization, "server", name, days);
    }
    organization.write("garbage.pem", "-----BEGIN").unwrap();
    organization
}

/// The expected status for several files.
fn worst(statuses: &[i32]) -> i32 {
    let order = [2, 3, 1, 0];
    order
        .into_iter()
        .find(|status| statuses.contains(status))
        .unwrap_or(0)
}

#[test]
fn the_worst_of_several_decides() {
    let organization = organization();
    // All combinations except the empty one.
    for chosen in 1_usize..1 << FILES.len() {
        let files = (0..FILES.len())
            .filter(|at| chosen >> at & 1 == 1)
            .map(|at| FILES[at]);
        let (names, statuses): (Vec<&str>, Vec<i32>) = files.unzip();
        let format = ["", "-json ", "-prometheus "][chosen % 3];
        let step = expiry(&organization, &format!("{format}{}", names.join(" ")));
        assert_eq!(step.status, worst(&statuses), "{format}{names:?}");
        assert_eq!(
            step.err().contains("[ERROR] garbage.pem: "),
            statuses.contains(&3),
            "{names:?}"
        );
    }
}

#[test]
fn the_limits_can_be_moved() {
    let organization = organization();
    for (arguments, expected) in [
        ("soon.pem", 1),
        ("-warn 19d soon.pem", 0),
        ("-warn 491h soon.pem", 0),
        ("-warn 493h soon.pem", 1),
        ("-warn 3w soon.pem", 1),
        ("-critical 21d soon.pem", 2),
        ("-critical 21d -warn 1h soon.pem", 2),
        ("-critical 1d very-soon.pem", 1),
        ("-critical 0 -warn 0 very-soon.pem", 0),
        ("-critical 0 -warn 0 ended.pem", 2),
        ("-warn 1y well.pem", 1),
        ("-critical 1y well.pem", 2),
    ] {
        assert_eq!(expiry(&organization, arguments).status, expected, "{arguments}");
    }
}

#[test]
fn unreadable_files_are_unknown_and_reported() {
    let organization = organization();
    let shown = "mkdir empty; cp well-key.pem well.csr empty; mkdir folder.pem; : > nothing.pem; \
                 sed s/M/N/ well.pem > broken.pem; cat well.pem broken.pem > half.pem";
    organization.shell(shown).unwrap().ok().unwrap();
    for (file, why) in [
        ("none.pem", "open none.pem: no such file or directory"),
        ("none", "open none: no such file or directory"),
        ("nothing.pem", "it contains no certificate"),
        ("well-key.pem", "it contains no certificate"),
        ("well.csr", "it contains no certificate"),
        ("broken.pem", "certificate 1: "),
        ("half.pem", "certificate 2: "),
        ("empty", "it contains no certificates"),
        ("folder.pem", "it contains no certificates"),
    ] {
        let step = expiry(&organization, file);
        assert_eq!(step.status, 3, "{file}");
        assert!(
            step.err().contains(&format!("[ERROR] {file}: {why}")),
            "{file}: {}",
            step.err()
        );
    }
    // The valid certificate in the file is listed nevertheless.
    assert!(expiry(&organization, "half.pem").out().contains("half.pem  well"));
}

#[test]
fn wrong_calls_are_unknown() {
    let organization = organization();
    for (arguments, why) in [
        ("", "name the files or folders to list"),
        ("-json", "name the files or folders to list"),
        ("-warm 1h well.pem", "flag provided but not defined: -warm"),
        ("-warn soon well.pem", "invalid value \"soon\" for flag -warn"),
        ("-warn", "flag needs an argument: -warn"),
        ("-critical= well.pem", "invalid value \"\" for flag -critical"),
        (
            "-json -prometheus well.pem",
            "-json and -prometheus cannot be combined",
        ),
        ("well.pem -warn 9000h", "-warn is not read as a flag here"),
    ] {
        let step = expiry(&organization, arguments);
        assert_eq!(step.status, 3, "{arguments}: {}", step.out());
        assert!(step.err().contains(why), "{arguments}: {}", step.err());
    }
}

#[test]
fn a_closed_output_is_no_panic() {
    let organization = organization();
    let step = organization
        .shell("rcfssl expiry -json *.pem > /dev/full; echo $?")
        .unwrap();
    assert_ne!(step.out(), "0\n", "{}", step.err());
    let step = organization.shell("rcfssl expiry *.pem | true").unwrap();
    assert!(!step.err().contains("panicked"), "{}", step.err());
}
