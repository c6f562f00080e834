//! Who may look into a process that holds keys.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rcfssl_tests::confine::NOBODY;
use rcfssl_tests::{Workplace, binaries, skip};

/// A program that waits for its standard input, as a user that is not root.
fn waiting(place: &Workplace, program: &str, arguments: &[&str]) -> Child {
    let mut command = match skip::is_root() {
        true => {
            let mut command = place.command("setpriv");
            command.args([
                &format!("--reuid={NOBODY}"),
                &format!("--regid={NOBODY}"),
                "--clear-groups",
                program,
            ]);
            command
        }
        false => place.command(program),
    };
    command.args(arguments).current_dir("/");
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.spawn().unwrap()
}

/// Who owns what `/proc` shows of a process: root, whoever runs it, once it may not be
/// dumped (proc(5)).
fn owner(child: &Child) -> u32 {
    fs::metadata(format!("/proc/{}/environ", child.id()))
        .unwrap()
        .uid()
}

/// Waits until a program runs: what starts it belongs to root at first.
fn runs(child: &Child, program: &str) -> bool {
    let name = program.rsplit('/').next().unwrap();
    let path = format!("/proc/{}/comm", child.id());
    comes(|| fs::read_to_string(&path).is_ok_and(|running| running.trim_end() == name))
}

/// Does that come true before long?
fn comes(mut holds: impl FnMut() -> bool) -> bool {
    let begun = Instant::now();
    while !holds() {
        if begun.elapsed() > Duration::from_secs(10) {
            return false;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    true
}

/// Copies of the binaries that anybody may run.
fn programs(place: &Workplace) -> [String; 2] {
    let folder = place.join("programs");
    fs::create_dir(&folder).unwrap();
    let mut open = Command::new("chmod");
    open.args(["-R", "a+rX"]);
    for ancestor in folder
        .ancestors()
        .take_while(|path| *path != std::env::temp_dir())
    {
        let _ = Command::new("chmod").arg("a+x").arg(ancestor).status();
    }
    let copies = ["rcfssl", "rcfssljson"].map(|name| {
        let copy = folder.join(name);
        fs::copy(binaries::folder().unwrap().join(name), &copy).unwrap();
        copy.to_str().unwrap().to_owned()
    });
    assert!(open.arg(&folder).status().unwrap().success());
    copies
}

#[test]
fn the_memory_of_the_programs_is_nobody_elses() {
    let place = Workplace::new().unwrap();
    let [rcfssl, rcfssljson] = programs(&place);
    let mut control = waiting(&place, "cat", &[]);
    assert!(runs(&control, "cat"));
    assert!(comes(|| owner(&control) != 0), "this would show nothing");
    let own = owner(&control);
    for (program, arguments) in [
        (&rcfssl, &["genkey", "-"][..]),
        (&rcfssl, &["serve", "-port", "0"]),
        (&rcfssljson, &["-bare"]),
    ] {
        let mut child = waiting(&place, program, arguments);
        let hidden = runs(&child, program) && comes(|| owner(&child) == 0);
        let is_running = child.try_wait().unwrap().is_none();
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(
            hidden && is_running,
            "{program} {arguments:?}: {hidden} {is_running}"
        );
    }
    assert_eq!(owner(&control), own);
    control.kill().unwrap();
    control.wait().unwrap();
}

#[test]
fn a_crash_leaves_no_core() {
    let place = Workplace::new().unwrap();
    let [rcfssl, rcfssljson] = programs(&place);
    let folder = place.path();
    // Rust's runtime handles SIGSEGV; nobody handles this.
    let crash = |program: &str, arguments: &str| {
        let line = format!("ulimit -c unlimited; exec {program} {arguments}");
        let mut command = place.command("bash");
        command
            .args(["-c", &line])
            .stdin(Stdio::piped())
            .current_dir(&folder);
        let mut child = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // It has set itself up, and waits.
        let state = || fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
        let name = program.rsplit('/').next().unwrap();
        assert!(comes(|| state().contains(&format!("({name}) S"))), "{}", state());
        std::thread::sleep(Duration::from_millis(300));
        let killed = Command::new("kill")
            .args(["-ABRT", &child.id().to_string()])
            .status();
        assert!(killed.unwrap().success());
        let status = child.wait().unwrap();
        assert_eq!(status.signal(), Some(6), "{status}");
        status.core_dumped()
    };
    if !crash("/usr/bin/cat", "") {
        // Whether any program leaves one is up to the machine.
        return;
    }
    assert!(!crash(&rcfssl, "genkey -"));
    assert!(!crash(&rcfssljson, "-bare"));
}
