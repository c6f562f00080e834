//! The files that operators copy from `dist/operators`, tested as far as possible without
//! the machine's own init system, cluster and clock.

#![allow(clippy::panic, clippy::unwrap_used, reason = "functions of tests")]

mod cron;
mod kubernetes;
mod recipe;
mod serve;
mod systemd;

use std::fs;
use std::path::PathBuf;

use rcfssl_tests::confine::apart;
use rcfssl_tests::workplace::Step;
use rcfssl_tests::{Organization, binaries, fixtures, repository};

fn example(name: &str) -> PathBuf {
    repository().join("dist/operators").join(name)
}

fn read(name: &str) -> String {
    fs::read_to_string(example(name)).unwrap()
}

/// The machine of an operator: the binary in `/usr/local/bin`, and the jobs document and
/// the organization's four files in `/etc/rcfssl`. Both are folders beside the workplace,
/// `local` and `pki`, which [`run`] mounts.
fn machine() -> Organization {
    let organization = Organization::new().unwrap();
    let line = format!(
        "mkdir -p ../local ../pki/acme; cp {}/rcfssl ../local; cp {} ../pki; mv ca*.pem ../pki/acme; \
         cp {}/documents/ca-config.json {2}/documents/client.json ../pki/acme",
        binaries::folder().unwrap().display(),
        example("jobs.json").display(),
        fixtures().display()
    );
    organization.shell(&line).unwrap().ok().unwrap();
    organization
}

/// Runs a script on that machine, in its own namespaces and with a temporary `/etc`. If
/// there is a `table` beside the workplace, cron uses it.
fn run(organization: &Organization, script: &str) -> Step {
    let mount = "mkdir -p ../etc
        mount -t tmpfs -o mode=755 none ../etc
        cp -a /etc/. ../etc
        rm -rf ../etc/cron* ../etc/rcfssl
        mkdir ../etc/cron.d ../etc/rcfssl
        [ ! -e ../table ] || cp ../table ../etc/cron.d/rcfssl
        mount --bind ../etc /etc
        mount --bind ../pki /etc/rcfssl
        mount --bind ../local /usr/local/bin
        cd /etc/rcfssl";
    fs::write(
        organization.aside().join("script"),
        format!("set -e\n{mount}\n{script}\n"),
    )
    .unwrap();
    let step = organization.shell(&apart("bash ../script")).unwrap();
    let said = step.out() + &step.err();
    assert!(!said.contains("panicked") && !said.contains("PRIVATE"), "{said}");
    step
}

/// Checks that the client's pair exists and is valid.
fn check(organization: &Organization) {
    rcfssl_tests::organization::check_pair(
        &organization.aside().join("pki/acme"),
        "client.pem",
        "client-key.pem",
    )
    .unwrap();
}
