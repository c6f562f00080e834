//! Folders that another user can write to: what that user puts there neither leads root to
//! other files nor gives that user access to them, and does not prevent renewal.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, lchown, symlink};
use std::process::{Child, Stdio};

use rcfssl_tests::confine::NOBODY;
use rcfssl_tests::{Organization, needs_root};

use crate::{organization, run, told};

/// An organization in a folder of nobody's, with the CA in one of root's; the command that
/// renews it; and a file of root's beside both.
struct Target {
    organization: Organization,
}

const RENEW: &str =
    "rcfssl renew -ca ../root/ca.pem -ca-key ../root/ca-key.pem -config ../root/ca-config.json";

impl Target {
    fn new() -> Self {
        let organization = organization();
        let line = "mkdir ../root; mv ca* ../root; cp a.pem ../victim; chmod 755 ../root";
        run(&organization, line).ok().unwrap();
        for name in organization.tree().unwrap().files.keys() {
            chown(organization.join(name), Some(NOBODY), Some(NOBODY)).unwrap();
        }
        chown(organization.path(), Some(NOBODY), Some(NOBODY)).unwrap();
        Target { organization }
    }

    fn victim(&self) -> (Vec<u8>, u64, u32) {
        let path = self.organization.aside().join("victim");
        let metadata = fs::metadata(&path).unwrap();
        (fs::read(path).unwrap(), metadata.ino(), metadata.uid())
    }

    /// Replaces a file with a link to root's file, as nobody.
    fn plant(&self, name: &str) {
        let path = self.organization.join(name);
        let _ = fs::remove_file(&path);
        symlink("../victim", &path).unwrap();
        lchown(path, Some(NOBODY), Some(NOBODY)).unwrap();
    }

    /// Runs as root; returns its messages.
    fn renew(&self, arguments: &str) -> (i32, Vec<String>) {
        let step = run(&self.organization, &format!("timeout 20 {RENEW} {arguments}"));
        (step.status, told(&step))
    }
}

#[test]
fn links_of_another_user_are_not_followed() {
    needs_root!();
    for (name, flags) in [
        ("a.pem", "-force"),
        ("a.csr", "-force -rekey"),
        ("a-key.pem", "-force"),
        ("a-key.pem", "-force -rekey"),
    ] {
        let target = Target::new();
        let victim = target.victim();
        target.plant(name);
        let before = target.organization.stamps().unwrap();
        let (status, told) = target.renew(&format!("{flags} a.pem"));
        assert_eq!(status, 1, "{name} {flags}");
        let why = format!("/{name} is not followed: it belongs to user {NOBODY}");
        assert!(told.len() == 1 && told[0].contains(&why), "{told:?}");
        assert_eq!(target.victim(), victim, "{name} {flags}");
        let mut after = target.organization.stamps().unwrap();
        after.insert(".".to_owned(), before["."].clone());
        assert_eq!(
            after.keys().collect::<Vec<_>>(),
            before.keys().collect::<Vec<_>>()
        );
        // The others in the folder are renewed.
        let (_, told) = target.renew("-force -rekey .");
        assert_eq!(told.len(), 1, "{told:?}");
        target
            .organization
            .shell("cp ../root/ca.pem .")
            .unwrap()
            .ok()
            .unwrap();
        target.organization.check_pair("b.pem", "b-key.pem").unwrap();
    }
}

/// Root's own link, in a folder where another user can replace it, is no better.
#[test]
fn links_are_followed_only_in_ones_own_folders() {
    needs_root!();
    let target = Target::new();
    let victim = target.victim();
    fs::remove_file(target.organization.join("a.pem")).unwrap();
    symlink("../victim", target.organization.join("a.pem")).unwrap();
    let (status, told) = target.renew("-force a.pem");
    assert_eq!(status, 1);
    assert!(
        told[0].ends_with("is not followed: other users may write to its folder"),
        "{told:?}"
    );
    assert_eq!(target.victim(), victim);
    // A folder in the path counts as much as the file.
    let line = "mkdir ../far; mv b* ../far; chown 65534 ../far; ln -s ../far link; chown -h 65534 link";
    run(&target.organization, line).ok().unwrap();
    let (status, told) = target.renew("-force link/b.pem");
    assert_eq!(status, 1);
    assert!(told[0].contains("/link is not followed"), "{told:?}");
}

