//! Kills before each system call that changes something, and kills of the run that cleans
//! up after that.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;

use rcfssl_tests::{binaries, needs, notice};

use crate::{Seen, Victim};

/// System calls that change files or the directory behind them; `?` because not every
/// machine has all of them.
const CALLS: [&str; 18] = [
    "openat",
    "write",
    "pwrite64",
    "ftruncate",
    "fchmod",
    "fchown",
    "flock",
    "?link",
    "linkat",
    "?rename",
    "renameat",
    "renameat2",
    "?unlink",
    "unlinkat",
    "fsync",
    "fdatasync",
    "syncfs",
    "exit_group",
];
/// Those that do not include opening files for reading.
const CHANGES: &[&str] = CALLS.split_at(1).1;

/// Runs `rcfssl renew` on one core, and kills it before its `number`th `call`. `None` if it
/// makes fewer of them.
fn killed(victim: &Victim, arguments: &str, call: &str, number: usize) -> Option<Seen> {
    let mut command = victim.organization.command("strace");
    let trace = victim.organization.aside().join("trace");
    command
        .arg("-f")
        .arg("-o")
        .arg(trace)
        .args(["-e", &format!("trace={call}")]);
    command.args(["-e", &format!("inject={call}:signal=KILL:when={number}")]);
    command.args(["taskset", "-c", &first_core()]);
    command
        .arg(binaries::folder().unwrap().join("rcfssl"))
        .arg("renew");
    command.args(arguments.split(' '));
    let output = command.stdout(Stdio::null()).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    match output.status.signal() {
        Some(signal) => assert_eq!(signal, 9, "{error}"),
        None => {
            assert!(output.status.success(), "{error}");
            return None;
        }
    }
    Some(victim.look())
}

/// The first core available to this process: on one core a single thread issues
/// certificates, so the order of calls is always the same.
fn first_core() -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let list = status
        .lines()
        .find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    let list = list.unwrap().trim();
    list.chars().take_while(char::is_ascii_digit).collect()
}

#[test]
fn a_run_killed_before_any_call_leaves_pairs_that_match_or_a_journal() {
    needs!("strace", "taskset");
    let mut victim = Victim::new();
    // From now on there are backups, so that names stay the same.
    victim
        .organization
        .renew("-force -rekey -backup .")
        .unwrap()
        .ok()
        .unwrap();
    for arguments in ["-force -rekey -backup .", "-force -backup .", "-force -rekey ."] {
        victim.keeps_backups = arguments.contains("-backup");
        let (mut kills, mut finished, mut undone) = (0, 0, 0);
        for call in CALLS {
            for number in 1.. {
                let before = victim.look().visible;
                let Some(found) = killed(&victim, arguments, call, number) else {
                    break;
                };
                victim.clear_up(&before, &found);
                kills += 1;
                finished += usize::from(found.has_journal());
                undone += usize::from(found.has_temporary_files() && found.visible == before);
            }
        }
        assert!(
            kills > 50 && finished > 10 && undone > 20,
            "{kills} {finished} {undone}"
        );
        notice::print(&format!(
            "crash test: renew {arguments} killed before each of {kills} system calls: {finished} left a journal and \
             were finished, {undone} left only new files and were undone"
        ));
    }
}

/// The run that completes the first one may be killed, too.
#[test]
fn a_run_killed_while_completing_another_leaves_it_to_the_next() {
    needs!("strace", "taskset");
    let mut victim = Victim::new();
    let mut kills = 0;
    for call in CHANGES {
        for number in 1.. {
            let before = victim.look().visible;
            // Before the second of its files is renamed.
            let begun = killed(&victim, "-force -rekey .", "renameat", 3).unwrap();
            assert!(begun.has_journal() && begun.visible != before);
            let Some(found) = killed(&victim, ".", call, number) else {
                break;
            };
            victim.clear_up(&before, &found);
            let after = victim.look().visible;
            assert!(crate::PAIRS.iter().all(|(name, _)| after[*name] != before[*name]));
            kills += 1;
        }
    }
    assert!(kills > 10, "{kills}");
    notice::print(&format!(
        "crash test: runs that finish another killed before each of {kills} system calls"
    ));
}

/// The same for a run that removes new files.
#[test]
fn a_run_killed_while_rolling_back_another_leaves_it_to_the_next() {
    needs!("strace", "taskset");
    let mut victim = Victim::new();
    let mut kills = 0;
    for call in CHANGES {
        for number in 1.. {
            let before = victim.look().visible;
            let begun = killed(&victim, "-force -rekey .", "fsync", 1)
                .or_else(|| killed(&victim, "-force -rekey .", "syncfs", 1))
                .unwrap();
            assert!(!begun.has_journal() && begun.has_temporary_files());
            let Some(found) = killed(&victim, ".", call, number) else {
                break;
            };
            victim.clear_up(&before, &found);
            assert_eq!(victim.look().visible, before);
            kills += 1;
        }
    }
    assert!(kills > 10, "{kills}");
    notice::print(&format!(
        "crash test: runs that undo another killed before each of {kills} system calls"
    ));
}

