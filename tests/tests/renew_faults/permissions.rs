//! Files and folders that belong to other users.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};

use rcfssl_tests::confine::{NOBODY, as_nobody};
use rcfssl_tests::{Organization, binaries, needs_root};

use crate::{organization, run, told};

/// Gives everything to nobody, with the binaries where nobody can run them.
fn nobodys() -> Organization {
    let organization = organization();
    for name in ["rcfssl", "rcfssljson"] {
        let copy = organization.aside().join("bin").join(name);
        fs::remove_file(&copy).unwrap();
        fs::copy(binaries::folder().unwrap().join(name), &copy).unwrap();
    }
    let files = organization.tree().unwrap().files;
    for name in files.keys().map(String::as_str).chain([""]) {
        chown(organization.join(name), Some(NOBODY), Some(NOBODY)).unwrap();
    }
    organization
}

fn set(organization: &Organization, name: &str, owner: (u32, u32), mode: u32) {
    chown(organization.join(name), Some(owner.0), Some(owner.1)).unwrap();
    fs::set_permissions(organization.join(name), Permissions::from_mode(mode)).unwrap();
}

/// Owner, group, mode.
fn state(organization: &Organization, name: &str) -> (u32, u32, u32) {
    let metadata = fs::metadata(organization.join(name)).unwrap();
    (metadata.uid(), metadata.gid(), metadata.mode() & 0o7777)
}

/// Fails as nobody: nothing changes except the folder's own time.
fn refused(organization: &Organization, arguments: &str) -> Vec<String> {
    let before = organization.stamps().unwrap();
    let step = run(organization, &as_nobody(&format!("rcfssl renew {arguments}")));
    assert_eq!(step.status, 1, "{}", step.out());
    let mut after = organization.stamps().unwrap();
    after.insert(".".to_owned(), before["."].clone());
    // A hard link for rolling back is created and removed.
    for (name, stamp) in &mut after {
        if let Some(before) = before.get(name) {
            stamp.changed[1] = before.changed[1];
        }
    }
    assert_eq!(after, before);
    told(&step)
}

#[test]
fn owner_and_mode_stay_whichever_user_renews() {
    needs_root!();
    let organization = nobodys();
    set(&organization, "a.pem", (1, 2), 0o640);
    set(&organization, "a-key.pem", (NOBODY, 3), 0o440);
    set(&organization, "a.csr", (4, 5), 0o600);
    run(&organization, "rcfssl renew -force -rekey -backup .")
        .ok()
        .unwrap();
    for end in ["", ".bak"] {
        assert_eq!(state(&organization, &format!("a.pem{end}")), (1, 2, 0o640));
        assert_eq!(
            state(&organization, &format!("a-key.pem{end}")),
            (NOBODY, 3, 0o440)
        );
    }
    assert_eq!(state(&organization, "a.csr"), (4, 5, 0o600));
    assert_eq!(state(&organization, "b-key.pem"), (NOBODY, NOBODY, 0o600));
    organization.check_pair("a.pem", "a-key.pem").unwrap();
}

/// In a folder of our own, files of others could be replaced without permission.
#[test]
fn a_file_of_another_user_is_not_replaced() {
    needs_root!();
    let organization = nobodys();
    set(&organization, "a.pem", (1, 1), 0o644);
    assert_eq!(
        refused(&organization, "-force -rekey a.pem"),
        ["a.pem: open a.pem: permission denied"]
    );
    // The group may write to it, but it could not be given back to its owner.
    set(&organization, "a.pem", (1, NOBODY), 0o664);
    assert_eq!(
        refused(&organization, "-force -rekey a.pem"),
        ["a.pem: open a.pem: operation not permitted"]
    );
    set(&organization, "a.pem", (NOBODY, NOBODY), 0o644);
    set(&organization, "a-key.pem", (0, NOBODY), 0o640);
    assert_eq!(
        refused(&organization, "-force -rekey a.pem"),
        ["a.pem: open a-key.pem: permission denied"]
    );
    // A readable key that stays does not matter, and neither do other files.
    let line = as_nobody("rcfssl renew -force a.pem && rcfssl renew -force -rekey b.pem");
    run(&organization, &line).ok().unwrap();
    assert_eq!(state(&organization, "a-key.pem"), (0, NOBODY, 0o640));
    organization.check_pair("a.pem", "a-key.pem").unwrap();
    organization.check_pair("b.pem", "b-key.pem").unwrap();
}

#[test]
fn one_file_that_cannot_be_replaced_does_not_stop_the_others() {
    needs_root!();
    let organization = nobodys();
    set(&organization, "a-key.pem", (0, NOBODY), 0o640);
    let step = run(&organization, &as_nobody("rcfssl renew -force -rekey ."));
    assert_eq!(step.status, 1);
    assert!(
        step.out().contains("1 renewed, 0 untouched, 1 failed"),
        "{}",
        step.out()
    );
    assert_eq!(told(&step), ["./a.pem: open ./a-key.pem: permission denied"]);
    organization.check_pair("a.pem", "a-key.pem").unwrap();
    organization.check_pair("b.pem", "b-key.pem").unwrap();
    assert_eq!(organization.dot_files().unwrap(), Vec::<String>::new());
}

#[test]
fn a_read_only_folder_stays_as_it_is() {
    needs_root!();
    let organization = nobodys();
    set(&organization, "", (NOBODY, NOBODY), 0o555);
    assert_eq!(
        refused(&organization, "-force ."),
        ["a", "b"].map(|name| format!("./{name}.pem: lock .: permission denied"))
    );
    // A certificate that is not due needs no write permission, and a dry run never does.
    let line = as_nobody("rcfssl renew . && rcfssl renew -dry-run -force .");
    let step = run(&organization, &line).ok().unwrap();
    assert!(
        step.out().contains("2 untouched") && step.out().contains("2 to be renewed"),
        "{}",
        step.out()
    );
}

#[test]
fn an_unreadable_file_is_reported() {
    needs_root!();
    let organization = nobodys();
    set(&organization, "a-key.pem", (0, 0), 0o600);
    set(&organization, "b.pem", (0, 0), 0o600);
    assert_eq!(
        refused(&organization, "-force ."),
        [
            "./a.pem: open ./a-key.pem: permission denied",
            "./b.pem: open ./b.pem: permission denied"
        ]
    );
    set(&organization, "ca-key.pem", (0, 0), 0o600);
    assert_eq!(
        refused(&organization, "-force ."),
        [".: open ./ca-key.pem: permission denied"]
    );
}

/// Our own files may be replaced even if they are read-only, as keys usually are.
#[test]
fn a_key_of_mode_0400_is_replaced_by_its_owner() {
    needs_root!();
    let organization = nobodys();
    set(&organization, "a-key.pem", (NOBODY, NOBODY), 0o400);
    run(&organization, &as_nobody("rcfssl renew -force -rekey ."))
        .ok()
        .unwrap();
    assert_eq!(state(&organization, "a-key.pem"), (NOBODY, NOBODY, 0o400));
    organization.check_pair("a.pem", "a-key.pem").unwrap();
}

#[test]
fn access_lists_stay() {
    needs_root!();
    rcfssl_tests::needs!("setfacl", "getfacl");
    let organization = nobodys();
    let line = "setfacl -m u:1:r a-key.pem; getfacl -n a-key.pem > ../before; rcfssl renew -force -rekey -backup .; \
                getfacl -n a-key.pem | diff ../before - && getfacl -n a-key.pem.bak | sed s/.bak// | diff ../before -";
    run(&organization, line).ok().unwrap();
    organization.check_pair("a.pem", "a-key.pem").unwrap();
}
