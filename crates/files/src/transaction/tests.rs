//! Changes that are committed, rolled back, and interrupted at every step.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use super::*;
use crate::journal::{JOURNAL, Recovered, is_interrupted, recover};

fn lock(folder: &Path) -> Arc<FolderLock> {
    let folder = Folder::open(folder).unwrap();
    Arc::new(FolderLock::acquire(&folder, Duration::ZERO).unwrap())
}

fn commit(changes: Vec<Change>) -> Vec<Result<(), (PathBuf, WriteError)>> {
    super::commit(changes, Durability::PowerLoss)
}

fn journal_of(change: &Change) -> Vec<Arc<Folder>> {
    write_journals(std::slice::from_ref(change), |_| Ok(())).unwrap()
}

fn new(path: PathBuf, contents: &str) -> NewFile {
    NewFile {
        path,
        contents: Zeroizing::new(contents.as_bytes().to_vec()),
        mode: 0o600,
        backup: None,
    }
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Leaves the temporary files in place as a killed process would.
fn abandon(change: Change) {
    for Staged { new, old, backup, .. } in change.files {
        new.abandon();
        let links = old.into_iter().chain(backup.map(|(link, _)| link));
        links.for_each(Temporary::abandon);
    }
    change.copy.into_iter().for_each(|(copy, _)| copy.abandon());
}

fn pair(folder: &Path, generation: &str) -> Vec<NewFile> {
    vec![
        new(folder.join("a-key.pem"), generation),
        new(folder.join("a.pem"), generation),
    ]
}

fn read(folder: &Path) -> [String; 2] {
    ["a-key.pem", "a.pem"].map(|name| fs::read_to_string(folder.join(name)).unwrap())
}

#[test]
fn a_pair_is_created_replaced_and_kept_as_backup() {
    let folder = tempfile::tempdir().unwrap();
    let lock = lock(folder.path());
    let change = Change::stage(&lock, &pair(folder.path(), "one"), None).unwrap();
    assert!(commit(vec![change])[0].is_ok());
    assert_eq!(read(folder.path()), ["one", "one"]);
    let mut files = pair(folder.path(), "two");
    for file in &mut files {
        let mut backup = file.path.clone().into_os_string();
        backup.push(".bak");
        file.backup = Some(backup.into());
    }
    fs::set_permissions(folder.path().join("a.pem"), Permissions::from_mode(0o640)).unwrap();
    assert!(commit(vec![Change::stage(&lock, &files, None).unwrap()])[0].is_ok());
    drop(lock);
    assert_eq!(read(folder.path()), ["two", "two"]);
    assert_eq!(
        names(folder.path()),
        ["a-key.pem", "a-key.pem.bak", "a.pem", "a.pem.bak"]
    );
    assert_eq!(
        fs::read_to_string(folder.path().join("a-key.pem.bak")).unwrap(),
        "one"
    );
    let mode = |name| fs::metadata(folder.path().join(name)).unwrap().mode() & 0o777;
    assert_eq!(
        (mode("a.pem"), mode("a-key.pem"), mode("a.pem.bak")),
        (0o640, 0o600, 0o640)
    );
}

#[test]
fn an_uncommitted_change_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let lock = lock(folder.path());
    drop(Change::stage(&lock, &pair(folder.path(), "one"), None).unwrap());
    drop(lock);
    assert!(names(folder.path()).is_empty());
}

fn place_of(new: &Temporary, target: &Place) {
    new.folder().rename(new.name(), &target.name).unwrap();
}

/// Copies the folder at every step at which a run may stop.
#[test]
fn an_interrupted_change_is_completed_or_rolled_back() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path();
    for file in pair(place, "old") {
        fs::write(&file.path, &file.contents).unwrap();
    }
    // Before the journal: rolled back.
    let held = lock(place);
    let change = Change::stage(&held, &pair(place, "new"), None).unwrap();
    abandon(change);
    let recovered = recover(&held, None).unwrap();
    assert_eq!(
        recovered,
        Recovered {
            finished: 0,
            discarded: 4
        }
    );
    assert_eq!(
        (read(place), is_interrupted(place)),
        (["old".into(), "old".into()], false)
    );
    // With the journal, after none, one or both renames: completed.
    for renamed in 0..=2 {
        let change = Change::stage(&held, &pair(place, "new"), None).unwrap();
        let journals = journal_of(&change);
        assert_eq!((journals.len(), journals[0].id()), (1, held.folder().id()));
        assert!(place.join(JOURNAL).exists());
        for file in change.files.iter().take(renamed) {
            place_of(&file.new, &file.target);
        }
        abandon(change);
        assert!(is_interrupted(place));
        let recovered = recover(&held, None).unwrap();
        assert_eq!(
            recovered,
            Recovered {
                finished: 2 - renamed,
                discarded: 2
            }
        );
        assert_eq!(
            (read(place), is_interrupted(place)),
            (["new".into(), "new".into()], false)
        );
        for file in pair(place, "old") {
            fs::write(&file.path, &file.contents).unwrap();
        }
    }
    drop(held);
    assert_eq!(names(place), ["a-key.pem", "a.pem"]);
}

#[test]
fn many_changes_in_many_folders_are_committed_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut changes = Vec::new();
    for at in 0..20 {
        let place = folder.path().join(at.to_string());
        fs::create_dir(&place).unwrap();
        changes.push(Change::stage(&lock(&place), &pair(&place, "x"), None).unwrap());
    }
    assert!(commit(changes).iter().all(Result::is_ok));
    for at in 0..20 {
        assert_eq!(names(&folder.path().join(at.to_string())), ["a-key.pem", "a.pem"]);
    }
}

