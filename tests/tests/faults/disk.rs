//! A disk that is full.

use crate::{apart, names, needs_root, place, run};

/// A disk of a few pages; `full` fills the rest of it.
const SMALL: &str = "mkdir disk; mount -t tmpfs -o size=64k none disk; full() { \
    head -c 1M /dev/zero > disk/fill 2> /dev/null || true; };";

/// Results that need more space than there is.
fn large() -> String {
    let filler = "x".repeat(100_000);
    format!(r#"{{"cert":"{filler}","key":"new key","csr":"new csr"}}"#)
}

#[test]
fn a_new_file_that_does_not_fit_does_not_exist() {
    needs_root!();
    let place = place();
    place.write("large.json", large()).unwrap();
    let line = format!("{SMALL} rcfssljson -bare disk/x < large.json; echo $?; ls -A disk");
    let step = run(&place, &apart(&line));
    assert_eq!(step.out(), "1\n");
    assert_eq!(step.err(), "write disk/x.pem: no space left on device\n");
}

#[test]
fn the_old_file_stays_if_the_new_one_does_not_fit() {
    needs_root!();
    let place = place();
    place.write("large.json", large()).unwrap();
    let line = format!(
        "{SMALL} echo old > disk/x.pem; echo old > disk/x-key.pem; chmod 640 disk/x.pem; full; \
         rcfssljson -bare disk/x < large.json; echo $?; cat disk/x.pem disk/x-key.pem; ls -A disk; \
         stat -c %a disk/x.pem"
    );
    let step = run(&place, &apart(&line));
    assert_eq!(step.out(), "1\nold\nold\nfill\nx-key.pem\nx.pem\n640\n");
    assert_eq!(step.err(), "write disk/x.pem: no space left on device\n");
}

#[test]
fn files_before_the_one_that_does_not_fit_stay() {
    needs_root!();
    let place = place();
    let filler = "x".repeat(100_000);
    let results = format!(r#"{{"cert":"new cert","key":"new key","csr":"{filler}"}}"#);
    place.write("large.json", results).unwrap();
    let line = format!("{SMALL} rcfssljson -bare disk/x < large.json; echo $?; ls -A disk; cat disk/x.pem");
    let step = run(&place, &apart(&line));
    assert_eq!(step.out(), "1\nx-key.pem\nx.pem\nnew cert");
    assert_eq!(step.err(), "write disk/x.csr: no space left on device\n");
}

#[test]
fn a_disk_without_inodes_is_reported() {
    needs_root!();
    let place = place();
    let line = "mkdir disk; mount -t tmpfs -o nr_inodes=2 none disk; touch disk/last; \
         rcfssljson -bare disk/x < in.json; echo $?; ls -A disk";
    let step = run(&place, &apart(line));
    assert_eq!(step.out(), "1\nlast\n");
    assert_eq!(step.err(), "open disk/x.pem: no space left on device\n");
}

#[test]
fn a_read_only_disk_is_reported() {
    needs_root!();
    let place = place();
    let line = "mkdir disk; mount -t tmpfs none disk; echo old > disk/x.pem; mount -o remount,ro disk; \
         rcfssljson -bare disk/x < in.json; echo $?; rcfssljson -bare disk/y < in.json; echo $?; cat disk/*";
    let step = run(&place, &apart(line));
    assert_eq!(step.out(), "1\n1\nold\n");
    assert_eq!(
        step.err(),
        "open disk/x.pem: read-only file system\nopen disk/y.pem: read-only file system\n"
    );
    assert_eq!(names(&place), ["in.json"]);
}
