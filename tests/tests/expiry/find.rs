//! Which files of a folder are read, and which certificates are listed.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use rcfssl_tests::confine::as_nobody;
use rcfssl_tests::{Organization, binaries, needs_root};

use crate::{certificate, expiry, listed};

fn organization() -> Organization {
    let organization = Organization::new().unwrap();
    for (name, days) in [("a", 100), ("b", 50)] {
        certificate(&organization, "server", name, days);
    }
    organization
}

#[test]
fn in_a_folder_keys_requests_and_other_files_are_skipped() {
    let organization = organization();
    let line = "cp a.pem tls.crt; cp a-key.pem tls.key; cp a.pem A.CER; openssl x509 -in a.pem -outform der -out d.der; \
                mkdir sub; cp a.pem sub; cp a.pem .hidden.pem; cp a.pem a.pem.bak; cp a.pem a.txt; \
                openssl pkey -in a-key.pem -pubout -out public.pem; touch jobs.json; ln -s b.pem link.pem";
    organization.shell(line).unwrap().ok().unwrap();
    let step = expiry(&organization, ".").ok().unwrap();
    assert_eq!(
        listed(&step),
        [
            "./b.pem",
            "./link.pem",
            "./A.CER",
            "./a.pem",
            "./d.der",
            "./tls.crt",
            "./ca.pem"
        ]
    );
    assert_eq!(step.err(), "");
    // Files that are named are listed whatever their names.
    let step = expiry(&organization, "a.pem.bak .hidden.pem a.txt sub")
        .ok()
        .unwrap();
    assert_eq!(listed(&step), [".hidden.pem", "a.pem.bak", "a.txt", "sub/a.pem"]);
}

#[test]
fn every_certificate_of_a_file_is_listed() {
    let organization = organization();
    let line = "cat a.pem a-key.pem ca.pem b.pem > chain.pem; (echo 'Some words'; cat b.pem) > words.pem; \
                sed 's/$/\\r/' a.pem > dos.pem; sed 's/ CERT/ TRUSTED CERT/' a.pem > trusted.pem; \
                cat b.pem b.pem > twice.pem";
    organization.shell(line).unwrap().ok().unwrap();
    let step = expiry(&organization, "chain.pem words.pem dos.pem trusted.pem twice.pem")
        .ok()
        .unwrap();
    assert_eq!(
        listed(&step),
        [
            "chain.pem #3",
            "twice.pem",
            "twice.pem #2",
            "words.pem",
            "chain.pem",
            "dos.pem",
            "trusted.pem",
            "chain.pem #2"
        ]
    );
}

#[test]
fn files_and_folders_are_listed_together_and_each_once() {
    let organization = organization();
    organization
        .shell("mkdir sub; mv b.pem sub; ln -s sub link")
        .unwrap()
        .ok()
        .unwrap();
    let step = expiry(&organization, "a.pem sub a.pem link sub a.pem")
        .ok()
        .unwrap();
    assert_eq!(listed(&step), ["link/b.pem", "sub/b.pem", "a.pem"]);
}

/// A folder without any certificates must not look as if all were well.
#[test]
fn unreadable_files_are_reported_but_keys_are_not_opened() {
    needs_root!();
    let organization = organization();
    for name in ["rcfssl", "rcfssljson"] {
        let copy = organization.aside().join("bin").join(name);
        fs::remove_file(&copy).unwrap();
        fs::copy(binaries::folder().unwrap().join(name), &copy).unwrap();
    }
    let close =
        |name: &str| fs::set_permissions(organization.join(name), Permissions::from_mode(0o000)).unwrap();
    let look = || organization.shell(&as_nobody("rcfssl expiry .")).unwrap();
    for key in ["a-key.pem", "b-key.pem", "ca-key.pem"] {
        close(key);
    }
    assert_eq!((look().status, look().err().as_str()), (0, ""));
    close("b.pem");
    let step = look();
    assert_eq!(step.status, 3);
    assert!(
        step.err()
            .ends_with("[ERROR] ./b.pem: open ./b.pem: permission denied\n"),
        "{}",
        step.err()
    );
    assert_eq!(listed(&step), ["./a.pem", "./ca.pem"]);
    close("");
    let line = as_nobody(&format!("cd /; rcfssl expiry {}", organization.path().display()));
    let step = organization.shell(&format!("cd /; {line}")).unwrap();
    assert_eq!(step.status, 3);
    assert!(step.err().contains("permission denied"), "{}", step.err());
    fs::set_permissions(organization.path(), Permissions::from_mode(0o755)).unwrap();
}

/// Pipes in a folder are not opened; one that is named is read.
#[test]
fn pipes_are_read_only_if_they_are_named() {
    let organization = organization();
    let line = "mkfifo x.pem; ln -s /dev/zero y.pem; timeout 20 rcfssl expiry . 2>&1";
    let step = organization.shell(line).unwrap();
    assert_eq!(step.status, 3, "{}", step.out());
    for name in ["x", "y"] {
        let told = format!("./{name}.pem: open ./{name}.pem: not a regular file");
        assert!(step.out().contains(&told), "{}", step.out());
    }
    let step = organization
        .shell("rm x.pem y.pem; rcfssl expiry <(cat a.pem)")
        .unwrap()
        .ok()
        .unwrap();
    assert_eq!(listed(&step).len(), 1);
}
