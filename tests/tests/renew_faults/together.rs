//! Concurrent runs.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rcfssl_tests::{Organization, binaries};

use crate::{organization, run, told};

/// A run that is stopped while it holds the lock; it is killed when this is dropped.
struct Holder(Child);

impl Holder {
    /// Starts a run, and stops it once it has its lock.
    fn new(organization: &Organization) -> Self {
        let mut command = organization.command(binaries::folder().unwrap().join("rcfssl"));
        command.args(["renew", "-force", "-rekey", "."]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        // If it finished before it was stopped, another one is started.
        loop {
            let mut child = command.spawn().unwrap();
            let number = child.id().to_string();
            let holds = || {
                fs::read_to_string(organization.join(".rcfssl.lock")).is_ok_and(|text| text.trim() == number)
            };
            while !holds() && child.try_wait().unwrap().is_none() {
                std::hint::spin_loop();
            }
            signal("STOP", &number);
            if holds() && child.try_wait().unwrap().is_none() {
                return Holder(child);
            }
            signal("CONT", &number);
            assert!(child.wait().unwrap().success());
        }
    }

    fn number(&self) -> String {
        self.0.id().to_string()
    }

    /// Lets it continue to its end.
    fn go_on(mut self) {
        signal("CONT", &self.number());
        assert!(self.0.wait().unwrap().success());
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn signal(name: &str, process: &str) {
    // It may have ended meanwhile.
    let _ = Command::new("kill")
        .args([&format!("-{name}"), process])
        .stderr(Stdio::null())
        .status();
}

fn check(organization: &Organization) {
    for name in ["a", "b"] {
        organization
            .check_pair(&format!("{name}.pem"), &format!("{name}-key.pem"))
            .unwrap();
    }
    assert_eq!(organization.dot_files().unwrap(), Vec::<String>::new());
}

#[test]
fn the_second_names_the_other_process_after_its_wait() {
    let organization = organization();
    let holder = Holder::new(&organization);
    for (wait, least) in [("0", 0), ("0s", 0), ("1s", 1000), ("-5s", 0)] {
        let start = Instant::now();
        let step = run(&organization, &format!("rcfssl renew -force -wait {wait} ."));
        let taken = start.elapsed();
        assert_eq!(step.status, 1);
        // One message for the folder.
        assert_eq!(
            told(&step),
            [format!(".: process {} is already working in .", holder.number())]
        );
        // Well below the default wait.
        let most = Duration::from_secs(8);
        assert!(
            taken >= Duration::from_millis(least) && taken < most,
            "{wait}: {taken:?}"
        );
    }
    holder.go_on();
    check(&organization);
}

#[test]
fn the_second_waits_for_the_first() {
    let organization = organization();
    let holder = Holder::new(&organization);
    let second = organization
        .command(binaries::folder().unwrap().join("rcfssl"))
        .args(["renew", "-force", "-rekey", "."])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_millis(700));
    let before = fs::read(organization.join("a.pem")).unwrap();
    holder.go_on();
    let output = second.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(String::from_utf8_lossy(&output.stdout).contains("2 renewed"));
    assert_ne!(fs::read(organization.join("a.pem")).unwrap(), before);
    check(&organization);
}

/// A folder has one lock, whatever its name, and also for single certificates and jobs.
#[test]
fn one_folder_has_one_lock() {
    let organization = organization();
    organization.write("a.json", r#"{"CN": "changed"}"#).unwrap();
    let jobs = r#"{"organizations": [{"name": "o", "folder": ".", "certificates": [
        {"request": "a.json", "profile": "server", "output": "a"}]}]}"#;
    organization.write("jobs.json", jobs).unwrap();
    run(&organization, "ln -s . link; mkdir other; cp ca* other")
        .ok()
        .unwrap();
    let holder = Holder::new(&organization);
    for target in [
        "link",
        "a.pem",
        "other/../b.pem",
        "-jobs jobs.json",
        "link/a.pem link/b.pem",
    ] {
        let step = run(&organization, &format!("rcfssl renew -force -wait 0s {target}"));
        assert_eq!(step.status, 1, "{target}");
        let why = format!("process {} is already working in ", holder.number());
        assert!(
            told(&step).iter().all(|line| line.contains(&why)),
            "{target}: {}",
            step.err()
        );
    }
    // Another folder has another lock, and a dry run needs none.
    run(
        &organization,
        "rcfssl renew -force -wait 0s other && rcfssl renew -dry-run -force -wait 0s .",
    )
    .ok()
    .unwrap();
    holder.go_on();
    check(&organization);
}

/// A killed run holds no lock.
#[test]
fn a_run_that_was_killed_does_not_keep_the_next_waiting() {
    let organization = organization();
    drop(Holder::new(&organization));
    assert!(organization.join(".rcfssl.lock").exists());
    let step = run(&organization, "rcfssl renew -force -wait 0s .").ok().unwrap();
    assert!(step.out().contains("2 renewed"), "{}", step.out());
    check(&organization);
}

#[test]
fn many_at_once_take_turns() {
    let organization = organization();
    let line = "for n in 1 2 3 4 5 6; do rcfssl renew -force -rekey -wait 60s . & all=\"$all $!\"; done; \
                for one in $all; do wait $one || exit 1; done";
    let step = run(&organization, line).ok().unwrap();
    assert_eq!(step.out().matches("2 renewed, 0 untouched, 0 failed").count(), 6);
    check(&organization);
}
