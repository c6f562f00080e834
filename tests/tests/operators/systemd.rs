//! The service and its timer.

use std::collections::{BTreeMap, BTreeSet};

use rcfssl_tests::{Organization, needs, needs_root};

use crate::{check, example, machine, read, run};

/// The settings of a unit.
fn settings(unit: &str) -> BTreeMap<String, String> {
    let text = read(unit);
    let pairs = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('='));
    pairs
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

#[test]
fn systemd_accepts_the_units() {
    needs_root!();
    needs!("systemd-analyze");
    let organization = machine();
    let units =
        ["service", "timer"].map(|kind| example(&format!("rcfssl-renew.{kind}")).display().to_string());
    let verify = |units: &str| {
        run(
            &organization,
            &format!("systemd-analyze verify --man=no {units} 2>&1"),
        )
    };
    let step = verify(&units.join(" ")).ok().unwrap();
    assert_eq!(step.out(), "");
    // It reports errors.
    let broken = "sed 's/oneshot/oneshit/; s/=rcfssl/=rcfsl/' UNIT > /etc/rcfssl-renew.service;";
    let script = format!(
        "{} systemd-analyze verify --man=no /etc/rcfssl-renew.service 2>&1",
        broken.replace("UNIT", &units[0])
    );
    let said = run(&organization, &script).out();
    assert!(said.contains("oneshit") && said.contains("rcfsl"), "{said}");
    // Out of 10, which means a service without restrictions.
    let script = format!(
        "systemd-analyze security --offline=yes --threshold=20 {}",
        units[0]
    );
    run(&organization, &script).ok().unwrap();
    let calendar = settings("rcfssl-renew.timer")["OnCalendar"].clone();
    let script = format!("systemd-analyze calendar '{calendar}'");
    let said = run(&organization, &script).ok().unwrap().out();
    assert!(said.contains("Normalized form: *-*-* 03:17:00"), "{said}");
}

/// The service's command with as many of its restrictions as possible without systemd:
/// capabilities, no network, and write access only to its folder.
fn service(organization: &Organization) -> rcfssl_tests::workplace::Step {
    let settings = settings("rcfssl-renew.service");
    assert_eq!(
        (
            settings["ProtectSystem"].as_str(),
            settings["NoNewPrivileges"].as_str()
        ),
        ("strict", "yes")
    );
    assert_eq!(
        (settings["PrivateNetwork"].as_str(), settings["Type"].as_str()),
        ("yes", "oneshot")
    );
    let capabilities: Vec<String> = settings["CapabilityBoundingSet"]
        .split(' ')
        .map(|name| format!(",+{}", name.trim_start_matches("CAP_").to_lowercase()))
        .collect();
    let script = format!(
        "test -e {condition}
         mount --bind {folder} {folder}
         for mount in / /etc /usr/local/bin; do mount -o remount,bind,ro $mount; done
         cd /
         ! touch /etc/x 2> /dev/null
         umask {umask}
         exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin unshare --net \
         setpriv --bounding-set=-all{capabilities} --inh-caps=-all --no-new-privs {command}",
        condition = settings["ConditionPathExists"],
        folder = settings["ReadWritePaths"],
        umask = settings["UMask"],
        capabilities = capabilities.concat(),
        command = settings["ExecStart"],
    );
    run(organization, &script)
}

#[test]
fn the_service_renews_within_its_limits() {
    needs_root!();
    let organization = machine();
    let step = service(&organization).ok().unwrap();
    assert!(
        step.out()
            .contains("made       /etc/rcfssl/acme/client.pem  until "),
        "{}",
        step.out()
    );
    check(&organization);
    let step = service(&organization).ok().unwrap();
    assert!(step.out().contains("1 untouched"), "{}", step.out());
    // Other users' files, as services have them. What controls root's CA is beside the
    // document, where only root can write.
    let folder = organization.aside().join("pki/acme");
    let line = "sed -i 's/720h/9y/; s/\"output\"/\"rekey\": true, &/' ../pki/jobs.json; cd ../pki/acme; \
                chown 1:2 client.pem; chmod 640 client.pem; chown 3:4 client-key.pem; chmod 400 client-key.pem; \
                mv ca-key.pem ca-config.json client.json ..; cp ca.pem ..; chown 5 .; chmod 755 .";
    organization.shell(line).unwrap().ok().unwrap();
    let step = service(&organization).ok().unwrap();
    assert!(
        step.out().contains("new key") && step.out().contains("1 renewed"),
        "{}",
        step.out()
    );
    check(&organization);
    let line = format!(
        "stat -c '%u %g %a' {0}/client.pem {0}/client-key.pem",
        folder.display()
    );
    assert_eq!(organization.shell(&line).unwrap().out(), "1 2 640\n3 4 400\n");
}

/// Every system call of a renewal is allowed for the service.
#[test]
fn the_services_filter_allows_a_renewal() {
    needs_root!();
    needs!("strace", "systemd-analyze");
    let organization = machine();
    let command = settings("rcfssl-renew.service")["ExecStart"].clone();
    let with_exec = "sed -i 's/\"output\"/\"rekey\": true, \"exec\": \"true\", &/' jobs.json";
    let script = format!(
        "{with_exec}; strace -qq -f -o one {command}; sed -i 's/720h/9y/' jobs.json; \
         strace -qq -f -o two {command} -backup; cat one two > trace"
    );
    run(&organization, &script).ok().unwrap();
    let trace = std::fs::read_to_string(organization.aside().join("pki/trace")).unwrap();
    let made: BTreeSet<&str> = trace
        .lines()
        .filter_map(|line| line.split_once(' ')?.1.trim_start().split_once('('))
        .map(|(name, _)| name)
        .filter(|name| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
        .collect();
    assert!(
        made.contains("fsync") && made.contains("renameat") && made.len() > 40,
        "{made:?}"
    );
    let filter = settings("rcfssl-renew.service")["SystemCallFilter"].clone();
    let allowed = allowed(&organization, &filter);
    let refused: Vec<_> = made.iter().filter(|name| !allowed.contains(**name)).collect();
    assert!(refused.is_empty(), "{refused:?}");
    assert!(!allowed.contains("mount") && !allowed.contains("ptrace"));
}

/// The calls of a set, including nested sets.
fn allowed(organization: &Organization, set: &str) -> BTreeSet<String> {
    let listed = organization
        .shell("systemd-analyze syscall-filter")
        .unwrap()
        .ok()
        .unwrap()
        .out();
    let mut sets: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut current = "";
    for line in listed.lines() {
        let name = line.trim();
        if line.starts_with('@') {
            current = name;
        } else if !name.is_empty() && !name.starts_with('#') {
            sets.entry(current).or_default().push(name);
        }
    }
    let (mut found, mut open) = (BTreeSet::new(), vec![set]);
    while let Some(set) = open.pop() {
        for name in &sets[set] {
            match name.starts_with('@') {
                true => open.push(name),
                false => drop(found.insert((*name).to_owned())),
            }
        }
    }
    found
}
