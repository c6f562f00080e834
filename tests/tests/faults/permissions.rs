//! Files and folders with restricted permissions.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};

use rcfssl_tests::confine::NOBODY;
use rcfssl_tests::{Workplace, binaries, needs};

use crate::{as_nobody, fails, names, needs_root, place, run};

/// A workplace that belongs to nobody, with the binaries where nobody can run them.
fn nobodys() -> Workplace {
    let place = place();
    chown(place.path(), Some(NOBODY), Some(NOBODY)).unwrap();
    for name in ["rcfssl", "rcfssljson"] {
        let copy = place.aside().join("bin").join(name);
        fs::remove_file(&copy).unwrap();
        fs::copy(binaries::folder().unwrap().join(name), &copy).unwrap();
    }
    place
}

/// A file of this owner, group and mode.
fn put(place: &Workplace, name: &str, owner: (u32, u32), mode: u32) {
    place.write(name, "old").unwrap();
    chown(place.join(name), Some(owner.0), Some(owner.1)).unwrap();
    set_mode(place, name, mode);
}

fn set_mode(place: &Workplace, name: &str, mode: u32) {
    fs::set_permissions(place.join(name), Permissions::from_mode(mode)).unwrap();
}

/// Owner, group, mode.
fn state(place: &Workplace, name: &str) -> (u32, u32, u32) {
    let metadata = fs::metadata(place.join(name)).unwrap();
    (metadata.uid(), metadata.gid(), metadata.mode() & 0o7777)
}

#[test]
fn an_existing_file_keeps_mode_and_owner() {
    needs_root!();
    let place = place();
    put(&place, "x.pem", (1, 2), 0o640);
    put(&place, "x-key.pem", (NOBODY, 3), 0o400);
    run(&place, "rcfssljson -bare x < in.json").ok().unwrap();
    assert_eq!(place.read("x.pem").unwrap(), "new cert");
    assert_eq!(place.read("x-key.pem").unwrap(), "new key");
    assert_eq!(state(&place, "x.pem"), (1, 2, 0o640));
    assert_eq!(state(&place, "x-key.pem"), (NOBODY, 3, 0o400));
    assert_eq!(state(&place, "x.csr"), (0, 0, 0o644));
    assert_eq!(names(&place), ["in.json", "x-key.pem", "x.csr", "x.pem"]);
}

#[test]
fn a_key_that_others_may_read_is_hinted_at() {
    let place = place();
    place.write("x-key.pem", "old").unwrap();
    let step = run(&place, "rcfssljson -bare x < in.json").ok().unwrap();
    assert!(step.err().starts_with("hint: x-key.pem "), "{}", step.err());
    assert_eq!(place.tree().unwrap().files["x-key.pem"].permissions, 0o644);
}

#[test]
fn a_read_only_file_is_refused() {
    needs_root!();
    let place = nobodys();
    put(&place, "x.pem", (NOBODY, NOBODY), 0o444);
    fails(
        &place,
        &as_nobody("rcfssljson -bare x < in.json"),
        "open x.pem: permission denied",
    );
    assert_eq!(place.read("x.pem").unwrap(), "old");
    assert_eq!(state(&place, "x.pem"), (NOBODY, NOBODY, 0o444));
    assert_eq!(names(&place), ["in.json", "x.pem"]);
}

#[test]
fn the_first_file_stays_when_the_second_is_refused() {
    needs_root!();
    let place = nobodys();
    put(&place, "x-key.pem", (NOBODY, NOBODY), 0o400);
    fails(
        &place,
        &as_nobody("rcfssljson -bare x < in.json"),
        "open x-key.pem: permission denied",
    );
    assert_eq!(place.read("x.pem").unwrap(), "new cert");
    assert_eq!(place.read("x-key.pem").unwrap(), "old");
    assert_eq!(names(&place), ["in.json", "x-key.pem", "x.pem"]);
}

#[test]
fn the_first_file_stays_when_the_second_is_a_folder() {
    let place = place();
    fs::create_dir(place.join("x-key.pem")).unwrap();
    fails(
        &place,
        "rcfssljson -bare x < in.json",
        "open x-key.pem: is a directory",
    );
    assert_eq!(place.read("x.pem").unwrap(), "new cert");
    assert_eq!(names(&place), ["in.json", "x.pem"]);
}

#[test]
fn a_folder_that_may_not_be_written_takes_no_new_file() {
    needs_root!();
    let place = nobodys();
    set_mode(&place, "", 0o555);
    fails(
        &place,
        &as_nobody("rcfssljson -bare x < in.json"),
        "open x.pem: permission denied",
    );
    fails(
        &place,
        &as_nobody("rcfssljson -bare no/x < in.json"),
        "open no/x.pem: no such file or directory",
    );
    assert_eq!(names(&place), ["in.json"]);
}

