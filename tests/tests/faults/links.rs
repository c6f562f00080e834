//! Links.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};

use crate::{apart, fails, names, needs_root, place, run};

#[test]
fn a_symbolic_link_is_written_through() {
    let place = place();
    fs::create_dir(place.join("real")).unwrap();
    place.write("real/cert", "old").unwrap();
    symlink("real/cert", place.join("x.pem")).unwrap();
    symlink("x.pem", place.join("y.pem")).unwrap();
    run(&place, "rcfssljson -bare y < in.json").ok().unwrap();
    assert_eq!(place.read("real/cert").unwrap(), "new cert");
    for link in ["x.pem", "y.pem"] {
        assert!(fs::symlink_metadata(place.join(link)).unwrap().is_symlink());
    }
    assert_eq!(
        names(&place),
        ["in.json", "real/cert", "x.pem", "y-key.pem", "y.csr", "y.pem"]
    );
}

#[test]
fn a_dangling_link_gets_its_file() {
    let place = place();
    fs::create_dir(place.join("real")).unwrap();
    symlink("real/key", place.join("x-key.pem")).unwrap();
    run(&place, "rcfssljson -bare x < in.json").ok().unwrap();
    assert!(
        fs::symlink_metadata(place.join("x-key.pem"))
            .unwrap()
            .is_symlink()
    );
    assert_eq!(
        fs::metadata(place.join("real/key")).unwrap().mode() & 0o777,
        0o600
    );
    assert_eq!(place.read("real/key").unwrap(), "new key");
    symlink("nowhere/key", place.join("y-key.pem")).unwrap();
    fails(
        &place,
        "rcfssljson -bare y < in.json",
        "open y-key.pem: no such file or directory",
    );
}

#[test]
fn a_loop_of_links_is_reported() {
    let place = place();
    symlink("x.pem", place.join("x.pem")).unwrap();
    fails(
        &place,
        "rcfssljson -bare x < in.json",
        "open x.pem: too many levels of symbolic links",
    );
}

#[test]
fn hard_links_stay_together() {
    let place = place();
    place.write("x.pem", "something longer").unwrap();
    fs::hard_link(place.join("x.pem"), place.join("other")).unwrap();
    let step = run(&place, "rcfssljson -bare x < in.json").ok().unwrap();
    assert_eq!(place.read("other").unwrap(), "new cert");
    assert_eq!(fs::metadata(place.join("x.pem")).unwrap().nlink(), 2);
    assert!(step.err().starts_with("hint: x.pem "), "{}", step.err());
}

#[test]
fn standard_output_may_be_behind_a_link() {
    let place = place();
    symlink("/dev/stdout", place.join("x.pem")).unwrap();
    let line = "rcfssljson -bare x < in.json";
    assert_eq!(run(&place, line).ok().unwrap().out(), "new cert");
    run(&place, &format!("{line} > out")).ok().unwrap();
    assert_eq!(place.read("out").unwrap(), "new cert");
    assert_eq!(
        run(&place, &format!("{line} | tr a-z A-Z")).ok().unwrap().out(),
        "NEW CERT"
    );
    assert!(fs::symlink_metadata(place.join("x.pem")).unwrap().is_symlink());
}

#[test]
fn a_named_pipe_is_written_to() {
    let place = place();
    let line = "mkfifo x.pem; cat x.pem > got & rcfssljson -bare x < in.json; wait; test -p x.pem";
    run(&place, line).ok().unwrap();
    assert_eq!(place.read("got").unwrap(), "new cert");
}

#[test]
fn a_bind_mounted_file_is_written_in_place() {
    needs_root!();
    let place = place();
    place.write("real", "something longer").unwrap();
    let line = "touch x.pem; mount --bind real x.pem; rcfssljson -bare x < in.json; echo $?; cat x.pem";
    let step = run(&place, &apart(line));
    assert_eq!(step.out(), "0\nnew cert");
    assert!(step.err().starts_with("hint: x.pem "), "{}", step.err());
    assert_eq!(place.read("real").unwrap(), "new cert");
    assert_eq!(names(&place), ["in.json", "real", "x-key.pem", "x.csr", "x.pem"]);
}

#[test]
fn a_full_device_is_reported() {
    let place = place();
    symlink("/dev/full", place.join("x.pem")).unwrap();
    fails(
        &place,
        "rcfssljson -bare x < in.json",
        "write x.pem: no space left on device",
    );
}
