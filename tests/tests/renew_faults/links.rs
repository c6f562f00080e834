//! Folders and files that are links, mount points, or something else.

use std::fs;
use std::os::unix::fs::symlink;

use rcfssl_tests::Organization;
use rcfssl_tests::confine::apart;
use rcfssl_tests::needs_root;

use crate::{organization, run, told};

fn is_link(organization: &Organization, name: &str) -> bool {
    let metadata = fs::symlink_metadata(organization.join(name)).unwrap();
    metadata.is_symlink()
}

/// An organization whose pair `a` consists of links to versions elsewhere, as ACME clients
/// keep them.
fn with_links() -> Organization {
    let organization = organization();
    let line = "mkdir ../archive; for f in a.pem a-key.pem; do mv $f ../archive/1-$f; ln -s ../archive/1-$f $f; done";
    run(&organization, line).ok().unwrap();
    organization
}

fn names(organization: &Organization, folder: &str) -> String {
    let line = format!("ls -A {folder} | tr '\\n' ' '");
    run(organization, &line).out()
}

#[test]
fn a_folder_may_be_a_link() {
    let organization = organization();
    symlink(".", organization.join("link")).unwrap();
    symlink(organization.join("link"), organization.aside().join("far")).unwrap();
    for target in ["link", "link/", "../far", "link/a.pem ../far/b.pem"] {
        let step = run(&organization, &format!("rcfssl renew -force -rekey {target}"))
            .ok()
            .unwrap();
        assert!(
            step.out().contains("2 certificates: 0 made, 2 renewed"),
            "{target}: {}",
            step.out()
        );
        for name in ["a", "b"] {
            organization
                .check_pair(&format!("{name}.pem"), &format!("{name}-key.pem"))
                .unwrap();
        }
        assert_eq!(organization.dot_files().unwrap(), Vec::<String>::new());
    }
    assert!(is_link(&organization, "link"));
}

#[test]
fn files_may_be_links_and_stay_links() {
    let organization = with_links();
    let old = organization.certificate("a.pem").unwrap();
    for flags in ["-rekey", "", "-rekey -backup"] {
        run(&organization, &format!("rcfssl renew -force {flags} ."))
            .ok()
            .unwrap();
        assert!(is_link(&organization, "a.pem") && is_link(&organization, "a-key.pem"));
        organization.check_pair("a.pem", "a-key.pem").unwrap();
        assert_eq!(names(&organization, "../archive"), "1-a-key.pem 1-a.pem ");
    }
    assert_ne!(organization.certificate("a.pem").unwrap(), old);
    // Backups are beside the names that they back up.
    assert!(!is_link(&organization, "a.pem.bak") && !is_link(&organization, "a-key.pem.bak"));
    organization.check_pair("a.pem.bak", "a-key.pem.bak").unwrap();
    run(&organization, "rcfssl renew -force -backup .").ok().unwrap();
    organization.check_pair("a.pem.bak", "a-key.pem.bak").unwrap();
    assert_eq!(names(&organization, "../archive"), "1-a-key.pem 1-a.pem ");
}

#[test]
fn a_dangling_link_is_reported_and_its_target_created_by_a_jobs_document() {
    let organization = with_links();
    run(&organization, "rm ../archive/1-a.pem").ok().unwrap();
    let step = run(&organization, "rcfssl renew -force a.pem");
    assert_eq!(
        (step.status, told(&step)),
        (1, vec!["a.pem: open a.pem: no such file or directory".to_owned()])
    );
    organization.write("a.json", r#"{"CN": "a"}"#).unwrap();
    let jobs = r#"{"organizations": [{"name": "o", "folder": ".", "certificates": [
        {"request": "a.json", "profile": "server", "output": "a"}]}]}"#;
    organization.write("jobs.json", jobs).unwrap();
    run(&organization, "rcfssl renew -jobs jobs.json").ok().unwrap();
    assert!(is_link(&organization, "a.pem"));
    assert_eq!(names(&organization, "../archive"), "1-a-key.pem 1-a.pem ");
    organization.check_pair("a.pem", "a-key.pem").unwrap();
}

#[test]
fn a_loop_of_links_is_reported() {
    let organization = organization();
    run(&organization, "rm a.pem; ln -s a.pem a.pem").ok().unwrap();
    let step = run(&organization, "rcfssl renew -force .");
    assert_eq!(step.status, 1);
    assert_eq!(
        told(&step),
        ["./a.pem: open ./a.pem: too many levels of symbolic links"]
    );
    organization.check_pair("b.pem", "b-key.pem").unwrap();
}

/// A pair on two file systems is still replaced together.
#[test]
fn links_may_lead_to_another_disk() {
    needs_root!();
    let organization = organization();
    let line = "mkdir ../disk; mount -t tmpfs none ../disk; mv a.pem ../disk; ln -s ../disk/a.pem .; \
                rcfssl renew -force -rekey -backup . && ls -A . ../disk && openssl verify -CAfile ca.pem a.pem && \
                test \"$(openssl x509 -noout -pubkey -in a.pem)\" = \"$(openssl pkey -pubout -in a-key.pem)\" && \
                test \"$(openssl x509 -noout -pubkey -in a.pem.bak)\" = \"$(openssl pkey -pubout -in a-key.pem.bak)\"";
    let step = run(&organization, &apart(line)).ok().unwrap();
    let (_, listed) = step
        .out()
        .split_once(".:\n")
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .unwrap();
    assert!(!listed.contains("\n.rcfssl"), "{listed}");
    assert!(listed.contains("../disk:\na.pem\n"), "{listed}");
}

/// A file that is a mount point, as in containers, cannot be replaced.
#[test]
fn a_mounted_file_is_refused_and_its_key_stays() {
    needs_root!();
    let organization = organization();
    let line = "sha256sum *.pem > ../before; cp a.pem ../x; mount --bind ../x a.pem; \
                rcfssl renew -force -rekey a.pem; echo $?; sha256sum -c --quiet ../before; ls -A | grep ^[.]";
    let step = run(&organization, &apart(line));
    assert!(
        step.out().ends_with("1 failed (0.0 s)\n1\n") || step.out().ends_with("\n1\n"),
        "{}",
        step.out()
    );
    assert_eq!(
        told(&step),
        [
            "a.pem: open a.pem: the file is mounted by itself and cannot be replaced as a whole: mount its folder"
        ]
    );
}

/// The new file is independent: other hard links keep the old one.
#[test]
fn other_hard_links_keep_the_old_file() {
    let organization = organization();
    run(
        &organization,
        "ln a.pem other; cp a.pem copy; rcfssl renew -force .; cmp other copy",
    )
    .ok()
    .unwrap();
    organization.check_pair("a.pem", "a-key.pem").unwrap();
}