/// Starting from nothing: a certificate and its key appear together, or not at all.
#[test]
fn a_first_run_killed_before_any_call_leaves_both_files_or_none() {
    needs!("strace", "taskset");
    let victim = Victim::new();
    let organization = &victim.organization;
    organization
        .write("a.json", r#"{"CN": "a", "key": {"algo": "ecdsa", "size": 256}}"#)
        .unwrap();
    let jobs = r#"{"organizations": [{"name": "o", "folder": ".", "certificates": [
        {"request": "a.json", "profile": "client", "output": "new"},
        {"request": "a.json", "profile": "server", "output": "linked"}]}]}"#;
    organization.write("jobs.json", jobs).unwrap();
    let names = [
        "new.pem",
        "new-key.pem",
        "../archive/linked.pem",
        "../archive/linked-key.pem",
    ];
    let (mut kills, mut finished) = (0, 0);
    for call in CHANGES {
        for number in 1.. {
            organization
                .shell("rm -f new* ../archive/*")
                .unwrap()
                .ok()
                .unwrap();
            let Some(found) = killed(&victim, "-jobs jobs.json", call, number) else {
                break;
            };
            let there = names.iter().filter(|name| found.visible.contains_key(**name));
            let there = there.count();
            assert!(
                found.has_journal() || there == 0 || there == 4,
                "{there} without a journal"
            );
            let step = organization.renew("-jobs jobs.json").unwrap().ok().unwrap();
            let done = found.has_journal() || there == 4;
            let expected = if done {
                "0 made, 0 renewed, 2 untouched"
            } else {
                "2 made, 0 renewed, 0 untouched"
            };
            assert!(step.out().contains(expected), "{}", step.out());
            let after = victim.look();
            assert_eq!(after.hidden, Vec::<String>::new());
            for name in ["new", "linked"] {
                organization
                    .check_pair(&format!("{name}.pem"), &format!("{name}-key.pem"))
                    .unwrap();
            }
            kills += 1;
            finished += usize::from(found.has_journal());
        }
    }
    assert!(kills > 20 && finished > 5, "{kills} {finished}");
    notice::print(&format!(
        "crash test: first runs of renew -jobs killed before each of {kills} system calls: {finished} left a journal"
    ));
}

#[test]
fn a_dry_run_leaves_an_interrupted_one_alone_and_reports_it() {
    needs!("strace", "taskset");
    let victim = Victim::new();
    let begun = killed(&victim, "-force -rekey .", "renameat", 3).unwrap();
    let step = victim.organization.renew("-dry-run .").unwrap();
    assert_eq!(step.err().matches("a run was interrupted here").count(), 1);
    let after = victim.look();
    assert_eq!(
        (&after.visible, after.hidden.len()),
        (&begun.visible, begun.hidden.len())
    );
}

/// For a first pair, the key may exist without the certificate.
#[test]
fn a_first_pair_that_was_interrupted_is_completed() {
    needs!("strace", "taskset");
    let victim = Victim::new();
    let organization = &victim.organization;
    let line = "rm -f a* linked* tls*; echo '{\"CN\": \"a\"}' > a.json; echo '{\"organizations\": [{\"name\": \"o\", \
                \"folder\": \".\", \"certificates\": [{\"request\": \"a.json\", \"profile\": \"client\", \
                \"output\": \"a\"}]}]}' > jobs.json";
    organization.shell(line).unwrap().ok().unwrap();
    let begun = killed(&victim, "-jobs jobs.json", "renameat", 3).unwrap();
    assert!(begun.has_journal() && begun.visible.contains_key("a-key.pem"));
    assert!(!begun.visible.contains_key("a.pem"));
    let step = organization.renew(".").unwrap().ok().unwrap();
    assert!(
        step.err().contains("completed an interrupted run"),
        "{}",
        step.err()
    );
    organization.check_pair("a.pem", "a-key.pem").unwrap();
    assert_eq!(victim.look().hidden, Vec::<String>::new());
}

/// A power failure keeps what was flushed: files before they are renamed, the journal
/// before the first rename, and all names before the journal is removed.
#[test]
fn files_are_flushed_before_they_are_renamed() {
    needs!("strace");
    let victim = Victim::new();
    for target in ["a.pem", "."] {
        let line = format!(
            "strace -f -y -o ../trace -e trace=fsync,syncfs,?rename,renameat,?unlink,unlinkat rcfssl renew -force -rekey {target}"
        );
        victim.organization.shell(&line).unwrap().ok().unwrap();
        let trace = victim.organization.read("../trace").unwrap();
        let calls: Vec<&str> = trace
            .lines()
            .filter_map(|line| Some(line.split_once(' ')?.1.trim_start()))
            .filter(|call| call.contains('(') && !call.contains("resumed"))
            .collect();
        let folder = victim.organization.path().canonicalize().unwrap();
        let folder = format!("<{}>)", folder.display());
        let at = |what: &dyn Fn(&str) -> bool| {
            calls
                .iter()
                .position(|call| what(call))
                .unwrap_or_else(|| panic!("{calls:#?}"))
        };
        let flushes = |call: &str, path: &str| {
            call.starts_with("syncfs(") || call.starts_with("fsync(") && call.contains(path)
        };
        let is_rename = |call: &str| call.starts_with("rename") && call.contains(".tmp\"");
        let first = at(&is_rename);
        let last = calls.iter().rposition(|call| is_rename(call)).unwrap();
        for call in calls[first..=last].iter().filter(|call| is_rename(call)) {
            let source = call.split('"').nth(1).unwrap();
            let flushed = calls[..first].iter().any(|call| flushes(call, source));
            assert!(flushed, "{source}: {calls:#?}");
        }
        let written = at(&|call| call.starts_with("rename") && call.contains("journal.new"));
        let removed = at(&|call| call.starts_with("unlink") && call.contains("\".rcfssl.journal\""));
        let between = |from: usize, to: usize, path: &str| {
            let flushed = calls[from..to].iter().any(|call| flushes(call, path));
            assert!(flushed, "{path} between {from} and {to}: {calls:#?}");
        };
        between(0, written, "journal.new");
        between(written, first, &folder);
        between(last, removed, &folder);
    }
}