/// A process of nobody's that swaps a file and a link to root's file as fast as it can.
struct Swapper(Child);

impl Swapper {
    fn start(organization: &Organization) -> Self {
        let script =
            "cp a.pem saved; while :; do ln -s ../victim l; mv l a.pem; cp saved f; mv f a.pem; done";
        let mut command = organization.command("setpriv");
        command.args([
            "--reuid=65534",
            "--regid=65534",
            "--clear-groups",
            "sh",
            "-c",
            script,
        ]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        Swapper(command.spawn().unwrap())
    }
}

impl Drop for Swapper {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_file_swapped_for_a_link_meanwhile_is_not_followed_either() {
    needs_root!();
    let target = Target::new();
    let lines = "* * * * * root touch /tmp/owned\n";
    let text = target.organization.read("a.pem").unwrap();
    target.organization.write("a.pem", text + lines).unwrap();
    chown(target.organization.join("a.pem"), Some(NOBODY), Some(NOBODY)).unwrap();
    let victim = target.victim();
    let swapper = Swapper::start(&target.organization);
    for _ in 0..40 {
        target.renew("-force a.pem");
        assert_eq!(target.victim(), victim);
    }
    drop(swapper);
}

/// Nothing is copied that a certificate's owner has no right to put there.
#[test]
fn only_certificates_and_the_key_of_a_file_are_kept() {
    needs_root!();
    let target = Target::new();
    let organization = &target.organization;
    let line = "cat ../root/ca.pem a-key.pem >> a.pem; printf 'root::0:0\\n-----BEGIN X-----\\nAAAA\\n-----END X-----\\n' \
                >> a.pem; cat ../root/ca.pem >> a.pem; echo '* * * * * root id' >> a.pem";
    run(organization, line).ok().unwrap();
    let (status, told) = target.renew("-force a.pem");
    assert_eq!(status, 0);
    assert_eq!(
        told,
        ["a.pem: only certificates and the certificate's own key are kept in its file; removed: X"]
    );
    let text = organization.read("a.pem").unwrap();
    assert_eq!(text.matches("BEGIN CERTIFICATE-").count(), 3);
    assert_eq!(text.matches("PRIVATE KEY-").count(), 2);
    assert!(!text.contains("root") && !text.contains("BEGIN X"), "{text}");
    // Another certificate's key is not discarded.
    run(organization, "cat b-key.pem >> a.pem").ok().unwrap();
    let (status, told) = target.renew("-force a.pem");
    assert_eq!(status, 1);
    assert_eq!(
        told,
        ["a.pem: its file also holds a private key, which would be lost"]
    );
}

/// The names of a folder's temporary files.
fn temporary(organization: &Organization, name: &str) -> String {
    let folder = fs::metadata(organization.path()).unwrap();
    format!(".rcfssl-{:x}-{:x}.{name}.tmp", folder.dev(), folder.ino())
}

/// In a folder like /tmp another user can add files, but cannot replace those of others.
#[test]
fn a_planted_journal_is_not_trusted() {
    needs_root!();
    let organization = organization();
    fs::set_permissions(organization.path(), Permissions::from_mode(0o1777)).unwrap();
    organization.write("victim.conf", "root's own\n").unwrap();
    let bait = temporary(&organization, "bait");
    let journal = format!("rcfssl journal 1\0{bait}\0victim.conf\0end");
    organization.write(&bait, "nobody's\n").unwrap();
    organization.write(".rcfssl.journal", &journal).unwrap();
    for name in [bait.as_str(), ".rcfssl.journal"] {
        chown(organization.join(name), Some(NOBODY), Some(NOBODY)).unwrap();
    }
    for arguments in ["-force .", "-force a.pem"] {
        let step = run(&organization, &format!("rcfssl renew {arguments}"));
        assert_eq!(step.status, 1);
        let why = format!(".rcfssl.journal is a journal of user {NOBODY}, who must complete that run");
        assert!(told(&step)[0].contains(&why), "{}", step.err());
        assert_eq!(organization.read("victim.conf").unwrap(), "root's own\n");
    }
    // Root's own file with another hard link, and root's own after another file has
    // replaced the temporary one.
    chown(organization.join(".rcfssl.journal"), Some(0), Some(0)).unwrap();
    fs::hard_link(
        organization.join(".rcfssl.journal"),
        organization.aside().join("second"),
    )
    .unwrap();
    assert_eq!(run(&organization, "rcfssl renew -force .").status, 1);
    assert_eq!(organization.read("victim.conf").unwrap(), "root's own\n");
    fs::remove_file(organization.aside().join("second")).unwrap();
    let step = run(&organization, "rcfssl renew -force .");
    assert!(
        step.status == 1 && told(&step)[0].contains("another file has taken its place"),
        "{}",
        step.err()
    );
    assert_eq!(organization.read("victim.conf").unwrap(), "root's own\n");
    // A journal there does not lead elsewhere, either.
    let far = organization.aside().join(&bait);
    fs::write(&far, "x").unwrap();
    let path = |name: &str| organization.aside().join(name).display().to_string();
    let journal = format!("rcfssl journal 1\0{}\0{}\0end", path(&bait), path("new"));
    organization.write(".rcfssl.journal", &journal).unwrap();
    let step = run(&organization, "rcfssl renew -force .");
    assert!(
        told(&step)[0].contains("is not an rcfssl journal"),
        "{}",
        step.err()
    );
    assert!(far.exists());
}

#[test]
fn a_lock_that_is_another_file_is_not_written_to() {
    needs_root!();
    let target = Target::new();
    let victim = target.victim();
    let lock = target.organization.join(".rcfssl.lock");
    let file = target.organization.aside().join("victim");
    fs::hard_link(&file, &lock).unwrap();
    let (status, told) = target.renew("-force -rekey .");
    assert_eq!(status, 1);
    assert!(
        told[0].contains("/.rcfssl.lock is a hard link to another file"),
        "{told:?}"
    );
    assert_eq!(target.victim(), victim);
    // A lock that another user has left behind does not block anyone.
    fs::remove_file(&lock).unwrap();
    fs::write(&lock, "4194304\n").unwrap();
    chown(&lock, Some(NOBODY), Some(NOBODY)).unwrap();
    assert_eq!(target.renew("-force -rekey ."), (0, vec![]));
    assert!(!lock.exists());
}

/// Pipes in place of files are not waited for.
#[test]
fn pipes_and_folders_in_place_of_files_are_reported() {
    let organization = organization();
    for (name, arguments, why) in [
        (
            ".rcfssl.lock",
            ".",
            "is not a regular file, but has the name of rcfssl's lock",
        ),
        (
            ".rcfssl.journal",
            ".",
            "is not a regular file, but has the name of rcfssl's journal",
        ),
        ("x.pem", ".", "not a regular file"),
        ("x-key.pem", "x.pem", "not a regular file"),
        ("ca-config.json", "a.pem", "not a regular file"),
        ("ca.pem", "a.pem", "not a regular file"),
    ] {
        for make in ["mkfifo", "mkdir"] {
            let line = format!(
                "mkdir ../copy; cp -p * ../copy; cd ../copy; cp a.pem x.pem; cp a-key.pem x-key.pem; rm -f {name}; \
                 {make} {name}; timeout 20 rcfssl renew -force {arguments}"
            );
            let step = run(&organization, &line);
            assert_eq!(step.status, 1, "{line}: {}{}", step.out(), step.err());
            let why = match make {
                "mkdir" if why.starts_with("not") => "is a directory",
                _ => why,
            };
            assert!(
                told(&step).iter().any(|told| told.contains(why)),
                "{line}: {}",
                step.err()
            );
            fs::remove_dir_all(organization.aside().join("copy")).unwrap();
        }
    }
}