#[test]
fn a_file_in_such_a_folder_is_written_in_place() {
    needs_root!();
    let place = nobodys();
    put(&place, "x.pem", (NOBODY, NOBODY), 0o644);
    put(&place, "x-key.pem", (NOBODY, NOBODY), 0o600);
    put(&place, "x.csr", (NOBODY, NOBODY), 0o644);
    set_mode(&place, "", 0o555);
    let step = run(&place, &as_nobody("rcfssljson -bare x < in.json"))
        .ok()
        .unwrap();
    assert_eq!(
        place.read("x.pem").unwrap() + &place.read("x-key.pem").unwrap(),
        "new certnew key"
    );
    let hints: Vec<bool> = step
        .err()
        .lines()
        .map(|line| line.starts_with("hint: x"))
        .collect();
    assert_eq!(hints, [true; 3], "{}", step.err());
    assert_eq!(names(&place), ["in.json", "x-key.pem", "x.csr", "x.pem"]);
}

#[test]
fn a_file_of_another_owner_is_written_in_place() {
    needs_root!();
    let place = nobodys();
    // The group may write to it, but it could not be given back to its owner.
    put(&place, "x.pem", (1, NOBODY), 0o664);
    let step = run(&place, &as_nobody("rcfssljson -bare x < in.json"))
        .ok()
        .unwrap();
    assert_eq!(place.read("x.pem").unwrap(), "new cert");
    assert_eq!(state(&place, "x.pem"), (1, NOBODY, 0o664));
    assert!(step.err().starts_with("hint: x.pem "), "{}", step.err());
}

#[test]
fn a_file_in_a_sticky_folder_is_written_in_place() {
    needs_root!();
    let place = nobodys();
    chown(place.path(), Some(0), Some(0)).unwrap();
    set_mode(&place, "", 0o1777);
    put(&place, "x.pem", (0, 0), 0o666);
    run(&place, &as_nobody("rcfssljson -bare x < in.json"))
        .ok()
        .unwrap();
    assert_eq!(place.read("x.pem").unwrap(), "new cert");
    assert_eq!(state(&place, "x.pem"), (0, 0, 0o666));
}

#[test]
fn an_unreadable_ca_key_is_reported() {
    needs_root!();
    let place = nobodys();
    place.write("ca.json", r#"{"CN":"Root"}"#).unwrap();
    run(&place, "rcfssl gencert -initca ca.json | rcfssljson -bare ca")
        .ok()
        .unwrap();
    let line = as_nobody("rcfssl gencert -ca ca.pem -ca-key ca-key.pem ca.json");
    let error = r#"{"code":1001,"message":"open ca-key.pem: permission denied"}"#;
    fails(&place, &line, error);
    set_mode(&place, "ca.json", 0);
    fails(
        &place,
        &as_nobody("rcfssl genkey ca.json"),
        "open ca.json: permission denied",
    );
}

/// Without its access control list, the mode of a file would give its group the permissions
/// of a single user.
#[test]
fn an_access_list_stays() {
    needs!("setfacl", "getfacl");
    let place = place();
    let line = "for f in x.pem x-key.pem; do touch $f; chmod 600 $f; setfacl -m u:1:r $f; done; \
                getfacl -n *.pem > before; rcfssljson -bare x < in.json; getfacl -n *.pem | diff before - && rm before";
    run(&place, line).ok().unwrap();
    assert_eq!(place.read("x-key.pem").unwrap(), "new key");
}

/// A key file, or a link to one, that another user has created belongs to that user.
#[test]
fn a_key_that_another_user_gets_is_hinted_at_and_refused_under_strict() {
    needs_root!();
    let place = place();
    put(&place, "x-key.pem", (NOBODY, NOBODY), 0o600);
    std::os::unix::fs::symlink("x-key.pem", place.join("y-key.pem")).unwrap();
    put(&place, "z", (0, 0), 0o600);
    std::os::unix::fs::symlink("z", place.join("z-key.pem")).unwrap();
    std::os::unix::fs::lchown(place.join("z-key.pem"), Some(NOBODY), Some(NOBODY)).unwrap();
    for name in ["x", "y", "z"] {
        let told = format!(
            "{name}-key.pem belongs to user {NOBODY}, who gets the private key that is written there"
        );
        let before = place.tree().unwrap();
        for line in [
            format!("rcfssljson -strict -bare {name} < in.json"),
            format!("RCFSSL_STRICT=1 rcfssljson -bare {name} < in.json"),
        ] {
            fails(&place, &line, &told);
            assert_eq!(place.tree().unwrap().files, before.files, "{line}");
        }
        for flags in ["-bare", "-strict=false -bare"] {
            let step = run(
                &place,
                &format!("RCFSSL_STRICT=0 rcfssljson {flags} {name} < in.json"),
            )
            .ok()
            .unwrap();
            assert_eq!(step.err(), format!("hint: {told}\n"), "{name}");
        }
        run(&place, &format!("rm {name}.pem {name}.csr")).ok().unwrap();
    }
    // Certificates are public, and files of ours or of root are acceptable.
    put(&place, "v.pem", (NOBODY, NOBODY), 0o600);
    put(&place, "v-key.pem", (0, 0), 0o600);
    run(&place, "rcfssljson -strict -bare v < in.json").ok().unwrap();
}