#[test]
fn a_change_that_fails_is_rolled_back_without_affecting_others() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path();
    let lock = lock(place);
    for file in pair(place, "old") {
        fs::write(&file.path, &file.contents).unwrap();
    }
    let bad = Change::stage(&lock, &pair(place, "new"), None).unwrap();
    let good = Change::stage(&lock, &[new(place.join("b.pem"), "b")], None).unwrap();
    // A folder in place of the certificate makes renames fail.
    fs::remove_file(place.join("a.pem")).unwrap();
    fs::create_dir(place.join("a.pem")).unwrap();
    let results = commit(vec![bad, good]);
    let (path, error) = results[0].as_ref().unwrap_err();
    assert_eq!(path.file_name().unwrap(), "a.pem");
    assert_eq!(error.to_string(), "open: is a directory");
    assert!(results[1].is_ok());
    drop(lock);
    assert_eq!(fs::read_to_string(place.join("a-key.pem")).unwrap(), "old");
    assert_eq!(names(place), ["a-key.pem", "a.pem", "b.pem"]);
}

#[test]
fn links_are_followed_and_cleaned_up_after_a_crash() {
    let folder = tempfile::tempdir().unwrap();
    let (live, archive) = (folder.path().join("live"), folder.path().join("archive"));
    fs::create_dir(&live).unwrap();
    fs::create_dir(&archive).unwrap();
    for file in pair(&archive, "old") {
        fs::write(&file.path, &file.contents).unwrap();
        let name = file.path.file_name().unwrap();
        std::os::unix::fs::symlink(Path::new("../archive").join(name), live.join(name)).unwrap();
    }
    let held = lock(&live);
    let change = Change::stage(&held, &pair(&live, "new"), None).unwrap();
    assert!(commit(vec![change])[0].is_ok());
    assert_eq!(read(&archive), ["new", "new"]);
    assert!(fs::symlink_metadata(live.join("a.pem")).unwrap().is_symlink());
    abandon(Change::stage(&held, &pair(&live, "newer"), None).unwrap());
    drop(held);
    // As a killed process would leave it.
    fs::write(live.join(".rcfssl.lock"), "1\n").unwrap();
    let held = lock(&live);
    assert_eq!(recover(&held, None).unwrap().discarded, 4);
    assert_eq!(names(&archive), ["a-key.pem", "a.pem"]);
    assert_eq!(read(&live), ["new", "new"]);
}

#[test]
fn a_key_elsewhere_is_cleaned_up_after_a_crash() {
    let folder = tempfile::tempdir().unwrap();
    let (certificates, keys) = (folder.path().join("certificates"), folder.path().join("keys"));
    fs::create_dir(&certificates).unwrap();
    fs::create_dir(&keys).unwrap();
    let key = keys.join("a-key.pem");
    fs::write(&key, "old").unwrap();
    let held = lock(&certificates);
    let files = [new(key.clone(), "new"), new(certificates.join("a.pem"), "new")];
    abandon(Change::stage(&held, &files, None).unwrap());
    drop(held);
    fs::write(certificates.join(".rcfssl.lock"), "1\n").unwrap();
    let held = lock(&certificates);
    assert_eq!(recover(&held, Some(&key)).unwrap().discarded, 3);
    assert_eq!(names(&keys), ["a-key.pem"]);
}

/// Paths as users write them, with a copy of a file that stays.
#[test]
fn journals_work_with_any_spelling_of_a_path() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("sub")).unwrap();
    let winding = folder.path().join("sub/..");
    for file in pair(folder.path(), "old") {
        fs::write(&file.path, &file.contents).unwrap();
    }
    let held = lock(&winding);
    let copy = (winding.join("a-key.pem"), winding.join("a-key.pem.bak"));
    let mut file = new(winding.join("a.pem"), "new");
    file.backup = Some(winding.join("a.pem.bak"));
    let change = Change::stage(&held, &[file], Some(&copy)).unwrap();
    journal_of(&change);
    abandon(change);
    assert_eq!(recover(&held, None).unwrap().finished, 3);
    drop(held);
    assert_eq!(read(folder.path()), ["old", "new"]);
    let expected = ["a-key.pem", "a-key.pem.bak", "a.pem", "a.pem.bak", "sub"];
    assert_eq!(names(folder.path()), expected);
}

#[test]
fn a_planted_journal_moves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let held = lock(folder.path());
    let victim = folder.path().join("victim");
    fs::write(&victim, "keep").unwrap();
    fs::write(folder.path().join("bait"), "bait").unwrap();
    for text in [
        "rcfssl journal 1\0bait\0victim\0end".to_owned(),
        "rcfssl journal 1\0../bait\0../victim\0end".to_owned(),
        format!("rcfssl journal 1\0{0}x.tmp\0/etc/x\0end", held.tag()),
        "rcfssl journal 1\0bait\0".to_owned(),
        String::new(),
    ] {
        fs::write(folder.path().join(JOURNAL), text).unwrap();
        assert!(
            recover(&held, None)
                .unwrap_err()
                .contains("is not an rcfssl journal")
        );
        assert_eq!(fs::read(&victim).unwrap(), b"keep");
    }
}

#[test]
fn only_regular_files_are_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let held = lock(folder.path());
    let place = folder.path().join("a.pem");
    fs::create_dir(&place).unwrap();
    let (path, error) = Change::stage(&held, &[new(place.clone(), "x")], None).unwrap_err();
    assert_eq!(
        (path, error.to_string()),
        (place, "open: not a regular file".into())
    );
}
