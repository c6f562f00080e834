//! What is signed is decided by files that only the owner of the CA's key can write. Another
//! user who can write to a certificate's folder cannot put such files there.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};

use rcfssl_tests::Organization;
use rcfssl_tests::confine::NOBODY;
use rcfssl_tests::needs_root;
use rcfssl_tests::organization::CONFIG;

use crate::{organization, run, told};

/// A configuration by which `server` makes CAs.
const EVIL: &str = r#"{"signing": {"default": {"expiry": "1h"}, "profiles": {"server": {
    "expiry": "87600h", "usages": ["cert sign", "crl sign"], "ca_constraint": {"is_ca": true}}}}}"#;
/// One whose only fault is its lifetime.
const LONG: &str = r#"{"signing": {"default": {"expiry": "1h"}, "profiles": {"server": {
    "expiry": "87600h", "usages": ["signing", "key encipherment", "server auth"]}}}}"#;
const REQUEST: &str = r#"{"CN": "a", "key": {"algo": "ecdsa", "size": 256}}"#;
const JOBS: &str = r#"{"organizations": [{"name": "o", "folder": "../work", "certificates": [
    {"request": "a.json", "profile": "server", "output": "a"}]}]}"#;

/// Puts a file of nobody's into the folder.
fn plant(organization: &Organization, name: &str, text: &str) {
    organization.write(name, text).unwrap();
    chown(organization.join(name), Some(NOBODY), Some(NOBODY)).unwrap();
}

/// Gives the folder and all that is in it to nobody.
fn give_away(organization: &Organization) {
    run(organization, "chown -R 65534:65534 .").ok().unwrap();
}

/// An organization in nobody's folder, with the CA and the files of root's that decide
/// what it signs in `root` beside it.
fn service() -> Organization {
    let organization = organization();
    let line = "rm b*; mkdir -m 755 ../root; mv ca* ../root";
    run(&organization, line).ok().unwrap();
    for (name, text) in [("jobs.json", JOBS), ("a.json", REQUEST)] {
        fs::write(organization.aside().join("root").join(name), text).unwrap();
    }
    give_away(&organization);
    organization
}

fn assert_refused(organization: &Organization, line: &str, name: &str) {
    let before = organization.stamps().unwrap();
    let step = run(organization, &format!("timeout 20 rcfssl renew {line}"));
    let told = told(&step);
    assert_eq!(step.status, 1, "{line}: {}", step.err());
    let why = format!("{name} controls what the CA signs and records, but other users can change it: ");
    assert!(told.len() == 1 && told[0].contains(&why), "{told:?}");
    let mut after = organization.stamps().unwrap();
    after.insert(".".to_owned(), before["."].clone());
    assert_eq!(after, before, "{line}");
}

#[test]
fn another_users_configuration_is_not_used_with_our_key() {
    needs_root!();
    let organization = service();
    let ca = "-ca ../root/ca.pem -ca-key ../root/ca-key.pem";
    for text in [EVIL, LONG, "{"] {
        plant(&organization, "ca-config.json", text);
        for target in [".", "a.pem"] {
            assert_refused(&organization, &format!("-force {ca} {target}"), "ca-config.json");
        }
    }
    // What the user names is used.
    let line = format!("rcfssl renew -force {ca} -config ../root/ca-config.json .");
    run(&organization, &line).ok().unwrap();
    let left = run(&organization, "openssl x509 -noout -checkend 31622400 -in a.pem");
    assert_eq!(left.status, 1, "the lifetime is that of root's configuration");
}

#[test]
fn what_others_put_into_a_folder_has_no_precedence_over_what_is_beside_the_document() {
    needs_root!();
    for (name, text) in [("ca-config.json", EVIL), ("a.json", r#"{"CN": "admin"}"#)] {
        let organization = service();
        let line = "-jobs ../root/jobs.json";
        fs::remove_file(organization.join("a.pem")).unwrap();
        plant(&organization, name, text);
        assert_refused(&organization, line, name);
        fs::remove_file(organization.join(name)).unwrap();
        run(&organization, &format!("rcfssl renew {line}")).ok().unwrap();
        run(&organization, "openssl verify -CAfile ../root/ca.pem a.pem")
            .ok()
            .unwrap();
        let shown = run(
            &organization,
            "openssl x509 -noout -subject -ext basicConstraints -in a.pem",
        );
        assert!(
            shown.out().contains("CN = a\n") && shown.out().contains("CA:FALSE"),
            "{}",
            shown.out()
        );
    }
}

#[test]
fn others_do_not_choose_the_database() {
    needs_root!();
    let organization = service();
    let root = organization.aside().join("root");
    let jobs = JOBS.replace(r#""name""#, r#""db_config": "db.json", "name""#);
    fs::write(root.join("jobs.json"), jobs).unwrap();
    let database = |file: &str| {
        let path = root.join(file);
        format!(r#"{{"driver": "sqlite3", "data_source": "{}"}}"#, path.display())
    };
    fs::write(root.join("db.json"), database("own.db")).unwrap();
    plant(&organization, "db.json", &database("planted"));
    assert_refused(&organization, "-force -jobs ../root/jobs.json", "db.json");
    assert!(!root.join("planted").exists());
}

/// In a folder like /tmp others can add files, but not replace ours.
#[test]
fn a_file_that_was_added_to_a_shared_folder_is_not_used() {
    needs_root!();
    let organization = organization();
    run(&organization, "rm b*").ok().unwrap();
    fs::set_permissions(organization.path(), Permissions::from_mode(0o1777)).unwrap();
    run(&organization, "rcfssl renew -force .").ok().unwrap();
    fs::remove_file(organization.join("ca-config.json")).unwrap();
    plant(&organization, "ca-config.json", LONG);
    assert_refused(&organization, "-force .", "ca-config.json");
    // Without the sticky bit others can replace ours as well.
    organization.write("ca-config.json", CONFIG).unwrap();
    chown(organization.join("ca-config.json"), Some(0), Some(0)).unwrap();
    run(&organization, "rcfssl renew -force .").ok().unwrap();
    fs::set_permissions(organization.path(), Permissions::from_mode(0o777)).unwrap();
    assert_refused(&organization, "-force .", "ca-config.json");
}

/// Root renews what belongs to another user, whose CA it is. A pipe for an authentication
/// key is not waited for.
#[test]
fn another_user_decides_what_that_users_own_ca_signs() {
    needs_root!();
    let organization = organization();
    give_away(&organization);
    run(&organization, "rcfssl renew -force .").ok().unwrap();
    let key = r#"{"type": "standard", "key": "file:pipe"}"#;
    let text = CONFIG.replacen('{', &format!(r#"{{"auth_keys": {{"k": {key}}}, "#), 1);
    let text = text.replacen(r#""expiry""#, r#""auth_key": "k", "expiry""#, 1);
    plant(&organization, "ca-config.json", &text);
    let step = run(&organization, "mkfifo pipe; timeout 20 rcfssl renew -force .");
    assert_eq!(step.status, 1, "{}", step.err());
}
