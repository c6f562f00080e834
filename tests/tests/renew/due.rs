//! When a certificate is due, and that nothing changes otherwise.

use rcfssl_tests::Organization;

use crate::{document, organization, organization_with_a_server_that_is_due, renew, renewed, sum};

#[test]
fn a_third_of_the_lifetime_decides() {
    let organization = Organization::new().unwrap();
    for (name, days) in [
        ("just-due", [-202, 98]),
        ("not-yet", [-198, 102]),
        ("long", [-2000, 950]),
        ("short", [-1, 1]),
    ] {
        organization
            .sign_from_to("server", name, &document(name, &["x.example"]), days)
            .unwrap();
    }
    let before = organization.stamps().unwrap();
    let step = renewed(&organization, ".");
    let lines = step.out();
    assert!(lines.contains("renewed    ./just-due.pem  until "), "{lines}");
    assert!(
        lines.contains("  97 days left, profile server, same key\n"),
        "{lines}"
    );
    assert!(lines.contains("renewed    ./long.pem  until "), "{lines}");
    assert!(lines.contains("untouched  ./not-yet.pem  until "), "{lines}");
    assert!(lines.contains("untouched  ./short.pem  until "), "{lines}");
    assert_eq!(sum(&step), [0, 2, 2, 0]);
    let after = organization.stamps().unwrap();
    for name in ["not-yet.pem", "short.pem", "just-due-key.pem", "just-due.csr"] {
        assert_eq!(after[name], before[name], "{name}");
    }
    assert_eq!(organization.certificate("just-due.pem").unwrap().days_left(), 364);
    assert_eq!(sum(&renewed(&organization, ".")), [0, 0, 4, 0]);
}

#[test]
fn before_overrides_the_default() {
    let organization = organization_with_a_server_that_is_due();
    for (before, expected) in [
        ("64d", [0, 0, 1, 0]),
        ("1536h", [0, 0, 1, 0]),
        ("9w", [0, 0, 1, 0]),
        ("0", [0, 0, 1, 0]),
        ("66d", [0, 1, 0, 0]),
    ] {
        let step = renewed(&organization, &format!("-before {before} ."));
        assert_eq!(sum(&step), expected, "{before}: {}", step.out());
    }
    assert_eq!(sum(&renewed(&organization, "-before 2y .")), [0, 1, 0, 0]);
    let step = renew(&organization, "-before soon .");
    assert_eq!(step.status, 2);
    assert!(step.err().contains("soon"), "{}", step.err());
}

#[test]
fn expired_certificates_are_renewed() {
    let organization = Organization::new().unwrap();
    organization
        .sign_from_to("server", "a", &document("a", &["a.example"]), [-30, -1])
        .unwrap();
    let step = renewed(&organization, "-before 0 .");
    assert!(step.out().contains("  expired, profile server"), "{}", step.out());
    organization.check_pair("a.pem", "a-key.pem").unwrap();
}

#[test]
fn force_also_renews_certificates_that_are_not_due() {
    let organization = organization();
    assert_eq!(sum(&renewed(&organization, ".")), [0, 0, 3, 0]);
    let step = renewed(&organization, "-force .");
    assert_eq!(sum(&step), [0, 3, 0, 0]);
    assert_eq!(
        step.out().matches("  forced, profile ").count(),
        3,
        "{}",
        step.out()
    );
}

#[test]
fn certificates_that_are_not_due_are_untouched_and_reported() {
    let organization = organization();
    let before = organization.stamps().unwrap();
    let step = renewed(&organization, "server.pem client.pem");
    let until = |file: &str| {
        let end = organization.certificate(file).unwrap().validity[1];
        let date = time::OffsetDateTime::from_unix_timestamp(end).unwrap().date();
        format!("untouched  {file}  until {date}\n")
    };
    let [server, client] = ["server.pem", "client.pem"].map(until);
    assert!(step.out().starts_with(&(server + &client)), "{}", step.out());
    assert!(
        step.out()
            .contains("2 certificates: 0 made, 0 renewed, 2 untouched, 0 failed (")
    );
    let mut after = organization.stamps().unwrap();
    after.insert(".".to_owned(), before["."].clone());
    assert_eq!(after, before);
    assert_eq!(step.err(), "");
}

/// Two runs: the second touches no file.
#[test]
fn a_second_run_changes_nothing() {
    let organization = organization_with_a_server_that_is_due();
    organization
        .sign("client", "client", &document("c", &[]))
        .unwrap();
    assert_eq!(sum(&renewed(&organization, "-rekey .")), [0, 1, 1, 0]);
    let mut before = organization.stamps().unwrap();
    for flags in ["", "-rekey", "-backup", "-before 300d", "-strict"] {
        let step = renewed(&organization, &format!("{flags} ."));
        assert_eq!(sum(&step), [0, 0, 2, 0], "{flags}");
        let after = organization.stamps().unwrap();
        before.insert(".".to_owned(), after["."].clone());
        assert_eq!(after, before, "{flags}");
    }
}

#[test]
fn a_dry_run_reports_what_would_happen_and_changes_nothing() {
    let organization = organization_with_a_server_that_is_due();
    organization
        .sign("client", "client", &document("c", &[]))
        .unwrap();
    organization.sign("client", "alone", &document("c", &[])).unwrap();
    organization
        .shell("cp client-key.pem alone-key.pem")
        .unwrap()
        .ok()
        .unwrap();
    let before = organization.stamps().unwrap();
    let step = renew(&organization, "-dry-run -rekey -backup -exec 'touch ran' .");
    assert_eq!(step.status, 1, "what would fail fails");
    assert!(
        step.out()
            .contains("to renew   ./a.pem  64 days left, profile server\n"),
        "{}",
        step.out()
    );
    assert!(
        step.out().contains("untouched  ./client.pem  until "),
        "{}",
        step.out()
    );
    assert!(
        step.out()
            .contains("3 certificates: 0 to be made, 1 to be renewed, 1 untouched, 1 refused"),
        "{}",
        step.out()
    );
    assert!(
        step.err()
            .contains("alone.pem: the key ./alone-key.pem does not match the certificate"),
        "{}",
        step.err()
    );
    // Not even a lock was created: the folder's own time is the same.
    assert_eq!(organization.stamps().unwrap(), before);
    organization.shell("rm alone*").unwrap().ok().unwrap();
    assert_eq!(renew(&organization, "-dry-run -force .").status, 0);
}

/// The system calls show that nothing is opened for writing, created, renamed or removed.
#[test]
fn a_dry_run_makes_no_modifying_system_call() {
    rcfssl_tests::needs!("strace");
    let organization = organization_with_a_server_that_is_due();
    let trace = |flags: &str| {
        let calls = "trace=open,openat,creat,mkdir,mkdirat,rename,renameat,renameat2,link,linkat,unlink,unlinkat,\
                     symlink,symlinkat,chmod,fchmod,fchmodat,chown,fchown,fchownat,truncate,ftruncate,utimensat";
        let line = format!("strace -f -o ../trace -e {calls} rcfssl renew {flags} .");
        organization.shell(&line).unwrap().ok().unwrap();
        let trace = organization.read("../trace").unwrap();
        let changes = trace.lines().filter(|line| {
            let reads = line.contains("O_RDONLY") && !line.contains("O_CREAT");
            line.contains('(') && !reads && !line.contains("/sys/") && !line.contains("/proc/")
        });
        changes.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(trace("-dry-run -rekey"), Vec::<String>::new());
    assert!(trace("-rekey").iter().any(|line| line.contains("rename")));
}
